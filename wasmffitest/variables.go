package wasmffitest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func variables(t *testing.T, b Backend) {
	lib := b.open(t)
	t.Run("int counter", func(t *testing.T) {
		v, err := wasmffi.Var(lib, "counter", dtype.CInt)
		require.NoError(t, err)
		bump := bind[func() int32](t, lib, "bump")
		require.NoError(t, memory.Store(v, int32(99)))
		require.EqualValues(t, 100, bump())
		x, err := memory.Load[int32](v)
		require.NoError(t, err)
		require.EqualValues(t, 100, x)
	})
	t.Run("const char version[]", func(t *testing.T) {
		a, err := dtype.ArrayOf(dtype.CChar, 6)
		require.NoError(t, err)
		v, err := wasmffi.Var(lib, "version", a)
		require.NoError(t, err)
		bytes, err := v.Bytes()
		require.NoError(t, err)
		require.Equal(t, "1.2.3\x00", string(bytes))
	})
	t.Run("struct point origin", func(t *testing.T) {
		pt, err := dtype.NewStruct("point", dtype.Field{Name: "x", Type: dtype.CDouble}, dtype.Field{Name: "y", Type: dtype.CDouble})
		require.NoError(t, err)
		v, err := wasmffi.Var(lib, "origin", pt)
		require.NoError(t, err)
		y, err := v.Field("y")
		require.NoError(t, err)
		got, err := memory.Load[float64](y)
		require.NoError(t, err)
		require.Equal(t, -2.5, got)
	})
	t.Run("a table walked to its NULL", func(t *testing.T) {
		table, err := dtype.ArrayOf(dtype.PointerToConst(dtype.CChar), 4)
		require.NoError(t, err)
		v, err := wasmffi.Var(lib, "names", table)
		require.NoError(t, err)
		var names []string
		for i := range uint64(4) {
			e, err := v.Index(i)
			require.NoError(t, err)
			p, err := memory.Load[memory.Pointer](e)
			require.NoError(t, err)
			if p.IsNull() {
				break
			}
			s, err := memory.CString(lib.Space(), p.Addr(), 100)
			require.NoError(t, err)
			names = append(names, s)
		}
		require.Equal(t, []string{"ada", "grace", "edsger"}, names)
	})
	t.Run("a larger type than the variable is refused", func(t *testing.T) {
		sym, err := lib.Lookup("counter")
		require.NoError(t, err)
		require.Equal(t, wasmffi.VarSymbol, sym.Kind)
		if sym.Size == 0 {
			return // the library does not say how large its variables are
		}
		_, err = wasmffi.Var(lib, "counter", dtype.CDouble)
		require.ErrorIs(t, err, wasmffi.ErrSignature)
		require.ErrorContains(t, err, "counter: signature mismatch: ")
	})
	t.Run("a function is no variable, nor the other way round", func(t *testing.T) {
		_, err := wasmffi.Var(lib, "bump", dtype.CInt)
		require.ErrorIs(t, err, wasmffi.ErrSignature)
		_, err = wasmffi.Bind[func() int32](lib, "counter")
		require.ErrorIs(t, err, wasmffi.ErrSignature)
	})
}

func variadic(t *testing.T, b Backend) {
	lib := b.open(t)
	t.Run("int sum_ints(int, ...)", func(t *testing.T) {
		sum := bind[func(int32, ...any) int32](t, lib, "sum_ints")
		require.EqualValues(t, 0, sum(0))
		require.EqualValues(t, 6, sum(3, 1, 2, 3))
		require.EqualValues(t, 55, sum(10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10))
		require.EqualValues(t, 2, sum(2, int8(-1), uint16(3)), "promoted to int")
	})
	t.Run("double sum_doubles(int, ...)", func(t *testing.T) {
		sum := bind[func(int32, ...any) float64](t, lib, "sum_doubles")
		require.Equal(t, 4.0, sum(2, 1.5, float32(2.5)))
		require.Equal(t, 55.0, sum(10, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0))
	})
	t.Run("int format(char *, size_t, const char *, ...)", func(t *testing.T) {
		format := bind[func([]byte, dtype.Size, string, ...any) int32](t, lib, "format")
		buf := make([]byte, 64)
		n := format(buf, 64, "%d %s %.2f %lld %c|", -5, "str", 2.5, int64(1)<<40, 'x')
		require.Equal(t, "-5 str 2.50 1099511627776 x|", string(buf[:n]))
	})
	t.Run("errno", func(t *testing.T) {
		f := bind[func(int32) (int32, wasmffi.Errno)](t, lib, "fail_with")
		for _, e := range []int32{2, 0, 34} {
			r, errno := f(e)
			require.EqualValues(t, -1, r)
			require.EqualValues(t, e, errno)
		}
	})
}

func binding(t *testing.T, b Backend) {
	lib := b.open(t)
	t.Run("a struct of functions", func(t *testing.T) {
		var fns struct {
			Add    func(a, b int32) int32  `c:"add"`
			Length func(string) dtype.Size `c:"length"`
			Other  int
			Skip   func() `c:"-"`
		}
		require.NoError(t, wasmffi.BindAll(lib, &fns))
		require.EqualValues(t, 3, fns.Add(1, 2))
		require.EqualValues(t, 2, fns.Length("ab"))
		require.Nil(t, fns.Skip)
	})
	t.Run("all that failed is reported, none is set", func(t *testing.T) {
		var fns struct {
			Add  func(a, b int32) int32 `c:"add"`
			Ad   func()                 `c:"ad"`
			Chan func(chan int)         `c:"add"`
		}
		err := wasmffi.BindAll(lib, &fns)
		require.ErrorIs(t, err, wasmffi.ErrNotFound)
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)
		require.Nil(t, fns.Add)
		require.ErrorIs(t, wasmffi.BindAll(lib, fns), memory.ErrType)
	})
	t.Run("dynamic calls", func(t *testing.T) {
		f, err := wasmffi.BindFunc(lib, "add", intIntInt(t))
		require.NoError(t, err)
		for _, args := range [][]any{{2, 3}, {int8(2), uint64(3)}, {int64(6), -1}} {
			r, err := f.Call(nil, args...)
			require.NoError(t, err)
			require.Equal(t, int32(5), r)
		}
		dist, err := wasmffi.BindFunc(lib, "dist2", fn(t, dtype.CDouble, dtype.CDouble, dtype.CDouble, dtype.CDouble, dtype.CDouble))
		require.NoError(t, err)
		r, err := dist.Call(nil, 0, 0.0, float32(3), 4)
		require.NoError(t, err)
		require.Equal(t, 25.0, r)
	})
	t.Run("symbols are listed", func(t *testing.T) {
		seen := map[string]wasmffi.SymbolKind{}
		for s := range lib.Symbols() {
			seen[s.Name] = s.Kind
		}
		require.Contains(t, seen, "add")
		require.Equal(t, wasmffi.FuncSymbol, seen["add"])
		require.Equal(t, wasmffi.VarSymbol, seen["counter"])
	})
}
