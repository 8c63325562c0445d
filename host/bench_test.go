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
	"github.com/wasmffi/wasmffi/memory"
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
		c := prepare(b, lib, "addd", sig).(*fewCallable)
		words := []uint64{one, two, 0}
		b.ReportAllocs()
		for b.Loop() {
			if err := c.CallWords(nil, words); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("registers", func(b *testing.B) {
		lib := openTest(b, "basic.wasm", Options{})
		c := prepare(b, lib, "addd", sig).(*fewCallable)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.CallFew(one, two, 0, 0); err != nil {
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
		c := prepare(b, lib, "addd", sig).(*fewCallable)
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
		c := prepare(b, lib, "repeat", proto(dtype.CInt, dtype.PointerTo(proto(dtype.CInt, dtype.CInt)), dtype.CInt)).(*fewCallable)
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

// BenchmarkCallbackMade is a Go function becoming a C function pointer and
// ceasing to be one, as for an argument that lives for one call.
func BenchmarkCallbackMade(b *testing.B) {
	lib := openTest(b, "basic.wasm", Options{})
	spec := wasmffi.CallbackSpec{Sig: unary, Func: func(*wasmffi.Frame) error { return nil }}
	b.ReportAllocs()
	for b.Loop() {
		cb, err := lib.Callback(spec)
		if err != nil {
			b.Fatal(err)
		}
		_ = cb.Free()
	}
}

// BenchmarkBlock is a call with an array of 16 ints in C's memory.
func BenchmarkBlock(b *testing.B) {
	lib := openTest(b, "basic.wasm", Options{})
	sum := prepare(b, lib, "sum", proto(dtype.CInt, dtype.PointerToConst(dtype.CInt), dtype.CInt))
	f := wasmffi.Frame{
		Words:    []uint64{0, 16, 0},
		Blocks:   []memory.Block{{Data: make([]byte, 64), Align: 4, Flow: memory.In}},
		Pointers: []memory.BlockPointer{{}},
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := sum.Call(&f); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStruct is a call with two structs by value.
func BenchmarkStruct(b *testing.B) {
	lib := openTest(b, "basic.wasm", Options{})
	dot := prepare(b, lib, "dot", proto(dtype.CInt, pointType, pointType))
	f := wasmffi.Frame{Words: make([]uint64, 3)}
	b.ReportAllocs()
	for b.Loop() {
		if err := dot.Call(&f); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAlloc is malloc and free from Go.
func BenchmarkAlloc(b *testing.B) {
	lib := openTest(b, "basic.wasm", Options{})
	s := lib.Space()
	b.ReportAllocs()
	for b.Loop() {
		addr, err := s.Alloc(64, 8)
		if err != nil {
			b.Fatal(err)
		}
		_ = s.Free(addr)
	}
}

// BenchmarkPointer is a call of a C function pointer.
func BenchmarkPointer(b *testing.B) {
	lib := openTest(b, "basic.wasm", Options{})
	addr, err := call(b, lib, "get_twice", proto(dtype.PointerTo(unary)))
	require.NoError(b, err)
	c, err := lib.Prepare(wasmffi.Symbol{Addr: addr}, unary)
	require.NoError(b, err)
	f := wasmffi.Frame{Words: make([]uint64, 2)}
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Call(&f); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen is opening a module that has been compiled before, and closing
// it.
func BenchmarkOpen(b *testing.B) {
	data := fixture(b, "basic.wasm")
	for b.Loop() {
		lib, err := OpenBytes(background, "basic.wasm", data, Options{})
		if err != nil {
			b.Fatal(err)
		}
		_ = lib.Close()
	}
}

// BenchmarkImport is one call of a Go function that C imports, as it is given: by
// its Go type, by C's prototype with the frame's words, and where reflection is
// needed, for comparison.
func BenchmarkImport(b *testing.B) {
	for _, c := range []struct {
		name string
		im   wasmffi.Import
	}{
		{"typed", wasmffi.Import{Func: func(x int32) int32 { return x + 1 }}},
		{"prototype", wasmffi.Import{Sig: unary, Func: func(f *wasmffi.Frame) error { f.Words[1] = f.Words[0] + 1; return nil }}},
		{"reflected", wasmffi.Import{Func: func(x int32) (int32, error) { return x + 1, nil }}},
	} {
		b.Run(c.name, func(b *testing.B) {
			given := imports(nil)
			c.im.Name = "f"
			given[0] = c.im
			lib := openTest(b, "imports.wasm", Options{Imports: given})
			repeat := prepare(b, lib, "repeat_import", unary).(wasmffi.WordCaller)
			words := []uint64{1000, 0}
			b.ReportAllocs()
			for b.Loop() {
				if err := repeat.CallWords(nil, words); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/import")
		})
	}
}
