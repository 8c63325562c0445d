package wasmffitest_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
	"github.com/wasmffi/wasmffi/native"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

// TestMixedReentry nests calls of two libraries in one another, sandboxed and
// native ones, to the limit that is stated, and beyond it.
func TestMixedReentry(t *testing.T) {
	wasm, err := os.ReadFile(wasmffitest.Fixture("wasm", "conform.wasm"))
	require.NoError(t, err)
	open := func(kind string) wasmffi.Library {
		var lib wasmffi.Library
		if kind == "sandbox" {
			lib, err = host.OpenBytes(context.Background(), "conform.wasm", wasm, host.Options{})
		} else {
			lib, err = native.Open(context.Background(), wasmffitest.BuildNative(t, "conform.c"), native.Options{})
		}
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, lib.Close()) })
		return lib
	}
	for _, c := range []struct {
		libs   string
		levels int32 // sandboxes count their own calls, native libraries a thread's
	}{
		{"sandbox sandbox", 2 * wasmffi.MaxDepth},
		{"native native", wasmffi.MaxDepth},
		{"sandbox native", 2 * wasmffi.MaxDepth},
		{"native sandbox", 2 * wasmffi.MaxDepth},
	} {
		t.Run(c.libs, func(t *testing.T) {
			type fn = func(func(int32) (int32, error), int32) (int32, error)
			var apply []fn
			var add []func(int32, int32) int32
			for _, kind := range strings.Fields(c.libs) {
				lib := open(kind)
				apply = append(apply, wasmffi.MustBind[fn](lib, "apply"))
				add = append(add, wasmffi.MustBind[func(int32, int32) int32](lib, "add"))
			}
			for range 2 {
				deepest := int32(0)
				var down func(x int32) (int32, error)
				down = func(x int32) (int32, error) {
					deepest = max(deepest, x)
					if x == c.levels {
						return x, nil
					}
					r, err := apply[x%2](down, x+1)
					if err == nil && x < c.levels-2 && add[(x+1)%2](r, 1) != r+1 {
						t.Error("add inside")
					}
					return r, err
				}
				r, err := apply[0](down, 1)
				require.NoError(t, err)
				require.Equal(t, c.levels, r)

				down = func(x int32) (int32, error) { deepest = max(deepest, x); return apply[x%2](down, x+1) }
				_, err = apply[0](down, 1)
				require.ErrorIs(t, err, wasmffi.ErrDepth)
				require.Equal(t, c.levels, deepest)
				for _, f := range add {
					require.EqualValues(t, 3, f(1, 2), "usable afterwards")
				}
			}
		})
	}
}
