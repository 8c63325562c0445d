package wasmffi

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FindLibrary finds a library by the name a linker would be given: "z" finds
// libz.so.1 the way this system's loader does, or z.wasm on the search path of
// package host. What it returns is for [Open]. Only linked backends look. An
// error wraps [ErrNotFound] and lists what was tried.
func FindLibrary(name string) (string, error) {
	var tried []string
	for _, b := range backends() {
		found, t := b.Find(name)
		if found != "" {
			return found, nil
		}
		tried = append(tried, t...)
	}
	if len(tried) == 0 {
		return "", &Error{Op: "find", Library: name, Err: fmt.Errorf("%w: no backend is linked", ErrNoBackend)}
	}
	return "", &Error{Op: "find", Library: name, Err: fmt.Errorf("%w: tried %s", ErrNotFound, strings.Join(tried, ", "))}
}

// libraryExtensions are the endings LoadLibrary tries, the sandboxed kind first.
var libraryExtensions = []string{".wasm", ".so", ".dylib", ".dll"}

// LoadLibrary opens the library name in directory dir, whatever this platform
// calls it: "geo" and "libgeo" both find libgeo.so, geo.dll, libgeo.dylib or
// geo.wasm. Of several, a module for the sandbox comes first. A name with an
// extension is tried as it is. It is NumPy's ctypeslib.load_library. The error
// lists every file that was tried.
func LoadLibrary(ctx context.Context, name, dir string, opts ...Options) (Library, error) {
	var tried []string
	for _, base := range libraryFiles(name) {
		path := filepath.Join(dir, base)
		if !strings.ContainsAny(path, `/\`) {
			path = "." + string(filepath.Separator) + path
		}
		if _, err := os.Stat(path); err != nil {
			tried = append(tried, path)
			continue
		}
		return Open(ctx, path, opts...)
	}
	return nil, openError(name, fmt.Errorf("%w: tried %s", ErrNotFound, strings.Join(tried, ", ")))
}

func libraryFiles(name string) []string {
	if ext := filepath.Ext(name); slices.Contains(libraryExtensions, ext) || strings.Contains(name, ".so.") {
		return []string{name}
	}
	var files []string
	for _, ext := range libraryExtensions {
		kind := map[string]Kind{".wasm": Wasm}[ext]
		if kind == Unknown {
			kind = hostKind()
		}
		if backendFor(kind) == nil {
			continue
		}
		files = append(files, name+ext)
		if short, ok := strings.CutPrefix(name, "lib"); ok {
			files = append(files, short+ext)
		} else {
			files = append(files, "lib"+name+ext)
		}
	}
	return files
}
