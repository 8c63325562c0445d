//go:build (linux || darwin) && (amd64 || arm64)

package native

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/ebitengine/purego"

	"github.com/wasmffi/wasmffi"
)

// prepare readies the call layer; every way to open a library begins with it.
func prepare(o Options) error {
	if err := setup(); err != nil {
		return fmt.Errorf("%w: %w", wasmffi.ErrNotSupported, err)
	}
	if o.NoFaultGuard {
		return nil
	}
	return guardFaults()
}

func (m Mode) flags() int {
	flags := purego.RTLD_NOW
	if m&Lazy != 0 {
		flags = purego.RTLD_LAZY
	}
	if m&Global != 0 {
		return flags | purego.RTLD_GLOBAL
	}
	return flags | purego.RTLD_LOCAL
}

// openName loads the library at path, or by bare name.
func openName(name, path string, o Options) (*library, error) {
	if err := prepare(o); err != nil {
		return nil, err
	}
	handle, err := dlopen(path, o.Mode.flags())
	if err != nil {
		return nil, loaderError(err)
	}
	unload := func() error { return dlclose(handle) }
	if o.Keep {
		unload = nil
	}
	lib := newLibrary(name, handle, path, o, unload)
	if err := lib.provide(o.Imports); err != nil {
		_ = lib.Close()
		return nil, err
	}
	return lib, nil
}

// openBytes gives the bytes to the loader as a file without a name.
func openBytes(name string, data []byte, o Options) (*library, error) {
	f, err := newAnonymousFile(data)
	if err != nil {
		return nil, fmt.Errorf("a file to load it from: %w", err)
	}
	lib, err := openName(name, f.path, o)
	if err != nil {
		f.close()
		return nil, err
	}
	lib.symbols.own() // while the path is good
	f.unlink()
	if unload := lib.unload; unload != nil {
		lib.unload = func() error {
			err := unload()
			if !stillLoaded(f.path) {
				f.close()
			}
			return err
		}
	}
	return lib, nil
}

// stillLoaded reports whether the loader keeps a library after dlclose, as it
// does with those marked so.
func stillLoaded(path string) bool {
	h, err := dlopen(path, purego.RTLD_LAZY|rtldNoLoad)
	if err == nil {
		_ = dlclose(h)
	}
	return err == nil
}

func openHandle(name string, handle uintptr) (*library, error) {
	if handle == 0 {
		return nil, fmt.Errorf("%w: handle 0", wasmffi.ErrNotFound)
	}
	if err := prepare(Options{}); err != nil {
		return nil, err
	}
	return newLibrary(name, handle, "", Options{}, nil), nil
}

func openProcess(name string) (*library, error) {
	if err := prepare(Options{}); err != nil {
		return nil, err
	}
	handle := plain(defaultSymbol("dlopen"), 0, purego.RTLD_NOW)
	if handle == 0 {
		return nil, fmt.Errorf("%w: the process has no handle", wasmffi.ErrNotSupported)
	}
	return newLibrary(name, handle, "", Options{}, nil), nil
}

// loaderError is dlopen's error under the sentinel that fits its text.
func loaderError(err error) error {
	text := err.Error()
	for _, c := range []struct {
		text string
		err  error
	}{
		{"No such file", wasmffi.ErrNotFound},            // glibc, musl, Apple
		{"no such file", wasmffi.ErrNotFound},            // Apple
		{"image not found", wasmffi.ErrNotFound},         // Apple
		{"invalid ELF header", wasmffi.ErrFormat},        // glibc
		{"wrong ELF class", wasmffi.ErrFormat},           // glibc
		{"file too short", wasmffi.ErrFormat},            // glibc
		{"Exec format error", wasmffi.ErrFormat},         // musl
		{"cannot read file data", wasmffi.ErrFormat},     // glibc
		{"not a mach-o", wasmffi.ErrFormat},              // Apple
		{"incompatible architecture", wasmffi.ErrFormat}, // Apple
	} {
		if strings.Contains(text, c.text) {
			return fmt.Errorf("%w: %s", c.err, text)
		}
	}
	return err
}

// An anonymousFile is a library's bytes as a file for the loader. The loader
// takes a path that it has seen for the library it loaded from there, so the
// path must be no other file's as long as the library is loaded: a path under
// /proc/self/fd is kept by keeping the descriptor open. That is why it is a
// bare number and not an *os.File, which the garbage collector closes.
type anonymousFile struct {
	fd    int
	path  string
	named bool // in a directory, until unlink
}

// temporaryFile is for systems that have no nameless files.
func temporaryFile(data []byte) (*anonymousFile, error) {
	t, err := os.CreateTemp("", "wasmffi-*.so")
	if err != nil {
		return nil, err
	}
	f := &anonymousFile{fd: -1, path: t.Name(), named: true}
	_, err = t.Write(data)
	if err = errors.Join(err, t.Close()); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *anonymousFile) unlink() {
	if f.named {
		_ = os.Remove(f.path) // what stays is a file in the temporary directory
		f.named = false
	}
}

func (f *anonymousFile) close() {
	f.unlink()
	if f.fd >= 0 {
		_ = syscall.Close(f.fd)
		f.fd = -1
	}
}
