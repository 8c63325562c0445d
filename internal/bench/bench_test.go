// Package bench measures wasmffi beside what a program would use instead, in
// one run: raw wazero, raw purego, cgo and plain Go. "make bench" prints the
// ratios that the README states.
package bench

import (
	"context"
	"os"
	"reflect"
	"testing"

	"github.com/ebitengine/purego"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/host"
	"github.com/wasmffi/wasmffi/native"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

func nativeLibrary(b *testing.B) string { return wasmffitest.BuildNative(b, "bench.c") }

func openSandbox(b *testing.B) wasmffi.Library {
	wasm, err := os.ReadFile(wasmffitest.Fixture("wasm", "bench.wasm"))
	require.NoError(b, err)
	lib, err := host.OpenBytes(context.Background(), "bench.wasm", wasm, host.Options{
		Imports: wasmffi.Imports{{Name: "host_f", Func: func(x float64) float64 { return x + 1 }}},
	})
	require.NoError(b, err)
	b.Cleanup(func() { _ = lib.Close() })
	return lib
}

func openNative(b *testing.B) wasmffi.Library {
	lib, err := native.Open(context.Background(), nativeLibrary(b), native.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { _ = lib.Close() })
	return lib
}

// onBoth runs a benchmark on the two backends.
func onBoth(b *testing.B, f func(b *testing.B, lib wasmffi.Library)) {
	b.Run("sandbox", func(b *testing.B) { f(b, openSandbox(b)) })
	b.Run("native", func(b *testing.B) { f(b, openNative(b)) })
}

func BenchmarkCall2(b *testing.B) {
	onBoth(b, func(b *testing.B, lib wasmffi.Library) {
		add, err := wasmffi.Bind[func(int32, int32) int32](lib, "add")
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			add(2, 3)
		}
	})
	b.Run("leaf", func(b *testing.B) {
		add, err := wasmffi.Bind[func(int32, int32) int32](native.Leaf(openNative(b)), "add")
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			add(2, 3)
		}
	})
	b.Run("raw-wazero", func(b *testing.B) {
		add := rawWazero(b).ExportedFunction("add")
		ctx, stack := context.Background(), make([]uint64, 2)
		b.ReportAllocs()
		for b.Loop() {
			stack[0], stack[1] = api.EncodeI32(2), api.EncodeI32(3)
			if err := add.CallWithStack(ctx, stack); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("raw-purego", func(b *testing.B) {
		var add func(int32, int32) int32
		purego.RegisterLibFunc(&add, rawPurego(b), "add")
		b.ReportAllocs()
		for b.Loop() {
			add(2, 3)
		}
	})
	cgoCall2(b)
	ctypes(b, "Call2", "ns/op")
}

func BenchmarkCall2Float(b *testing.B) {
	onBoth(b, func(b *testing.B, lib wasmffi.Library) {
		add, err := wasmffi.Bind2[float64, float64, float64](lib, "fadd", nil)
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			add.Call(2, 3)
		}
	})
	b.Run("leaf", func(b *testing.B) {
		add, err := wasmffi.Bind2[float64, float64, float64](native.Leaf(openNative(b)), "fadd", nil)
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			add.Call(2, 3)
		}
	})
	b.Run("raw-purego", func(b *testing.B) {
		var add func(float64, float64) float64
		purego.RegisterLibFunc(&add, rawPurego(b), "fadd")
		b.ReportAllocs()
		for b.Loop() {
			add(2, 3)
		}
	})
	cgoCall2Float(b)
	ctypes(b, "Call2Float", "ns/op")
}

// BenchmarkReflect is the price of func types that no specialised form covers.
func BenchmarkReflect(b *testing.B) {
	onBoth(b, func(b *testing.B, lib wasmffi.Library) {
		add, err := wasmffi.Bind[func(int32, int32) (int32, wasmffi.Errno, error)](lib, "add")
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			_, _, _ = add(2, 3)
		}
	})
}

func BenchmarkSlice1000(b *testing.B) {
	x := make([]float64, 1000)
	onBoth(b, func(b *testing.B, lib wasmffi.Library) {
		sum, err := wasmffi.Bind[func(wasmffi.In[float64], int32) float64](lib, "sum")
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			sum(x, 1000)
		}
	})
	ctypes(b, "Slice1000", "ns/op")
}

// callsBack is how often C calls back in one call, so that the call itself
// does not count.
const callsBack = 1000

func BenchmarkCallback(b *testing.B) {
	perCallback := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/callsBack, "ns/callback")
	}
	onBoth(b, func(b *testing.B, lib wasmffi.Library) {
		cb, err := wasmffi.NewCallback(lib, func(x float64) float64 { return x + 1 }, nil)
		require.NoError(b, err)
		loop, err := wasmffi.Bind2[dtype.Addr, int32, float64](lib, "loop", nil)
		require.NoError(b, err)
		f := dtype.Addr(cb.Address())
		b.ReportAllocs()
		for b.Loop() {
			loop.Call(f, callsBack)
		}
		perCallback(b)
	})
	b.Run("raw-wazero", func(b *testing.B) {
		loop := rawWazero(b).ExportedFunction("loop_import")
		ctx, stack := context.Background(), make([]uint64, 1)
		b.ReportAllocs()
		for b.Loop() {
			stack[0] = callsBack
			if err := loop.CallWithStack(ctx, stack); err != nil {
				b.Fatal(err)
			}
		}
		perCallback(b)
	})
	cgoCallback(b, perCallback)
	ctypes(b, "Callback", "ns/callback")
}

// BenchmarkCallbackStruct has C pass and take a struct: through a frame, which
// costs no allocation, and by reflection.
func BenchmarkCallbackStruct(b *testing.B) {
	sig := func(b *testing.B) *dtype.Func {
		p, err := dtype.FromGo(reflect.TypeFor[xy]())
		require.NoError(b, err)
		sig, err := dtype.NewFunc(p, []dtype.Param{{Type: p}}, false)
		require.NoError(b, err)
		return sig
	}
	measure := func(b *testing.B, lib wasmffi.Library, fn any) {
		cb, err := wasmffi.NewCallback(lib, fn, &wasmffi.CallbackOptions{Sig: sig(b)})
		require.NoError(b, err)
		loop, err := wasmffi.Bind2[dtype.Addr, int32, float64](lib, "loop_pair", nil)
		require.NoError(b, err)
		f := dtype.Addr(cb.Address())
		b.ReportAllocs()
		for b.Loop() {
			loop.Call(f, callsBack)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/callsBack, "ns/callback")
	}
	onBoth(b, func(b *testing.B, lib wasmffi.Library) {
		measure(b, lib, func(f *wasmffi.Frame) error {
			f.Words[2], f.Words[3] = f.Words[1], f.Words[0]
			return nil
		})
	})
	b.Run("reflect-sandbox", func(b *testing.B) { measure(b, openSandbox(b), swapPair) })
	b.Run("reflect-native", func(b *testing.B) { measure(b, openNative(b), swapPair) })
}

type xy struct{ X, Y float64 }

func swapPair(p xy) xy { return xy{p.Y, p.X} }
