package wasmffitest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// Arrays of any memory are arguments wherever C has a pointer to their elements.
func TestArrayArguments(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		total, err := wasmffi.BindAs[func(memory.Array, int32) (float64, error)](lib, "total", contracted(t, "x[n]", dtype.CDouble, p("x", constDoubles), p("n", dtype.CInt)))
		require.NoError(t, err)
		twice, err := wasmffi.BindAs[func(memory.Array, int32) error](lib, "double_all", contracted(t, "x[n]", nil, p("x", doubles), p("n", dtype.CInt)))
		require.NoError(t, err)
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		inLib, err := arena.Zeros(dtype.CDouble, 2, 3)
		require.NoError(t, err)
		goSlice := make([]float64, 6)
		inGo, err := memory.ArrayFrom(lib.Space().ABI(), goSlice, 2, 3)
		require.NoError(t, err)
		for _, a := range []memory.Array{inLib, inGo} {
			require.NoError(t, a.Fill(1.5))
			sum, err := total(a, 6)
			require.NoError(t, err)
			require.Equal(t, 9.0, sum)
			_, err = total(a, 7)
			requireViolation(t, err, 1, "x[n]", false)
			require.NoError(t, twice(a, 4))
			require.Equal(t, "[[3.  3.  3. ]\n [3.  1.5 1.5]]", a.String())
			row, err := a.Index(1)
			require.NoError(t, err)
			sum, err = total(row, 3)
			require.NoError(t, err)
			require.Equal(t, 6.0, sum)

			columns, err := a.Transpose()
			require.NoError(t, err)
			_, err = total(columns, 6)
			require.ErrorIs(t, err, memory.ErrNotContiguous)
			require.ErrorIs(t, twice(a.ReadOnly(), 6), memory.ErrReadOnly)
			_, err = total(a.ReadOnly(), 6)
			require.NoError(t, err)
		}
		require.Equal(t, []float64{3, 3, 3, 3, 1.5, 1.5}, goSlice)
		ints, err := memory.Zeros(lib.Space().ABI(), dtype.Int32, 6)
		require.NoError(t, err)
		_, err = total(ints, 3)
		require.ErrorIs(t, err, memory.ErrType)
	})
}

// numpy.ctypeslib.ndpointer as a parameter's type.
func TestNDPointerArguments(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		// clib.somefunc.argtypes = [ndpointer(dtype=float64, ndim=1, flags='C_CONTIGUOUS')]
		strict := &memory.NDPointer{Elem: dtype.CDouble, Dims: 1, Flags: memory.CContiguous}
		sig := scalarsSig(t, dtype.CDouble, constDoubles, dtype.CInt)
		proto := func(n *memory.NDPointer) wasmffi.Proto {
			return wasmffi.Proto{Sig: sig, Params: []wasmffi.Param{{Name: "x", Array: n}, {Name: "n"}}}
		}
		total, err := wasmffi.BindProto[func(x any, n int32) (float64, error)](lib, "total", proto(strict))
		require.NoError(t, err)
		sum, err := total([]float64{1, 2, 3}, 3)
		require.NoError(t, err)
		require.Equal(t, 6.0, sum)
		abi := lib.Space().ABI()
		grid, err := memory.ArrayFrom(abi, []float64{1, 2, 3, 4}, 2, 2)
		require.NoError(t, err)
		column, err := grid.Slice(memory.All, memory.Range(0, 1, 1))
		require.NoError(t, err)
		column, err = column.Squeeze(1)
		require.NoError(t, err)
		for _, bad := range []any{nil, []int32{1}, grid, column} {
			_, err = total(bad, 1)
			require.ErrorIs(t, err, memory.ErrNDPointer, "%v", bad)
			var e *wasmffi.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, 1, e.Arg)
		}
		_, err = total("text", 1)
		require.ErrorIs(t, err, memory.ErrType)

		copying := *strict
		copying.Copy, copying.Nullable = true, true
		loose, err := wasmffi.BindProto[func(x any, n int32) (float64, error)](lib, "total", proto(&copying))
		require.NoError(t, err)
		for x, want := range map[*any]float64{ptr([]int32{1, 2}): 3, ptr([]float32{1, 2}): 3, ptr(column): 4} {
			sum, err = loose(*x, 2)
			require.NoError(t, err)
			require.Equal(t, want, sum)
		}
		sum, err = loose(nil, 0)
		require.NoError(t, err)
		require.Zero(t, sum)
		_, err = loose([]complex128{1}, 1)
		require.ErrorIs(t, err, memory.ErrType)
		_, err = loose(grid, 1)
		require.ErrorIs(t, err, memory.ErrNDPointer)

		// C that is told the strides takes any array.
		strided, err := wasmffi.BindProto[func(memory.Array, int32, dtype.PtrDiff) (float64, error)](lib, "strided_total", wasmffi.Proto{
			Sig:    scalarsSig(t, dtype.CDouble, constDoubles, dtype.CInt, dtype.PtrDiffT),
			Params: []wasmffi.Param{{Array: &memory.NDPointer{Elem: dtype.CDouble, Dims: 1}}, {}, {}},
		})
		require.NoError(t, err)
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		inLib, err := grid.Copy(arena)
		require.NoError(t, err)
		for _, a := range []memory.Array{inLib, grid} {
			back, err := a.Slice(memory.Reverse, memory.Range(1, 2, 1))
			require.NoError(t, err)
			back, err = back.Squeeze(1)
			require.NoError(t, err)
			sum, err = strided(back, 2, dtype.PtrDiff(back.Strides()[0]))
			require.NoError(t, err)
			require.Equal(t, 6.0, sum)
		}
	})
}

func ptr(x any) *any { return &x }

// WRITEBACKIFCOPY: what C wrote to a copy goes where the copy came from.
func TestNDPointerWriteBack(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		bind := func(flags memory.Flags) func(memory.Array, int32) error {
			f, err := wasmffi.BindProto[func(memory.Array, int32) error](lib, "double_all", wasmffi.Proto{
				Sig:    scalarsSig(t, nil, doubles, dtype.CInt),
				Params: []wasmffi.Param{{Array: &memory.NDPointer{Elem: dtype.CDouble, Flags: memory.CContiguous | flags, Copy: true}}, {}},
			})
			require.NoError(t, err)
			return f
		}
		x := []int16{1, 2, 3, 4}
		a, err := memory.ArrayFrom(lib.Space().ABI(), x, 4)
		require.NoError(t, err)
		every2, err := a.Slice(memory.Range(0, 4, 2))
		require.NoError(t, err)
		require.NoError(t, bind(0)(every2, 2))
		require.Equal(t, []int16{1, 2, 3, 4}, x)
		require.NoError(t, bind(memory.WriteBackIfCopy)(every2, 2))
		require.Equal(t, []int16{2, 2, 6, 4}, x)
		require.ErrorIs(t, bind(memory.WriteBackIfCopy)(every2.ReadOnly(), 2), memory.ErrReadOnly)
	})
}

func TestNDPointerResult(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		proto := wasmffi.Proto{
			Sig:    scalarsSig(t, dtype.PointerTo(dtype.Int32), dtype.CInt),
			Result: &memory.NDPointer{Elem: dtype.Int32, Shape: []int{2, 3}},
		}
		squares, err := wasmffi.BindProto[func(int32) (memory.Array, error)](lib, "squares", proto)
		require.NoError(t, err)
		a, err := squares(6)
		require.NoError(t, err)
		require.Equal(t, "[[ 0  1  4]\n [ 9 16 25]]", a.String())
		_, err = squares(65)
		require.ErrorIs(t, err, memory.ErrNull)
		f, err := wasmffi.BindProtoFunc(lib, "squares", proto)
		require.NoError(t, err)
		r, _, err := f.Call(nil, 6)
		require.NoError(t, err)
		require.Equal(t, a.String(), r.(memory.Array).String())
		proto.Sig = scalarsSig(t, dtype.CInt, dtype.CInt)
		_, err = wasmffi.BindProtoFunc(lib, "squares", proto)
		require.ErrorIs(t, err, wasmffi.ErrSignature)
	})
}
