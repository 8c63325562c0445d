package wasmffitest

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

type intFn = func(int32) int32

type ops struct{ First, Second intFn }

// callbacksKept has C keep function pointers that Go made: in variables and
// structs, as long as their owner lives.
func callbacksKept(t *testing.T, b Backend) {
	lib := b.open(t)
	double, inc := func(x int32) int32 { return 2 * x }, func(x int32) int32 { return x + 1 }
	runTable := bind[func(i, x int32) (int32, error)](t, lib, "run_table")
	slot := func(i int32) memory.View {
		p := bind[func(int32) memory.Pointer](t, lib, "ops_at")(i)
		v, err := p.Cast(goType(t, ops{})).Contents()
		require.NoError(t, err)
		return v
	}
	field := func(i int32, name string) memory.View {
		v, err := slot(i).Field(name)
		require.NoError(t, err)
		return v
	}

	t.Run("stored in a struct of C's, freed with the arena", func(t *testing.T) {
		arena := wasmffi.NewArena(lib)
		require.NoError(t, arena.Store(slot(0), ops{double, inc}))
		r, err := runTable(0, 5)
		require.NoError(t, err)
		require.EqualValues(t, 11, r)
		require.NoError(t, arena.Store(field(0, "First"), func(x int32) (int32, error) { return -x, nil }), "any Go func that fits C's type")
		r, err = runTable(0, 5)
		require.NoError(t, err)
		require.EqualValues(t, -4, r)
		require.NoError(t, arena.Close())
		_, err = runTable(0, 5)
		require.ErrorIs(t, err, wasmffi.ErrCallback)
		require.ErrorIs(t, arena.Store(slot(0), ops{double, inc}), memory.ErrEnded)
	})
	t.Run("a member of its own", func(t *testing.T) {
		cb, err := wasmffi.NewCallback(lib, inc, nil)
		require.NoError(t, err)
		defer cb.Free()
		arena := wasmffi.NewArena(lib)
		defer arena.Close()
		require.NoError(t, arena.Store(field(1, "First"), cb))
		require.NoError(t, arena.Store(field(1, "Second"), cb))
		r, err := runTable(1, 5)
		require.NoError(t, err)
		require.EqualValues(t, 7, r)
	})
	t.Run("a struct made in an arena", func(t *testing.T) {
		arena := wasmffi.NewArena(lib)
		defer arena.Close()
		v, err := arena.NewOf(ops{double, double})
		require.NoError(t, err)
		require.EqualValues(t, 20, bind[func(memory.View, int32) int32](t, lib, "run_ops")(v, 5))
		plain := memory.NewArena(lib.Space())
		defer plain.Close()
		_, err = plain.NewOf(ops{double, double})
		require.ErrorIs(t, err, memory.ErrType, "an arena of memory alone")
	})
	t.Run("a struct for one call", func(t *testing.T) {
		require.EqualValues(t, 11, bind[func(*ops, int32) int32](t, lib, "run_ops")(&ops{double, inc}, 5))
	})
	t.Run("an array of them", func(t *testing.T) {
		chain := bind[func([]intFn, int32, int32) int32](t, lib, "chain")
		require.EqualValues(t, 22, chain([]intFn{double, inc, double}, 3, 5))
		arena := wasmffi.NewArena(lib)
		defer arena.Close()
		v, err := arena.NewOf([]intFn{inc, inc, double, inc})
		require.NoError(t, err)
		require.EqualValues(t, 15, bind[func(memory.View, int32, int32) int32](t, lib, "chain")(v, 4, 5))
	})
	t.Run("set by a callback through its pointer", func(t *testing.T) {
		arena := wasmffi.NewArena(lib)
		defer arena.Close()
		set := bind[func(func(memory.Pointer) error, int32) int32](t, lib, "set_ops")
		require.EqualValues(t, 35, set(func(p memory.Pointer) error {
			v, err := p.Cast(goType(t, ops{})).Contents()
			require.NoError(t, err)
			return arena.Store(v, ops{func(x int32) int32 { return x + 2 }, func(x int32) int32 { return x * 5 }})
		}, 5))
	})
	t.Run("a function pointer of C's is a Go func", func(t *testing.T) {
		pick := bind[func(int32) dtype.Addr](t, lib, "pick")
		sig := fn(t, dtype.CInt, dtype.PointerTo(intInt(t)), dtype.CInt)
		cb, err := wasmffi.NewCallback(lib, func(f func(int32) (int32, error), x int32) (int32, error) {
			if f == nil {
				return -1, nil
			}
			return f(x)
		}, &wasmffi.CallbackOptions{Sig: sig})
		require.NoError(t, err)
		defer cb.Free()
		f, err := wasmffi.BindAddr(lib, dtype.Addr(cb.Address()), sig)
		require.NoError(t, err)
		for i, want := range []int32{12, 16, -1} {
			r, err := f.Call(nil, pick(int32(i)), 4)
			require.NoError(t, err)
			require.Equal(t, want, r)
		}
	})
	t.Run("owned by an arena", func(t *testing.T) {
		arena := memory.NewArena(lib.Space())
		cb, err := wasmffi.NewCallback(lib, double, &wasmffi.CallbackOptions{Arena: arena})
		require.NoError(t, err)
		bind[func(wasmffi.Callback)](t, lib, "save")(cb)
		call := bind[func(int32) (int32, error)](t, lib, "call_saved")
		r, err := call(4)
		require.NoError(t, err)
		require.EqualValues(t, 8, r)
		early, err := wasmffi.NewCallback(lib, inc, &wasmffi.CallbackOptions{Arena: arena})
		require.NoError(t, err)
		require.NoError(t, early.Free(), "before its arena")
		require.NoError(t, arena.Close())
		_, err = call(4)
		require.ErrorIs(t, err, wasmffi.ErrCallback)
		require.NoError(t, cb.Free(), "after its arena")
		_, err = wasmffi.NewCallback(lib, double, &wasmffi.CallbackOptions{Arena: arena})
		require.ErrorIs(t, err, memory.ErrEnded)
	})
	t.Run("returned from Go", func(t *testing.T) {
		cb, err := wasmffi.NewCallback(lib, double, nil)
		require.NoError(t, err)
		defer cb.Free()
		chosen := bind[func(func(int32) wasmffi.Callback, int32, int32) int32](t, lib, "call_chosen")
		require.EqualValues(t, 10, chosen(func(int32) wasmffi.Callback { return cb }, 0, 5))
		require.EqualValues(t, -1, chosen(func(int32) wasmffi.Callback { return nil }, 0, 5), "NULL")

		made := bind[func(func(int32) intFn, int32, int32) int32](t, lib, "call_chosen")
		by := func(i int32) intFn { return func(x int32) int32 { return i * x } }
		require.EqualValues(t, 35, made(by, 7, 5))
		require.EqualValues(t, -1, made(func(int32) intFn { return nil }, 7, 5))

		both := bind[func(func(int32) ops, int32, int32) int32](t, lib, "call_made")
		require.EqualValues(t, 36, both(func(i int32) ops { return ops{by(i), inc} }, 7, 5))
	})
	t.Run("a returned func lives as long as who returned it", func(t *testing.T) {
		cb, err := wasmffi.NewCallback(lib, func(i int32) intFn { return func(x int32) int32 { return i * x } }, nil)
		require.NoError(t, err)
		sig := fn(t, dtype.PointerTo(intInt(t)), dtype.CInt)
		f, err := wasmffi.BindAddr(lib, dtype.Addr(cb.Address()), sig)
		require.NoError(t, err)
		r, err := f.Call(nil, 3)
		require.NoError(t, err)
		inner, err := wasmffi.BindAddr(lib, dtype.Addr(r.(memory.Pointer).Addr()), intInt(t))
		require.NoError(t, err)
		got, err := inner.Call(nil, 5)
		require.NoError(t, err)
		require.EqualValues(t, 15, got)
		require.NoError(t, cb.Free())
		_, err = inner.Call(nil, 5)
		require.ErrorIs(t, err, wasmffi.ErrCallback)
	})
	t.Run("freed ones fail until their slot comes round, the first freed first", func(t *testing.T) {
		var called atomic.Int32
		stale, err := wasmffi.NewCallback(lib, inc, nil)
		require.NoError(t, err)
		require.NoError(t, stale.Free())
		bind[func(wasmffi.Callback)](t, lib, "save")(stale)
		call := bind[func(int32) (int32, error)](t, lib, "call_saved")
		for range 30 {
			cb, err := wasmffi.NewCallback(lib, func(x int32) int32 { called.Add(1); return x }, nil)
			require.NoError(t, err)
			_, err = call(1)
			require.ErrorIs(t, err, wasmffi.ErrCallback, "the stale pointer hit a new callback")
			require.NoError(t, cb.Free())
		}
		require.Zero(t, called.Load())
	})
}

func intInt(t *testing.T) *dtype.Func { return fn(t, dtype.CInt, dtype.CInt) }
