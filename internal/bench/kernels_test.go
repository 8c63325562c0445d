package bench

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

// kernels are small C programs, each with an argument for about a millisecond.
var kernels = []struct {
	name string
	n    uint32
}{
	{"bytecopy", 65536}, {"fib", 24}, {"mandelbrot", 64}, {"matmul", 100}, {"sieve", 100_000}, {"sort", 4096}, {"strhash", 20_000},
}

// BenchmarkKernel is C that computes: uninstrumented, as it is by default with a
// deadline, and with a bound on fuel besides.
func BenchmarkKernel(b *testing.B) {
	for _, k := range kernels {
		for _, how := range []struct {
			name string
			opts host.Options
		}{
			{"uninstrumented", host.Options{Uninstrumented: true}},
			{"sandbox", host.Options{}},
			{"fuel", host.Options{Fuel: 1 << 60}},
		} {
			b.Run(k.name+"/"+how.name, func(b *testing.B) {
				wasm, err := os.ReadFile(wasmffitest.Fixture("wasm", "kernels", k.name+".wasm"))
				require.NoError(b, err)
				lib, err := host.OpenBytes(context.Background(), k.name, wasm, how.opts)
				require.NoError(b, err)
				defer lib.Close()
				run, err := wasmffi.Bind[func(uint32) (uint32, error)](lib, "run")
				require.NoError(b, err)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := run(k.n); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
