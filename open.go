package wasmffi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Open opens a library with the backend for its kind. The name is a path, or a
// bare name without a directory:
//
//   - A path is opened as it is; its first bytes decide which backend does it.
//   - A bare name ending in .wasm is looked for in the current directory and
//     then in the search path of package host.
//   - Any other bare name ("libm.so.6") is left to the system's loader, which
//     does not look in the current directory; write "./libgeo.so" for that.
//
// Only backends that the program imports can be used, so that a program that
// imports package host alone can never be made to load machine code. Machine
// code under a name ending in .wasm is refused even where it could be loaded.
//
// ctx bounds the opening: compilation, and the module's own initialisation.
// Errors wrap [ErrNotFound], [ErrFormat], [ErrNoBackend] or [ErrRefused].
func Open(ctx context.Context, name string, opts ...Options) (Library, error) {
	if err := Audit(AuditEvent{Op: AuditOpen, Library: name}); err != nil {
		return nil, err
	}
	src, err := resolve(name)
	if err != nil {
		return nil, openError(name, err)
	}
	return openSource(ctx, src, opts)
}

// OpenBytes opens a library from memory, as from a //go:embed variable. The
// name is for messages; the rule about names ending in .wasm holds for it too.
func OpenBytes(ctx context.Context, name string, data []byte, opts ...Options) (Library, error) {
	if err := Audit(AuditEvent{Op: AuditOpen, Library: name}); err != nil {
		return nil, err
	}
	kind, err := checkKind(name, data)
	if err != nil {
		return nil, openError(name, err)
	}
	if data == nil {
		data = []byte{}
	}
	return openSource(ctx, Source{Name: name, Data: data, Kind: kind}, opts)
}

func openSource(ctx context.Context, src Source, opts []Options) (Library, error) {
	b := backendFor(src.Kind)
	if b == nil {
		return nil, openError(src.Name, noBackend(src.Kind))
	}
	lib, err := b.Open(ctx, src, opts)
	if err != nil {
		return nil, openError(src.Name, err)
	}
	return lib, nil
}

func backendFor(k Kind) Backend {
	for _, b := range backends() {
		if b.Opens(k) {
			return b
		}
	}
	return nil
}

func noBackend(k Kind) error {
	pkg := "native"
	if k == Wasm {
		pkg = "host"
	}
	return fmt.Errorf("%v: %w: import _ %q", k, ErrNoBackend, "github.com/wasmffi/wasmffi/"+pkg)
}

// resolve finds out what name is and reads as much of it as its backend needs.
func resolve(name string) (Source, error) {
	path := name
	if isBare(name) {
		if !isWasmName(name) {
			return Source{Name: name, Kind: hostKind()}, nil
		}
		if b := backendFor(Wasm); b != nil {
			found, tried := b.Find(name)
			if found == "" {
				return Source{}, fmt.Errorf("%w: tried %s", ErrNotFound, strings.Join(tried, ", "))
			}
			path = found
		}
	}
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return Source{}, fmt.Errorf("%w: no such file", ErrNotFound)
		}
		return Source{}, err
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && !st.Mode().IsRegular() {
		return Source{}, fmt.Errorf("%w: not a regular file", ErrFormat)
	}
	head := make([]byte, 8)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return Source{}, err
	}
	kind, err := checkKind(name, head[:n])
	if err != nil {
		return Source{}, err
	}
	src := Source{Name: path, Kind: kind}
	if kind == Wasm {
		rest, err := io.ReadAll(f)
		if err != nil {
			return Source{}, err
		}
		src.Name, src.Data = name, append(head[:n], rest...)
	}
	return src, nil
}

// checkKind sniffs the content and refuses what its name denies.
func checkKind(name string, head []byte) (Kind, error) {
	kind := KindOf(head)
	switch {
	case kind == Unknown:
		return 0, fmt.Errorf("%w: it begins with % x, which is neither wasm nor ELF, Mach-O or PE", ErrFormat, head[:min(4, len(head))])
	case kind.Native() && isWasmName(name):
		return 0, fmt.Errorf("%w: %v under a .wasm name", ErrRefused, kind)
	}
	return kind, nil
}

func isBare(name string) bool {
	return name == filepath.Base(name) && !strings.ContainsAny(name, `/\`)
}

func isWasmName(name string) bool { return strings.EqualFold(filepath.Ext(name), ".wasm") }

// hostKind is the kind of this platform's shared libraries.
func hostKind() Kind {
	switch runtime.GOOS {
	case "darwin", "ios":
		return MachO
	case "windows":
		return PE
	}
	return ELF
}

func openError(name string, err error) error {
	return wrapError("open", name, "", err)
}

// wrapError makes err an *Error, unless a lower layer has said the same already.
func wrapError(op, library, symbol string, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Op == op && e.Library == library && e.Symbol == symbol {
		return err
	}
	return &Error{Op: op, Library: library, Symbol: symbol, Err: err}
}
