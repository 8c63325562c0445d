//go:build cgo

package bench

import (
	"testing"

	"github.com/wasmffi/wasmffi/internal/bench/cgobase"
)

func cgoCall2(b *testing.B) {
	b.Run("cgo", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cgobase.Add(2, 3)
		}
	})
}

func cgoCall2Float(b *testing.B) {
	b.Run("cgo", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cgobase.FAdd(2, 3)
		}
	})
}

func cgoByValue(b *testing.B) {
	b.Run("cgo", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cgobase.Swap(1, 2)
		}
	})
}

func cgoCallback(b *testing.B, perCallback func(*testing.B)) {
	b.Run("cgo", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cgobase.Loop(callsBack)
		}
		perCallback(b)
	})
}
