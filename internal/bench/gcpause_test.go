package bench

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
)

// BenchmarkGCPause is how long the garbage collector stops the world while C
// spins, from its wish to stop until all goes on, as the runtime tells, in
// buckets of a quarter of a power of two. ns/pause is what 99 of 100 do not
// exceed, ns/longest the longest of all. Unlike BenchmarkPause's, these times are
// the whole machine's: a goroutine that spins in Go shows what of them is not C's.
func BenchmarkGCPause(b *testing.B) {
	b.Run("go", func(b *testing.B) {
		collectWhile(b, func(ctx context.Context) {
			for ctx.Err() == nil {
			}
		})
	})
	for module, functions := range spinning {
		wasm, err := os.ReadFile(filepath.Join("..", "..", "host", "testdata", module))
		require.NoError(b, err)
		for _, f := range functions {
			b.Run(f, func(b *testing.B) { gcPause(b, wasm, f) })
		}
	}
}

func gcPause(b *testing.B, wasm []byte, function string) {
	lib, err := host.OpenBytes(context.Background(), "spin", wasm, host.Options{})
	require.NoError(b, err)
	defer lib.Close()
	spin, err := wasmffi.Bind[func(context.Context) error](lib, function)
	require.NoError(b, err)
	collectWhile(b, func(ctx context.Context) {
		for ctx.Err() == nil { // what ends by a trap or a limit begins again
			_ = spin(ctx)
		}
	})
}

// collectWhile collects garbage while a goroutine spins until its context ends.
func collectWhile(b *testing.B, spin func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	spins, ended := make(chan bool), make(chan bool)
	go func() {
		close(spins)
		spin(ctx)
		close(ended)
	}()
	<-spins
	before := pauses()
	for b.Loop() {
		runtime.GC()
	}
	after := pauses()
	cancel()
	<-ended
	for i := range after.Counts {
		after.Counts[i] -= before.Counts[i]
	}
	b.ReportMetric(quantile(after, 0.99)*1e9, "ns/pause")
	b.ReportMetric(quantile(after, 1)*1e9, "ns/longest")
}

func pauses() *metrics.Float64Histogram {
	s := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(s)
	h := s[0].Value.Float64Histogram()
	return &metrics.Float64Histogram{Counts: append([]uint64(nil), h.Counts...), Buckets: h.Buckets}
}

// quantile is the upper end of the bucket that so much of h is in or below.
func quantile(h *metrics.Float64Histogram, q float64) float64 {
	total := uint64(0)
	for _, n := range h.Counts {
		total += n
	}
	rank, sum := uint64(math.Ceil(q*float64(total))), uint64(0)
	for i, n := range h.Counts {
		if sum += n; sum >= rank {
			return h.Buckets[i+1]
		}
	}
	return math.Inf(1)
}
