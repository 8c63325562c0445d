package host

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func TestEndlessRecursion(t *testing.T) {
	if raceEnabled {
		t.Skip("LEFT OUT: the engine's stack of 100 MB, under the race detector; without it this runs")
	}
	engines(t, func(t *testing.T, opts Options) {
		lib := openTest(t, "hostile.wasm", opts)
		for _, name := range []string{"recurse", "recurse_indirect"} {
			for range 2 {
				_, err := call(t, lib, name, nullary)
				require.ErrorIs(t, err, wasmffi.ErrStackOverflow, name)
			}
		}
	})
}

// TestEngineStack: what docs/sandbox.md says of the engine's stack.
func TestEngineStack(t *testing.T) {
	if raceEnabled {
		t.Skip("LEFT OUT: the engine's stack of 100 MB, under the race detector; without it this runs")
	}
	allocated := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.TotalAlloc
	}
	engines(t, func(t *testing.T, opts Options) {
		opts.Timeout = -1 // the machine may have other things to do
		lib := openTest(t, "bombs.wasm", opts)
		before := usage(t)
		for _, name := range []string{"recurse", "recurse_big"} {
			f := prepare(t, lib, name, nullary)
			defer runtime.KeepAlive(f)
			start := allocated()
			_, err := callWords(nil, f)
			require.ErrorIs(t, err, wasmffi.ErrStackOverflow)
			// Each stack is more than twice the one before it, the last 100 MB.
			assert.Less(t, allocated()-start, uint64(200_000_000+1<<20), name)
		}
		usage(t).requireNotAbove(t, before)
	})
}

// A stack that grew without overflowing is let go too, and calls that nest do not
// have one each.
func TestManyEngineStacks(t *testing.T) {
	if raceEnabled {
		t.Skip("LEFT OUT: some hundred MB of the engine's stacks, under the race detector; without it this runs")
	}
	const deep = 500_000 // frames, of 48 bytes or more
	descend := proto(dtype.CVoid, dtype.CInt, dtype.CInt)
	lib := openTest(t, "bombs.wasm", Options{Timeout: -1})
	before := usage(t)
	for _, words := range []bool{false, true} { // by either way into C
		for range 10 {
			f := prepare(t, lib, "descend", descend)
			defer runtime.KeepAlive(f)
			if words {
				require.NoError(t, f.(wasmffi.WordCaller).CallWords(background, []uint64{deep, 0}))
				continue
			}
			for range 100 { // the last ones with a tenure
				_, err := f.(wasmffi.FewCaller).CallFew(10, 0, 0, 0)
				require.NoError(t, err)
			}
			_, err := f.(wasmffi.FewCaller).CallFew(deep, 0, 0, 0)
			require.NoError(t, err)
			require.Empty(t, *f.(*fewCallable).first.runs)
		}
	}
	usage(t).requireNotAbove(t, before)

	depth, deepest := 0, 0
	var cb wasmffi.Callback
	cb, err := lib.Callback(wasmffi.CallbackSpec{Sig: proto(dtype.CVoid), Func: func(*wasmffi.Frame) error {
		depth++
		defer func() { depth-- }()
		deepest = max(deepest, depth)
		_, err := call(t, lib, "descend", descend, deep, cb.Address())
		return err
	}})
	require.NoError(t, err)
	_, err = call(t, lib, "descend", descend, deep, cb.Address())
	require.ErrorIs(t, err, wasmffi.ErrDepth)
	require.ErrorContains(t, err, "bytes of stacks under calls from Go into C")
	assert.Less(t, deepest, 5)
	require.NoError(t, cb.Free())
	usage(t).requireNotAbove(t, before)
}

// TestCollectorIsNotBlocked: a garbage collection ends while C loops for ever.
func TestCollectorIsNotBlocked(t *testing.T) {
	lib := openTest(t, "hostile.wasm", Options{Timeout: -1}) // the machine may have other things to do
	ctx, cancel := context.WithCancel(background)
	loop := prepare(t, lib, "loop_br", nullary)
	done := make(chan error)
	go func() {
		_, err := callWords(ctx, loop)
		done <- err
	}()
	for range 3 {
		runtime.GC()
	}
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}

func TestMemoryAndTableBombs(t *testing.T) {
	lib := openTest(t, "hostile.wasm", Options{MemoryLimit: 8 << 20, TableLimit: 50_000})
	pages, err := call(t, lib, "eat_memory", proto(dtype.CInt))
	require.NoError(t, err)
	assert.LessOrEqual(t, pages, uint64(8<<20/pageSize))
	entries, err := call(t, lib, "eat_table", proto(dtype.CInt))
	require.NoError(t, err)
	assert.LessOrEqual(t, entries, uint64(50_000))
	assert.Greater(t, entries, uint64(40_000))
	_, err = lib.Callback(wasmffi.CallbackSpec{Sig: proto(dtype.CVoid, dtype.CInt), Func: func(*wasmffi.Frame) error { return nil }})
	if err != nil { // what is left may suffice or not
		require.ErrorIs(t, err, wasmffi.ErrLimit)
	}
}

// TestHostileMalloc: what malloc returns is looked at before it is used.
func TestHostileMalloc(t *testing.T) {
	lib := openTest(t, "hostile.wasm", Options{Timeout: 20 * time.Millisecond})
	set := func(answer int64) {
		_, err := call(t, lib, "set_malloc", proto(dtype.CVoid, dtype.CInt), uint64(answer))
		require.NoError(t, err)
	}
	alloc := func() error {
		_, err := lib.Space().Alloc(100, 8)
		return err
	}
	big := wasmffi.Frame{
		Words:    make([]uint64, 2),
		Blocks:   []memory.Block{{Data: make([]byte, 60_000), Align: 4, Flow: memory.In}},
		Pointers: []memory.BlockPointer{{}},
	}
	first := prepare(t, lib, "first", proto(dtype.CInt, dtype.PointerTo(dtype.CInt)))
	for _, tt := range []struct {
		name   string
		answer int64
		want   error
	}{
		{"NULL", 0, memory.ErrNoMemory},
		{"the end of memory", 65536, memory.ErrOutOfBounds},
		{"beyond memory", 1 << 20, memory.ErrOutOfBounds},
		{"the end of the address space", -8, memory.ErrOutOfBounds},
		{"never", -1, context.DeadlineExceeded},
		{"a trap", -2, wasmffi.ErrTrap},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set(tt.answer)
			require.ErrorIs(t, alloc(), tt.want)
			require.ErrorIs(t, first.Call(&big), tt.want)
			requireStackIntact(t, lib)
		})
	}
	set(1024)
	require.NoError(t, alloc())
}

// TestHostileStackPointer: arguments in memory go where the host says.
func TestHostileStackPointer(t *testing.T) {
	lib := openTest(t, "hostile.wasm", Options{})
	first := prepare(t, lib, "first", proto(dtype.CInt, dtype.PointerTo(dtype.CInt)))
	pass := func() (uint64, error) {
		f := wasmffi.Frame{
			Words:    make([]uint64, 2),
			Blocks:   []memory.Block{{Data: int32s(77), Align: 4, Flow: memory.In}},
			Pointers: []memory.BlockPointer{{}},
		}
		err := first.Call(&f)
		return f.Words[1], err
	}
	for _, sp := range []uint64{0, 8, 1 << 20, 1<<32 - 16, 12345} {
		_, err := call(t, lib, "set_sp", proto(dtype.CVoid, dtype.CUInt), sp)
		require.NoError(t, err)
		got, err := pass()
		require.NoError(t, err)
		assert.EqualValues(t, 77, got)
		requireStackIntact(t, lib)

		cb := callbackOf(t, lib, func(context.Context, int32) (int32, error) {
			got, err := pass()
			if err != nil {
				require.ErrorIs(t, err, memory.ErrNoMemory, "malloc of this module returns NULL")
			} else {
				assert.EqualValues(t, 77, got)
			}
			return 1, nil
		})
		_, err = call(t, lib, "apply_at", proto(dtype.CInt, dtype.PointerTo(unary), dtype.CUInt), cb.Address(), sp)
		require.NoError(t, err)
		require.NoError(t, cb.Free())
	}
}

// TestHostileResults: a result is of its C type, whatever bits came back.
func TestHostileResults(t *testing.T) {
	lib := openTest(t, "hostile.wasm", Options{})
	for _, tt := range []struct {
		name string
		typ  dtype.Type
		want uint64
	}{
		{"two", dtype.CBool, 1},
		{"wide", dtype.CBool, 1},
		{"wide", dtype.CUChar, 0x78},
		{"wide", dtype.CShort, 0x5678},
		{"wide", dtype.CInt, 0x12345678},
	} {
		got, err := call(t, lib, tt.name, proto(tt.typ))
		require.NoError(t, err)
		assert.Equal(t, tt.want, got, "%s as %v", tt.name, tt.typ)
	}
}

// TestWipedTable: the guest may spoil its own function table, callbacks too;
// calling what is gone is a trap.
func TestWipedTable(t *testing.T) {
	lib := openTest(t, "hostile.wasm", Options{})
	same := func(_ context.Context, x int32) (int32, error) { return x, nil }
	cb := callbackOf(t, lib, same)
	callAt := prepare(t, lib, "call_at", proto(dtype.CInt, dtype.PointerTo(unary), dtype.CInt))
	got, err := callWords(nil, callAt, cb.Address(), 9)
	require.NoError(t, err)
	assert.EqualValues(t, 9, got[0])
	_, err = call(t, lib, "wipe_table", nullary)
	require.NoError(t, err)
	runtime.GC()
	_, err = callWords(nil, callAt, cb.Address(), 9)
	require.ErrorIs(t, err, ErrBadFuncPointer)
	require.NoError(t, cb.Free())
	_, err = callWords(nil, callAt, callbackOf(t, lib, same).Address(), 9)
	require.ErrorIs(t, err, ErrBadFuncPointer)
}
