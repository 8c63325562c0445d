//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Stack that is left to C below the last call that may be nested: for the
// runtime's own work on the way back into Go, and for C functions of ordinary
// appetite. Small stacks keep a quarter.
const stackReserve = 256 << 10

var threadRecords struct {
	sync.Mutex
	all []*threadRecord // also keeps them alive: C has their addresses
}

// plain calls a C function that does not call back, with up to four integer
// arguments. Addresses of Go memory among them must be of memory on the heap
// (see cMemory), since the goroutine's stack may move on the way here, and of
// memory that the caller keeps alive.
func plain(fn uintptr, args ...uintptr) uintptr {
	c := plainCall{fn: fn}
	copy(c.args[:], args)
	cgocall(callPlain, unsafe.Pointer(&c))
	return c.result
}

// cMemory is heap memory for C to read or write: what a function returns that
// is not inlined cannot be on its caller's stack.
//
//go:noinline
func cMemory[T any]() *T { return new(T) }

// cBytes is cMemory of n bytes.
//
//go:noinline
func cBytes(n uint64) []byte { return make([]byte, n) }

// addr is the address of cMemory. The caller keeps p alive.
func addr[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }

// newThread makes the record of the calling thread, which must be locked to
// its goroutine.
func newThread() {
	var here plainCall
	cgocall(currentThread, unsafe.Pointer(&here))
	low, high := stackBounds()
	r := takeRecord()
	r.errno = plain(cFunctions.errnoLocation)
	atomic.StoreUintptr(&r.depth, 0) // Close may be looking
	atomic.StoreUintptr(&r.low, low)
	atomic.StoreUintptr(&r.limit, low+min(stackReserve, (high-low)/4))
	atomic.StoreUintptr(&r.top, high) // now it is good for stack pointers of this stack, and no other
	atomic.StoreUintptr(&threads[here.args[1]], addr(r))
	plain(cFunctions.setspecific, libc.key, addr(r))
}

// takenRecord is the top of a record that its thread is about to fill in: below
// every stack.
const takenRecord = 1

// takeRecord finds the record of a thread that has exited, or makes one. It is
// good for no stack pointer yet: threads that find it in the cache pass over it.
func takeRecord() *threadRecord {
	threadRecords.Lock()
	defer threadRecords.Unlock()
	for _, r := range threadRecords.all {
		if atomic.CompareAndSwapUintptr(&r.top, 0, takenRecord) {
			return r
		}
	}
	r := &threadRecord{top: takenRecord}
	threadRecords.all = append(threadRecords.all, r)
	return r
}

// enterNew runs the first call of a thread, which callC refused because the
// thread has no record.
func enterNew(args *callArgs) int32 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	newThread()
	return cgocall(callC, unsafe.Pointer(args))
}
