package memory

import (
	"encoding/binary"
	"math/bits"
)

// Narrow numbers are added, and truth values combined, eight bytes at a time in
// one register. The highest bit of each lane is kept apart, so that nothing is
// carried into the next.
const (
	high8  = 0x8080808080808080
	high16 = 0x8000800080008000
	low8   = 0x0101010101010101
)

// narrowLoop is addition or subtraction of numbers of 8 or 16 bits; nil for
// any other operation.
func narrowLoop(op Op, k numKind) loop2 {
	var high uint64
	switch {
	case numSizes[k] == 1 && k.integer():
		high = high8
	case numSizes[k] == 2:
		high = high16
	default:
		return nil
	}
	add, sub := addLoop[uint8], subLoop[uint8]
	if high == high16 {
		add, sub = addLoop[uint16], subLoop[uint16]
	}
	switch op {
	case Add:
		return func(dst, a, b []byte) {
			n := len(dst) &^ 7
			addWords(high, dst[:n], a[:n], b[:n])
			add(dst[n:], a[n:], b[n:])
		}
	case Sub:
		return func(dst, a, b []byte) {
			n := len(dst) &^ 7
			subWords(high, dst[:n], a[:n], b[:n])
			sub(dst[n:], a[n:], b[n:])
		}
	}
	return nil
}

func addWords(high uint64, d, a, b []byte) {
	for i := 0; i+8 <= len(d); i += 8 {
		x, y := binary.LittleEndian.Uint64(a[i:i+8]), binary.LittleEndian.Uint64(b[i:i+8])
		binary.LittleEndian.PutUint64(d[i:i+8], (x&^high+y&^high)^(x^y)&high)
	}
}

func subWords(high uint64, d, a, b []byte) {
	for i := 0; i+8 <= len(d); i += 8 {
		x, y := binary.LittleEndian.Uint64(a[i:i+8]), binary.LittleEndian.Uint64(b[i:i+8])
		binary.LittleEndian.PutUint64(d[i:i+8], (x|high-y&^high)^(x^^y)&high)
	}
}

// truths is 1 in each byte that is not 0.
func truths(x uint64) uint64 { return ((x&^high8 + (high8 - low8)) | x) & high8 >> 7 }

// boolLoop is NumPy's arithmetic of truth values: or, and.
func boolLoop(op Op) loop2 {
	switch op {
	case Add, Maximum:
		return func(dst, a, b []byte) {
			n := len(dst) &^ 7
			for i := 0; i < n; i += 8 {
				x := binary.LittleEndian.Uint64(a[i:i+8]) | binary.LittleEndian.Uint64(b[i:i+8])
				binary.LittleEndian.PutUint64(dst[i:i+8], truths(x))
			}
			for i := n; i < len(dst); i++ {
				dst[i] = b2u(a[i]|b[i] != 0)
			}
		}
	case Mul, Minimum:
		return func(dst, a, b []byte) {
			n := len(dst) &^ 7
			for i := 0; i < n; i += 8 {
				x, y := binary.LittleEndian.Uint64(a[i:i+8]), binary.LittleEndian.Uint64(b[i:i+8])
				binary.LittleEndian.PutUint64(dst[i:i+8], truths(x)&truths(y))
			}
			for i := n; i < len(dst); i++ {
				dst[i] = b2u(a[i] != 0) & b2u(b[i] != 0)
			}
		}
	}
	return nil
}

// sumLoop adds elements of a narrow kind to one of 64 bits, without converting
// each before; nil for other kinds.
func sumLoop(from numKind) fold {
	switch from {
	case numBool:
		return countTrue
	case numI8:
		return sumNarrow[int8]
	case numI16:
		return sumNarrow[int16]
	case numI32:
		return sumNarrow[int32]
	case numU8:
		return sumNarrow[uint8]
	case numU16:
		return sumNarrow[uint16]
	case numU32:
		return sumNarrow[uint32]
	}
	return nil
}

func countTrue(acc, src []byte) {
	n := uint64(0)
	for ; len(src) >= 8; src = src[8:] {
		n += uint64(bits.OnesCount64(truths(binary.LittleEndian.Uint64(src))))
	}
	for _, x := range src {
		n += uint64(b2u(x != 0))
	}
	elems[uint64](acc)[0] += n
}

func sumNarrow[T integer](acc, src []byte) {
	s := elems[T](src)
	var t0, t1, t2, t3 uint64
	for ; len(s) >= 8; s = s[8:] {
		t0 += uint64(s[0]) + uint64(s[4])
		t1 += uint64(s[1]) + uint64(s[5])
		t2 += uint64(s[2]) + uint64(s[6])
		t3 += uint64(s[3]) + uint64(s[7])
	}
	for _, x := range s {
		t0 += uint64(x)
	}
	elems[uint64](acc)[0] += t0 + t1 + t2 + t3
}
