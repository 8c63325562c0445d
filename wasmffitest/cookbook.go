package wasmffitest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// cookbook is what SciPy's cookbook for ctypes has C ask of callbacks, with the
// spellings that it says do not work in ctypes.
func cookbook(t *testing.T, b Backend) {
	lib := b.open(t)
	// The sum of 0.5, 1.5 …, which C fills n elements with.
	sumOf := func(n int) float32 { return float32(n*n) / 2 }

	t.Run("C asks for an array: ALLOCATOR = CFUNCTYPE(ndpointer('f4'), c_int, POINTER(c_int))", func(t *testing.T) {
		fill := bind[func(func(dim int32, shape memory.Ptr[int32]) (memory.Array, error), int32, int32) (float32, error)](t, lib, "fill")
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		var allocated []memory.Array
		sum, err := fill(func(dim int32, shape memory.Ptr[int32]) (memory.Array, error) {
			n, err := ints(shape.Pointer, dim)
			require.NoError(t, err)
			require.Equal(t, []int32{2, 3}, n)
			v, err := arena.NewArray(dtype.CFloat, uint64(n[0]*n[1]))
			require.NoError(t, err)
			a, err := memory.AsArray(v, int(n[0]), int(n[1]))
			allocated = append(allocated, a)
			return a, err
		}, 2, 3)
		require.NoError(t, err)
		require.Equal(t, sumOf(6), sum)
		require.Len(t, allocated, 1)
		x, err := memory.Load[float32](at(t, allocated[0], 1, 2))
		require.NoError(t, err)
		require.Equal(t, float32(5.5), x, "Go reads what C wrote")
	})
	t.Run("an array of another type is refused", func(t *testing.T) {
		fill := bind[func(func(int32, memory.Pointer) (memory.Array, error), int32, int32) (float32, error)](t, lib, "fill")
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		sig := fn(t, dtype.PointerTo(dtype.CFloat), dtype.CInt, dtype.PointerToConst(dtype.CInt))
		cb, err := wasmffi.NewCallback(lib, func(int32, memory.Pointer) (memory.Array, error) {
			v, err := arena.NewArray(dtype.CDouble, 6)
			require.NoError(t, err)
			return memory.AsArray(v, 2, 3)
		}, &wasmffi.CallbackOptions{Sig: sig})
		require.NoError(t, err)
		defer cb.Free()
		_, err = bind[func(wasmffi.Callback, int32, int32) (float32, error)](t, lib, "fill")(cb, 2, 3)
		require.ErrorIs(t, err, memory.ErrType)
		strided, err := wasmffi.NewCallback(lib, func(int32, memory.Pointer) (memory.Array, error) {
			v, err := arena.NewArray(dtype.CFloat, 12)
			require.NoError(t, err)
			return memory.NewArray(v, dtype.CFloat, 0, []int{6}, []int64{8})
		}, &wasmffi.CallbackOptions{Sig: sig})
		require.NoError(t, err)
		defer strided.Free()
		_, err = bind[func(wasmffi.Callback, int32, int32) (float32, error)](t, lib, "fill")(strided, 2, 3)
		require.ErrorIs(t, err, memory.ErrNotContiguous, "C would not see the strides")
		_, err = fill(func(int32, memory.Pointer) (memory.Array, error) { return memory.Array{}, errBoom }, 1, 1)
		require.ErrorIs(t, err, errBoom)
	})
	t.Run("other spellings of float *", func(t *testing.T) {
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		array := func(n int32) memory.View {
			v, err := arena.NewArray(dtype.CFloat, uint64(n))
			require.NoError(t, err)
			return v
		}
		product := func(shape memory.Pointer) int32 {
			n, err := ints(shape, 2)
			require.NoError(t, err)
			return n[0] * n[1]
		}
		view := bind[func(func(int32, memory.Pointer) memory.View, int32, int32) float32](t, lib, "fill")
		require.Equal(t, sumOf(20), view(func(_ int32, s memory.Pointer) memory.View { return array(product(s)) }, 4, 5))
		pointer := bind[func(func(int32, memory.Pointer) memory.Pointer, int32, int32) float32](t, lib, "fill")
		require.Equal(t, sumOf(20), pointer(func(_ int32, s memory.Pointer) memory.Pointer { return array(product(s)).Pointer() }, 4, 5))
		typed := bind[func(func(int32, memory.Pointer) memory.Ptr[float32], int32, int32) float32](t, lib, "fill")
		require.Equal(t, sumOf(20), typed(func(_ int32, s memory.Pointer) memory.Ptr[float32] {
			return memory.Ptr[float32]{Pointer: array(product(s)).Pointer()}
		}, 4, 5))
		addr := bind[func(func(int32, memory.Pointer) dtype.Addr, int32, int32) float32](t, lib, "fill")
		require.Equal(t, sumOf(20), addr(func(_ int32, s memory.Pointer) dtype.Addr { return dtype.Addr(array(product(s)).Addr()) }, 4, 5))
		require.EqualValues(t, -1, addr(func(int32, memory.Pointer) dtype.Addr { return 0 }, 4, 5), "NULL")
	})
	t.Run("a pointer to a pointer, set by the callback: CFUNCTYPE(None, c_int, POINTER(c_void_p))", func(t *testing.T) {
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		byPtr := bind[func(func(int32, *memory.Ptr[float32]) (int32, error), int32) (float32, error)](t, lib, "fill_into")
		sum, err := byPtr(func(n int32, out *memory.Ptr[float32]) (int32, error) {
			v, err := arena.NewArray(dtype.CFloat, uint64(n))
			*out = memory.Ptr[float32]{Pointer: v.Pointer()}
			return n, err
		}, 7)
		require.NoError(t, err)
		require.Equal(t, sumOf(7), sum)
		byView := bind[func(func(int32, memory.Pointer) (int32, error), int32) (float32, error)](t, lib, "fill_into")
		sum, err = byView(func(n int32, out memory.Pointer) (int32, error) {
			v, err := arena.NewArray(dtype.CFloat, uint64(n))
			require.NoError(t, err)
			cell, err := out.Cast(dtype.PointerTo(dtype.CFloat)).Contents()
			require.NoError(t, err)
			return n, cell.Store(v)
		}, 8)
		require.NoError(t, err)
		require.Equal(t, sumOf(8), sum)
	})
	t.Run("float * from a callback, of a Go slice copied to an arena", func(t *testing.T) {
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		cb, err := wasmffi.NewCallback(lib, func(n int32) []float32 {
			if n < 0 {
				return nil
			}
			x := make([]float32, n)
			for i := range x {
				x[i] = float32(i) + 0.5
			}
			return x
		}, &wasmffi.CallbackOptions{Arena: arena})
		require.NoError(t, err)
		total := bind[func(wasmffi.Callback, int32) float32](t, lib, "total")
		require.Equal(t, sumOf(9), total(cb, 9))
		require.Zero(t, total(cb, -1), "nil is NULL")
		text, err := wasmffi.NewCallback(lib, func() string { return "from Go" }, &wasmffi.CallbackOptions{Arena: arena})
		require.NoError(t, err)
		require.Equal(t, "from Go", bind[func(wasmffi.Callback) string](t, lib, "describe")(text))
		if b.Sandbox { // native libraries share their memory
			foreign := memory.NewArena(b.open(t).Space())
			defer foreign.Close()
			text, err := wasmffi.NewCallback(lib, func() string { return "elsewhere" }, &wasmffi.CallbackOptions{Arena: foreign})
			require.NoError(t, err)
			_, err = bind[func(wasmffi.Callback) (string, error)](t, lib, "describe")(text)
			require.ErrorIs(t, err, memory.ErrType)
		}
	})
	t.Run("an array as an argument: ndpointer('f8', flags='C_CONTIGUOUS')", func(t *testing.T) {
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		v, err := arena.NewOf([]float64{1, 2, 3, 4, 5, 6})
		require.NoError(t, err)
		a, err := memory.AsArray(v, 2, 3)
		require.NoError(t, err)
		sum, err := wasmffi.BindAs[func(memory.Array, int32) (float64, error)](lib, "sum",
			fn(t, dtype.CDouble, dtype.PointerToConst(dtype.CDouble), dtype.CInt))
		require.NoError(t, err)
		total, err := sum(a, 6)
		require.NoError(t, err)
		require.Equal(t, 21.0, total)
		total, err = sum(a.ReadOnly(), 6)
		require.NoError(t, err, "C promised not to write")
		require.Equal(t, 21.0, total)
		transposed, err := a.Transpose()
		require.NoError(t, err)
		_, err = sum(transposed, 6)
		require.ErrorIs(t, err, memory.ErrNotContiguous)
		scale, err := wasmffi.BindAs[func(memory.Array, int32, float64) error](lib, "scale",
			fn(t, dtype.CVoid, dtype.PointerTo(dtype.CDouble), dtype.CInt, dtype.CDouble))
		require.NoError(t, err)
		require.ErrorIs(t, scale(a.ReadOnly(), 6, 2), memory.ErrReadOnly)
		require.NoError(t, scale(a, 6, 2))
		x, err := memory.Load[float64](at(t, a, 1, 2))
		require.NoError(t, err)
		require.Equal(t, 12.0, x, "no copy")
	})
	t.Run("from several goroutines", func(t *testing.T) {
		fill := bind[func(func(int32, memory.Ptr[int32]) (memory.Array, error), int32, int32) (float32, error)](t, lib, "fill")
		var mu sync.Mutex
		var allocated []memory.Array
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		parallel(8, func(g int) {
			for i := range 40 {
				rows, columns := g+1, i+1
				sum, err := fill(func(dim int32, shape memory.Ptr[int32]) (memory.Array, error) {
					n, err := ints(shape.Pointer, dim)
					if err != nil {
						return memory.Array{}, err
					}
					v, err := arena.NewArray(dtype.CFloat, uint64(n[0]*n[1]))
					if err != nil {
						return memory.Array{}, err
					}
					a, err := memory.AsArray(v, int(n[0]), int(n[1]))
					mu.Lock()
					allocated = append(allocated, a)
					mu.Unlock()
					return a, err
				}, int32(rows), int32(columns))
				if err != nil || sum != sumOf(rows*columns) {
					t.Errorf("%d x %d: %v, %v", rows, columns, sum, err)
				}
			}
		})
		require.Len(t, allocated, 8*40)
		for _, a := range allocated { // nobody wrote into another's
			s := a.Shape()
			x, err := memory.Load[float32](at(t, a, s[0]-1, s[1]-1))
			require.NoError(t, err)
			require.Equal(t, float32(s[0]*s[1]-1)+0.5, x)
		}
	})
}

// ints are what a pointer to some ints points to.
func ints(p memory.Pointer, n int32) (x []int32, err error) {
	v, err := p.Cast(dtype.CInt).Reinterpret(uint64(n)).Array()
	if err != nil {
		return nil, err
	}
	return memory.Load[[]int32](v)
}

func at(t *testing.T, a memory.Array, index ...int) memory.View {
	t.Helper()
	v, err := a.At(index...)
	require.NoError(t, err)
	return v
}
