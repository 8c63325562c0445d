//go:build amd64 || arm64

package native

import (
	"runtime"
	"unsafe"
)

// stackBounds asks for the extent of the calling thread's stack.
func stackBounds() (low, high uintptr) {
	var attr [16]uint64 // pthread_attr_t has at most 64 bytes on these machines
	defer runtime.KeepAlive(&attr)
	at := uintptr(unsafe.Pointer(&attr))
	self := plain(defaultSymbol("pthread_self"))
	if plain(defaultSymbol("pthread_getattr_np"), self, at) != 0 {
		return 0, 0
	}
	var size uintptr
	plain(defaultSymbol("pthread_attr_getstack"), at, uintptr(unsafe.Pointer(&low)), uintptr(unsafe.Pointer(&size)))
	plain(defaultSymbol("pthread_attr_destroy"), at)
	return low, low + size
}
