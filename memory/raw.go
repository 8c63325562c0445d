package memory

import (
	"bytes"
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// rawChunk is how much Memmove and Memset hold in Go's memory at a time.
const rawChunk = 1 << 16

// Memmove copies n bytes from src to dst, as C's memmove: they may overlap. They
// may be of different spaces. Both must be known to have as many bytes
// ([Pointer.Reinterpret]), or it is an error wrapping ErrOutOfBounds, and
// nothing is copied. Pointers among the bytes do not keep alive what they point
// to, as those stored by [Store] and [Copy] do.
func Memmove(dst, src Pointer, n uint64) error {
	if err := dst.holds("memmove", n); err != nil {
		return err
	}
	if err := src.holds("memmove", n); err != nil {
		return err
	}
	if err := src.life.Acquire(); err != nil {
		return src.fail("memmove", err)
	}
	defer src.life.Release()
	if err := dst.life.Acquire(); err != nil {
		return dst.fail("memmove", err)
	}
	defer dst.life.Release()
	room := make([]byte, min(n, rawChunk))
	backwards := sharesWith(dst.space, src.space) && dst.addr > src.addr
	for done := uint64(0); done < n; {
		chunk := room[:min(n-done, rawChunk)]
		at := done
		if backwards {
			at = n - done - uint64(len(chunk))
		}
		if err := src.space.ReadAt(chunk, src.addr+at); err != nil {
			return src.fail("memmove", err)
		}
		if err := dst.space.WriteAt(chunk, dst.addr+at); err != nil {
			return dst.fail("memmove", err)
		}
		done += uint64(len(chunk))
	}
	return nil
}

// Memset sets n bytes from dst on to c. dst must be known to have as many, as
// for [Memmove].
func Memset(dst Pointer, c byte, n uint64) error {
	if err := dst.holds("memset", n); err != nil {
		return err
	}
	if err := dst.life.Acquire(); err != nil {
		return dst.fail("memset", err)
	}
	defer dst.life.Release()
	chunk := bytes.Repeat([]byte{c}, int(min(n, rawChunk)))
	for done := uint64(0); done < n; done += uint64(len(chunk)) {
		chunk = chunk[:min(n-done, rawChunk)]
		if err := dst.space.WriteAt(chunk, dst.addr+done); err != nil {
			return dst.fail("memset", err)
		}
	}
	return nil
}

// holds checks that n bytes are known to be there, and that they are mapped.
func (p Pointer) holds(op string, n uint64) error {
	if p.addr == 0 {
		return p.fail(op, ErrNull)
	}
	if have := p.bytes(); n > have {
		return p.fail(op, &Error{Addr: p.addr, Len: n, Size: have, Err: ErrOutOfBounds})
	}
	if err := p.mapped(n); err != nil {
		return p.fail(op, err)
	}
	return nil
}

// Copy gives dst the value of src, as *dst = *src in C, also where they
// overlap. Their types must have the same layout, or be scalars whose values
// convert. What pointers in src point to is kept alive for dst.
func Copy(dst, src View) error {
	if dst.space == nil || src.space == nil {
		return dst.fail("copy", ErrNull)
	}
	data, err := valueOf(src, dst)
	if err != nil {
		return dst.fail("copy", err)
	}
	return dst.put("copy", data, src)
}

// Swap exchanges the values of two objects of the same layout. Where they
// overlap it is an error wrapping ErrRange, unless they are the same.
func Swap(a, b View) error {
	if a.space == nil || b.space == nil {
		return a.fail("swap", ErrNull)
	}
	if overlap(a, b) {
		if a.addr == b.addr && a.size == b.size && a.from.bits == b.from.bits {
			return nil
		}
		return a.fail("swap", fmt.Errorf("%w: it overlaps %s", ErrRange, b.Path()))
	}
	forA, err := valueOf(b, a)
	if err != nil {
		return a.fail("swap", err)
	}
	forB, err := valueOf(a, b)
	if err != nil {
		return b.fail("swap", err)
	}
	if err := a.put("swap", forA, b); err != nil {
		return err
	}
	return b.put("swap", forB, a)
}

// overlap reports whether two objects have bits in common.
func overlap(a, b View) bool {
	if !sharesWith(a.space, b.space) {
		return false
	}
	first := func(v View) (bit, n uint64) {
		if v.isBitField() {
			return v.from.bits.first, uint64(v.from.bits.n)
		}
		return 0, 8 * v.size
	}
	// In bits from the lower address, which cannot overflow for what overlaps.
	base := min(a.addr, b.addr)
	if max(a.addr, b.addr)-base >= 1<<60 {
		return false
	}
	aFirst, aBits := first(a)
	bFirst, bBits := first(b)
	aFirst += 8 * (a.addr - base)
	bFirst += 8 * (b.addr - base)
	return aFirst < bFirst+bBits && bFirst < aFirst+aBits
}

// A raw is the value of an object on its way to another one: bytes as they
// are, or a word.
type raw struct {
	data []byte
	word uint64
}

// valueOf is src's value as dst takes it.
func valueOf(src, dst View) (raw, error) {
	if from, ok := src.scalar(); ok {
		to, ok := dst.scalar()
		if !ok {
			return raw{}, mismatchValue(src.typ, dst.typ)
		}
		if (from.kind == pointerScalar) != (to.kind == pointerScalar) {
			return raw{}, mismatchValue(src.typ, dst.typ)
		}
		if from.kind == pointerScalar && !samePointee(src, dst) {
			return raw{}, mismatchValue(src.typ, dst.typ)
		}
		w, err := src.loadWord(from)
		if err != nil {
			return raw{}, err
		}
		c, err := convert(w, from, to)
		if err != nil {
			return raw{}, convertError(err, w, from, to, cName(src.typ, src.from.bits.n), cName(dst.typ, dst.from.bits.n))
		}
		return raw{word: c}, nil
	}
	abi := dst.space.ABI()
	if src.space.ABI() != abi || !abi.LayoutEqual(src.typ, dst.typ) || src.from.big != dst.from.big || src.size != dst.size {
		return raw{}, mismatchValue(src.typ, dst.typ)
	}
	if hasPointers(src.typ) && !sharesWith(dst.space, src.space) {
		return raw{}, fmt.Errorf("%w: pointers into another space", ErrType)
	}
	data, err := src.Bytes()
	return raw{data: data}, err
}

// samePointee reports whether a pointer may be copied into another without a
// cast.
func samePointee(src, dst View) bool {
	p, q := dtype.Resolve(src.typ).(*dtype.Pointer), dtype.Resolve(dst.typ).(*dtype.Pointer)
	e := Encoder{ABI: dst.space.ABI()}
	return e.pointsTo(p.Elem(), q) == nil && sharesWith(dst.space, src.space)
}

func mismatchValue(have, want dtype.Type) error {
	return fmt.Errorf("%w: C %v for C %v", ErrType, have, want)
}
