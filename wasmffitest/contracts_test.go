package wasmffitest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// contracted is a signature with parameters of these names and types, and rules.
func contracted(t *testing.T, rules string, result dtype.Type, params ...dtype.Param) *dtype.Func {
	t.Helper()
	sig, err := dtype.NewFunc(result, params, false)
	require.NoError(t, err)
	sig, err = sig.WithContract(rules)
	require.NoError(t, err)
	return sig
}

func p(name string, t dtype.Type) dtype.Param { return dtype.Param{Name: name, Type: t} }

var (
	doubles      = dtype.PointerTo(dtype.CDouble)
	constDoubles = dtype.PointerToConst(dtype.CDouble)
	constChars   = dtype.PointerToConst(dtype.CChar)
)

func requireViolation(t *testing.T, err error, arg int, rule string, after bool) {
	t.Helper()
	require.ErrorIs(t, err, wasmffi.ErrContract)
	var violation *wasmffi.ContractError
	require.ErrorAs(t, err, &violation)
	require.Equal(t, rule, violation.Rule, "%v", err)
	require.Equal(t, after, violation.After)
	var e *wasmffi.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, arg, e.Arg, "%v", err)
}

func TestContractLengths(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		sig := contracted(t, "x[n]; x != NULL", dtype.CDouble, p("x", constDoubles), p("n", dtype.CInt))
		total, err := wasmffi.BindAs[func([]float64, int32) (float64, error)](lib, "total", sig)
		require.NoError(t, err)
		x := []float64{1, 2, 3}
		got, err := total(x, 3)
		require.NoError(t, err)
		require.Equal(t, 6.0, got)
		_, err = total(x, 4)
		requireViolation(t, err, 1, "x[n]", false)
		require.ErrorContains(t, err, "x has 24 bytes, 32 are needed, n is 4")
		_, err = total(x, -1)
		requireViolation(t, err, 1, "n", false)
		_, err = total(nil, 0)
		requireViolation(t, err, 1, "x != NULL", false)

		// Views and pointers of the library's memory know their length, an
		// address does not.
		f, err := wasmffi.BindFunc(lib, "total", sig)
		require.NoError(t, err)
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		v, err := arena.NewArray(dtype.CDouble, 3)
		require.NoError(t, err)
		for _, arg := range []any{v, v.Pointer(), memory.Ptr[float64]{Pointer: v.Pointer()}} {
			_, err = f.Call(nil, arg, 3)
			require.NoError(t, err, "%T", arg)
			_, err = f.Call(nil, arg, 4)
			requireViolation(t, err, 1, "x[n]", false)
		}
		_, err = f.Call(nil, dtype.Addr(v.Addr()), 3)
		requireViolation(t, err, 1, "x[n]", false)
		_, err = f.Call(nil, v.Pointer().Reinterpret(0), 3)
		requireViolation(t, err, 1, "x[n]", false)
		_, err = wasmffi.Bind2[dtype.Addr, int32, float64](lib, "total", sig)
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)
		byAddr, err := wasmffi.BindAs[func(dtype.Addr, int32) (float64, error)](lib, "total", sig)
		require.NoError(t, err)
		_, err = byAddr(dtype.Addr(v.Addr()), 3)
		requireViolation(t, err, 1, "x[n]", false)
	})
}

func TestContractDisjoint(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		sig := contracted(t, "out[rows*cols]; x[rows*cols]; disjoint(out, x)", nil,
			p("out", doubles), p("x", constDoubles), p("rows", dtype.CInt), p("cols", dtype.CInt))
		add, err := wasmffi.BindAs[func(out, x any, rows, cols int32) error](lib, "add_to", sig)
		require.NoError(t, err)
		data := []float64{1, 2, 3, 4, 5, 6, 7, 8}
		require.NoError(t, add(data[:4], data[4:], 2, 2))
		require.Equal(t, []float64{6, 8, 10, 12, 5, 6, 7, 8}, data)
		requireViolation(t, add(data[1:5], data[4:], 2, 2), 2, "disjoint(out, x)", false)
		requireViolation(t, add(data[:4], data[4:], 2, 3), 1, "out[rows*cols]", false)
		requireViolation(t, add(data[:4], data[4:], 1<<30, 1<<30), 1, "out[rows*cols]", false)
		require.Equal(t, []float64{6, 8, 10, 12, 5, 6, 7, 8}, data, "C was not entered")

		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		block, err := arena.NewArray(dtype.CDouble, 8)
		require.NoError(t, err)
		part := func(i, n uint64) memory.Pointer {
			v, err := block.Index(i)
			require.NoError(t, err)
			return v.Pointer().Reinterpret(n)
		}
		require.NoError(t, add(part(0, 4), part(4, 4), 2, 2))
		requireViolation(t, add(part(0, 4), part(3, 4), 2, 2), 2, "disjoint(out, x)", false)
		require.NoError(t, add(data[:4], part(3, 4), 2, 2))
	})
}

func TestContractStrings(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		length, err := wasmffi.BindAs[func(s any) (dtype.Size, error)](lib, "length_of",
			contracted(t, "string(s)", dtype.SizeT, p("s", constChars)))
		require.NoError(t, err)
		n, err := length("hello")
		require.NoError(t, err)
		require.EqualValues(t, 5, n)
		n, err = length([]byte("hell\x00"))
		require.NoError(t, err)
		require.EqualValues(t, 4, n)
		_, err = length([]byte("hello"))
		requireViolation(t, err, 1, "string(s)", false)

		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		v, err := arena.NewArray(dtype.CChar, 3)
		require.NoError(t, err)
		_, err = length(v)
		require.NoError(t, err)
		require.NoError(t, lib.Space().WriteAt([]byte("abc"), v.Addr()))
		_, err = length(v)
		requireViolation(t, err, 1, "string(s)", false)
		entered, err := wasmffi.Var(lib, "entered", dtype.CInt)
		require.NoError(t, err)
		calls, err := memory.Load[int32](entered)
		require.NoError(t, err)
		require.EqualValues(t, 3, calls)

		// What C leaves is checked as well, on the way back.
		fill, err := wasmffi.BindAs[func(out []byte, n int32) error](lib, "unterminated",
			contracted(t, "string(out, n)", nil, dtype.Param{Name: "out", Type: dtype.PointerTo(dtype.CChar), Dir: dtype.Out}, p("n", dtype.CInt)))
		require.NoError(t, err)
		requireViolation(t, fill(make([]byte, 4), 4), 1, "string(out, n)", true)
		requireViolation(t, fill(make([]byte, 3), 4), 1, "string(out, n)", false)
	})
}

func TestContractResults(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		into := contracted(t, "string(s); result in s", constChars, p("s", constChars), p("c", dtype.CInt))
		find, err := wasmffi.BindAs[func(s string, c int32) (wasmffi.Offset, error)](lib, "find", into)
		require.NoError(t, err)
		at, err := find("hello", 'l')
		require.NoError(t, err)
		require.EqualValues(t, 2, at)
		at, err = find("hello", 'z')
		require.NoError(t, err)
		require.EqualValues(t, -1, at)
		beyond, err := wasmffi.BindAs[func(s []byte, by int32) (wasmffi.Offset, error)](lib, "beyond", into)
		require.NoError(t, err)
		at, err = beyond([]byte("ab\x00"), 3) // one past the end, as C allows
		require.NoError(t, err)
		require.EqualValues(t, 3, at)
		for _, by := range []int32{4, -1} {
			_, err = beyond([]byte("ab\x00"), by)
			requireViolation(t, err, 0, "result in s", true)
		}
		_, err = wasmffi.Bind[func(s string, c int32) wasmffi.Offset](lib, "find")
		require.Error(t, err)

		ints := dtype.PointerTo(dtype.Int32)
		counted := contracted(t, "result[n]; result != NULL", ints, p("n", dtype.CInt))
		squares, err := wasmffi.BindAs[func(int32) (memory.Array, error)](lib, "squares", counted)
		require.NoError(t, err)
		a, err := squares(5)
		require.NoError(t, err)
		require.Equal(t, "[ 0  1  4  9 16]", a.String())
		_, err = squares(65)
		requireViolation(t, err, 0, "result != NULL", true)
		f, err := wasmffi.BindFunc(lib, "squares", counted)
		require.NoError(t, err)
		r, err := f.Call(nil, 7)
		require.NoError(t, err)
		require.EqualValues(t, 7, r.(memory.Pointer).Len())
		pointer, err := wasmffi.BindAs[func(int32) (memory.Pointer, error)](lib, "squares", counted)
		require.NoError(t, err)
		q, err := pointer(7)
		require.NoError(t, err)
		require.EqualValues(t, 7, q.Len())
		nowhere, err := wasmffi.BindAs[func(int32) (memory.Array, error)](lib, "nowhere", counted)
		require.NoError(t, err)
		_, err = nowhere(7)
		requireViolation(t, err, 0, "result[n]", true)
		plain, err := dtype.NewFunc(ints, []dtype.Param{p("n", dtype.CInt)}, false)
		require.NoError(t, err)
		_, err = wasmffi.BindAs[func(int32) memory.Array](lib, "squares", plain)
		require.ErrorContains(t, err, "how long")
	})
}

// C text by itself is a contract, also for matrices, whose rows it knows only
// when called.
func TestContractFromText(t *testing.T) {
	onBoth(t, "contracts", nil, func(t *testing.T, lib wasmffi.Library) {
		decls, err := cdecl.Parse("double sum_matrix(const double m[r][c], int r, int c); void *somewhere(void *p) __attribute__((returns_nonnull));", cdecl.Options{ABI: lib.Space().ABI()})
		require.NoError(t, err)
		matrix, err := decls.Func("sum_matrix")
		require.NoError(t, err)
		sum, err := wasmffi.BindAs[func(m any, r, c int32) (float64, error)](lib, "sum_matrix", matrix)
		require.NoError(t, err)
		x := []float64{1, 2, 3, 4, 5, 6}
		a, err := memory.ArrayFrom(lib.Space().ABI(), x, 2, 3)
		require.NoError(t, err)
		for _, m := range []any{x, a} {
			got, err := sum(m, 2, 3)
			require.NoError(t, err)
			require.Equal(t, 21.0, got)
			_, err = sum(m, 3, 3)
			requireViolation(t, err, 1, "m[r*c]", false)
		}

		somewhere, err := decls.Func("somewhere")
		require.NoError(t, err)
		pointer, err := wasmffi.BindAs[func(dtype.Addr) (memory.Pointer, error)](lib, "somewhere", somewhere)
		require.NoError(t, err)
		_, err = pointer(0)
		requireViolation(t, err, 0, "result != NULL", true)
		address, err := wasmffi.BindAs[func(dtype.Addr) (dtype.Addr, error)](lib, "somewhere", somewhere)
		require.NoError(t, err)
		_, err = address(0) // a number says what it says
		require.NoError(t, err)
	})
}

// Frames that others fill are checked alike.
func TestFrameContract(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		plain, err := dtype.NewFunc(nil, []dtype.Param{p("x", doubles), p("n", dtype.CInt)}, false)
		require.NoError(t, err)
		none, err := wasmffi.NewFrameContract(lib, "total", plain)
		require.NoError(t, err)
		require.NoError(t, none.Check(nil, false, nil))
		sig, err := plain.WithImplied("x[n]; x != NULL")
		require.NoError(t, err)
		contract, err := wasmffi.NewFrameContract(lib, "total", sig)
		require.NoError(t, err)
		shape, err := wasmffi.FrameShape(lib.Space().ABI(), sig)
		require.NoError(t, err)
		check := func(addr uint64, n uint64, size uint64, known, asNumber bool) error {
			words := make([]uint64, shape.Words)
			words[shape.Params[0].First], words[shape.Params[1].First] = addr, n
			return contract.Check(words, false, func(int) (uint64, bool, bool) { return size, known, asNumber })
		}
		require.NoError(t, check(64, 2, 16, true, false))
		requireViolation(t, check(64, 3, 16, true, false), 1, "x[n]", false)
		require.NoError(t, check(64, 3, 0, false, false))
		requireViolation(t, check(0, 3, 0, false, false), 1, "x != NULL", false)
		require.NoError(t, check(0, 3, 0, false, true))
		require.ErrorIs(t, contract.Check(nil, false, nil), wasmffi.ErrArgCount)
	})
}
