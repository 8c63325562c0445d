package bench

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// BenchmarkMap calls a C function of two doubles for every element of arrays:
// in one crossing, and, for comparison, one call after another.
func BenchmarkMap(b *testing.B) {
	const n = 100_000
	perElement := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
	}
	double := dtype.Param{Type: dtype.CDouble}
	sig, err := dtype.NewFunc(dtype.CDouble, []dtype.Param{double, double}, false)
	require.NoError(b, err)
	onBoth(b, func(b *testing.B, lib wasmffi.Library) {
		u, err := wasmffi.Vectorize(lib, "fadd", sig)
		require.NoError(b, err)
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		x, err := arena.Zeros(dtype.CDouble, n)
		require.NoError(b, err)
		out, err := arena.Zeros(dtype.CDouble, n)
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, u.Into(nil, out, x, x))
		}
		perElement(b)
	})
	one := func(b *testing.B, lib wasmffi.Library) {
		add, err := wasmffi.Bind[func(float64, float64) float64](lib, "fadd")
		require.NoError(b, err)
		x, out := make([]float64, n), make([]float64, n)
		b.ReportAllocs()
		for b.Loop() {
			for i := range x {
				out[i] = add(x[i], x[i])
			}
		}
		perElement(b)
	}
	b.Run("sandbox-one-by-one", func(b *testing.B) { one(b, openSandbox(b)) })
	b.Run("native-one-by-one", func(b *testing.B) { one(b, openNative(b)) })
}
