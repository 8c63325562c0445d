package host

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// raw is the engine by hand on a module as it came.
func raw(b *testing.B, name string) (wazero.Runtime, api.Module) {
	rt := wazero.NewRuntime(background)
	b.Cleanup(func() { rt.Close(background) })
	wasi_snapshot_preview1.MustInstantiate(background, rt)
	m, err := rt.InstantiateWithConfig(background, fixture(b, name), wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	require.NoError(b, err)
	return rt, m
}

func BenchmarkCall(b *testing.B) {
	one, two := math.Float64bits(1), math.Float64bits(2)
	sig := proto(dtype.CDouble, dtype.CDouble, dtype.CDouble)
	b.Run("raw", func(b *testing.B) {
		_, m := raw(b, "basic.wasm")
		f := m.ExportedFunction("addd")
		stack := make([]uint64, 2)
		b.ReportAllocs()
		for b.Loop() {
			stack[0], stack[1] = one, two
			if err := f.CallWithStack(background, stack); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sandbox", func(b *testing.B) {
		lib := openTest(b, "basic.wasm", Options{})
		c := prepare(b, lib, "addd", sig).(*scalarCallable)
		words := []uint64{one, two, 0}
		b.ReportAllocs()
		for b.Loop() {
			if err := c.CallWords(nil, words); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("typed", func(b *testing.B) {
		lib := openTest(b, "basic.wasm", Options{})
		f, err := wasmffi.Bind2[float64, float64, float64](lib, "addd", nil)
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			if f.Call(1, 2) != 3 {
				b.Fatal("wrong")
			}
		}
	})
	b.Run("context", func(b *testing.B) {
		lib := openTest(b, "basic.wasm", Options{})
		c := prepare(b, lib, "addd", sig).(*scalarCallable)
		ctx, cancel := context.WithCancel(background)
		defer cancel()
		words := []uint64{one, two, 0}
		b.ReportAllocs()
		for b.Loop() {
			if err := c.CallWords(ctx, words); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCallback is one call of Go from C, without the call into C that it
// is part of.
func BenchmarkCallback(b *testing.B) {
	const times = 1000
	b.Run("raw", func(b *testing.B) {
		rt := wazero.NewRuntime(background)
		defer rt.Close(background)
		i32, f64 := api.ValueTypeI32, api.ValueTypeF64
		env := rt.NewHostModuleBuilder("env")
		for name, params := range map[string][]api.ValueType{"f": {i32}, "g": {f64, i32}, "h": nil} {
			env.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, _ api.Module, stack []uint64) {
				stack[0] = uint64(uint32(stack[0] + 1))
			}), params, params[:min(1, len(params))]).Export(name)
		}
		_, err := env.Instantiate(background)
		require.NoError(b, err)
		m, err := rt.Instantiate(background, fixture(b, "imports.wasm"))
		require.NoError(b, err)
		f := m.ExportedFunction("repeat_import")
		stack := make([]uint64, 1)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%times == 0 {
				stack[0] = times
				if err := f.CallWithStack(background, stack); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("sandbox", func(b *testing.B) {
		lib := openTest(b, "basic.wasm", Options{})
		cb, err := lib.Callback(wasmffi.CallbackSpec{Sig: proto(dtype.CInt, dtype.CInt), Func: func(f *wasmffi.Frame) error {
			f.Words[1] = f.Words[0] + 1
			return nil
		}})
		require.NoError(b, err)
		c := prepare(b, lib, "repeat", proto(dtype.CInt, dtype.PointerTo(proto(dtype.CInt, dtype.CInt)), dtype.CInt)).(*scalarCallable)
		words := []uint64{cb.Address(), times, 0}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%times == 0 {
				if err := c.CallWords(nil, words); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
