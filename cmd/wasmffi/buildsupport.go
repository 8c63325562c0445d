package main

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/wasmffi/wasmffi/guestabi"
)

// stackCheckFile defines what Debian's runtime library for wasm32 wants of a C
// library when it divides 128-bit integers, and wasi-libc does not have. A
// definition of the user's own goes first.
const (
	stackCheckFile = "stack_chk.c"
	stackCheck     = `__attribute__((weak, visibility("hidden"))) unsigned long __stack_chk_guard = 0x57a94c95ul;
__attribute__((weak, visibility("hidden"))) void __stack_chk_fail(void) { __builtin_trap(); }
`
)

// supportFiles writes the files that compilations use and returns their
// directory. They stay there, so that a printed command line can be run.
func supportFiles() (dir string, err error) {
	return supportDir(map[string]string{"wasmffi.h": guestabi.Header, stackCheckFile: stackCheck})
}

// supportFile writes one file and returns its path.
func supportFile(name, text string) (path string, err error) {
	dir, err := supportDir(map[string]string{name: text})
	return filepath.Join(dir, name), err
}

// supportDir writes files into a directory of the user's cache that is named
// by their contents.
func supportDir(files map[string]string) (dir string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h.Write([]byte(name + "\x00" + files[name] + "\x00"))
	}
	dir = filepath.Join(cache, "wasmffi", "build-"+hex.EncodeToString(h.Sum(nil))[:16])
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for name, text := range files {
		if err := writeOnce(filepath.Join(dir, name), text); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// writeOnce writes a file unless it has this content already. Another process
// may be doing the same.
func writeOnce(path, text string) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return nil
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(text)
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
