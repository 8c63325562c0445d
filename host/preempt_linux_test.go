package host

import (
	"context"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/internal/threadtime"
)

// A lookout is a context that notes how long C ran from one look at it to the
// next, in time of its own thread: what other programs take does not count.
type lookout struct {
	context.Context
	last, longest time.Duration
	looks         int
}

func (c *lookout) Err() error {
	now := threadtime.Now()
	if c.looks > 0 {
		c.longest = max(c.longest, now-c.last)
	}
	c.looks++
	c.last = now
	return c.Context.Err()
}

// TestPreemption: whatever C does, it lets others run in time, which is what a
// garbage collection waits for. BenchmarkPause of internal/bench says how long
// that is; the bound here tells what never looks from what is slow, as touching
// memory for the first time is in some virtual machines.
func TestPreemption(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const bound = 500 * time.Millisecond
	for _, module := range []string{"hostile.wasm", "bombs.wasm", "attack.wasm"} {
		opts := hostileOptions(Options{})
		opts.MemoryLimit, opts.Stdout, opts.Stderr = 0, io.Discard, io.Discard
		lib := openTest(t, module, opts)
		for _, a := range append(attacks(), does("bombs.wasm", "chase", errTime)) {
			if a.module != module || len(a.want) == 0 || a.want[0] != errTime || a.name == "sleep_for_ever" {
				continue
			}
			ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
			look := &lookout{Context: ctx}
			err := a.run(look, t, lib)
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded, a.name)
			t.Logf("%-20s %3d looks, longest %v", a.name, look.looks, look.longest)
			assert.Less(t, look.longest, bound, a.name)
		}
	}
}

// TestOneProcessor: goroutines run while C spins, though there is one processor
// for all of them.
func TestOneProcessor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	lib := openTest(t, "hostile.wasm", Options{Timeout: -1}) // the machine may have other things to do
	ctx, cancel := context.WithCancel(background)
	spin := prepare(t, lib, "loop_br", nullary)
	ended := make(chan error)
	go func() {
		_, err := callWords(ctx, spin)
		ended <- err
	}()
	for range 20 { // each time C has the processor again
		time.Sleep(time.Microsecond)
	}
	runtime.GC()
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}
