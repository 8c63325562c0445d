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
	ours := func(who string, lib wasmffi.Library) turn {
		swap, err := wasmffi.Prepare[args, pair](lib, "swap", nil)
		require.NoError(b, err)
		return turn{who: who, run: func() {
			for range calls {
				swap.Call(args{pair{1, 2}})
			}
		}}
	}
	reflected, err := wasmffi.Bind[func(pair) pair](openNative(b), "swap")
	require.NoError(b, err)
	var viaPurego func(pair) pair
	purego.RegisterLibFunc(&viaPurego, rawPurego(b), "swap")
	alone := func(who string, swap func(pair) pair) turn {
		return turn{who: who, alone: true, run: func() {
			for range calls {
				swap(pair{1, 2})
			}
		}}
	}
	turns := []turn{
		ours("sandbox", openSandbox(b)), ours("native", openNative(b)),
		alone("reflect-native", reflected), alone("raw-purego", viaPurego),
	}
	inTurns(b, calls, append(turns, cgoByValue(b)...)...)
	ctypes(b, "ByValue")
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
