//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"fmt"
	"strings"
	"sync"

	"github.com/wasmffi/wasmffi"
)

// symbols finds the symbols of a library that is loaded. Addresses come from
// the loader; what they are and how large, from the file, which is read when
// first needed.
type symbols struct {
	handle uintptr
	path   string
	base   uintptr

	read sync.Once
	file *objectFile // nil if it could not be read

	mu     sync.Mutex
	others map[string]*objectFile // of libraries it was linked with, by path
}

func newSymbols(handle uintptr, opened string) *symbols {
	s := &symbols{handle: handle, others: map[string]*objectFile{}}
	s.base, s.path = loadedFrom(handle, opened)
	return s
}

// own is the library's own file. One that cannot be read any more, or was
// never a file, leaves the library with what the loader knows.
func (s *symbols) own() *objectFile {
	s.read.Do(func() { s.file, _ = readObject(s.path) })
	return s.file
}

func (s *symbols) lookup(name string) (wasmffi.Symbol, error) {
	sym, known := s.own().find(name)
	if sym.perThread {
		return wasmffi.Symbol{}, fmt.Errorf("%w: a thread-local variable has an address in each thread", wasmffi.ErrNotSupported)
	}
	addr := s.address(name)
	if addr == 0 {
		return wasmffi.Symbol{}, wasmffi.NotFound(name, s.own().names())
	}
	if known {
		sym.Addr = uint64(addr)
		return sym.Symbol, nil
	}
	return s.elsewhere(name, addr), nil
}

// address asks the loader for a name, which may carry a version.
func (s *symbols) address(name string) uintptr {
	if strings.IndexByte(name, 0) >= 0 {
		return 0 // no symbol's name has a NUL
	}
	if a, err := dlsym(s.handle, name); err == nil {
		return a
	}
	base, version, ok := strings.Cut(name, "@")
	if !ok {
		return 0
	}
	return dlvsym(s.handle, base, strings.TrimPrefix(version, "@"))
}

// elsewhere describes a symbol that the library's own file does not have under
// that name: another library's, or a version of one.
func (s *symbols) elsewhere(name string, addr uintptr) wasmffi.Symbol {
	sym := wasmffi.Symbol{Name: name, Addr: uint64(addr)}
	path, _, _, _, ok := addressInfo(addr)
	if !ok {
		return sym
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	file, seen := s.others[path]
	if !seen {
		file, _ = readObject(path)
		s.others[path] = file
	}
	plainName, _, _ := strings.Cut(name, "@")
	if other, ok := file.find(plainName); ok {
		sym.Kind, sym.Size = other.Kind, other.Size
	}
	return sym
}

// all lists what the library's own file exports.
func (s *symbols) all(yield func(wasmffi.Symbol) bool) {
	f := s.own()
	if f == nil {
		return
	}
	for _, sym := range f.symbols {
		switch {
		case sym.perThread:
			continue
		case sym.indirect || s.base == 0:
			if sym.Addr = uint64(s.address(sym.Name)); sym.Addr == 0 {
				continue
			}
		default:
			sym.Addr += uint64(s.base)
		}
		if !yield(sym.Symbol) {
			return
		}
	}
}
