package wasmffitest

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func bindUndeclared(t testing.TB, lib wasmffi.Library, name string, result dtype.Type) *wasmffi.Func {
	t.Helper()
	f, err := wasmffi.BindUndeclared(lib, name, result)
	require.NoError(t, err)
	return f
}

// undeclared calls functions of which nothing is declared.
func undeclared(t *testing.T, b Backend) {
	lib := b.open(t)
	call := func(t *testing.T, want any, name string, result dtype.Type, args ...any) {
		t.Helper()
		got, err := bindUndeclared(t, lib, name, result).Call(nil, args...)
		require.NoError(t, err)
		require.EqualValues(t, want, got)
	}
	t.Run("int is assumed", func(t *testing.T) {
		call(t, int32(5), "plus", nil, 2, 3)
		call(t, int32(-1), "plus", nil, int8(-3), uint16(2))
		call(t, int32(math.MinInt32), "plus", nil, math.MinInt32, 0)
		call(t, int32(2), "plus", nil, true, true)
	})
	t.Run("typed numbers are what they are", func(t *testing.T) {
		call(t, 4.0, "fplus", dtype.CDouble, 1.5, float32(2.5))
		call(t, int64(1<<40+7), "wide", dtype.CLongLong, int64(1)<<40, uint(7))
	})
	t.Run("strings, bytes, nil, pointers", func(t *testing.T) {
		call(t, dtype.Size(5), "length", dtype.SizeT, "hello")
		call(t, dtype.Size(2), "length", dtype.SizeT, []byte("ab\x00c"))
		call(t, dtype.Size(0), "length", dtype.SizeT, nil)
		call(t, int32(1), "describe", nil, 7, 2.5, "text", nil)
		call(t, int32(0), "describe", nil, 7, 2.5, "other", nil)
		call(t, int32(6), "sum_ints", nil, []int32{1, 2, 3}, 3)
		x := int32(42)
		call(t, int32(42), "read_int", nil, &x)
		call(t, int32(1), "write_int", nil, &x, 7)
		require.EqualValues(t, 7, x)
	})
	t.Run("strchr of ctypes", func(t *testing.T) {
		call(t, "def", "find_char", text, "abcdef", 'd')
		call(t, nil, "find_char", text, "abcdef", 'x')
		p, err := bindUndeclared(t, lib, "find_char", dtype.PointerTo(dtype.CChar)).Call(nil, "abcdef", 'd')
		require.NoError(t, err)
		require.False(t, p.(memory.Pointer).IsNull())
	})
	t.Run("memory of the library, function pointers", func(t *testing.T) {
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		v, err := arena.NewOf(rect{Left: 3, Right: 10})
		require.NoError(t, err)
		call(t, int32(7), "rect_width", nil, v)
		call(t, int32(7), "rect_width", nil, v.Pointer())
		op, err := bindUndeclared(t, lib, "pick_untyped", voidPtr).Call(nil, 2)
		require.NoError(t, err)
		call(t, int32(42), "run_op", nil, op, 6, 7)
		call(t, int32(13), "run_op", nil, func(a, b int32) int32 { return a + b }, 6, 7)
	})
	t.Run("no result", func(t *testing.T) {
		call(t, nil, "nothing", dtype.CVoid)
	})
	t.Run("what cannot be converted names its position", func(t *testing.T) {
		f := bindUndeclared(t, lib, "plus", nil)
		for _, c := range []struct {
			args []any
			arg  int
			is   error
			want string
		}{
			{[]any{1, 1 << 31}, 2, memory.ErrRange, "2147483648 does not fit int (-2147483648…2147483647)"},
			{[]any{uint(1) << 32, 2}, 1, memory.ErrRange, "does not fit unsigned int"},
			{[]any{1, make(chan int)}, 2, wasmffi.ErrNotSupported, "chan int"},
			{[]any{map[string]int{}, 1}, 1, wasmffi.ErrNotSupported, "map[string]int"},
			{[]any{1, bottles{-1}}, 2, errEmpty, "argument of Go wasmffitest.bottles"},
			{[]any{memory.View{}, 1}, 1, memory.ErrNull, ""},
		} {
			_, err := f.Call(nil, c.args...)
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.want)
			var e *wasmffi.Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, c.arg, e.Arg, "%v", err)
			require.Equal(t, "call", e.Op)
		}
		_, err := bindUndeclared(t, lib, "length", dtype.SizeT).Call(nil, "a\x00b")
		require.ErrorIs(t, err, memory.ErrRange)
	})
	t.Run("a wrong shape is refused where anything knows better", func(t *testing.T) {
		// The module's own types do, and native debug info.
		f := bindUndeclared(t, lib, "fplus", dtype.CDouble)
		for _, args := range [][]any{{1, 2}, {1.0}, {1.0, 2.0, 3.0}, {}, {"x", 1.0}} {
			_, err := f.Call(nil, args...)
			require.ErrorIs(t, err, wasmffi.ErrSignature, "%v", args)
		}
		r, err := f.Call(nil, 1.0, 2.0)
		require.NoError(t, err)
		require.Equal(t, 3.0, r)
	})
	t.Run("names", func(t *testing.T) {
		_, err := wasmffi.BindUndeclared(lib, "pluss", nil)
		require.ErrorIs(t, err, wasmffi.ErrNotFound)
		_, err = wasmffi.BindUndeclared(lib, "op_table", nil)
		require.ErrorIs(t, err, wasmffi.ErrSignature)
	})
	t.Run("more shapes than are kept", func(t *testing.T) {
		f := bindUndeclared(t, lib, "is_null", nil)
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		for n := uint64(1); n <= 200; n++ {
			a, err := dtype.ArrayOf(dtype.CInt, n)
			require.NoError(t, err)
			v, err := arena.New(a)
			require.NoError(t, err)
			for range 2 {
				r, err := f.Call(nil, v)
				require.NoError(t, err)
				require.Equal(t, int32(0), r)
			}
		}
	})
	t.Run("from many goroutines", func(t *testing.T) {
		f := bindUndeclared(t, lib, "plus", nil)
		parallel(8, func(g int) {
			for i := range 100 {
				r, err := f.Call(nil, g, int32(i))
				if err != nil || r != int32(g+i) {
					t.Errorf("%v, %v", r, err)
				}
				r, err = f.Call(nil, int16(g), i)
				if err != nil || r != int32(g+i) {
					t.Errorf("%v, %v", r, err)
				}
			}
		})
	})
}

// bottles passes itself as an int: the Bottles of ctypes' _as_parameter_.
type bottles struct{ n int }

var errEmpty = errors.New("no bottles")

func (b bottles) CArgument() (any, error) {
	if b.n < 0 {
		return nil, errEmpty
	}
	return b.n, nil
}

// titled passes itself as another Argument, by pointer.
type titled struct{ inner any }

func (p *titled) CArgument() (any, error) { return p.inner, nil }

// code says its C type, so that no signature is needed.
type code int

func (c code) CArgument() (any, error)       { return int32(c) * 100, nil }
func (code) CType() (dtype.Type, error)      { return dtype.CInt, nil }
func (p *titled) CType() (dtype.Type, error) { return text, nil }

func adapters(t *testing.T, b Backend) {
	lib := b.open(t)
	plus := bindFuncOf(t, lib, "plus", intIntInt(t))
	endless := &titled{}
	endless.inner = endless
	t.Run("in a dynamic call", func(t *testing.T) {
		r, err := plus.Call(nil, bottles{40}, &titled{&titled{2}})
		require.NoError(t, err)
		require.Equal(t, int32(42), r)
	})
	t.Run("without a prototype", func(t *testing.T) {
		r, err := bindUndeclared(t, lib, "plus", nil).Call(nil, bottles{1}, &titled{bottles{2}})
		require.NoError(t, err)
		require.Equal(t, int32(3), r)
		r, err = bindUndeclared(t, lib, "length", dtype.SizeT).Call(nil, &titled{"text"})
		require.NoError(t, err)
		require.EqualValues(t, dtype.Size(4), r)
	})
	t.Run("in variadics, as ctypes' printf", func(t *testing.T) {
		format := bind[func([]byte, dtype.Size, string, ...any) int32](t, lib, "format")
		buf := make([]byte, 64)
		n := format(buf, 64, "%d bottles of beer, %s", bottles{42}, &titled{"cold"})
		require.Equal(t, "42 bottles of beer, cold", string(buf[:n]))
	})
	t.Run("in a Go func type", func(t *testing.T) {
		f, err := wasmffi.BindAs[func(bottles, any) (int32, error)](lib, "plus", intIntInt(t))
		require.NoError(t, err)
		r, err := f(bottles{40}, bottles{2})
		require.NoError(t, err)
		require.EqualValues(t, 42, r)
		_, err = f(bottles{-1}, 2)
		require.ErrorIs(t, err, errEmpty)
		require.ErrorContains(t, err, "arg 1: argument of Go wasmffitest.bottles: no bottles")
		g := bind[func(code, code) int32](t, lib, "plus")
		require.EqualValues(t, 300, g(1, 2))
		h := bind[func(wasmffi.Argument) int32](t, lib, "is_null")
		require.EqualValues(t, 1, h(&titled{nil}))
		require.EqualValues(t, 0, h(&titled{"text"}))
	})
	t.Run("a nil pointer is NULL", func(t *testing.T) {
		r, err := bindFuncOf(t, lib, "length", fn(t, dtype.SizeT, text)).Call(nil, (*titled)(nil))
		require.NoError(t, err)
		require.EqualValues(t, dtype.Size(0), r)
	})
	t.Run("wrong ones", func(t *testing.T) {
		_, err := plus.Call(nil, 1, endless)
		require.ErrorIs(t, err, memory.ErrType)
		require.ErrorContains(t, err, "arg 2: ")
		require.ErrorContains(t, err, "more than 16 Arguments stand for each other")
		_, err = plus.Call(nil, &titled{"text"}, 1)
		require.ErrorIs(t, err, memory.ErrType)
		_, err = plus.Call(nil, &titled{nil}, 1)
		require.ErrorIs(t, err, memory.ErrType)
		_, err = bindUndeclared(t, lib, "plus", nil).Call(context.Background(), endless, 1)
		require.ErrorIs(t, err, memory.ErrType)
		_, err = wasmffi.Bind[func(bottles, int32) int32](lib, "plus")
		require.Error(t, err, "nothing says its C type")
		require.ErrorContains(t, err, "arg 1")
	})
}

func bindFuncOf(t testing.TB, lib wasmffi.Library, name string, sig *dtype.Func) *wasmffi.Func {
	t.Helper()
	f, err := wasmffi.BindFunc(lib, name, sig)
	require.NoError(t, err)
	return f
}
