//go:build amd64 || arm64

package native

import "runtime"

// stackBounds asks for the extent of the calling thread's stack.
func stackBounds() (low, high uintptr) {
	type answer struct {
		attr      [16]uint64 // pthread_attr_t has at most 64 bytes on these machines
		low, size uintptr
	}
	a := cMemory[answer]()
	defer runtime.KeepAlive(a)
	self := plain(defaultSymbol("pthread_self"))
	if plain(defaultSymbol("pthread_getattr_np"), self, addr(&a.attr)) != 0 {
		return 0, 0
	}
	plain(defaultSymbol("pthread_attr_getstack"), addr(&a.attr), addr(&a.low), addr(&a.size))
	plain(defaultSymbol("pthread_attr_destroy"), addr(&a.attr))
	return a.low, a.low + a.size
}
