//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/internal/siggen"
	"github.com/wasmffi/wasmffi/native"
)

// TestGeneratedSignatures calls random C functions that check what they get, in
// both directions. WASMFFI_SIGNATURES sets how many there are, over all
// compilers ("make bulk"); WASMFFI_SEED repeats a run.
func TestGeneratedSignatures(t *testing.T) {
	asCompiled(t)
	siggen.Run(t, siggen.Native(t), siggen.FromEnv(t, "WASMFFI_SIGNATURES", 400), siggen.Seed(t), openGenerated)
}

// asCompiled lays types out as the compilers here do: on Windows that is gcc,
// which differs from Microsoft's.
func asCompiled(t *testing.T) {
	if runtime.GOOS == "windows" {
		native.SetABI(t, dtype.MinGWAMD64)
	}
}

func openGenerated(t testing.TB, path string) wasmffi.Library {
	lib, err := native.Open(context.Background(), path, native.Options{})
	require.NoError(t, err)
	return lib
}

// TestExhaustiveSignatures is every identity function of one parameter, and a
// sample of those of up to three; WASMFFI_EXHAUSTIVE=1 takes all.
func TestExhaustiveSignatures(t *testing.T) {
	asCompiled(t)
	siggen.Exhaustive(t, siggen.Native(t), openGenerated)
}
