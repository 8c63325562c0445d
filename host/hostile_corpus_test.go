package host

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// An attack is something a module does to whoever calls it, and all that the
// error must be; without any, there must be none.
type attack struct {
	module, name string
	run          func(ctx context.Context, t testing.TB, lib *Library) error
	want         []error
}

// does is the attack of calling an exported function without parameters.
func does(module, function string, want ...error) attack {
	return attack{module, function, func(ctx context.Context, t testing.TB, lib *Library) error {
		_, err := callWords(ctx, prepare(t, lib, function, nullary))
		return err
	}, want}
}

// gets is that of calling an int function of unsigned ints.
func gets(function string, args []uint64, want ...error) attack {
	return attack{"attack.wasm", function, func(ctx context.Context, t testing.TB, lib *Library) error {
		params := make([]dtype.Type, len(args))
		for i := range params {
			params[i] = dtype.CUInt
		}
		_, err := callWords(ctx, prepare(t, lib, function, proto(dtype.CInt, params...)), args...)
		return err
	}, want}
}

// A goFunc is what C calls back, with a way to call in again.
type goFunc func(x int32, in func(function string, args ...uint64) error) (int32, error)

// callsBack is that of calling a function with a callback and a number.
func callsBack(name, function string, f goFunc, want ...error) attack {
	return attack{"attack.wasm", name, func(ctx context.Context, t testing.TB, lib *Library) error {
		var cb wasmffi.Callback
		apply := proto(dtype.CInt, dtype.PointerTo(unary), dtype.CInt)
		in := func(function string, args ...uint64) error {
			sig := apply
			if len(args) == 0 {
				args = []uint64{cb.Address(), 1}
			} else {
				sig = proto(dtype.CInt, dtype.CUInt)
			}
			_, err := callWords(ctx, prepare(t, lib, function, sig), args...)
			return err
		}
		cb = callbackOf(t, lib, func(_ context.Context, x int32) (int32, error) { return f(x, in) })
		defer cb.Free()
		return in(function)
	}, want}
}

// points is that of calling through a function pointer that C made up.
func points(name string, slot uint64, want ...error) attack {
	return attack{"attack.wasm", name, func(ctx context.Context, t testing.TB, lib *Library) error {
		apply := prepare(t, lib, "apply", proto(dtype.CInt, dtype.PointerTo(unary), dtype.CInt))
		_, err := callWords(ctx, apply, slot, 1)
		return err
	}, want}
}

// reads is that of handing a pointer to Go that is no string, or no struct.
func reads(name string, run func(lib wasmffi.Library) error, want ...error) attack {
	return attack{"attack.wasm", name, func(_ context.Context, _ testing.TB, lib *Library) error { return run(lib) }, want}
}

var (
	errTime = context.DeadlineExceeded
	errWhat = errors.New("what Go says")
)

// attacks are the corpus: see testdata/hostile.wat, bombs.wat and attack.c.
func attacks() []attack {
	var all []attack
	for _, f := range []string{"loop_br", "loop_br_if", "loop_br_table", "loop_outer", "loop_call", "loop_fill", "loop_copy", "loop_grow", "loop_table"} {
		all = append(all, does("hostile.wasm", f, errTime))
	}
	for _, f := range []string{"loop_value", "loop_params", "loop_nested", "loop_if", "loop_indirect", "loop_init", "loop_fill_nothing",
		"loop_table_copy", "loop_table_init", "loop_table_grow", "loop_recurse", "doubling", "fill_all", "copy_all", "table_all", "loop_drop"} {
		all = append(all, does("bombs.wasm", f, errTime))
	}
	same := func(x int32, _ func(string, ...uint64) error) (int32, error) { return x, nil }
	return append(all,
		does("bombs.wasm", "loop_refused", errTime, ErrMemoryLimit),

		does("bombs.wasm", "recurse", wasmffi.ErrStackOverflow),
		does("bombs.wasm", "recurse_indirect", wasmffi.ErrStackOverflow),
		does("bombs.wasm", "recurse_big", wasmffi.ErrStackOverflow),
		gets("recurse", []uint64{1 << 30}, wasmffi.ErrStackOverflow, wasmffi.ErrTrap),
		gets("big_frame", []uint64{1 << 20}, wasmffi.ErrStackOverflow),
		gets("big_frame", []uint64{1<<31 - 1}, wasmffi.ErrStackOverflow),

		does("bombs.wasm", "grow_and_trap", ErrUnreachable, ErrMemoryLimit, wasmffi.ErrLimit),
		gets("eat", []uint64{0}),
		gets("eat", []uint64{1}, ErrUnreachable, ErrMemoryLimit, wasmffi.ErrLimit),
		gets("flood", []uint64{0}),
		gets("flood", []uint64{1}, wasmffi.ErrExit, ErrOutputLimit, wasmffi.ErrLimit),
		does("attack.wasm", "flood_for_ever", errTime, ErrOutputLimit),
		does("attack.wasm", "sleep_for_ever", errTime),

		does("bombs.wasm", "bad_fill", ErrOutOfBounds), does("bombs.wasm", "bad_copy", ErrOutOfBounds),
		does("bombs.wasm", "bad_init", ErrOutOfBounds), does("bombs.wasm", "bad_init_wraps", ErrOutOfBounds),
		does("bombs.wasm", "bad_init_dropped", ErrOutOfBounds),
		does("bombs.wasm", "bad_load", ErrOutOfBounds), does("bombs.wasm", "bad_store", ErrOutOfBounds),
		does("bombs.wasm", "bad_table_fill", ErrBadFuncPointer), does("bombs.wasm", "bad_table_copy", ErrBadFuncPointer),
		does("bombs.wasm", "bad_table_init", ErrBadFuncPointer), does("bombs.wasm", "bad_table_set", ErrBadFuncPointer),
		does("bombs.wasm", "bad_call", ErrBadFuncPointer), does("bombs.wasm", "bad_call_null", ErrBadFuncPointer),
		does("bombs.wasm", "bad_call_type", ErrFuncType),
		points("null function pointer", 0, ErrBadFuncPointer),
		points("wild function pointer", 1<<32-1, ErrBadFuncPointer),

		gets("exits", []uint64{3}, wasmffi.ErrExit),
		does("attack.wasm", "aborts", ErrUnreachable),
		callsBack("trap after a callback", "apply_and_trap", same, ErrUnreachable),
		callsBack("exit after a callback", "apply_and_exit", same, wasmffi.ErrExit),
		callsBack("a callback for ever", "apply_and_loop", same, errTime),
		callsBack("trap in a callback", "apply", func(_ int32, in func(string, ...uint64) error) (int32, error) {
			return 0, in("recurse", 1<<30)
		}, wasmffi.ErrStackOverflow),
		callsBack("trap in a callback in a callback", "apply", func() goFunc {
			depth := 0
			return func(_ int32, in func(string, ...uint64) error) (int32, error) {
				if depth++; depth%3 == 0 {
					return 0, in("big_frame", 1<<20)
				}
				return 0, in("apply_deep")
			}
		}(), wasmffi.ErrStackOverflow),
		callsBack("trap in a callback that goes on", "apply", func(x int32, in func(string, ...uint64) error) (int32, error) {
			if err := in("big_frame", 1<<20); !errors.Is(err, wasmffi.ErrStackOverflow) {
				return 0, err
			}
			return x, nil
		}),
		callsBack("exit in a callback in a callback", "apply", func() goFunc {
			depth := 0
			return func(_ int32, in func(string, ...uint64) error) (int32, error) {
				if depth++; depth%3 == 0 {
					return 0, in("exits", 7)
				}
				return 0, in("apply")
			}
		}(), wasmffi.ErrExit),
		callsBack("out of memory in a callback", "apply_and_trap", func(x int32, in func(string, ...uint64) error) (int32, error) {
			return x, in("eat", 0)
		}, ErrUnreachable, ErrMemoryLimit),
		callsBack("an error, then a trap", "apply_and_trap", func(int32, func(string, ...uint64) error) (int32, error) {
			return 0, errWhat
		}, errWhat, ErrUnreachable),
		callsBack("a panic in a callback", "apply", func(int32, func(string, ...uint64) error) (int32, error) {
			panic(errWhat)
		}, errWhat, wasmffi.ErrCallback),
		callsBack("recursion through callbacks", "apply", func(_ int32, in func(string, ...uint64) error) (int32, error) {
			return 0, in("apply")
		}, wasmffi.ErrDepth, wasmffi.ErrLimit),
		callsBack("recursion through callbacks and C's stack", "apply_deep", func(_ int32, in func(string, ...uint64) error) (int32, error) {
			return 0, in("apply_deep")
		}, wasmffi.ErrStackOverflow),
		attack{"attack.wasm", "callback that was freed", func(ctx context.Context, t testing.TB, lib *Library) error {
			cb := callbackOf(t, lib, func(_ context.Context, x int32) (int32, error) { return x, nil })
			require.NoError(t, cb.Free())
			apply := prepare(t, lib, "apply", proto(dtype.CInt, dtype.PointerTo(unary), dtype.CInt))
			_, err := callWords(ctx, apply, cb.Address(), 1)
			return err
		}, []error{wasmffi.ErrCallback}},
		attack{"attack.wasm", "too many callbacks", func(_ context.Context, _ testing.TB, lib *Library) (err error) {
			for err == nil {
				var cb wasmffi.Callback
				if cb, err = lib.Callback(wasmffi.CallbackSpec{Sig: nullary, Func: func(*wasmffi.Frame) error { return nil }}); err == nil {
					defer cb.Free()
				}
			}
			return err
		}, []error{ErrCallbackLimit, wasmffi.ErrLimit}},

		reads("string without an end", func(lib wasmffi.Library) error {
			return resultString(lib, "unterminated")
		}, memory.ErrOutOfBounds),
		reads("string that is no UTF-8", func(lib wasmffi.Library) error {
			f, err := wasmffi.Bind[func() (string, error)](lib, "no_utf8")
			if err != nil {
				return err
			}
			s, err := f()
			if err == nil && s != "a\xff\xfe\xc0\x80z" {
				err = errors.New("it was changed")
			}
			return err
		}),
		reads("string beyond memory", func(lib wasmffi.Library) error { return resultString(lib, "nowhere", 1<<32-2) }, memory.ErrOutOfBounds),
		reads("string without an end for a callback", func(lib wasmffi.Library) error {
			return passString(lib, "give_unterminated")
		}, memory.ErrOutOfBounds),
		reads("string beyond memory for a callback", func(lib wasmffi.Library) error {
			return passString(lib, "give_nowhere", 1<<32-1)
		}, memory.ErrOutOfBounds),
		reads("struct beyond memory for a callback", func(lib wasmffi.Library) error {
			type wide struct {
				A float64 `c:"a"`
				B float64 `c:"b"`
				C float64 `c:"c"`
			}
			cb, err := wasmffi.NewCallback(lib, func(wide) int32 { return 1 }, nil)
			if err != nil {
				return err
			}
			defer cb.Free()
			apply, err := wasmffi.Bind[func(dtype.Addr, uint32) (int32, error)](lib, "apply")
			if err != nil {
				return err
			}
			_, err = apply(dtype.Addr(cb.Address()), 1<<32-8)
			return err
		}, memory.ErrOutOfBounds),
	)
}

func resultString(lib wasmffi.Library, function string, at ...uint32) error {
	if len(at) == 0 {
		f, err := wasmffi.Bind[func() (string, error)](lib, function)
		if err == nil {
			_, err = f()
		}
		return err
	}
	f, err := wasmffi.Bind[func(uint32) (string, error)](lib, function)
	if err == nil {
		_, err = f(at[0])
	}
	return err
}

// passString has C call back with a string.
func passString(lib wasmffi.Library, function string, at ...uint32) error {
	cb, err := wasmffi.NewCallback(lib, func(s string) int32 { return int32(len(s)) }, nil)
	if err != nil {
		return err
	}
	defer cb.Free()
	if len(at) == 0 {
		f, err := wasmffi.Bind[func(dtype.Addr) (int32, error)](lib, function)
		if err == nil {
			_, err = f(dtype.Addr(cb.Address()))
		}
		return err
	}
	f, err := wasmffi.Bind[func(dtype.Addr, uint32) (int32, error)](lib, function)
	if err == nil {
		_, err = f(dtype.Addr(cb.Address()), at[0])
	}
	return err
}

// hostileOptions are the limits that the corpus is run under.
func hostileOptions(o Options) Options {
	o.MemoryLimit, o.OutputLimit, o.Depth, o.Callbacks = 16<<20, 16<<10, 400, 100
	o.Clock, o.Stdout, o.Stderr = true, io.Discard, io.Discard
	return o
}

// soon is how much longer a call may take than its time, on a machine that has
// other things to do.
const soon = 2 * time.Second

// strike carries out an attack and checks its error, its time, and that the
// library can be called again.
func (a attack) strike(t testing.TB, lib *Library) {
	limit := 10 * time.Second
	if len(a.want) > 0 && a.want[0] == errTime {
		if limit = 5 * time.Millisecond; len(a.want) > 1 { // it has to come to something first
			limit = 500 * time.Millisecond
		}
	}
	ctx, cancel := context.WithTimeout(background, limit)
	defer cancel()
	start := time.Now()
	err := a.run(ctx, t, lib)
	took := time.Since(start)
	if len(a.want) == 0 {
		assert.NoError(t, err, a.name)
	}
	for _, want := range a.want {
		assert.ErrorIs(t, err, want, a.name)
	}
	if limit < soon {
		assert.Less(t, took, limit+soon, a.name)
	}
	alive, want := "alive", uint64(42)
	if a.module == "hostile.wasm" {
		alive, want = "two", 2
	}
	got, err := call(t, lib, alive, proto(dtype.CInt))
	assert.NoError(t, err, "after %s", a.name)
	assert.Equal(t, want, got, "after %s", a.name)
	if lib.in.sp != nil {
		assert.EqualValues(t, lib.in.spBase, uint32(lib.in.sp.Get()), "C's stack pointer after %s", a.name)
	}
}

// fillsStack tells the attacks that have the engine take a hundred MB for a
// while: once is enough, and too much under the race detector.
func (a attack) fillsStack() bool {
	return a.module == "bombs.wasm" && len(a.want) > 0 && a.want[0] == wasmffi.ErrStackOverflow
}

// TestHostile carries out the whole corpus on one library and in a pool, on
// both engines, twice: each attack ends in its error and in time, what it was
// carried out on can be used again, and the second round takes nothing more
// from the process than the first.
func TestHostile(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		opts = hostileOptions(opts)
		round := func(t *testing.T, overflow bool) {
			for _, module := range []string{"hostile.wasm", "bombs.wasm", "attack.wasm"} {
				wasm := fixture(t, module)
				lib, err := OpenBytes(background, module, wasm, opts)
				require.NoError(t, err)
				pool, err := NewPool(background, module, wasm, PoolOptions{Options: opts, Instances: 1},
					func(lib wasmffi.Library) (*Library, error) { return lib.(*Library), nil })
				require.NoError(t, err)
				for _, a := range attacks() {
					if a.module != module || a.fillsStack() && (!overflow || raceEnabled) {
						continue
					}
					a.strike(t, lib)
					require.NoError(t, pool.Do(background, func(lib *Library) error { a.strike(t, lib); return nil }), a.name)
				}
				stats := pool.Stats()
				assert.Zero(t, stats.Replaced, "%s: every instance could be reset", module)
				require.NoError(t, pool.Close(background))
				require.NoError(t, lib.Close())
			}
		}
		round(t, true)
		before := usage(t)
		round(t, false)
		usage(t).requireNotAbove(t, before)
	})
}
