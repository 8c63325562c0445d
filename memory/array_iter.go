package memory

import (
	"iter"
	"slices"
)

// Rows yields the subarrays along the first axis with their indexes; none for
// an array without axes.
func (a Array) Rows() iter.Seq2[int, Array] {
	return func(yield func(int, Array) bool) {
		if len(a.shape) == 0 {
			return
		}
		for i := range a.shape[0] {
			row := a
			row.addr += uint64(int64(i) * a.strides[0])
			row.shape, row.strides, row.owned = a.shape[1:], a.strides[1:], false
			if !yield(i, row) {
				return
			}
		}
	}
}

// Elements yields views of all elements in C's order with their indexes, the
// slice of which is reused from one to the next.
func (a Array) Elements() iter.Seq2[[]int, View] {
	return func(yield func([]int, View) bool) {
		v := View{space: a.space, life: a.life, size: a.size, typ: a.elem, from: a.from}
		eachIndex(a.shape, a.strides, func(index []int, off int64) bool {
			v.addr = a.addr + uint64(off)
			return yield(index, v)
		})
	}
}

// eachIndex calls f with every index of a shape in C's order, and how many
// bytes from index 0, 0 … on that is, until it returns false.
func eachIndex(shape []int, strides []int64, f func(index []int, off int64) bool) {
	if slices.Contains(shape, 0) {
		return
	}
	index, off := make([]int, len(shape)), int64(0)
	for f(index, off) {
		axis := len(index) - 1
		for ; axis >= 0; axis-- {
			index[axis]++
			off += strides[axis]
			if index[axis] < shape[axis] {
				break
			}
			off -= int64(shape[axis]) * strides[axis]
			index[axis] = 0
		}
		if axis < 0 {
			return
		}
	}
}
