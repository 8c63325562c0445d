package host

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

// TestRandomCalls looks at the instance after calls have ended in every way at
// every depth.
func TestRandomCalls(t *testing.T) {
	require.Equal(t, wasmffi.MaxDepth, DefaultDepth)
	wasm, err := os.ReadFile(wasmffitest.Fixture("wasm", "conform.wasm"))
	require.NoError(t, err)
	lib, err := OpenBytes(background, "conform.wasm", wasm, Options{})
	require.NoError(t, err)
	defer lib.Close()
	in := lib.in
	wasmffitest.RandomCalls(t, lib, wasmffitest.AllEndings, func() {
		require.Equal(t, in.spBase, in.sp.Get(), "__stack_pointer")
		require.Nil(t, in.level.up, "outermost level")
		require.NoError(t, in.level.failure)
		require.NoError(t, in.aborted)
		require.Zero(t, in.owner.Load())
		require.False(t, in.dirty)
	})
}
