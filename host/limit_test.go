package host

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// What C died of is told with what it did, with the limit, and only by the call
// in which the limit was reached.
func TestLimitError(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		opts.MemoryLimit, opts.OutputLimit, opts.Stdout = 2<<20, 8192, new(bytes.Buffer)
		lib := openTest(t, "attack.wasm", opts)
		eat := func(giveUp uint64) error {
			_, err := call(t, lib, "eat", proto(dtype.CInt, dtype.CInt), giveUp)
			return err
		}
		require.NoError(t, eat(0), "C that copes")
		_, err := call(t, lib, "aborts", nullary)
		require.ErrorIs(t, err, ErrUnreachable)
		require.NotErrorIs(t, err, wasmffi.ErrLimit, "of the call before")

		err = eat(1)
		var limit *LimitError
		var trap *TrapError
		require.ErrorAs(t, err, &limit)
		require.ErrorAs(t, err, &trap)
		assert.EqualValues(t, 2<<20, limit.Limit)
		assert.ErrorContains(t, err, "; before that: memory limit reached: 2097152 bytes")

		_, err = lib.Space().Alloc(1<<20, 1)
		require.ErrorIs(t, err, memory.ErrNoMemory)
		require.ErrorIs(t, err, ErrMemoryLimit)
		_, err = lib.Space().Alloc(1<<30, 1)
		require.ErrorIs(t, err, ErrMemoryLimit)

		_, err = call(t, lib, "flood", proto(dtype.CInt, dtype.CInt), 1)
		require.ErrorIs(t, err, wasmffi.ErrExit)
		require.ErrorAs(t, err, &limit)
		assert.Equal(t, ErrOutputLimit, limit.Kind)
		assert.EqualValues(t, 8192, limit.Limit)
	})
}

// A module is told -1 when it asks for too large a table, or for memory beyond its
// own maximum; which of them it was, the error of a call that dies later tells.
func TestRefusals(t *testing.T) {
	left := uint64(0)
	engines(t, func(t *testing.T, opts Options) {
		opts.TableLimit, opts.Fuel, opts.Resettable = 100, 1e6, true
		lib := openTest(t, "refused.wasm", opts)
		unary := func(name string, n uint64) (int32, error) {
			got, err := call(t, lib, name, proto(dtype.CInt, dtype.CUInt), n)
			return int32(got), err
		}
		dies := func(name string, n uint64) error {
			_, err := call(t, lib, name, proto(dtype.CVoid, dtype.CUInt), n)
			require.Error(t, err, name)
			return err
		}
		plain := func() {
			_, err := call(t, lib, "trap", nullary)
			require.ErrorIs(t, err, ErrUnreachable)
			require.NotErrorIs(t, err, wasmffi.ErrLimit, "it has reached none")
		}
		for range 2 {
			// Each of the two tables has 50 entries; one beyond is refused.
			for _, tt := range []struct {
				name string
				n    uint64
				want int32
			}{
				{"table_by", 2, 4}, {"table_by", 45, -1}, {"table_by", 1<<32 - 1, -1}, {"table_by", 44, 6}, {"table_by", 0, 50}, {"table_by", 1, -1},
				{"memory_by", 1, 1}, {"memory_by", 2, -1}, {"memory_by", 1, 2}, {"memory_by", 0, 3}, {"memory_by", 1 << 17, -1},
			} {
				got, err := unary(tt.name, tt.n)
				require.NoError(t, err)
				require.Equal(t, tt.want, got, "%s(%d)", tt.name, tt.n)
				plain()
			}
			require.EqualError(t, dies("table_then_trap", 1),
				"trap: unreachable code reached in table_then_trap(1); before that: table limit reached: 100 entries")
			require.NotErrorIs(t, dies("table_then_trap", 0), wasmffi.ErrLimit)
			require.EqualError(t, dies("memory_then_trap", 1),
				"trap: unreachable code reached in memory_then_trap(1); before that: memory limit reached: 196608 bytes, the module's own maximum")
			require.NotErrorIs(t, dies("memory_then_trap", 0), wasmffi.ErrLimit)
			require.ErrorIs(t, dies("spin", 1), ErrFuel)
			require.ErrorIs(t, dies("spin", 1), ErrTableLimit)
			plain()
			require.NoError(t, lib.Reset(background))
			// C that asks again and again uses the same fuel in each round.
			turns, err := unary("table_until", 5)
			require.NoError(t, err)
			require.EqualValues(t, 10, turns)
			if left == 0 {
				left = lib.FuelLeft()
			}
			require.Equal(t, left, lib.FuelLeft())
			_, err = unary("table_and_divide", 47)
			require.ErrorIs(t, err, ErrDivideByZero)
			require.ErrorIs(t, err, ErrTableLimit)
			var trap *TrapError
			require.ErrorAs(t, err, &trap)
			m := lib.in.mod.res.Module
			require.Equal(t, byte(0x6e), m.Bytes(m.CodeSection)[trap.Frames[0].Offset], "the offset is that of i32.div_u")
			require.NoError(t, lib.Reset(background))
		}

		_, err := OpenBytes(background, "start", fixture(t, "refusedstart.wasm"), opts)
		require.ErrorIs(t, err, ErrUnreachable)
		require.ErrorIs(t, err, ErrTableLimit)

		opts.Fuel, opts.Uninstrumented = 0, true
		lib = openTest(t, "refused.wasm", opts)
		require.NotErrorIs(t, dies("table_then_trap", 1000), wasmffi.ErrLimit, "of tables nothing is known here")
		require.ErrorIs(t, dies("memory_then_trap", 5), ErrMemoryLimit)
	})
}

func TestCallbackLimit(t *testing.T) {
	make := func(lib *Library) (wasmffi.Callback, error) {
		return lib.Callback(wasmffi.CallbackSpec{Sig: nullary, Func: func(*wasmffi.Frame) error { return nil }})
	}
	lib := openTest(t, "reset.wasm", Options{Callbacks: 3, Resettable: true})
	for range 3 {
		var cbs []wasmffi.Callback
		for range 3 {
			cb, err := make(lib)
			require.NoError(t, err)
			cbs = append(cbs, cb)
		}
		_, err := make(lib)
		require.ErrorIs(t, err, ErrCallbackLimit)
		assert.EqualError(t, err, "callback limit reached: 3 alive")
		require.NoError(t, cbs[0].Free())
		require.NoError(t, cbs[0].Free(), "which counts once")
		cbs[0], err = make(lib)
		require.NoError(t, err)
		require.NoError(t, lib.Reset(background)) // frees them all
		require.NoError(t, cbs[1].Free(), "and this counts no more")
	}

	lib = openTest(t, "attack.wasm", Options{TableLimit: 40})
	var err error
	for range 100 {
		if _, err = make(lib); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, ErrTableLimit)
	require.ErrorIs(t, err, wasmffi.ErrLimit)
}

// TestPoolTells shows what one Do leaves to the next: nothing, of all there is.
func TestPoolTells(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		var out bytes.Buffer
		opts.Stdout, opts.MemoryLimit, opts.Callbacks = &out, 2<<20, 5
		pool, err := NewPool(background, "attack.wasm", fixture(t, "attack.wasm"), PoolOptions{Options: opts, Instances: 1},
			func(lib wasmffi.Library) (*Library, error) { return lib.(*Library), nil })
		require.NoError(t, err)
		defer pool.Close(background)
		integer := proto(dtype.CInt)
		var slot uint64
		for i := range 3 {
			err := pool.Do(background, func(lib *Library) error {
				for name, want := range map[string]uint64{"alive": 42, "told": 0} {
					got, err := call(t, lib, name, integer)
					require.NoError(t, err)
					require.Equal(t, want, got, name)
				}
				size := lib.in.mem.size.Load()
				require.Equal(t, lib.in.initial.image.size, size, "memory")
				if slot != 0 { // a callback of the one before
					_, err := call(t, lib, "apply", proto(dtype.CInt, dtype.PointerTo(unary), dtype.CInt), slot, 1)
					require.Error(t, err)
				}
				for range 5 { // as many as if none had been made
					slot = callbackOf(t, lib, func(context.Context, int32) (int32, error) { return 0, nil }).Address()
				}
				_, err := call(t, lib, "spoil", proto(dtype.CVoid, dtype.CInt), 7)
				require.NoError(t, err)
				_, err = call(t, lib, "whisper", proto(dtype.CVoid, dtype.CInt), 'a'+uint64(i)) // held by stdio
				require.NoError(t, err)
				_, err = call(t, lib, "eat", proto(dtype.CInt, dtype.CInt), 1)
				return err
			})
			require.ErrorIs(t, err, ErrMemoryLimit)
		}
		require.NoError(t, pool.Do(background, func(lib *Library) error {
			_, err := call(t, lib, "exits", proto(dtype.CInt, dtype.CInt), 0) // flushes stdio
			require.ErrorIs(t, err, wasmffi.ErrExit)
			return nil
		}))
		assert.Empty(t, out.String(), "what stdio held was the one's who wrote it")
		assert.EqualValues(t, 0, pool.Stats().Replaced)
	})
}
