package wasmffitest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// Where C calls Go, its arguments are held to the rules of the callback's
// signature before the Go function is entered, and what that returns after.
func TestContractCallbacks(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		// call calls the C function name with a callback for fn, whose failure
		// gives C -5.
		call := func(name string, sig *dtype.Func, fn any, args ...any) (any, error) {
			opts := &wasmffi.CallbackOptions{Sig: sig}
			if sig.Result() == dtype.Type(dtype.CInt) {
				opts.Fallback = int32(-5)
			}
			cb, err := wasmffi.NewCallback(lib, fn, opts)
			require.NoError(t, err)
			defer cb.Free()
			params := []dtype.Param{{Type: dtype.PointerTo(sig)}}
			for range args {
				params = append(params, dtype.Param{Type: dtype.CInt})
			}
			outer, err := dtype.NewFunc(dtype.CInt, params, false)
			require.NoError(t, err)
			f, err := wasmffi.BindFunc(lib, name, outer)
			require.NoError(t, err)
			return f.Call(nil, append([]any{cb}, args...)...)
		}
		violation := func(err error, arg int, rule string, after bool) {
			t.Helper()
			var outer *wasmffi.Error
			require.ErrorAs(t, err, &outer)
			require.Equal(t, "call", outer.Op)
			requireViolation(t, outer.Err, arg, rule, after)
			require.ErrorContains(t, outer.Err, "callback")
		}

		visitor := contracted(t, "x[n]; x != NULL", dtype.CInt, p("x", constDoubles), p("n", dtype.CInt))
		entered := 0
		for _, fn := range []any{
			func(x memory.Pointer, n int32) int32 { entered++; return n },
			func(f *wasmffi.Frame) error { entered++; f.Words[2] = f.Words[1]; return nil },
		} {
			entered = 0
			got, err := call("visit", visitor, fn, 0, 4)
			require.NoError(t, err)
			require.EqualValues(t, 4, got)
			_, err = call("visit", visitor, fn, 1, 4)
			violation(err, 1, "x != NULL", false)
			_, err = call("visit", visitor, fn, 0, 1<<28)
			violation(err, 1, "x[n]", false)
			require.ErrorContains(t, err, "n is 268435456")
			_, err = call("visit", visitor, fn, 0, -1)
			violation(err, 1, "n", false)
			require.Equal(t, 1, entered, "the Go function was not entered")
		}

		lister := contracted(t, "result[n]; result != NULL", dtype.PointerToConst(dtype.Int32), p("n", dtype.CInt))
		three, err := dtype.ArrayOf(dtype.Int32, 3)
		require.NoError(t, err)
		view, err := arena.NewValue(three, []int32{7, 8, 9})
		require.NoError(t, err)
		got, err := call("third", lister, func(n int32) dtype.Addr { return dtype.Addr(view.Addr()) })
		require.NoError(t, err)
		require.EqualValues(t, 9, got)
		_, err = call("third", lister, func(n int32) dtype.Addr { return 0 })
		violation(err, 0, "result != NULL", true)
		_, err = call("third", lister, func(n int32) dtype.Addr { return 0xfffffff0 })
		violation(err, 0, "result[n]", true)

		filler := contracted(t, "s[*n]", nil, p("s", dtype.PointerTo(dtype.CChar)), dtype.Param{Name: "n", Type: dtype.PointerTo(dtype.CShort), Dir: dtype.Out})
		got, err = call("filled", filler, func(s memory.Pointer, n *int16) { *n = 3 })
		require.NoError(t, err)
		require.EqualValues(t, 3, got)
		_, err = call("filled", filler, func(s memory.Pointer, n *int16) { *n = -2 })
		violation(err, 1, "*n", true)

		name := contracted(t, "string(name, 6)", dtype.CInt, p("name", constChars))
		size := func(s string) int32 { return int32(len(s)) }
		_, err = call("named", name, size)
		violation(err, 1, "string(name, 6)", false)
		name = contracted(t, "string(name, 7)", dtype.CInt, p("name", constChars))
		got, err = call("named", name, size)
		require.NoError(t, err)
		require.EqualValues(t, 6, got)

		// A Go func for a parameter whose C text has rules: those about NULL hold.
		decls, err := cdecl.Parse("int visit(int (*f)(const double x[static n], int n), int null, int n);", cdecl.Options{ABI: lib.Space().ABI()})
		require.NoError(t, err)
		sig, err := decls.Func("visit")
		require.NoError(t, err)
		visit, err := wasmffi.BindAs[func(f func(x memory.Pointer, n int32) int32, null, n int32) (int32, error)](lib, "visit", sig)
		require.NoError(t, err)
		count := func(x memory.Pointer, n int32) int32 { return n }
		n, err := visit(count, 0, 3)
		require.NoError(t, err)
		require.EqualValues(t, 3, n)
		_, err = visit(count, 1, 3)
		violation(err, 1, "x != NULL", false)
	})
}
