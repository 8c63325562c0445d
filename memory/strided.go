package memory

import (
	"fmt"
	"math/bits"
	"reflect"
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
		return n, a.gather(sliceBytes(reflect.ValueOf(dst[:n])))
	}
	i := 0
	for _, v := range a.Elements() {
		x, err := Load[T](v)
		if err != nil {
			return i, err
		}
		dst[i] = x
		i++
	}
	return i, nil
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
	return b, a.gather(b)
}

// UseArray lends the elements to f for fast access, under a lease: what it is
// given must not be used after f has returned. It is an error if T's bytes are
// not the elements' ([dtype.ABI.MatchGo]) or some are not aligned as Go needs.
// An index out of range in f ends f, and UseArray returns it as an error.
func UseArray[T any](a Array, f func(s *Strided[T]) error) error {
	return useMemory(a, func(b []byte, at uint64) error {
		s, ok := newStrided[T](b, at, a.shape, a.strides)
		if !ok {
			return a.fail("use", misaligned[T]())
		}
		return a.guarded(func() error { return f(s) })
	}, reflect.TypeFor[T]())
}

// guarded makes an error of an index out of range in f.
func (a Array) guarded(f func() error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *indexPanic:
			err = a.fail("use", r.err)
		default:
			panic(r)
		}
	}()
	return f()
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
