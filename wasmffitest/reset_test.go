package wasmffitest_test

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/host"
	"github.com/wasmffi/wasmffi/memory"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

// TestResetUnderReaders: while some read, others grow the memory and one resets
// it. What is read is what was written in the same epoch, or an error.
func TestResetUnderReaders(t *testing.T) {
	wasm, err := os.ReadFile(wasmffitest.Fixture("wasm", "conform.wasm"))
	require.NoError(t, err)
	ctx := context.Background()
	lib, err := host.OpenBytes(ctx, "conform.wasm", wasm, host.Options{Resettable: true, MemoryLimit: 64 << 20})
	require.NoError(t, err)
	defer lib.Close()

	type epoch struct {
		view  memory.View
		value uint32
	}
	const words = 1 << 14
	var current atomic.Pointer[epoch]
	var stop atomic.Bool
	var good, ended atomic.Int64
	var wg sync.WaitGroup
	check := func(err error) {
		if err != nil {
			ended.Add(1)
			assert.ErrorIs(t, err, memory.ErrEnded)
		} else {
			good.Add(1)
		}
	}
	for range 2 {
		wg.Go(func() {
			for !stop.Load() {
				e := current.Load()
				if e == nil {
					continue
				}
				check(memory.Use(e.view, func(s []uint32) error {
					for _, x := range s {
						if x != e.value {
							assert.Equal(t, e.value, x, "a value of another epoch")
							break
						}
					}
					return nil
				}))
				elem, err := e.view.Index(words / 2)
				require.NoError(t, err)
				x, err := memory.Load[uint32](elem)
				check(err)
				if err == nil {
					assert.Equal(t, e.value, x)
				}
			}
		})
	}
	wg.Go(func() {
		for !stop.Load() {
			_, err := lib.Space().Alloc(300_000, 8) // grows the memory until it is full or reset
			if err != nil {
				assert.ErrorIs(t, err, memory.ErrNoMemory)
			}
		}
	})
	resets := 0
	for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); resets++ {
		arena := memory.NewArena(lib.Space())
		view, err := arena.NewArray(dtype.Uint32, words)
		if err == nil {
			err = memory.Use(view, func(s []uint32) error {
				for i := range s {
					s[i] = uint32(resets)
				}
				return nil
			})
			require.NoError(t, err)
			current.Store(&epoch{view, uint32(resets)})
		} else {
			require.ErrorIs(t, err, memory.ErrNoMemory)
		}
		time.Sleep(time.Duration(resets%5) * 100 * time.Microsecond)
		require.NoError(t, lib.Reset(ctx))
		assert.NoError(t, arena.Close())
	}
	stop.Store(true)
	wg.Wait()
	t.Logf("%d resets, %d reads, %d ended", resets, good.Load(), ended.Load())
	assert.NotZero(t, good.Load())
	assert.NotZero(t, ended.Load())
}
