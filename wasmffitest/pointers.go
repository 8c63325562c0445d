package wasmffitest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func pointers(t *testing.T, b Backend) {
	lib := b.open(t)
	intFn := fn(t, dtype.CInt, dtype.CInt)
	t.Run("a function that returns a function", func(t *testing.T) {
		pick := bind[func(int32) dtype.Addr](t, lib, "pick")
		for i, want := range []any{int32(21), int32(49)} {
			f, err := wasmffi.BindAddr(lib, pick(int32(i)), intFn)
			require.NoError(t, err)
			got, err := f.Call(nil, 7)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		_, err := wasmffi.BindAddr(lib, pick(2), intFn)
		require.ErrorIs(t, err, memory.ErrNull)
	})
	t.Run("the address of a function", func(t *testing.T) {
		sym, err := lib.Lookup("square")
		require.NoError(t, err)
		addr, err := lib.Address(sym)
		require.NoError(t, err)
		require.EqualValues(t, 81, bind[func(dtype.Addr, int32) int32](t, lib, "apply")(dtype.Addr(addr), 9))
		back, err := lib.FuncAt(addr)
		require.NoError(t, err)
		require.Equal(t, "square", back.Name)
		again, err := lib.Address(sym)
		require.NoError(t, err)
		require.Equal(t, addr, again)
	})
	t.Run("a struct of function pointers", func(t *testing.T) {
		ops, err := dtype.NewStruct("ops",
			dtype.Field{Name: "first", Type: dtype.PointerTo(intFn)},
			dtype.Field{Name: "second", Type: dtype.PointerTo(intFn)})
		require.NoError(t, err)
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		v, err := arena.New(ops)
		require.NoError(t, err)
		sym, err := lib.Lookup("triple")
		require.NoError(t, err)
		addr, err := lib.Address(sym)
		require.NoError(t, err)
		cb, err := wasmffi.NewCallback(lib, func(x int32) int32 { return x + 1 }, nil)
		require.NoError(t, err)
		defer cb.Free()
		require.NoError(t, storeField(v, "first", dtype.Addr(addr)))
		require.NoError(t, storeField(v, "second", dtype.Addr(cb.Address())))
		require.EqualValues(t, 16, bind[func(memory.View, int32) int32](t, lib, "run_ops")(v, 5))
		type goOps struct{ First, Second func(int32) int32 }
		got := bind[func(*goOps, int32) int32](t, lib, "run_ops")(&goOps{
			First:  func(x int32) int32 { return x * 10 },
			Second: func(x int32) int32 { return x + 3 },
		}, 4)
		require.EqualValues(t, 43, got)
	})
	t.Run("memory that C returns", func(t *testing.T) {
		f, err := wasmffi.BindFunc(lib, "make_ints", fn(t, dtype.PointerTo(dtype.CInt), dtype.CInt))
		require.NoError(t, err)
		r, err := f.Call(nil, 5)
		require.NoError(t, err)
		p := r.(memory.Pointer)
		_, err = p.Index(0)
		require.Error(t, err, "its length is unknown")
		p = p.Reinterpret(5)
		for i := range int64(5) {
			v, err := p.Index(i)
			require.NoError(t, err)
			x, err := memory.Load[int32](v)
			require.NoError(t, err)
			require.EqualValues(t, i*i, x)
		}
		_, err = p.Index(5)
		require.ErrorIs(t, err, memory.ErrOutOfBounds)
		bind[func(memory.Pointer)](t, lib, "release")(p)
	})
	t.Run("NULL is an error, not a crash", func(t *testing.T) {
		p := bind[func() memory.Pointer](t, lib, "no_string")()
		_, err := p.Contents()
		require.ErrorIs(t, err, memory.ErrNull)
		require.ErrorContains(t, err, "NULL pointer access")
		_, err = wasmffi.ViewAt(lib, 0, dtype.CInt)
		require.ErrorIs(t, err, memory.ErrNull)
	})
	t.Run("an address that is not mapped is an error, not a crash", func(t *testing.T) {
		v, err := wasmffi.ViewAt(lib, dtype.Addr(lib.Space().ABI().MaxAddress()-15), dtype.CInt)
		if err == nil {
			_, err = memory.Load[int32](v)
		}
		require.ErrorIs(t, err, memory.ErrOutOfBounds)
	})
}

func storeField(v memory.View, name string, x any) error {
	f, err := v.Field(name)
	if err != nil {
		return err
	}
	return f.Store(x)
}
