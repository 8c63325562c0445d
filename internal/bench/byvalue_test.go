package bench

import (
	"testing"

	"github.com/ebitengine/purego"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

type pair struct {
	X float64 `c:"x"`
	Y float64 `c:"y"`
}

// BenchmarkByValue passes a struct by value and gets one back.
func BenchmarkByValue(b *testing.B) {
	type args struct{ P pair }
	onBoth(b, func(b *testing.B, lib wasmffi.Library) {
		swap, err := wasmffi.Prepare[args, pair](lib, "swap", nil)
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			swap.Call(args{pair{1, 2}})
		}
	})
	b.Run("reflect-native", func(b *testing.B) {
		swap, err := wasmffi.Bind[func(pair) pair](openNative(b), "swap")
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			swap(pair{1, 2})
		}
	})
	b.Run("raw-purego", func(b *testing.B) {
		var swap func(pair) pair
		purego.RegisterLibFunc(&swap, rawPurego(b), "swap")
		b.ReportAllocs()
		for b.Loop() {
			swap(pair{1, 2})
		}
	})
	cgoByValue(b)
	ctypes(b, "ByValue", "ns/op")
}

// BenchmarkPrepared2 is two scalars the way that structs go.
func BenchmarkPrepared2(b *testing.B) {
	type args struct{ A, B int32 }
	onBoth(b, func(b *testing.B, lib wasmffi.Library) {
		add, err := wasmffi.Prepare[args, int32](lib, "add", nil)
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			add.Call(args{2, 3})
		}
	})
}
