package wasmffitest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

func TestPrototypes(t *testing.T) {
	t.Run("sandbox", func(t *testing.T) {
		wasmffitest.RunPrototypes(t, opening(wasmffitest.Fixture("wasm", "proto.wasm"), true))
	})
	t.Run("native", func(t *testing.T) {
		wasmffitest.RunPrototypes(t, opening(wasmffitest.BuildNative(t, "proto.c"), false))
	})
}

func opening(path string, sandbox bool) wasmffitest.Backend {
	return wasmffitest.Backend{Sandbox: sandbox, Open: func(t testing.TB) wasmffi.Library {
		lib, err := wasmffi.Open(context.Background(), path)
		require.NoError(t, err)
		return lib
	}}
}

// C text says which parameters are out: a Go func may leave those out.
func TestDirectionsFromC(t *testing.T) {
	decls, err := cdecl.Parse(`
		typedef struct rect { int left, top, right, bottom; } RECT;
		_Success_(return != 0) int get_window_rect(_In_opt_ void *hwnd, _Out_ RECT *r);
		int div_mod(int a, int b, [out] int *quot, [out] int *rem);
		int bump_by(_Inout_ int *x, int by);
		int is_null([out] char *buffer);
	`, cdecl.Options{})
	require.NoError(t, err)
	onBoth(t, "proto", nil, func(t *testing.T, lib wasmffi.Library) {
		sig := func(name string) *dtype.Func {
			f, err := decls.Func(name)
			require.NoError(t, err)
			return f
		}
		type rect struct{ Left, Top, Right, Bottom int32 }
		get, err := wasmffi.BindAs[func(hwnd dtype.Addr) (ok bool32, r rect, err error)](lib, "get_window_rect", sig("get_window_rect"))
		require.NoError(t, err)
		ok, r, err := get(1)
		require.NoError(t, err)
		require.EqualValues(t, 1, ok)
		require.Equal(t, rect{1, 2, 30, 40}, r)
		dm, err := wasmffi.BindAs[func(a, b int) (quot, rem int)](lib, "div_mod", sig("div_mod"))
		require.NoError(t, err)
		q, rem := dm(17, 5)
		require.Equal(t, []int{3, 2}, []int{q, rem})

		f, err := wasmffi.BindProtoFunc(lib, "div_mod", wasmffi.Proto{Sig: sig("div_mod")})
		require.NoError(t, err)
		_, outs, err := f.Call(nil, wasmffi.Named{"b": 7, "a": 45})
		require.NoError(t, err)
		require.Equal(t, []any{int32(6), int32(3)}, outs)
		bump, err := wasmffi.BindProto[func(x, by int32) (old, now int32)](lib, "bump_by", wasmffi.Proto{Sig: sig("bump_by")})
		require.NoError(t, err)
		old, now := bump(40, 2)
		require.Equal(t, []int32{40, 42}, []int32{old, now})

		all, err := wasmffi.BindAs[func(a, b int32, quot, rem *int32) int32](lib, "div_mod", sig("div_mod"))
		require.NoError(t, err, "a Go func may have them too")
		var quot, left int32
		require.Zero(t, all(9, 4, &quot, &left))
		require.Equal(t, []int32{2, 1}, []int32{quot, left})

		_, err = wasmffi.BindProtoFunc(lib, "is_null", wasmffi.Proto{Sig: sig("is_null")})
		require.ErrorIs(t, err, wasmffi.ErrSignature)
		require.ErrorContains(t, err, "arg 1: buffer: ")
	})
}

// bool32 is Windows' BOOL.
type bool32 int32
