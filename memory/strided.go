package memory

import (
	"fmt"
	"math/bits"
	"reflect"
	"slices"
)

// CopyTo copies the elements into dst in C's order: the last index varies
// fastest. It returns how many there were; dst must have room for them. T's
// bytes need not be the elements': numbers are converted as [Load] does.
func CopyTo[T any](a Array, dst []T) (int, error) {
	n := a.Len()
	if n > len(dst) {
		return 0, a.fail("copy", fmt.Errorf("%w: %d elements into %d", ErrRange, n, len(dst)))
	}
	if n == 0 {
		return 0, nil
	}
	if _, err := sharedAs(a.space.ABI(), reflect.TypeFor[T](), a.elem, a.from); err == nil {
		return n, a.read(sliceBytes(reflect.ValueOf(dst[:n])))
	}
	i := 0
	err := a.each(func(off int64) error {
		v := View{space: a.space, life: a.life, addr: a.addr + uint64(off), size: a.size, typ: a.elem, from: a.from}
		x, err := Load[T](v)
		dst[i] = x
		i++
		return err
	})
	return i, err
}

// ToBytes is a copy of the elements' bytes in C's order, with no space between
// them.
func (a Array) ToBytes() ([]byte, error) {
	if a.from != nil && a.from.bits.n > 0 {
		return nil, a.fail("copy", fmt.Errorf("%w: bit-fields have no bytes of their own", ErrType))
	}
	over, n := bits.Mul64(uint64(a.Len()), a.size)
	if over != 0 || n > maxBuffer {
		return nil, a.fail("copy", ErrNoMemory)
	}
	b := make([]byte, n)
	return b, a.read(b)
}

// read gathers the elements' bytes under one lease.
func (a Array) read(dst []byte) error {
	if len(dst) == 0 {
		return nil
	}
	if err := a.life.Acquire(); err != nil {
		return a.fail("copy", err)
	}
	defer a.life.Release()
	// Axes at the end that have no gaps are read as one piece.
	piece, gapless := a.size, a
	for i := len(a.shape) - 1; i >= 0 && (a.strides[i] == int64(piece) || a.shape[i] == 1); i-- {
		piece *= uint64(a.shape[i])
		gapless.shape, gapless.strides = a.shape[:i], a.strides[:i]
	}
	return gapless.each(func(off int64) error {
		if err := a.space.ReadAt(dst[:piece], a.addr+uint64(off)); err != nil {
			return a.fail("copy", err)
		}
		dst = dst[piece:]
		return nil
	})
}

// each calls f with the offset from addr of every element in C's order.
func (a Array) each(f func(off int64) error) error {
	if slices.Contains(a.shape, 0) {
		return nil
	}
	index := make([]int, len(a.shape))
	off := int64(0)
	for {
		if err := f(off); err != nil {
			return err
		}
		axis := len(index) - 1
		for ; axis >= 0; axis-- {
			index[axis]++
			off += a.strides[axis]
			if index[axis] < a.shape[axis] {
				break
			}
			off -= int64(a.shape[axis]) * a.strides[axis]
			index[axis] = 0
		}
		if axis < 0 {
			return nil
		}
	}
}

// UseArray lends the elements to f for fast access, under a lease: what it is
// given must not be used after f has returned. It is an error if T's bytes are
// not the elements' ([dtype.ABI.MatchGo]) or some are not aligned as Go needs.
// An index out of range in f ends f, and UseArray returns it as an error.
func UseArray[T any](a Array, f func(s *Strided[T]) error) (err error) {
	if a.space == nil {
		return a.fail("use", ErrNull)
	}
	if _, err := sharedAs(a.space.ABI(), reflect.TypeFor[T](), a.elem, a.from); err != nil {
		return a.fail("use", err)
	}
	below, above, err := reach(a.shape, a.strides)
	if err != nil {
		return a.fail("use", err)
	}
	if err := a.life.Acquire(); err != nil {
		return a.fail("use", err)
	}
	defer a.life.Release()
	size := a.size
	if slices.Contains(a.shape, 0) {
		below, above, size = 0, 0, 0
	}
	b, err := a.space.Bytes(a.addr-below, below+above+size)
	if err != nil {
		return a.fail("use", err)
	}
	s, ok := newStrided[T](b, below, a.shape, a.strides)
	if !ok {
		return a.fail("use", fmt.Errorf("%w: Go %v needs a multiple of %d", ErrType, reflect.TypeFor[T](), reflect.TypeFor[T]().Align()))
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *indexPanic:
			err = a.fail("use", r.err)
		default:
			panic(r)
		}
	}()
	return f(s)
}

// An indexPanic leaves the function that UseArray called, which has no other
// way to stop at an index out of range.
type indexPanic struct{ err error }

func panicIndex(shape []int, index ...int) {
	if len(index) != len(shape) {
		panic(&indexPanic{fmt.Errorf("%w: %d indexes for %d axes", ErrRange, len(index), len(shape))})
	}
	for axis, i := range index {
		if uint(i) >= uint(shape[axis]) {
			panic(&indexPanic{indexError(i, axis, shape)})
		}
	}
}
