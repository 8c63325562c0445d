package wasmffitest_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

func TestSandbox(t *testing.T) {
	wasm, err := os.ReadFile(wasmffitest.Fixture("wasm", "conform.wasm"))
	require.NoError(t, err)
	wasmffitest.Run(t, wasmffitest.Backend{
		Sandbox: true,
		Open: func(t testing.TB) wasmffi.Library {
			// On a loaded machine the stress of many goroutines waits long.
			lib, err := host.OpenBytes(context.Background(), "conform.wasm", wasm, host.Options{MemoryLimit: 64 << 20, Timeout: 5 * time.Minute})
			require.NoError(t, err)
			return lib
		},
		OpenHooked: func(t testing.TB, hooks ...wasmffi.Hook) wasmffi.Library {
			lib, err := host.OpenBytes(context.Background(), "conform.wasm", wasm, host.Options{Hooks: hooks})
			require.NoError(t, err)
			return lib
		},
	})
}

// Compiled and interpreted in step is a library like others.
func TestDifferential(t *testing.T) {
	wasm, err := os.ReadFile(wasmffitest.Fixture("wasm", "conform.wasm"))
	require.NoError(t, err)
	slow := "slow: everything runs interpreted too, and is compared"
	wasmffitest.Run(t, wasmffitest.Backend{
		Sandbox:  true,
		LeaveOut: map[string]string{"Allocations": "comparing allocates", "Stress": slow, "Million": slow, "Memory": slow, "Reentry": slow},
		Open: func(t testing.TB) wasmffi.Library {
			lib, err := host.OpenDifferential(context.Background(), "conform.wasm", wasm, host.Options{MemoryLimit: 64 << 20})
			require.NoError(t, err)
			return lib
		},
	})
}
