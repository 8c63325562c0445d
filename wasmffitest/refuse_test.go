package wasmffitest_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

// Both backends are linked here. Whoever names the sandbox, or a .wasm file,
// gets no machine code all the same.
func TestMachineCodeIsRefused(t *testing.T) {
	ctx := context.Background()
	elf, err := os.ReadFile(wasmffitest.BuildNative(t, "bench.c"))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "geo.wasm")
	require.NoError(t, os.WriteFile(path, elf, 0o755))

	_, err = host.Open(ctx, path, host.Options{})
	require.ErrorIs(t, err, wasmffi.ErrRefused)
	require.EqualError(t, err, "wasmffi: open "+path+": refused: ELF file: package host runs wasm modules only")
	_, err = host.OpenBytes(ctx, "geo.wasm", elf, host.Options{})
	require.ErrorIs(t, err, wasmffi.ErrRefused)
	_, err = wasmffi.Open(ctx, path)
	require.ErrorIs(t, err, wasmffi.ErrRefused)
	require.EqualError(t, err, "wasmffi: open "+path+": refused: ELF file under a .wasm name")
	_, err = wasmffi.OpenBytes(ctx, "geo.wasm", elf)
	require.ErrorIs(t, err, wasmffi.ErrRefused)

	lib, err := wasmffi.OpenBytes(ctx, "geo.so", elf)
	require.NoError(t, err, "named for what it is, it opens")
	require.NoError(t, lib.Close())
}

func TestTruncatedModule(t *testing.T) {
	wasm, err := os.ReadFile(wasmffitest.Fixture("wasm", "conform.wasm"))
	require.NoError(t, err)
	for n := 8; n < len(wasm); n += len(wasm) / 50 {
		_, err := wasmffi.OpenBytes(context.Background(), "cut.wasm", wasm[:n])
		if n > 8 { // the header alone is an empty module
			require.ErrorIs(t, err, wasmffi.ErrFormat, "%d bytes", n)
		}
	}
}
