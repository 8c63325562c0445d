package wasmffitest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

// threads has Go called from threads that C started.
func threads(t *testing.T, b Backend) {
	lib := b.open(t)
	callback := func(f any, opts *wasmffi.CallbackOptions) wasmffi.Callback {
		cb, err := wasmffi.NewCallback(lib, f, opts)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, cb.Free()) })
		return cb
	}
	onThreads := bind[func(f wasmffi.Callback, x, n, threads int32) (int32, error)](t, lib, "on_threads")
	add := bind[func(int32, int32) int32](t, lib, "add")

	t.Run("results", func(t *testing.T) {
		cb := callback(func(x int32) int32 { return add(x, 1) }, nil) // and back into C
		r, err := onThreads(cb, 10, 100, 8)
		require.NoError(t, err)
		require.EqualValues(t, 8*(100*11+99*100/2), r)
	})
	t.Run("while Go does something else", func(t *testing.T) {
		var calls atomic.Int32
		cb := callback(func(x int32) int32 { calls.Add(1); return x }, nil)
		bind[func(wasmffi.Callback, int32, int32)](t, lib, "start_thread")(cb, 1, 1000)
		for calls.Load() < 10 {
			add(1, 2)
		}
		require.EqualValues(t, 1000*1001/2, bind[func() int32](t, lib, "join_thread")())
		require.EqualValues(t, 1000, calls.Load())
	})
	t.Run("the context is the background's", func(t *testing.T) {
		var deadline, background atomic.Bool
		cb := callback(func(ctx context.Context, x int32) int32 {
			_, has := ctx.Deadline()
			deadline.Store(has)
			background.Store(ctx.Err() == nil)
			return x
		}, nil)
		_, err := onThreads(cb, 1, 1, 1)
		require.NoError(t, err)
		require.False(t, deadline.Load())
		require.True(t, background.Load())
	})
	t.Run("an error gives the fallback and is told at once", func(t *testing.T) {
		var told atomic.Int32
		cb := callback(func(x int32) (int32, error) {
			if x%2 == 0 {
				return 0, errBoom
			}
			return 1, nil
		}, &wasmffi.CallbackOptions{Fallback: int32(-100), OnError: func(err error) {
			if errors.Is(err, errBoom) {
				told.Add(1)
			}
		}})
		r, err := onThreads(cb, 0, 10, 4)
		require.NoError(t, err, "the call that started the threads did not fail")
		require.EqualValues(t, 4*(5*1-5*100), r)
		require.EqualValues(t, 20, told.Load())
	})
	t.Run("so does a panic", func(t *testing.T) {
		var told atomic.Value
		cb := callback(func(x int32) int32 { panic("on a thread") },
			&wasmffi.CallbackOptions{Fallback: int32(7), OnError: func(err error) { told.Store(err) }})
		r, err := onThreads(cb, 0, 3, 2)
		require.NoError(t, err)
		require.EqualValues(t, 2*3*7, r)
		require.ErrorIs(t, told.Load().(error), wasmffi.ErrCallback)
	})
	t.Run("and a callback that was freed", func(t *testing.T) {
		var told atomic.Value
		cb, err := wasmffi.NewCallback(lib, func(x int32) int32 { return x },
			&wasmffi.CallbackOptions{Fallback: int32(3), OnError: func(err error) { told.Store(err) }})
		require.NoError(t, err)
		require.NoError(t, cb.Free())
		r, err := onThreads(cb, 0, 2, 2)
		require.NoError(t, err)
		require.EqualValues(t, 2*2*3, r)
		require.ErrorIs(t, told.Load().(error), wasmffi.ErrCallback)
	})
	t.Run("an error in a call made from a thread's callback is that call's", func(t *testing.T) {
		within := bind[func(func(int32) (int32, error), int32) (int32, error)](t, lib, "within")
		var inner atomic.Value
		cb := callback(func(x int32) int32 {
			_, err := within(func(int32) (int32, error) { return 0, errBoom }, x)
			inner.Store(err)
			return x
		}, nil)
		_, err := onThreads(cb, 1, 1, 1)
		require.NoError(t, err)
		require.ErrorIs(t, inner.Load().(error), errBoom)
	})
}
