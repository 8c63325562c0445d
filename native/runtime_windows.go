//go:build amd64

package native

import (
	"debug/pe"
	"errors"
	"strings"
	"sync"
	"syscall"
)

// A cRuntime is one of the C libraries of a process: each has its own errno,
// heap and stdio.
type cRuntime struct{ errno, malloc, free, fflush uintptr }

// The C libraries that DLLs are linked with: gcc's and Microsoft's of old, and
// Microsoft's since 2015.
const (
	oldRuntime       = "msvcrt.dll"
	universalRuntime = "ucrtbase.dll"
)

var cRuntimes struct {
	sync.Mutex
	loaded map[string]*cRuntime
}

// runtimeNamed loads a C library.
func runtimeNamed(name string) (*cRuntime, error) {
	cRuntimes.Lock()
	defer cRuntimes.Unlock()
	if r := cRuntimes.loaded[name]; r != nil {
		return r, nil
	}
	dll := syscall.NewLazyDLL(name)
	r := &cRuntime{}
	for _, f := range []struct {
		name string
		at   *uintptr
	}{{"_errno", &r.errno}, {"malloc", &r.malloc}, {"free", &r.free}, {"fflush", &r.fflush}} {
		p := dll.NewProc(f.name)
		if err := p.Find(); err != nil {
			return nil, err
		}
		*f.at = p.Addr()
	}
	if cRuntimes.loaded == nil {
		cRuntimes.loaded = map[string]*cRuntime{}
	}
	cRuntimes.loaded[name] = r
	return r, nil
}

// runtimeOf is the C library that a DLL was linked with, as far as its imports
// tell; the old one where they do not.
func runtimeOf(path string) (*cRuntime, error) {
	if usesUniversal(path) {
		return runtimeNamed(universalRuntime)
	}
	return runtimeNamed(oldRuntime)
}

func usesUniversal(path string) bool {
	f, err := pe.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	symbols, _ := f.ImportedSymbols() // as name:dll
	for _, s := range symbols {
		_, dll, _ := strings.Cut(strings.ToLower(s), ":")
		if dll == universalRuntime || strings.HasPrefix(dll, "api-ms-win-crt-") {
			return true
		}
	}
	return false
}

// Flush writes out what the stdio of this process's C libraries has buffered,
// as fflush(NULL) does in each that a library opened here uses, so that it
// appears before what Go prints next. A program that ends without it, or
// without closing its libraries, loses what C printed to a pipe or a file.
func Flush() error {
	cRuntimes.Lock()
	defer cRuntimes.Unlock()
	for _, r := range cRuntimes.loaded {
		if int32(plain(r.fflush, 0)) != 0 {
			return errors.New("fflush: not all that C had buffered could be written")
		}
	}
	return nil
}

// A cHeap is the heap of a C library.
type cHeap struct{ runtime *cRuntime }

// aligned are the blocks that malloc did not align enough, and where each
// really begins.
var aligned sync.Map

func (h cHeap) alloc(size, align uintptr) uintptr {
	if align <= mallocAlign {
		return plain(h.runtime.malloc, size)
	}
	base := plain(h.runtime.malloc, size+align)
	if base == 0 {
		return 0
	}
	at := uintptr(alignUp(uint64(base), uint64(align)))
	if at != base {
		aligned.Store(at, base)
	}
	return at
}

func (h cHeap) free(at uintptr) {
	if base, ok := aligned.LoadAndDelete(at); ok {
		at = base.(uintptr)
	}
	plain(h.runtime.free, at)
}
