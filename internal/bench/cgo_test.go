//go:build cgo

package bench

import (
	"testing"

	"github.com/wasmffi/wasmffi/internal/bench/cgobase"
)

func viaCgo(run func()) []turn { return []turn{{who: "cgo", run: run}} }

func cgoCall2(*testing.B) []turn {
	return viaCgo(func() {
		for range calls {
			cgobase.Add(2, 3)
		}
	})
}

func cgoCall2Float(*testing.B) []turn {
	return viaCgo(func() {
		for range calls {
			cgobase.FAdd(2, 3)
		}
	})
}

func cgoByValue(*testing.B) []turn {
	return viaCgo(func() {
		for range calls {
			cgobase.Swap(1, 2)
		}
	})
}

func cgoCallback(*testing.B) []turn { return viaCgo(func() { cgobase.Loop(calls) }) }
