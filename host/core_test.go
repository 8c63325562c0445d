package host

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func openConform(t *testing.T, opts Options) *Library {
	data, err := os.ReadFile("../testdata/wasm/conform.wasm")
	require.NoError(t, err)
	lib, err := OpenBytes(background, "conform.wasm", data, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, lib.Close()) })
	return lib
}

func trapOf(t *testing.T, err error) *TrapError {
	t.Helper()
	var trap *TrapError
	require.ErrorAs(t, err, &trap)
	require.NotEmpty(t, trap.Frames)
	return trap
}

// What Go passed is told on every way into C.
func TestFaultArgs(t *testing.T) {
	type point struct{ X, Y float64 }
	engines(t, func(t *testing.T, opts Options) {
		lib := openConform(t, opts)
		outer := func(err error) string {
			fs := trapOf(t, err).Frames
			return fs[len(fs)-1].String()
		}
		divide, err := wasmffi.Bind[func(int32, int32) (int32, error)](lib, "divide")
		require.NoError(t, err)
		_, err = divide(-7, 0)
		require.Equal(t, "divide(-7, 0)", outer(err))
		_, err = callWords(background, prepare(t, lib, "divide", proto(dtype.CInt, dtype.CInt, dtype.CInt)), 7, 0)
		require.Equal(t, "divide(7, 0)", outer(err), "under a context")

		sym, err := lib.Lookup("divide")
		require.NoError(t, err)
		addr, err := lib.Address(sym)
		require.NoError(t, err)
		through, err := wasmffi.BindAddr(lib, dtype.Addr(addr), proto(dtype.CInt, dtype.CInt, dtype.CInt))
		require.NoError(t, err)
		_, err = through.Call(nil, 3, 0)
		require.Equal(t, "divide(3, 0)", outer(err), "through a pointer")

		mapPoint, err := wasmffi.Bind[func(dtype.Addr, point) (point, error)](lib, "map_point")
		require.NoError(t, err)
		_, err = mapPoint(0, point{1, 2.5})
		require.Equal(t, "map_point(NULL, {.X = 1, .Y = 2.5})", outer(err), "a struct by value")
		each, err := wasmffi.Bind[func(wasmffi.In[int32], int32, *int32, *int32) error](lib, "each")
		require.NoError(t, err)
		require.Regexp(t, `^each\(0x[0-9a-f]+, 1, NULL, NULL\)$`, outer(each([]int32{1}, 1, nil, nil)), "Go's memory, where C had it")

		recurse, err := wasmffi.Bind[func(int32) (int32, error)](lib, "recurse")
		require.NoError(t, err)
		_, err = recurse(5)
		require.ErrorIs(t, err, wasmffi.ErrStackOverflow)
		var deep *TrapError
		require.ErrorAs(t, err, &deep)
		for _, f := range deep.Frames {
			require.Empty(t, f.Args, "the frame of the function that Go called is beyond those told")
		}
	})
}

// Names are the module's: they must not reach a terminal as they are.
func TestHarmless(t *testing.T) {
	require.Equal(t, `a\x1b[31m=1, é`, harmless("a\x1b[31m=1, é"))
}

func TestKeepFaults(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		_, err := call(t, openConform(t, opts), "divide", proto(dtype.CInt, dtype.CInt, dtype.CInt), 1, 0)
		require.Nil(t, trapOf(t, err).Core, "unless it was asked for")

		opts.KeepFaults, opts.Fuel = true, 1e6
		lib := openConform(t, opts)
		bump, err := wasmffi.Bind[func() int32](lib, "bump")
		require.NoError(t, err)
		divide, err := wasmffi.Bind[func(int32, int32) (int32, error)](lib, "divide")
		require.NoError(t, err)
		apply, err := wasmffi.Bind[func(func(int32) (int32, error), int32) (int32, error)](lib, "apply")
		require.NoError(t, err)
		start := bump()
		var inner error
		_, err = apply(func(x int32) (int32, error) { // a fault in a nested call
			bump()
			_, inner = divide(x, 0)
			bump()
			return 0, inner
		}, 4)
		require.ErrorIs(t, err, ErrDivideByZero)
		core := trapOf(t, err).Core
		require.Same(t, trapOf(t, inner).Core, core)

		counter, err := wasmffi.Var(lib, "counter", dtype.CInt)
		require.NoError(t, err)
		live, err := memory.Load[int32](counter)
		require.NoError(t, err)
		require.Equal(t, start+2, live)
		dead, err := memory.NewView(core.Memory, nil, counter.Addr(), 0, counter.Type())
		require.NoError(t, err)
		then, err := memory.Load[int32](dead)
		require.NoError(t, err)
		require.Equal(t, start+1, then, "as it was")

		require.Greater(t, core.StackPointer, uint64(0))
		require.LessOrEqual(t, core.StackPointer, lib.in.spBase)
		require.NotEmpty(t, core.Globals)
		require.Equal(t, "i32", core.Globals[0].Type)
		require.Equal(t, core.StackPointer, uint64(uint32(core.Globals[0].Bits)))

		require.ErrorIs(t, dead.Store(int32(1)), memory.ErrReadOnly)
		_, err = core.Memory.Alloc(4, 4)
		require.ErrorIs(t, err, memory.ErrReadOnly)
		require.ErrorIs(t, core.Memory.Free(16), memory.ErrReadOnly)
		size := lib.in.mem.size.Load()
		require.ErrorIs(t, core.Memory.ReadAt(make([]byte, 2), size-1), memory.ErrOutOfBounds)
		require.NoError(t, core.Memory.ReadAt(make([]byte, 2), size-2))
		require.ErrorIs(t, core.Memory.ReadAt(make([]byte, 1), 0), memory.ErrNull)

		spin, err := wasmffi.Bind[func() error](lib, "spin")
		require.NoError(t, err)
		var fuel *FuelError
		require.ErrorAs(t, spin(), &fuel)
		require.NotNil(t, fuel.Core)
		require.NoError(t, lib.Close())
		_, err = memory.Load[int32](dead)
		require.NoError(t, err, "it outlives the library")
	})
}
