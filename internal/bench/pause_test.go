package bench

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
	"github.com/wasmffi/wasmffi/internal/threadtime"
)

// spinning are functions that never end, by the module they are in: loops, bulk
// operations on all there is, calls of Go and of tables, recursion.
var spinning = map[string][]string{
	"hostile.wasm": {"loop_br", "loop_br_table", "loop_fill", "loop_copy", "loop_grow", "loop_table"},
	"bombs.wasm": {"loop_indirect", "loop_init", "loop_refused", "loop_recurse", "doubling", "fill_all", "copy_all", "table_all",
		"chase"},
	"attack.wasm": {"flood_for_ever"},
}

// BenchmarkPause is how long the garbage collector and other goroutines wait for
// C that spins: the time from one look of C's at its context to the next. It is
// that of C's own thread, which no other program on the machine makes longer.
// ns/pause is what 99 of 100 do not exceed, ns/longest the longest of all.
func BenchmarkPause(b *testing.B) {
	for module, functions := range spinning {
		wasm, err := os.ReadFile(filepath.Join("..", "..", "host", "testdata", module))
		require.NoError(b, err)
		for _, f := range functions {
			b.Run(f, func(b *testing.B) { pause(b, wasm, f) })
		}
	}
}

// A lookout is a context that notes when it is looked at, and ends the call
// after so many times.
type lookout struct {
	context.Context
	end  func()
	left int
	last time.Duration
	took []time.Duration
}

func (c *lookout) Err() error {
	now := threadtime.Now()
	if c.last != 0 {
		c.took = append(c.took, now-c.last)
	}
	if c.left--; c.left < 0 {
		c.end()
	}
	c.last = threadtime.Now()
	return c.Context.Err()
}

func pause(b *testing.B, wasm []byte, function string) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	lib, err := host.OpenBytes(context.Background(), "spin", wasm, host.Options{})
	require.NoError(b, err)
	defer lib.Close()
	spin, err := wasmffi.Bind[func(context.Context) error](lib, function)
	require.NoError(b, err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	look := &lookout{Context: ctx, end: cancel, left: max(b.N, 50)}
	b.ResetTimer()
	require.ErrorIs(b, spin(look), context.Canceled)
	b.StopTimer()
	slices.Sort(look.took)
	b.ReportMetric(float64(look.took[len(look.took)-1].Nanoseconds()), "ns/longest")
	b.ReportMetric(float64(look.took[(len(look.took)-1)*99/100].Nanoseconds()), "ns/pause")
}
