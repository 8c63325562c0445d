package wasmffitest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// Lengths that C tells in what an argument points to.
func TestContractPointedLengths(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		sig := contracted(t, "result[*n]; n != NULL", dtype.PointerTo(dtype.Int32), p("limit", dtype.CInt), p("lie", dtype.CInt),
			dtype.Param{Name: "n", Type: dtype.PointerTo(dtype.CShort), Dir: dtype.Out})
		require.Equal(t, "n != NULL; result[*n]", sig.Rules())
		squares, err := wasmffi.BindAs[func(limit, lie int32, n any) (memory.Array, error)](lib, "squares_below", sig)
		require.NoError(t, err)
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		inC, err := arena.New(dtype.CShort)
		require.NoError(t, err)
		n := int16(-7)
		var wide dtype.Long
		for _, arg := range []any{&n, inC, inC.Pointer()} {
			a, err := squares(50, 0, arg)
			require.NoError(t, err, "%T", arg)
			require.Equal(t, "[ 0  1  4  9 16 25 36 49]", a.String(), "%T", arg)
		}
		require.EqualValues(t, 8, n)
		a, err := squares(0, 0, &n)
		require.NoError(t, err)
		require.Zero(t, a.Len())
		_, err = squares(50, -9, &n)
		requireViolation(t, err, 0, "*n", true)
		require.ErrorContains(t, err, "*n is -1")
		_, err = squares(50, 0, nil)
		requireViolation(t, err, 3, "n != NULL", false)
		a, err = squares(50, 0, &wide) // C writes to a short of its own
		require.NoError(t, err)
		require.EqualValues(t, 8, a.Len())
		require.EqualValues(t, 8, wide)

		pointer, err := wasmffi.BindAs[func(limit, lie int32, n *int16) (memory.Pointer, error)](lib, "squares_below", sig)
		require.NoError(t, err)
		got, err := pointer(10, 0, &n)
		require.NoError(t, err)
		require.EqualValues(t, 4, got.Len())
		_, err = wasmffi.Bind3[int32, int32, dtype.Addr, dtype.Addr](lib, "squares_below", sig)
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)
	})
}

// *n is taken before the call, unless its direction is out: as C's own text has
// it, whose array parameters are measured on entry.
func TestContractPointedCapacity(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		decls, err := cdecl.Parse("typedef __SIZE_TYPE__ size_t; void take(double x[*n], size_t *n, size_t have);", cdecl.Options{ABI: lib.Space().ABI()})
		require.NoError(t, err)
		sig, err := decls.Func("take")
		require.NoError(t, err)
		require.Equal(t, "x[*n]", sig.Rules())
		take, err := wasmffi.BindAs[func(x []float64, n *dtype.Size, have dtype.Size) error](lib, "take", sig)
		require.NoError(t, err)
		x, n := make([]float64, 4), dtype.Size(4)
		require.NoError(t, take(x, &n, 3))
		require.Equal(t, []float64{0, 1, 2, 0}, x)
		require.EqualValues(t, 3, n)
		n = 5
		requireViolation(t, take(x, &n, 9), 1, "x[*n]", false)
		require.EqualValues(t, 5, n, "C was not entered")
		requireViolation(t, take(x, nil, 9), 1, "*n", false)

		after := contracted(t, "x[*n]", nil, p("x", doubles), dtype.Param{Name: "n", Type: dtype.PointerTo(dtype.SizeT), Dir: dtype.Out}, p("have", dtype.SizeT))
		take, err = wasmffi.BindAs[func(x []float64, n *dtype.Size, have dtype.Size) error](lib, "take", after)
		require.NoError(t, err)
		n = 0 // what goes in is not looked at
		require.NoError(t, take(x, &n, 9))
	})
}
