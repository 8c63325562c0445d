package memory

import (
	"iter"
	"reflect"
)

// An ArrayOf is an array whose elements are Ts, checked once. It is a value, as
// [Array] is. Get and Set take a lease each; many elements are faster under one
// ([ArrayOf.Use]).
type ArrayOf[T any] struct{ Array }

// Typed is an array with elements of a Go type, whose bytes must be theirs
// ([dtype.ABI.MatchGo]).
func Typed[T any](a Array) (ArrayOf[T], error) {
	if a.space == nil {
		return ArrayOf[T]{}, a.fail("typed", ErrNull)
	}
	if _, err := sharedAs(a.space.ABI(), reflect.TypeFor[T](), a.elem, a.from); err != nil {
		return ArrayOf[T]{}, a.fail("typed", err)
	}
	return ArrayOf[T]{a}, nil
}

// Get is the element at these indexes, one for each axis.
func (a ArrayOf[T]) Get(index ...int) (T, error) {
	v, err := a.At(index...)
	if err != nil {
		var zero T
		return zero, err
	}
	return Load[T](v)
}

// Set stores an element.
func (a ArrayOf[T]) Set(x T, index ...int) error {
	v, err := a.At(index...)
	if err != nil {
		return err
	}
	return Store(v, x)
}

// Use lends the elements to f, as [UseArray].
func (a ArrayOf[T]) Use(f func(s *Strided[T]) error) error { return UseArray(a.Array, f) }

// Read lends the elements to f for reading, as [ReadArray].
func (a ArrayOf[T]) Read(f func(r Reader[T]) error) error { return ReadArray(a.Array, f) }

// Values is a copy of the elements in C's order.
func (a ArrayOf[T]) Values() ([]T, error) {
	s := make([]T, a.Len())
	_, err := CopyTo(a.Array, s)
	return s, err
}

// A Reader is an array's elements for reading, for the length of a call of
// [ReadArray].
type Reader[T any] struct{ s *Strided[T] }

// ReadArray is [UseArray] for arrays that may be read-only.
func ReadArray[T any](a Array, f func(r Reader[T]) error) error {
	a.space = underlying(a.space)
	return UseArray(a, func(s *Strided[T]) error { return f(Reader[T]{s}) })
}

// Len is the number of elements along an axis.
func (r Reader[T]) Len(axis int) int { return r.s.Len(axis) }

// At1 is element i of an array with one axis.
func (r Reader[T]) At1(i int) T { return *r.s.At1(i) }

// At2 is element i, j of an array with two axes.
func (r Reader[T]) At2(i, j int) T { return *r.s.At2(i, j) }

// At is the element at these indexes, one for each axis.
func (r Reader[T]) At(index ...int) T { return *r.s.At(index...) }

// All yields the elements in C's order with their indexes, the slice of which
// is reused from one to the next.
func (r Reader[T]) All() iter.Seq2[[]int, T] {
	return func(yield func([]int, T) bool) {
		for index, p := range r.s.All() {
			if !yield(index, *p) {
				return
			}
		}
	}
}

// All yields the elements in C's order with their indexes, the slice of which
// is reused from one to the next.
func (s *Strided[T]) All() iter.Seq2[[]int, *T] {
	return func(yield func([]int, *T) bool) {
		eachIndex(s.shape, s.strides, func(index []int, off int64) bool { return yield(index, s.offset(off)) })
	}
}
