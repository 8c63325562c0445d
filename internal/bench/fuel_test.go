package bench

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

// kernels are C with much to do, and an argument that makes it a millisecond or
// so.
var kernels = map[string]int32{
	"bytecopy": 65536, "fib": 27, "mandelbrot": 64, "matmul": 100, "sieve": 100_000, "sort": 4096, "strhash": 20_000, "vm": 20_000,
}

func kernel(b *testing.B, name string) []byte {
	wasm, err := os.ReadFile(filepath.Join(filepath.Dir(wasmffitest.Fixture("wasm", "bench.wasm")), "kernels", name+".wasm"))
	require.NoError(b, err)
	return wasm
}

// BenchmarkFuel is what bounds cost: each kernel as it comes in wazero, under
// fuel and a deadline in the sandbox, and there without either.
func BenchmarkFuel(b *testing.B) {
	for name, n := range kernels {
		wasm := kernel(b, name)
		b.Run(name+"/raw-wazero", func(b *testing.B) {
			ctx := context.Background()
			r := wazero.NewRuntime(ctx)
			defer r.Close(ctx)
			m, err := r.Instantiate(ctx, wasm)
			require.NoError(b, err)
			run, stack := m.ExportedFunction("run"), make([]uint64, 1)
			for b.Loop() {
				stack[0] = uint64(uint32(n))
				if err := run.CallWithStack(ctx, stack); err != nil {
					b.Fatal(err)
				}
			}
		})
		for how, opts := range map[string]host.Options{
			"sandbox":        {Fuel: math.MaxInt64},
			"uninstrumented": {Uninstrumented: true},
		} {
			b.Run(name+"/"+how, func(b *testing.B) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
				defer cancel()
				lib, err := host.OpenBytes(ctx, name, wasm, opts)
				require.NoError(b, err)
				defer lib.Close()
				run, err := wasmffi.Bind[func(context.Context, int32) (int32, error)](lib, "run")
				require.NoError(b, err)
				for b.Loop() {
					if _, err := run(ctx, n); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
