//go:build amd64 || arm64

package native

import "unsafe"

// stackBounds asks for the extent of the calling thread's stack.
func stackBounds() (low, high uintptr) {
	// pthread_attr_t has at most 64 bytes on these machines.
	attr := new([16]uint64)
	out := new([2]uintptr)
	at := uintptr(unsafe.Pointer(attr))
	self := plain(defaultSymbol("pthread_self"))
	if plain(defaultSymbol("pthread_getattr_np"), self, at) != 0 {
		return 0, 0
	}
	plain(defaultSymbol("pthread_attr_getstack"), at, uintptr(unsafe.Pointer(&out[0])), uintptr(unsafe.Pointer(&out[1])))
	plain(defaultSymbol("pthread_attr_destroy"), at)
	return out[0], out[0] + out[1]
}
