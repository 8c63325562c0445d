//go:build (linux || darwin) && (amd64 || arm64)

package native

import (
	"fmt"
	"sync"
)

// cFunctions are the C functions that Go code here calls.
var cFunctions struct {
	setspecific, errnoLocation  uintptr
	malloc, posixMemalign, free uintptr
	dladdr, fflush              uintptr
}

// setup prepares the call layer, once for the process.
var setup = sync.OnceValue(func() error {
	var missing error
	find := func(names ...string) uintptr {
		for _, n := range names {
			if a := defaultSymbol(n); a != 0 {
				return a
			}
		}
		missing = fmt.Errorf("the C library has no %s", names[0])
		return 0
	}
	getspecific := find("pthread_getspecific")
	cFunctions.setspecific = find("pthread_setspecific")
	cFunctions.errnoLocation = find("__errno_location", "__error") // Linux, Apple
	cFunctions.malloc = find("malloc")
	cFunctions.posixMemalign = find("posix_memalign")
	cFunctions.free = find("free")
	cFunctions.dladdr = find("dladdr")
	cFunctions.fflush = find("fflush")
	create := find("pthread_key_create")
	if missing != nil {
		return missing
	}
	key := cMemory[uintptr]() // pthread_key_t has 4 bytes on Linux and 8 on Apple's systems
	if e := plain(create, addr(key), uintptr(threadExit)); int32(e) != 0 {
		return fmt.Errorf("pthread_key_create: error %d", e)
	}
	libc.key = *key
	libc.getspecific = getspecific
	if !registerBarrier() {
		libc.fence = 1
	}
	return nil
})
