package memory

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A naiveArray is an array as a list of its elements in C's order.
type naiveArray struct {
	shape  []int
	values []int32
}

// pick makes the array of another shape whose element at an index is this
// one's at from(index).
func (n naiveArray) pick(shape []int, from func(index []int) []int) naiveArray {
	out := naiveArray{shape: shape}
	index := make([]int, len(shape))
	var walk func(axis int)
	walk = func(axis int) {
		if axis == len(shape) {
			at := 0
			for i, k := range from(index) {
				at = at*n.shape[i] + k
			}
			out.values = append(out.values, n.values[at])
			return
		}
		for i := range shape[axis] {
			index[axis] = i
			walk(axis + 1)
		}
	}
	walk(0)
	return out
}

// indices lists start:stop:step of n elements by trying every one.
func indices(s Span, n int) []int {
	var all []int
	low := func(b, open int) int {
		switch {
		case b == Open:
			return open
		case b < 0:
			return b + n
		}
		return b
	}
	if s.step > 0 {
		start, stop := max(low(s.start, 0), 0), low(s.stop, n)
		for i := start; i < n && i < stop; i++ {
			if (i-start)%s.step == 0 {
				all = append(all, i)
			}
		}
		return all
	}
	start, stop := min(low(s.start, n-1), n-1), low(s.stop, -1)
	if s.stop != Open && stop < -1 {
		stop = -1
	}
	for i := start; i >= 0 && i > stop; i-- {
		if (start-i)%-s.step == 0 {
			all = append(all, i)
		}
	}
	return all
}

// FuzzStrides slices, indexes and transposes an array and a naive model of it
// in the same way, and compares every element by every way to read it.
func FuzzStrides(f *testing.F) {
	f.Add([]byte{3, 4, 2, 0, 1, 2, 3, 1, 5, 6, 2, 7})
	f.Add([]byte{5, 1, 3, 0, 128, 128, 255, 0, 0, 0, 2, 1, 0, 9, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		next := func() int {
			if len(data) == 0 {
				return 0
			}
			b := data[0]
			data = data[1:]
			return int(b)
		}
		shape := []int{next() % 6, next() % 6, next() % 6}
		a := counting(t, shape...)
		model := naiveArray{shape: shape, values: make([]int32, a.Len())}
		for i := range model.values {
			model.values[i] = int32(i)
		}
		for range 6 {
			if len(data) == 0 {
				break
			}
			switch op := next() % 3; {
			case op == 0 && len(model.shape) > 0:
				bound := func() int {
					if b := int(int8(next())); b%16 != 0 {
						return b % 16
					}
					return Open
				}
				s := Range(bound(), bound(), int(int8(next()))%5)
				b, err := a.Slice(s)
				if s.step == 0 {
					require.ErrorIs(t, err, ErrRange)
					continue
				}
				require.NoError(t, err)
				picked := indices(s, model.shape[0])
				next := append([]int{len(picked)}, model.shape[1:]...)
				a, model = b, model.pick(next, func(index []int) []int {
					return append([]int{picked[index[0]]}, index[1:]...)
				})
			case op == 1 && len(model.shape) > 0:
				i := next() % 6
				b, err := a.Index(i)
				if i >= model.shape[0] {
					require.ErrorIs(t, err, ErrOutOfBounds)
					continue
				}
				require.NoError(t, err)
				a, model = b, model.pick(model.shape[1:], func(index []int) []int { return append([]int{i}, index...) })
			case op == 2:
				n := len(model.shape)
				axes := make([]int, n)
				turned := make([]int, n)
				turn := next()
				for i := range axes {
					axes[i] = (i + turn) % n
					turned[i] = model.shape[axes[i]]
				}
				b, err := a.Transpose(axes...)
				require.NoError(t, err)
				a, model = b, model.pick(turned, func(index []int) []int {
					from := make([]int, n)
					for i, axis := range axes {
						from[axis] = index[i]
					}
					return from
				})
			}
			compareArrays(t, a, model)
		}
	})
}

func compareArrays(t *testing.T, a Array, model naiveArray) {
	require.Equal(t, model.shape, append([]int{}, a.Shape()...))
	require.Equal(t, append([]int32{}, model.values...), append([]int32{}, elements(t, a)...))
	again, err := NewArray(View{space: a.space, life: a.life, addr: 0x1000, size: 4 * 125, typ: a.elem, from: a.from},
		a.elem, a.addr-0x1000, a.shape, a.strides)
	require.NoError(t, err, "every array made of one lies in its bytes")
	require.NoError(t, UseArray(again, func(s *Strided[int32]) error {
		i := 0
		model.pick(model.shape, func(index []int) []int {
			require.Equal(t, model.values[i], *s.At(index...))
			switch len(index) {
			case 1:
				require.Equal(t, model.values[i], *s.At1(index[0]))
			case 2:
				require.Equal(t, model.values[i], *s.At2(index[0], index[1]))
			}
			v, err := a.At(index...)
			require.NoError(t, err)
			x, err := Load[int32](v)
			require.NoError(t, err)
			require.Equal(t, model.values[i], x)
			i++
			return index
		})
		return nil
	}))
}
