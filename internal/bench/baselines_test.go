package bench

import (
	"context"
	"os"
	"testing"

	"github.com/ebitengine/purego"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi/wasmffitest"
)

// rawWazero is the module as a program would use it that knows wazero and
// nothing of this project.
func rawWazero(b *testing.B) api.Module {
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	b.Cleanup(func() { _ = r.Close(ctx) })
	_, err := r.NewHostModuleBuilder("env").NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, _ api.Module, stack []uint64) {
			stack[0] = api.EncodeF64(api.DecodeF64(stack[0]) + 1)
		}), []api.ValueType{api.ValueTypeF64}, []api.ValueType{api.ValueTypeF64}).
		Export("host_f").Instantiate(ctx)
	require.NoError(b, err)
	wasm, err := os.ReadFile(wasmffitest.Fixture("wasm", "bench.wasm"))
	require.NoError(b, err)
	m, err := r.Instantiate(ctx, wasm)
	require.NoError(b, err)
	return m
}

// rawPurego is the native library through purego alone.
func rawPurego(b *testing.B) uintptr {
	h, err := purego.Dlopen(nativeLibrary(b), purego.RTLD_NOW)
	require.NoError(b, err)
	return h
}
