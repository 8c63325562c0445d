//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/wasmffi/wasmffi"
)

// Close implements wasmffi.Library. It waits for calls in flight.
func (l *library) Close() error {
	if l.inCallback() {
		return &wasmffi.Error{Op: "close", Library: l.name, Err: wasmffi.ErrBusy}
	}
	l.mu.Lock()
	if l.done != nil {
		l.mu.Unlock()
		<-l.done // another goroutine is closing it, or has
		return nil
	}
	l.done = make(chan struct{})
	atomic.OrUint32(&l.state.refuses, refusesClosed)
	callbacks := make([]*callback, 0, len(l.callbacks))
	for cb := range l.callbacks {
		callbacks = append(callbacks, cb)
	}
	l.mu.Unlock()
	defer close(l.done)

	// A call first shows in its thread's record and then looks at the flag.
	// With the flag set and a barrier passed by every thread, each call
	// shows, or will see the flag.
	barrier()
	for wait := 10 * time.Microsecond; l.inFlight() && !l.poisoned(); wait = min(2*wait, time.Millisecond) {
		time.Sleep(wait)
	}
	// A library that C was stopped in may never let go of its other calls, nor
	// of the locks that flushing and unloading take: it stays loaded.
	stay := l.poisoned()
	var err error
	if !stay {
		err = Flush()
	}
	for _, cb := range callbacks {
		_ = cb.Free() // never fails
	}
	l.debug.close()
	// Those who use the library's variables hold leases: unloading waits for
	// them, Close does not.
	unloaded := make(chan error, 1)
	l.space.life.End(func() {
		if l.unload != nil && !stay {
			unloaded <- l.unload()
		}
	})
	select {
	case unloading := <-unloaded:
		if err == nil {
			err = unloading
		}
	default:
	}
	if err != nil {
		return &wasmffi.Error{Op: "close", Library: l.name, Err: err}
	}
	return nil
}

// inFlight reports whether a call is in the library on any thread.
func (l *library) inFlight() bool {
	flag := uintptr(unsafe.Pointer(&l.state)) // compared only
	threadRecords.Lock()
	defer threadRecords.Unlock()
	for _, t := range threadRecords.all {
		for i := range atomic.LoadUintptr(&t.depth) {
			if atomic.LoadUintptr(&t.calls[i].lib) == flag {
				return true
			}
		}
	}
	return false
}

// inCallback reports whether the calling goroutine is in a callback that was
// called, directly or not, from this library. Only then is it locked to a
// thread with calls in flight.
func (l *library) inCallback() bool {
	var here plainCall
	cgocall(currentThread, unsafe.Pointer(&here))
	if here.args[0] == 0 {
		return false
	}
	t := (*threadRecord)(pointerAt(&here.result))
	flag := uintptr(unsafe.Pointer(&l.state)) // compared only
	for i := range t.calls[:here.args[0]] {
		if t.calls[i].lib == flag {
			return true
		}
	}
	return false
}
