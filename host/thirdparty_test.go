package host

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
)

// emscripten are the options for emscripten.wasm.
func emscripten(opts Options) Options {
	opts.Globals = []Global{
		{Name: "__stack_pointer", Value: uint32(65536)},
		{Module: "env", Name: "__memory_base", Value: int32(1024)},
		{Name: "big", Value: int64(-1 << 40)},
		{Name: "ratio", Value: 0.5},
		{Name: "small", Value: float32(0.25)},
		{Name: "vector", Value: [2]uint64{1, 0xdeadbeefcafe}},
		{Name: "nothing", Value: nil},
		{Name: "unused", Value: int32(1)},
	}
	opts.Imports = wasmffi.Imports{{Name: "host", Func: func(x int32) int32 { return x + 100 }}}
	return opts
}

var (
	void1 = proto(dtype.CVoid, dtype.CInt)
	int0  = proto(dtype.CInt)
	count = proto(dtype.CLongLong, dtype.CInt, dtype.CLongLong)
)

// A module that imports its memory, its table and globals of every type.
func TestImportedEverything(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		opts.Resettable, opts.Fuel = true, 100_000
		lib := openTest(t, "emscripten.wasm", emscripten(opts))
		get := func(name string, sig *dtype.Func, args ...uint64) uint64 {
			t.Helper()
			got, err := call(t, lib, name, sig, args...)
			require.NoError(t, err, name)
			return got
		}
		sum := math.Float64frombits(get("sum", proto(dtype.CDouble)))
		assert.Equal(t, -float64(1<<40)+0.75, sum)
		assert.EqualValues(t, 0xdeadbeefcafe, get("lane", proto(dtype.CLongLong)))
		assert.EqualValues(t, 1, get("null", int0))
		var b [12]byte
		require.NoError(t, lib.Space().ReadAt(b[:], 1024))
		assert.Equal(t, "at the base\x00", string(b[:]))

		// One function by two names, and through the table.
		assert.EqualValues(t, 14, get("double", unary, 7))
		assert.EqualValues(t, 14, get("twice", unary, 7))
		through := proto(dtype.CInt, dtype.CInt, dtype.CInt)
		assert.EqualValues(t, 107, get("through", through, 1, 7))
		assert.EqualValues(t, 14, get("through", through, 2, 7))
		double, err := lib.Lookup("double")
		require.NoError(t, err)
		addr, err := lib.Address(double)
		require.NoError(t, err)
		assert.EqualValues(t, 2, addr)
		cb := callbackOf(t, lib, func(_ context.Context, x int32) (int32, error) { return x - 1, nil })
		assert.EqualValues(t, 6, get("through", through, cb.Address(), 7), "the table has been made to grow")

		// The memory has the maximum the module asked for.
		assert.EqualValues(t, 2, get("grow", unary, 1))
		assert.Equal(t, uint64(math.MaxUint64), get("grow", unary, 1))

		// Its globals are state like any other.
		get("change", void1, 5)
		assert.EqualValues(t, 10, get("state", int0))
		assert.EqualValues(t, 65520, get("stack", int0))
		require.NoError(t, lib.Reset(background))
		assert.EqualValues(t, 7, get("state", int0))
		assert.EqualValues(t, 65536, get("stack", int0))
		assert.EqualValues(t, 2, get("grow", unary, 0), "the size as it was")
		get("change", void1, 5)
		snapshot, err := lib.Snapshot(background)
		require.NoError(t, err)
		get("change", void1, 6)
		require.NoError(t, lib.Restore(background, snapshot))
		assert.EqualValues(t, 10, get("state", int0))

		for _, name := range []string{"forever", "again"} {
			_, err = call(t, lib, name, nullary)
			require.ErrorIs(t, err, ErrFuel, name)
		}
		assert.EqualValues(t, 3000, get("count", count, 1000, 0))
		left := lib.FuelLeft()
		assert.EqualValues(t, 3000, get("count", count, 1000, 0))
		assert.Equal(t, left, lib.FuelLeft())
		assert.Less(t, left, uint64(95_000), "tail calls are charged")
	})
}

// Tail calls take no stack; atomic operations work in a memory of one thread.
func TestLaterInstructions(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		lib := openTest(t, "emscripten.wasm", emscripten(opts))
		got, err := call(t, lib, "count", count, 300_000, 1)
		require.NoError(t, err)
		assert.EqualValues(t, 900_001, got)
		for _, want := range []uint64{0, 5, 10} {
			got, err := call(t, lib, "atomic", unary, 5)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		}
		_, err = call(t, lib, "unaligned", int0)
		require.ErrorIs(t, err, ErrUnaligned)
		require.ErrorIs(t, err, wasmffi.ErrTrap)
		_, err = call(t, lib, "wait", int0)
		require.ErrorIs(t, err, ErrWait)
		ctx, cancel := context.WithTimeout(background, 5*time.Millisecond)
		defer cancel()
		_, err = callWords(ctx, prepare(t, lib, "again", nullary))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// Instances of a pool have each their own of what is imported.
func TestPoolOfImporters(t *testing.T) {
	pool, err := NewPool(background, "emscripten.wasm", fixture(t, "emscripten.wasm"),
		PoolOptions{Options: emscripten(Options{}), Instances: 2}, func(lib wasmffi.Library) (wasmffi.Library, error) { return lib, nil })
	require.NoError(t, err)
	defer pool.Close(nil)
	for range 3 {
		require.NoError(t, pool.Do(background, func(a wasmffi.Library) error {
			return pool.Do(background, func(b wasmffi.Library) error {
				for _, lib := range []wasmffi.Library{a, b} {
					got, err := call(t, lib.(*Library), "state", int0)
					require.NoError(t, err)
					assert.EqualValues(t, 7, got)
				}
				_, err := call(t, a.(*Library), "change", void1, 9)
				return err
			})
		}))
	}
}

func TestMissingGlobals(t *testing.T) {
	opts := emscripten(Options{})
	opts.Globals[2].Value = int32(3) // big is an i64
	opts.Globals = opts.Globals[1:]  // no stack pointer
	opts.Imports = nil
	_, err := OpenBytes(background, "e.wasm", fixture(t, "emscripten.wasm"), opts)
	require.ErrorIs(t, err, wasmffi.ErrNotFound)
	assert.EqualError(t, err, "wasmffi: open e.wasm: missing imports not found: global env.__stack_pointer i32, mutable; "+
		"global env.big i64 (not a Go int32); int32_t env.host(int32_t)")

	opts = emscripten(Options{})
	opts.Globals[0].Value = 65536
	_, err = OpenBytes(background, "e.wasm", fixture(t, "emscripten.wasm"), opts)
	require.ErrorIs(t, err, wasmffi.ErrNotSupported)
	assert.EqualError(t, err, "wasmffi: open e.wasm: global env.__stack_pointer: not supported: a global of Go type int")
}

// A module that imports its memory has no allocator: Go's memory comes from
// pages of its own.
func TestImportedMemory(t *testing.T) {
	lib := openTest(t, "importmemory.wasm", Options{Resettable: true, MemoryLimit: 8 << 16})
	addr, err := lib.Space().Alloc(1000, 16)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, addr, uint64(pageSize))
	_, err = call(t, lib, "f", nullary)
	require.NoError(t, err)
	require.NoError(t, lib.Reset(background))
	assert.Len(t, lib.in.mem.region, 8<<16)
}

// A shared library gets a place in memory and table; its variables are found and
// its pointers lead where they should.
func TestSharedLibrary(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		opts.Resettable = true
		var logged []int32
		opts.Imports = wasmffi.Imports{{Name: "host_log", Func: func(x int32) int32 { logged = append(logged, x); return 1000 }}}
		lib := openTest(t, "side.wasm", opts)
		run := func() uint64 {
			got, err := call(t, lib, "run", unary, 1)
			require.NoError(t, err)
			return got
		}
		assert.EqualValues(t, 4+1000+2*2, run())
		assert.EqualValues(t, 4+1000+2*2, run())
		assert.Equal(t, []int32{35, 65}, logged)

		read := func(name string, index uint64) uint32 {
			sym, err := lib.Lookup(name)
			require.NoError(t, err)
			assert.GreaterOrEqual(t, sym.Addr, uint64(256<<10), "beyond the stack")
			var b [4]byte
			require.NoError(t, lib.Space().ReadAt(b[:], sym.Addr+4*index))
			return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
		}
		assert.EqualValues(t, 65, read("counter", 0))
		at := uint64(read("cursor", 0))
		var b [1]byte
		require.NoError(t, lib.Space().ReadAt(b[:], at))
		assert.EqualValues(t, 30, b[0])
		assert.Equal(t, read("op", 0), read("ops", 0), "one function, one address")
		for _, tt := range []struct {
			slot uint32
			name string
		}{{read("op", 0), "add"}, {read("ops", 1), ""}, {read("logger", 0), ""}} {
			sym, err := lib.FuncAt(uint64(tt.slot))
			require.NoError(t, err)
			assert.Equal(t, tt.name, sym.Name)
		}
		add, err := lib.Lookup("add")
		require.NoError(t, err)
		addr, err := lib.Address(add)
		require.NoError(t, err)
		assert.EqualValues(t, read("op", 0), addr)
		cb := callbackOf(t, lib, func(_ context.Context, x int32) (int32, error) { return 3 * x, nil })
		got, err := call(t, lib, "apply", proto(dtype.CInt, dtype.PointerTo(unary), dtype.CInt), cb.Address(), 5)
		require.NoError(t, err)
		assert.EqualValues(t, 15, got)

		_, err = call(t, lib, "overflow", unary, 1000)
		require.ErrorIs(t, err, wasmffi.ErrStackOverflow)
		assert.EqualValues(t, 4+1000+2*2, run(), "its data is not what the stack ran into")
		got, err = call(t, lib, "direct", unary, 1)
		require.NoError(t, err)
		assert.EqualValues(t, 1000, got)
		require.NoError(t, lib.Reset(background))
		assert.EqualValues(t, 5, read("counter", 0))
		run()
		assert.EqualValues(t, 35, logged[len(logged)-1])

		a, err := lib.Space().Alloc(100, 8)
		require.NoError(t, err)
		assert.Greater(t, a, uint64(256<<10))
	})
	_, err := OpenBytes(background, "side.wasm", fixture(t, "side.wasm"), Options{MemoryLimit: 256 << 10})
	require.ErrorIs(t, err, ErrMemoryLimit)
	assert.ErrorContains(t, err, "memory limit reached: 262144 bytes: the module begins with 327680")
}

// named is a module whose only export has a name, and which imports a function
// of another.
func named(export, imported string) []byte {
	str := func(b []byte, s string) []byte {
		n := len(s)
		for n >= 0x80 {
			b = append(b, byte(n)|0x80)
			n >>= 7
		}
		return append(append(b, byte(n)), s...)
	}
	section := func(b []byte, id byte, body []byte) []byte { return str(append(b, id), string(body)) }
	b := section([]byte("\x00asm\x01\x00\x00\x00"), 1, []byte{1, 0x60, 0, 1, 0x7f})
	index := byte(0)
	if imported != "" {
		b = section(b, 2, append(str(str([]byte{1}, "env"), imported), 0, 0))
		index = 1
	}
	b = section(b, 3, []byte{1, 0})
	b = section(b, 7, append(str([]byte{1}, export), 0, index))
	return section(b, 10, []byte{1, 4, 0, 0x41, 42, 0x0b})
}

// Names are any bytes that are UTF-8.
func TestNamesInAnyBytes(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	for _, name := range []string{"", "a\x00b", "line\nbreak", "\x1b[31m", "añ日", long, "wasmffi$0.fuel", "wasmffi$0.host", "\u202e"} {
		lib, err := OpenBytes(background, "names", named(name, "f"+name), Options{
			Imports: wasmffi.Imports{{Name: "f" + name, Func: func() int32 { return 1 }}},
		})
		require.NoError(t, err, "%.20q", name)
		got, err := call(t, lib, name, int0)
		require.NoError(t, err)
		assert.EqualValues(t, 42, got)
		var all []string
		for s := range lib.Symbols() {
			all = append(all, s.Name)
		}
		assert.Equal(t, []string{name}, all)
		require.NoError(t, lib.Close())

		_, err = OpenBytes(background, "names", named(name, "f"+name), Options{})
		require.ErrorIs(t, err, wasmffi.ErrNotFound)
		assert.NotContains(t, err.Error(), "\n")
		assert.NotContains(t, err.Error(), "\x1b")
		assert.Less(t, len(err.Error()), 600)
	}
	_, err := OpenBytes(background, "names", named("a\xff", ""), Options{})
	require.ErrorIs(t, err, wasmffi.ErrFormat)
	assert.EqualError(t, err, "wasmffi: open names: guestabi: parse: export section at 0x17: malformed module: name is not UTF-8")
}

// What is not supported is named.
func TestProposals(t *testing.T) {
	const header = "\x00asm\x01\x00\x00\x00"
	for text, wasm := range map[string]string{
		"64-bit memory":             header + "\x05\x03\x01\x04\x01",
		"exception handling":        header + "\x0d\x03\x01\x00\x00",
		"garbage collection":        header + "\x01\x05\x01\x5f\x01\x7f\x00",
		"typed function references": header + "\x01\x06\x01\x60\x01\x64\x00\x00",
		"multiple memories":         header + "\x05\x05\x02\x00\x01\x00\x01",
		"a component, not a module": "\x00asm\x0d\x00\x01\x00",
	} {
		_, err := OpenBytes(background, "later.wasm", []byte(wasm), Options{})
		require.ErrorIs(t, err, wasmffi.ErrNotSupported, text)
		require.ErrorIs(t, err, guestabi.ErrNotSupported, text)
		assert.ErrorContains(t, err, text)
	}
}

// Without instrumentation C is looked at when it begins and when it calls Go.
func TestUninstrumented(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		opts.Uninstrumented, opts.Resettable = true, true
		lib := openTest(t, "basic.wasm", opts)
		requireUsable(t, lib)
		assert.Zero(t, lib.FuelLeft())
		_, err := call(t, lib, "crash", void1, 2)
		var trap *TrapError
		require.ErrorAs(t, err, &trap)
		assert.NotEmpty(t, trap.Frames)
		requireUsable(t, lib)

		ended, cancel := context.WithCancel(background)
		cancel()
		_, err = callWords(ended, prepare(t, lib, "count", proto(dtype.CULongLong, dtype.CULongLong)), 10)
		require.ErrorIs(t, err, context.Canceled, "on entry")

		n := 0
		ctx, stop := context.WithCancel(background)
		defer stop()
		cb := callbackOf(t, lib, func(context.Context, int32) (int32, error) {
			if n++; n == 3 {
				stop()
			}
			return 0, nil
		})
		_, err = callWords(ctx, prepare(t, lib, "repeat", proto(dtype.CInt, dtype.PointerTo(unary), dtype.CInt)), cb.Address(), 1000)
		require.ErrorIs(t, err, context.Canceled, "when C calls Go")
		assert.Equal(t, 3, n)
		requireUsable(t, lib)
		require.NoError(t, lib.Reset(background))
		requireUsable(t, lib)

		opts.Fuel = 1
		_, err = OpenBytes(background, "basic.wasm", fixture(t, "basic.wasm"), opts)
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)
		assert.EqualError(t, err, "wasmffi: open basic.wasm: not supported: Options.Fuel with Options.Uninstrumented")
	})
	// Both ways of one module live side by side.
	spin := openTest(t, "basic.wasm", Options{Timeout: 5 * time.Millisecond})
	_, err := call(t, spin, "spin", nullary)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
