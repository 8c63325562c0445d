package memory

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// strideCopy copies n elements of size bytes, ds and ss bytes apart, from byte
// s of src to byte d of dst. Every access is checked against the slices.
func strideCopy(dst []byte, d, ds int64, src []byte, s, ss int64, n, size int) {
	if n <= 0 || size == 0 {
		return
	}
	w := int64(size)
	if ds == w && ss == w {
		copy(dst[d:d+int64(n)*w], src[s:s+int64(n)*w])
		return
	}
	if ss == 0 && ds == w {
		repeat(dst[d:d+int64(n)*w], src[s:s+w])
		return
	}
	done := false
	switch size {
	case 2:
		done = copyEach[uint16](dst, d, ds, src, s, ss, n)
	case 4:
		done = copyEach[uint32](dst, d, ds, src, s, ss, n)
	case 8:
		done = copyEach[uint64](dst, d, ds, src, s, ss, n)
	}
	if done {
		return
	}
	switch size {
	case 1:
		for range n {
			dst[d] = src[s]
			d, s = d+ds, s+ss
		}
	case 2:
		for range n {
			binary.LittleEndian.PutUint16(dst[d:d+2], binary.LittleEndian.Uint16(src[s:s+2]))
			d, s = d+ds, s+ss
		}
	case 4:
		for range n {
			binary.LittleEndian.PutUint32(dst[d:d+4], binary.LittleEndian.Uint32(src[s:s+4]))
			d, s = d+ds, s+ss
		}
	case 8:
		for range n {
			binary.LittleEndian.PutUint64(dst[d:d+8], binary.LittleEndian.Uint64(src[s:s+8]))
			d, s = d+ds, s+ss
		}
	case 16:
		for range n {
			to, from := dst[d:d+16], src[s:s+16]
			x, y := binary.LittleEndian.Uint64(from), binary.LittleEndian.Uint64(from[8:])
			binary.LittleEndian.PutUint64(to, x)
			binary.LittleEndian.PutUint64(to[8:], y)
			d, s = d+ds, s+ss
		}
	default:
		for range n {
			copy(dst[d:d+w], src[s:s+w])
			d, s = d+ds, s+ss
		}
	}
}

// repeat fills dst with copies of one element, doubling what is there up to
// what a cache holds.
func repeat(dst, elem []byte) {
	const most = 1 << 15
	n := copy(dst, elem)
	for n < len(dst) {
		n += copy(dst[n:], dst[:min(n, max(most/len(elem)*len(elem), len(elem)))])
	}
}

// swapBytes reverses every part of b.
func swapBytes(b []byte, part int) {
	b = b[swapVectors(b, part):]
	switch {
	case part <= 1:
	case part == 2 && aligned(b, 2):
		w := elems[uint16](b)
		for i, x := range w {
			w[i] = bits.ReverseBytes16(x)
		}
	case part == 4 && aligned(b, 4):
		w := elems[uint32](b)
		for i, x := range w {
			w[i] = bits.ReverseBytes32(x)
		}
	case part == 8 && aligned(b, 8):
		w := elems[uint64](b)
		for i, x := range w {
			w[i] = bits.ReverseBytes64(x)
		}
	default:
		for ; len(b) >= part; b = b[part:] {
			slices.Reverse(b[:part])
		}
	}
}

// swapStrided reverses every part of n elements ds bytes apart.
func swapStrided(dst []byte, d, ds int64, n, size, part int) {
	if ds == int64(size) {
		swapBytes(dst[d:d+int64(n)*ds], part)
		return
	}
	for range n {
		swapBytes(dst[d:d+int64(size)], part)
		d += ds
	}
}
