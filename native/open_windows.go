//go:build amd64

package native

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/wasmffi/wasmffi"
)

// prepare readies the call layer; every way to open a library begins with it.
func prepare(Options) error {
	if err := setup(); err != nil {
		return fmt.Errorf("%w: %w", wasmffi.ErrNotSupported, err)
	}
	return nil
}

// openName loads the DLL at path, or by bare name. The loader's modes have no
// counterpart on Windows: functions are always resolved at once, each by the
// name of its library.
func openName(name, path string, o Options) (*library, error) {
	if err := prepare(o); err != nil {
		return nil, err
	}
	if isPath(path) {
		full, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		path = full
		if _, err := os.Stat(path); err == nil && filepath.Ext(path) == "" {
			path += "." // this file, and not one with .dll added
		}
	}
	handle, err := dlopen(path)
	if err != nil {
		return nil, loaderError(err)
	}
	unload := func() error { return syscall.FreeLibrary(syscall.Handle(handle)) }
	if o.Keep {
		unload = nil
	}
	lib, err := openLoaded(name, handle, o, unload)
	if err != nil {
		_ = syscall.FreeLibrary(syscall.Handle(handle))
		return nil, err
	}
	if err := lib.provide(o.Imports); err != nil {
		_ = lib.Close()
		return nil, err
	}
	return lib, nil
}

func openLoaded(name string, handle uintptr, o Options, unload func() error) (*library, error) {
	lib := newLibrary(name, handle, "", o, unload)
	runtime, err := runtimeOf(lib.symbols.path)
	if err != nil {
		return nil, err
	}
	lib.state.errno = runtime.errno
	lib.space.heap = cHeap{runtime}
	return lib, nil
}

// isPath reports whether a name says in which directory.
func isPath(name string) bool { return strings.ContainsAny(name, `/\:`) }

// openBytes gives the bytes to the loader as a file, which goes when the
// library is unloaded.
func openBytes(name string, data []byte, o Options) (*library, error) {
	f, err := os.CreateTemp("", "wasmffi-*.dll")
	if err != nil {
		return nil, fmt.Errorf("a file to load it from: %w", err)
	}
	remove := func() { _ = os.Remove(f.Name()) } // what stays is a file in the temporary directory
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		remove()
		return nil, err
	}
	lib, err := openName(name, f.Name(), o)
	if err != nil {
		remove()
		return nil, err
	}
	if unload := lib.unload; unload != nil {
		lib.unload = func() error {
			err := unload()
			remove()
			return err
		}
	}
	return lib, nil
}

func openHandle(name string, handle uintptr) (*library, error) {
	if handle == 0 {
		return nil, fmt.Errorf("%w: handle 0", wasmffi.ErrNotFound)
	}
	if err := prepare(Options{}); err != nil {
		return nil, err
	}
	return openLoaded(name, handle, Options{}, nil)
}

func openProcess(string) (*library, error) {
	return nil, fmt.Errorf("%w: a process has no symbols of its own on Windows; open msvcrt.dll or kernel32.dll by name", wasmffi.ErrNotSupported)
}

// loaderError is LoadLibrary's error under the sentinel that fits it.
func loaderError(err error) error {
	const modNotFound, badExeFormat = syscall.Errno(126), syscall.Errno(193)
	switch {
	case errors.Is(err, modNotFound), errors.Is(err, syscall.ERROR_FILE_NOT_FOUND), errors.Is(err, syscall.ERROR_PATH_NOT_FOUND):
		return fmt.Errorf("%w: %w", wasmffi.ErrNotFound, err)
	case errors.Is(err, badExeFormat):
		return fmt.Errorf("%w: %w", wasmffi.ErrFormat, err)
	}
	return err
}

// addressInfo is what is known of an address: the file it was loaded from,
// where that was loaded, and the nearest export at or below.
func addressInfo(at uintptr) (file string, base uintptr, name string, start uintptr, ok bool) {
	handle := moduleAt(at)
	if handle == 0 {
		return "", 0, "", 0, false
	}
	base, file = loadedFrom(handle, "")
	if f, err := readPE(file); err == nil {
		var best uint64
		for _, s := range f.symbols {
			if to := uint64(at - base); !s.indirect && s.Addr <= to && s.Addr >= best {
				best, name, start = s.Addr, s.Name, base+uintptr(s.Addr)
			}
		}
	}
	return file, base, name, start, true
}

// symbolAt is the nearest symbol at or below an address.
func symbolAt(addr uintptr) (name string, start uintptr, ok bool) {
	_, _, name, start, ok = addressInfo(addr)
	return name, start, ok && name != ""
}

func readObject(path string) (*objectFile, error) { return readPE(path) }
