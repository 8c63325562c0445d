//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/native"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

func TestConformance(t *testing.T) {
	path := wasmffitest.BuildNative(t, "conform.c")
	wasmffitest.Run(t, wasmffitest.Backend{
		Open: func(t testing.TB) wasmffi.Library {
			lib, err := native.Open(context.Background(), path, native.Options{})
			require.NoError(t, err)
			return lib
		},
		OpenHooked: func(t testing.TB, hooks ...wasmffi.Hook) wasmffi.Library {
			lib, err := native.Open(context.Background(), path, native.Options{Hooks: hooks})
			require.NoError(t, err)
			return lib
		},
	})
}
