package wasmffitest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

func TestPrototypes(t *testing.T) {
	t.Run("sandbox", func(t *testing.T) {
		wasmffitest.RunPrototypes(t, opening(wasmffitest.Fixture("wasm", "proto.wasm"), true))
	})
	t.Run("native", func(t *testing.T) {
		wasmffitest.RunPrototypes(t, opening(wasmffitest.BuildNative(t, "proto.c"), false))
	})
}

func opening(path string, sandbox bool) wasmffitest.Backend {
	return wasmffitest.Backend{Sandbox: sandbox, Open: func(t testing.TB) wasmffi.Library {
		lib, err := wasmffi.Open(context.Background(), path)
		require.NoError(t, err)
		return lib
	}}
}
