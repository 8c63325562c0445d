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

// calls is how often a run calls.
const calls = 1000

func BenchmarkCall2(b *testing.B) {
	ours := func(who string, lib wasmffi.Library) turn {
		add, err := wasmffi.Bind[func(int32, int32) int32](lib, "add")
		require.NoError(b, err)
		return turn{who: who, run: func() {
			for range calls {
				add(2, 3)
			}
		}}
	}
	raw, stack := rawWazero(b).ExportedFunction("add"), make([]uint64, 2)
	var viaPurego func(int32, int32) int32
	purego.RegisterLibFunc(&viaPurego, rawPurego(b), "add")
	turns := []turn{
		ours("sandbox", openSandbox(b)),
		ours("native", openNative(b)),
		ours("leaf", native.Leaf(openNative(b))),
		{who: "raw-wazero", run: func() {
			for range calls {
				stack[0], stack[1] = api.EncodeI32(2), api.EncodeI32(3)
				if err := raw.CallWithStack(context.Background(), stack); err != nil {
					b.Fatal(err)
				}
			}
		}},
		{who: "raw-purego", alone: true, run: func() {
			for range calls {
				viaPurego(2, 3)
			}
		}},
	}
	inTurns(b, calls, append(turns, cgoCall2(b)...)...)
	ctypes(b, "Call2")
}

func BenchmarkCall2Float(b *testing.B) {
	ours := func(who string, lib wasmffi.Library) turn {
		add, err := wasmffi.Bind2[float64, float64, float64](lib, "fadd", nil)
		require.NoError(b, err)
		return turn{who: who, run: func() {
			for range calls {
				add.Call(2, 3)
			}
		}}
	}
	var viaPurego func(float64, float64) float64
	purego.RegisterLibFunc(&viaPurego, rawPurego(b), "fadd")
	turns := []turn{
		ours("sandbox", openSandbox(b)),
		ours("native", openNative(b)),
		ours("leaf", native.Leaf(openNative(b))),
		{who: "raw-purego", alone: true, run: func() {
			for range calls {
				viaPurego(2, 3)
			}
		}},
	}
	inTurns(b, calls, append(turns, cgoCall2Float(b)...)...)
	ctypes(b, "Call2Float")
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
	ours := func(who string, lib wasmffi.Library) turn {
		sum, err := wasmffi.Bind[func(wasmffi.In[float64], int32) float64](lib, "sum")
		require.NoError(b, err)
		return turn{who: who, run: func() { sum(x, 1000) }}
	}
	inTurns(b, 1, ours("sandbox", openSandbox(b)), ours("native", openNative(b)))
	ctypes(b, "Slice1000")
}

// BenchmarkCallback has C call back so often in one call that the call itself
// does not count.
func BenchmarkCallback(b *testing.B) {
	ours := func(who string, lib wasmffi.Library) turn {
		cb, err := wasmffi.NewCallback(lib, func(x float64) float64 { return x + 1 }, nil)
		require.NoError(b, err)
		loop, err := wasmffi.Bind2[dtype.Addr, int32, float64](lib, "loop", nil)
		require.NoError(b, err)
		f := dtype.Addr(cb.Address())
		return turn{who: who, run: func() { loop.Call(f, calls) }}
	}
	raw, stack := rawWazero(b).ExportedFunction("loop_import"), make([]uint64, 1)
	turns := []turn{
		ours("sandbox", openSandbox(b)),
		ours("native", openNative(b)),
		{who: "raw-wazero", run: func() {
			stack[0] = calls
			if err := raw.CallWithStack(context.Background(), stack); err != nil {
				b.Fatal(err)
			}
		}},
	}
	inTurns(b, calls, append(turns, cgoCallback(b)...)...)
	ctypes(b, "Callback")
}

// BenchmarkCallbackStruct has C pass and take a struct: through a frame, which
// costs no allocation, and by reflection.
func BenchmarkCallbackStruct(b *testing.B) {
	p, err := dtype.FromGo(reflect.TypeFor[xy]())
	require.NoError(b, err)
	sig, err := dtype.NewFunc(p, []dtype.Param{{Type: p}}, false)
	require.NoError(b, err)
	ours := func(who string, lib wasmffi.Library, fn any) turn {
		cb, err := wasmffi.NewCallback(lib, fn, &wasmffi.CallbackOptions{Sig: sig})
		require.NoError(b, err)
		loop, err := wasmffi.Bind2[dtype.Addr, int32, float64](lib, "loop_pair", nil)
		require.NoError(b, err)
		f := dtype.Addr(cb.Address())
		return turn{who: who, run: func() { loop.Call(f, calls) }}
	}
	swap := func(f *wasmffi.Frame) error {
		f.Words[2], f.Words[3] = f.Words[1], f.Words[0]
		return nil
	}
	reflected := func(who string, lib wasmffi.Library) turn {
		t := ours(who, lib, swapPair)
		t.alone = true
		return t
	}
	inTurns(b, calls,
		ours("sandbox", openSandbox(b), swap), ours("native", openNative(b), swap),
		reflected("reflect-sandbox", openSandbox(b)), reflected("reflect-native", openNative(b)))
}

type xy struct{ X, Y float64 }

func swapPair(p xy) xy { return xy{p.Y, p.X} }
