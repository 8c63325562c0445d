//go:build (linux || darwin) && (amd64 || arm64)

package native

// A cHeap is the heap of the C library, of which a process has one.
type cHeap struct{}

func (cHeap) alloc(size, align uintptr) uintptr {
	if align <= mallocAlign {
		return plain(cFunctions.malloc, size)
	}
	out := cMemory[uintptr]() // stays 0 on failure
	plain(cFunctions.posixMemalign, addr(out), align, size)
	return *out
}

func (cHeap) free(at uintptr) { plain(cFunctions.free, at) }
