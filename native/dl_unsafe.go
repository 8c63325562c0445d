//go:build (linux || darwin) && (amd64 || arm64)

package native

import (
	"runtime"
	"structs"
	"unsafe"
)

// dlInfo is Dl_info of <dlfcn.h>.
type dlInfo struct {
	_ structs.HostLayout

	file  uintptr // const char *
	base  uintptr
	name  uintptr // const char *; NULL if no symbol is at or below the address
	start uintptr
}

// addressInfo is what the loader knows of an address: the file it was loaded
// from, where that was loaded, and the nearest symbol at or below.
func addressInfo(at uintptr) (file string, base uintptr, name string, start uintptr, ok bool) {
	info := cMemory[dlInfo]()
	if plain(cFunctions.dladdr, at, addr(info)) == 0 {
		return "", 0, "", 0, false
	}
	return goString(info.file), info.base, goString(info.name), info.start, true
}

// symbolAt is the nearest symbol at or below an address.
func symbolAt(addr uintptr) (name string, start uintptr, ok bool) {
	_, _, name, start, ok = addressInfo(addr)
	return name, start, ok && name != ""
}

// goString copies a string of C's, empty for NULL.
func goString(p uintptr) string {
	if p == 0 {
		return ""
	}
	s := (*byte)(pointerAt(&p))
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(s), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(s, n))
}

// dlvsym finds a version of a symbol; 0 where there is none, or no versions.
func dlvsym(handle uintptr, name, version string) uintptr {
	fn := defaultSymbol("dlvsym")
	if fn == 0 {
		return 0
	}
	v := cString(version)
	defer runtime.KeepAlive(v)
	return plainString(fn, handle, name, addressOf(v))
}

// plainString calls a C function with a string after the first argument.
func plainString(fn uintptr, first uintptr, s string, more ...uintptr) uintptr {
	c := cString(s)
	r := plain(fn, append([]uintptr{first, addressOf(c)}, more...)...)
	runtime.KeepAlive(c)
	return r
}

// cString is s with a NUL, on the heap.
//
//go:noinline
func cString(s string) []byte { return append([]byte(s), 0) }
