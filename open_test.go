package wasmffi_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

var ctx = context.Background()

const (
	wasmHead = "\x00asm\x01\x00\x00\x00"
	elfHead  = "\x7fELF\x02\x01\x01\x00"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	return path
}

func TestKindOf(t *testing.T) {
	for head, want := range map[string]wasmffi.Kind{
		wasmHead: wasmffi.Wasm, elfHead: wasmffi.ELF, "MZ\x90\x00": wasmffi.PE,
		"\xcf\xfa\xed\xfe": wasmffi.MachO, "\xca\xfe\xba\xbe": wasmffi.MachO,
		"": wasmffi.Unknown, "#!/bin/sh": wasmffi.Unknown, "\x00as": wasmffi.Unknown,
	} {
		require.Equal(t, want, wasmffi.KindOf([]byte(head)), "%q", head)
	}
}

// The tests of this package import no backend: these are the errors a program
// sees that forgot to.
func TestOpenWithoutBackend(t *testing.T) {
	defer wasmffi.SetBackends()() // the examples link one
	wasm := write(t, "geo.wasm", wasmHead)
	_, err := wasmffi.Open(ctx, wasm)
	require.ErrorIs(t, err, wasmffi.ErrNoBackend)
	require.EqualError(t, err, `wasmffi: open `+wasm+`: WebAssembly module: backend not linked: import _ "github.com/wasmffi/wasmffi/host"`)
	elf := write(t, "libgeo.so", elfHead)
	_, err = wasmffi.Open(ctx, elf)
	require.EqualError(t, err, `wasmffi: open `+elf+`: ELF file: backend not linked: import _ "github.com/wasmffi/wasmffi/native"`)
	_, err = wasmffi.Open(ctx, "libm.so.6")
	require.ErrorIs(t, err, wasmffi.ErrNoBackend)
	_, err = wasmffi.FindLibrary("z")
	require.ErrorIs(t, err, wasmffi.ErrNoBackend)
}

func TestOpen(t *testing.T) {
	restore := wasmffi.SetBackends(
		fakeBackend{"sandbox", []wasmffi.Kind{wasmffi.Wasm}, map[string]string{}},
		fakeBackend{"machine", []wasmffi.Kind{wasmffi.ELF, wasmffi.MachO, wasmffi.PE}, map[string]string{"z": "libz.so.1"}},
	)
	defer restore()

	t.Run("the bytes decide", func(t *testing.T) {
		path := write(t, "anything", wasmHead)
		lib, err := wasmffi.Open(ctx, path)
		require.NoError(t, err)
		require.Equal(t, "sandbox:"+path+":8:0", lib.Name())
		path = write(t, "anything", elfHead)
		lib, err = wasmffi.Open(ctx, path)
		require.NoError(t, err)
		require.Equal(t, "machine:"+path+":0:0", lib.Name(), "the loader reads it")
	})
	t.Run("a bare name is the loader's", func(t *testing.T) {
		lib, err := wasmffi.Open(ctx, "libm.so.6")
		require.NoError(t, err)
		require.Equal(t, "machine:libm.so.6:0:0", lib.Name())
		_, err = wasmffi.Open(ctx, "no.wasm")
		require.ErrorIs(t, err, wasmffi.ErrNotFound)
		require.EqualError(t, err, "wasmffi: open no.wasm: not found: tried sandbox path of no.wasm")
	})
	t.Run("machine code under a .wasm name is refused", func(t *testing.T) {
		for _, head := range []string{elfHead, "MZ..", "\xcf\xfa\xed\xfe"} {
			path := write(t, "geo.wasm", head)
			_, err := wasmffi.Open(ctx, path)
			require.ErrorIs(t, err, wasmffi.ErrRefused)
			_, err = wasmffi.OpenBytes(ctx, "geo.WASM", []byte(head))
			require.ErrorIs(t, err, wasmffi.ErrRefused)
		}
		path := write(t, "geo.wasm", elfHead)
		_, err := wasmffi.Open(ctx, path)
		require.EqualError(t, err, "wasmffi: open "+path+": refused: ELF file under a .wasm name")
	})
	t.Run("what is no library", func(t *testing.T) {
		path := write(t, "notes.txt", "hello")
		_, err := wasmffi.Open(ctx, path)
		require.ErrorIs(t, err, wasmffi.ErrFormat)
		require.EqualError(t, err, "wasmffi: open "+path+": not a library: it begins with 68 65 6c 6c, which is neither wasm nor ELF, Mach-O or PE")
		_, err = wasmffi.Open(ctx, write(t, "empty", ""))
		require.ErrorIs(t, err, wasmffi.ErrFormat)
		_, err = wasmffi.Open(ctx, t.TempDir())
		require.ErrorIs(t, err, wasmffi.ErrFormat)
		_, err = wasmffi.Open(ctx, filepath.Join(t.TempDir(), "missing.so"))
		require.ErrorIs(t, err, wasmffi.ErrNotFound)
		_, err = wasmffi.OpenBytes(ctx, "nothing", nil)
		require.ErrorIs(t, err, wasmffi.ErrFormat)
	})
	t.Run("LoadLibrary tries every name", func(t *testing.T) {
		dir := t.TempDir()
		_, err := wasmffi.LoadLibrary(ctx, "geo", dir)
		require.ErrorIs(t, err, wasmffi.ErrNotFound)
		for _, name := range []string{"geo.wasm", "libgeo.wasm", "geo.so", "libgeo.so", "geo.dylib", "libgeo.dll"} {
			require.ErrorContains(t, err, filepath.Join(dir, name))
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "libgeo.so"), []byte(elfHead), 0o644))
		for _, name := range []string{"geo", "libgeo", "libgeo.so"} {
			lib, err := wasmffi.LoadLibrary(ctx, name, dir)
			require.NoError(t, err)
			require.Equal(t, "machine:"+filepath.Join(dir, "libgeo.so")+":0:0", lib.Name())
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "geo.wasm"), []byte(wasmHead), 0o644))
		lib, err := wasmffi.LoadLibrary(ctx, "libgeo", dir)
		require.NoError(t, err)
		require.Equal(t, "sandbox:"+filepath.Join(dir, "geo.wasm")+":8:0", lib.Name(), "the sandboxed kind comes first")
	})
	t.Run("FindLibrary", func(t *testing.T) {
		found, err := wasmffi.FindLibrary("z")
		require.NoError(t, err)
		require.Equal(t, "libz.so.1", found)
		_, err = wasmffi.FindLibrary("nope")
		require.EqualError(t, err, "wasmffi: find nope: not found: tried sandbox path of nope, machine path of nope")
	})
	t.Run("the audit hook can refuse", func(t *testing.T) {
		errNo := errors.New("not this one")
		var seen []wasmffi.AuditEvent
		restore := wasmffi.SetAuditHook(func(e wasmffi.AuditEvent) error {
			seen = append(seen, e)
			return errNo
		})
		_, err := wasmffi.Open(ctx, "libm.so.6")
		restore()
		require.ErrorIs(t, err, wasmffi.ErrRefused)
		require.ErrorIs(t, err, errNo)
		require.EqualError(t, err, "wasmffi: open libm.so.6: refused: not this one")
		require.Equal(t, []wasmffi.AuditEvent{{Op: wasmffi.AuditOpen, Library: "libm.so.6"}}, seen)
		_, err = wasmffi.Open(ctx, "libm.so.6")
		require.NoError(t, err, "the hook is gone")
	})
}
