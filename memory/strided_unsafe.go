package memory

import "unsafe"

// A Strided is an array's elements as Go values in C's memory, for the length
// of a call of [UseArray].
type Strided[T any] struct {
	first unsafe.Pointer // the element whose indexes are all 0
	// What the inlined methods need: the lengths of the axes if there is one
	// and if there are two, else 0, so that the other method's check fails.
	one    uint
	n0, n1 uint
	s0, s1 int

	shape   []int
	strides []int64
}

// newStrided makes an accessor to elements in b, the first of which is at byte
// at; false if some would not be aligned for T. The caller has checked that all
// elements lie in b and that T's bytes are theirs.
//
// Here and below unsafe.Pointer rule 3: indexes are checked against a shape
// that was checked against b, so that the sum stays within b's memory, which
// the pointer keeps alive.
func newStrided[T any](b []byte, at uint64, shape []int, strides []int64) (*Strided[T], bool) {
	var x T
	s := &Strided[T]{shape: shape, strides: strides}
	if len(b) > 0 {
		s.first = unsafe.Pointer(&b[at])
	}
	odd := uintptr(s.first)
	for i, stride := range strides {
		if shape[i] > 1 {
			odd |= uintptr(stride)
		}
	}
	switch len(shape) {
	case 1:
		s.one, s.s0 = uint(shape[0]), int(strides[0])
	case 2:
		s.n0, s.s0 = uint(shape[0]), int(strides[0])
		s.n1, s.s1 = uint(shape[1]), int(strides[1])
	}
	return s, odd%unsafe.Alignof(x) == 0
}

// Len is the number of elements along an axis.
func (s *Strided[T]) Len(axis int) int { return s.shape[axis] }

// At1 is element i of an array with one axis.
func (s *Strided[T]) At1(i int) *T {
	if uint(i) >= s.one {
		panicIndex(s.shape, i)
	}
	return (*T)(unsafe.Add(s.first, i*s.s0))
}

// At2 is element i, j of an array with two axes.
func (s *Strided[T]) At2(i, j int) *T {
	if uint(i) >= s.n0 || uint(j) >= s.n1 {
		panicIndex(s.shape, i, j)
	}
	return (*T)(unsafe.Add(s.first, i*s.s0+j*s.s1))
}

// At is the element at these indexes, one for each axis.
func (s *Strided[T]) At(index ...int) *T {
	if len(index) != len(s.shape) {
		panicIndex(s.shape, index...)
	}
	off := 0
	for axis, i := range index {
		if uint(i) >= uint(s.shape[axis]) {
			panicIndex(s.shape, index...)
		}
		off += i * int(s.strides[axis])
	}
	return (*T)(unsafe.Add(s.first, off))
}

// offset is the element this many bytes from the first one, which the caller
// has from indexes within the shape.
func (s *Strided[T]) offset(off int64) *T { return (*T)(unsafe.Add(s.first, off)) }
