package guestabi_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi/guestabi"
)

const kernelDir = "../testdata/wasm/kernels"

// kernelArg is what each kernel is run with: about a millisecond of work.
var kernelArg = map[string]uint64{
	"bytecopy": 65536, "fib": 24, "mandelbrot": 64, "matmul": 100, "sieve": 100_000, "sort": 4096, "strhash": 20_000, "vm": 10_000,
}

func readKernels(tb testing.TB) map[string][]byte {
	paths, err := filepath.Glob(filepath.Join(kernelDir, "*.wasm"))
	require.NoError(tb, err)
	require.Len(tb, paths, len(kernelArg))
	kernels := map[string][]byte{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		require.NoError(tb, err)
		kernels[strings.TrimSuffix(filepath.Base(p), ".wasm")] = b
	}
	return kernels
}

// start instantiates a module, with tick as the import the rewrite added.
func start(tb testing.TB, rc wazero.RuntimeConfig, wasm []byte, tick *guestabi.Name, refill func() uint64) api.Module {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, rc)
	tb.Cleanup(func() { r.Close(ctx) })
	if tick != nil {
		_, err := r.NewHostModuleBuilder(tick.Module).NewFunctionBuilder().
			WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) { stack[0] = refill() }), []api.ValueType{api.ValueTypeI64}, []api.ValueType{api.ValueTypeI64}).
			Export(tick.Name).Instantiate(ctx)
		require.NoError(tb, err)
	}
	m, err := r.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	require.NoError(tb, err)
	return m
}

// BenchmarkKernel compares code with and without fuel, compiled: the ratio of
// fuel to plain is what instrumentation costs.
func BenchmarkKernel(b *testing.B) {
	for name, wasm := range readKernels(b) {
		run := func(b *testing.B, m api.Module) {
			f := m.ExportedFunction("run")
			stack := make([]uint64, 1)
			b.ReportAllocs()
			for b.Loop() {
				stack[0] = kernelArg[name]
				if err := f.CallWithStack(context.Background(), stack); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.Run(name+"/plain", func(b *testing.B) {
			run(b, start(b, wazero.NewRuntimeConfigCompiler(), wasm, nil, nil))
		})
		b.Run(name+"/fuel", func(b *testing.B) {
			res, err := guestabi.Rewrite(wasm, guestabi.Options{})
			require.NoError(b, err)
			run(b, start(b, wazero.NewRuntimeConfigCompiler(), res.Wasm, &res.Tick, func() uint64 { return 1 << 20 }))
		})
	}
}
