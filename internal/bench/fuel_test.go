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
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	for name, n := range kernels {
		b.Run(name, func(b *testing.B) {
			wasm := kernel(b, name)
			inTurns(b, 1,
				rawKernel(b, wasm, n),
				sandboxKernel(b, ctx, "sandbox", wasm, n, host.Options{Fuel: math.MaxInt64}),
				sandboxKernel(b, ctx, "uninstrumented", wasm, n, host.Options{Uninstrumented: true}))
		})
	}
}

func rawKernel(b *testing.B, wasm []byte, n int32) turn {
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	b.Cleanup(func() { _ = r.Close(ctx) })
	m, err := r.Instantiate(ctx, wasm)
	require.NoError(b, err)
	run, stack := m.ExportedFunction("run"), make([]uint64, 1)
	return turn{who: "raw-wazero", run: func() {
		stack[0] = uint64(uint32(n))
		if err := run.CallWithStack(ctx, stack); err != nil {
			b.Fatal(err)
		}
	}}
}

func sandboxKernel(b *testing.B, ctx context.Context, who string, wasm []byte, n int32, opts host.Options) turn {
	lib, err := host.OpenBytes(ctx, who, wasm, opts)
	require.NoError(b, err)
	b.Cleanup(func() { _ = lib.Close() })
	run, err := wasmffi.Bind[func(context.Context, int32) (int32, error)](lib, "run")
	require.NoError(b, err)
	return turn{who: who, run: func() {
		if _, err := run(ctx, n); err != nil {
			b.Fatal(err)
		}
	}}
}
