//go:build amd64

package native

import (
	"fmt"
	"sync"
	"syscall"
)

// cFunctions are the functions that Go code here calls.
var cFunctions struct{ setspecific, errnoLocation uintptr }

// callbackCode is the C function that callbackEntry enters Go by.
var callbackCode uintptr

// setup prepares the call layer, once for the process. A thread's record is in
// a fiber-local slot, since those tell when a thread exits.
var setup = sync.OnceValue(func() error {
	var missing error
	find := func(dll, name string) uintptr {
		p := syscall.NewLazyDLL(dll).NewProc(name)
		if err := p.Find(); err != nil {
			missing = err
			return 0
		}
		return p.Addr()
	}
	cFunctions.setspecific = find("kernel32.dll", "FlsSetValue")
	cFunctions.errnoLocation = find("msvcrt.dll", "_errno")
	getspecific := find("kernel32.dll", "FlsGetValue")
	create := find("kernel32.dll", "FlsAlloc")
	limits = find("kernel32.dll", "GetCurrentThreadStackLimits")
	if missing != nil {
		return missing
	}
	const outOfIndexes = 0xffffffff
	key := uint32(plain(create, uintptr(threadExit)))
	if key == outOfIndexes {
		return fmt.Errorf("FlsAlloc: no slot is free")
	}
	libc.key = uintptr(key)
	libc.getspecific = getspecific
	callbackCode = syscall.NewCallback(func(cb *callbackFrame) uintptr {
		onCallback(cb)
		return 0
	})
	return nil
})

var limits uintptr // GetCurrentThreadStackLimits

// stackBounds asks for the extent of the calling thread's stack.
func stackBounds() (low, high uintptr) {
	l, h := cMemory[uintptr](), cMemory[uintptr]()
	plain(limits, addr(l), addr(h))
	return *l, *h
}

// barrier has nothing to do: the calling side fences.
func barrier() {}

// guardFaults does nothing: a fault in C ends the process here.
func guardFaults() error { return nil }

func (l *library) locate(*FaultError) {}
