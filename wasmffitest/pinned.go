package wasmffitest

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

// pinnedThreads pins calls to an OS thread.
func pinnedThreads(t *testing.T, b Backend) {
	lib := b.open(t)
	set, get := bind[func(int32)](t, lib, "tls_set"), bind[func() int32](t, lib, "tls_get")
	t.Run("thread-local storage", func(t *testing.T) {
		one, two := wasmffi.NewThread(), wasmffi.NewThread()
		require.NoError(t, one.Do(func() { set(1) }))
		require.NoError(t, two.Do(func() { set(2) }))
		want := []int32{1, 2}
		if b.Sandbox {
			want[0] = 2 // it has one thread, whoever calls
		}
		for range 50 {
			for i, th := range []*wasmffi.Thread{one, two} {
				var got int32
				require.NoError(t, th.Do(func() { got = get() }))
				require.Equal(t, want[i], got)
			}
		}
		require.NoError(t, one.Close())
		require.NoError(t, two.Close())
	})
	t.Run("from many goroutines", func(t *testing.T) {
		th := wasmffi.NewThread()
		defer th.Close()
		n := int32(0)
		parallel(8, func(int) {
			for range 50 {
				if err := th.Do(func() { set(n + 1); n = get() }); err != nil {
					t.Error(err)
				}
			}
		})
		require.EqualValues(t, 400, n, "one after the other")
	})
	t.Run("inside itself", func(t *testing.T) {
		th := wasmffi.NewThread()
		var got int32
		require.NoError(t, th.Do(func() {
			set(77)
			require.NoError(t, th.Do(func() { got = get() }))
			require.NoError(t, th.Close(), "which does not wait for itself")
		}))
		require.EqualValues(t, 77, got)
		require.NoError(t, th.Close())
	})
	t.Run("panics, Goexit, Close", func(t *testing.T) {
		th := wasmffi.NewThread()
		require.PanicsWithValue(t, "a panic", func() { _ = th.Do(func() { panic("a panic") }) })
		require.NoError(t, th.Do(func() {}), "the thread goes on")
		ended := make(chan bool, 1)
		go func() {
			defer func() { ended <- true }()
			_ = th.Do(func() { runtime.Goexit() })
			ended <- false
		}()
		require.True(t, <-ended, "Goexit ends the caller too")
		require.ErrorIs(t, th.Do(func() {}), wasmffi.ErrClosed)
		require.NoError(t, th.Close())
		require.NoError(t, th.Close(), "twice is no error")
		require.ErrorIs(t, th.Do(func() { t.Error("ran") }), wasmffi.ErrClosed)
	})
	t.Run("Close while others wait", func(t *testing.T) {
		th := wasmffi.NewThread()
		var wg sync.WaitGroup
		for range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for th.Do(func() { set(1) }) == nil {
				}
			}()
		}
		time.Sleep(time.Millisecond)
		require.NoError(t, th.Close())
		wg.Wait()
	})
}
