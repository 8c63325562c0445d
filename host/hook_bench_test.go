package host

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

// BenchmarkHook is what hooks cost: nothing when there are none.
func BenchmarkHook(b *testing.B) {
	var calls uint64
	var spent time.Duration
	metrics := wasmffi.Hook{After: func(_ context.Context, c *wasmffi.CallEvent) { calls++; spent += c.Duration }}
	for _, c := range []struct {
		name  string
		hooks []wasmffi.Hook
	}{{"none", nil}, {"metrics", []wasmffi.Hook{metrics}}} {
		b.Run(c.name, func(b *testing.B) {
			lib := openTest(b, "basic.wasm", Options{Hooks: c.hooks})
			addd, err := wasmffi.Bind2[float64, float64, float64](lib, "addd", nil)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				addd.Call(1, 2)
			}
		})
	}
}
