package memory

import (
	"errors"
	"fmt"
	"slices"
)

var (
	// ErrNotContiguous: what was asked for needs elements without holes between
	// them.
	ErrNotContiguous = errors.New("array is not contiguous")
	// ErrShape: shapes that do not go together.
	ErrShape = errors.New("shapes do not match")
)

// BroadcastShapes is the shape in which arrays of these shapes combine, as
// numpy.broadcast_shapes: axes are matched from the last one, and one of a
// single element repeats as often as needed.
func BroadcastShapes(shapes ...[]int) ([]int, error) {
	var all []int
	for _, s := range shapes {
		if len(s) > len(all) {
			all = append(slices.Repeat([]int{1}, len(s)-len(all)), all...)
		}
		skip := len(all) - len(s)
		for i, n := range s {
			switch have := &all[skip+i]; {
			case *have == n || n == 1:
			case *have == 1:
				*have = n
			default:
				return nil, &Error{Op: "broadcast", Err: fmt.Errorf("%w: %v", ErrShape, shapes)}
			}
		}
	}
	if _, err := product(all); err != nil {
		return nil, &Error{Op: "broadcast", Err: err}
	}
	return all, nil
}

// BroadcastTo repeats the elements to another shape without copying them. Like
// NumPy's, the result is read-only, since one element is then in many places.
func (a Array) BroadcastTo(shape ...int) (Array, error) {
	if a.space == nil {
		return Array{}, a.fail("broadcast", ErrNull)
	}
	b, err := a.broadcast(shape)
	if err != nil {
		return Array{}, err
	}
	return b.ReadOnly(), nil
}

// broadcast is BroadcastTo but for the ban on writing.
func (a Array) broadcast(shape []int) (Array, error) {
	all, err := BroadcastShapes(a.shape, shape)
	if err != nil || !slices.Equal(all, shape) {
		return Array{}, a.fail("broadcast", fmt.Errorf("%w: %v to %v", ErrShape, a.shape, shape))
	}
	b := a.derived()
	b.shape, b.strides = slices.Clone(shape), make([]int64, len(shape))
	if slices.Contains(shape, 0) {
		return b, nil // without elements there are no steps between them
	}
	skip := len(shape) - len(a.shape)
	for i, n := range a.shape {
		if n == shape[skip+i] {
			b.strides[skip+i] = a.strides[i]
		}
	}
	return b, nil
}
