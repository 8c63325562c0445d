package memory

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// FuzzArrayExtent makes arrays of arrays in every way there is, with hostile
// arguments, and then stores in them. No element may be outside the bytes the
// first array was given, and storing changes the elements and no other byte.
func FuzzArrayExtent(f *testing.F) {
	f.Add([]byte{2, 3, 4, 0, 1, 2, 3, 1, 5, 6, 2, 7, 9, 4, 4, 4})
	f.Add([]byte{7, 7, 1, 9, 2, 130, 200, 3, 8, 8, 8, 1, 2, 255, 5, 6, 1, 1})
	f.Add([]byte{1, 8, 2, 6, 128, 2, 9, 255, 254, 253, 3, 4, 2, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		next := func() int {
			if len(data) == 0 {
				return 0
			}
			b := data[0]
			data = data[1:]
			return int(b)
		}
		signed := func() int {
			switch b := int(int8(next())); b {
			case -128:
				return math.MinInt
			case 127:
				return math.MaxInt
			default:
				return b % 16
			}
		}
		const before, size = 64, 240
		buf := alignedBytes(before + size + 64)
		for i := range buf {
			buf[i] = 0xA5
		}
		space, err := BufferSpaceOf(dtype.LinuxAMD64, buf)
		require.NoError(t, err)
		v, err := NewView(space, nil, space.Base()+before, size, arrayOf(t, dtype.Int16, size/2))
		require.NoError(t, err)
		a, err := AsArray(v, 2, 3, 4, 5)
		require.NoError(t, err)
		for range 8 {
			b, err := derive(a, next, signed)
			if err != nil {
				var e *Error
				require.ErrorAs(t, err, &e)
				continue
			}
			if b.Len() > 5000 {
				continue
			}
			a = b
		}
		a.space = space // BroadcastTo is read-only; storing is what is tested
		mine := map[int64]bool{}
		eachIndex(a.shape, a.strides, func(_ []int, off int64) bool {
			for i := range int64(a.size) {
				mine[int64(a.addr)+off+i-int64(space.Base())] = true
			}
			return true
		})
		for off := range mine {
			require.True(t, off >= before && off < before+size, "byte %d of %v %v", off, a.shape, a.strides)
		}
		was := slices.Clone(buf)
		switch next() % 4 {
		case 0:
			require.NoError(t, a.Fill(1))
		case 1:
			require.NoError(t, Assign(a, a, Safe))
		case 2:
			require.NoError(t, Add.Into(a, a, a))
		case 3:
			_, err := a.Sum()
			require.NoError(t, err)
			require.NoError(t, a.ByteSwap())
		}
		for i := range buf {
			if !mine[int64(i)] {
				require.Equal(t, was[i], buf[i], "byte %d of %v %v", i, a.shape, a.strides)
			}
		}
	})
}

// derive is an array made of another one.
func derive(a Array, next, signed func() int) (Array, error) {
	shape := func() []int {
		s := make([]int, next()%4)
		for i := range s {
			s[i] = signed()
		}
		return s
	}
	switch next() % 14 {
	case 0:
		return a.Slice(Range(signed(), signed(), signed()), Range(signed(), signed(), 1))
	case 1:
		return a.Select(Ellipsis, I(signed()), NewAxis)
	case 2:
		return a.Select(Last(signed()), Range(Open, Open, signed()))
	case 3:
		return a.Reshape(shape()...)
	case 4:
		return a.BroadcastTo(append([]int{signed()}, a.shape...)...)
	case 5:
		return a.Diagonal(signed(), signed(), signed())
	case 6:
		s := shape()
		strides := make([]int64, len(s))
		for i := range strides {
			strides[i] = int64(signed())
		}
		return a.AsStrided(s, strides)
	case 7:
		return a.ViewAs([]dtype.Type{dtype.Int8, dtype.Int32, dtype.CDouble, dtype.CFloat, dtype.CVoid}[next()%5])
	case 8:
		return a.MoveAxis(signed(), signed())
	case 9:
		return a.Flip(signed())
	case 10:
		return a.SwapAxes(signed(), signed())
	case 11:
		return a.ExpandDims(signed())
	case 12:
		return a.Squeeze()
	}
	return a.Ravel()
}
