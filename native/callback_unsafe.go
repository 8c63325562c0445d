//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"context"
	"fmt"
	"structs"
	"sync/atomic"
	"unsafe"

	"github.com/wasmffi/wasmffi"
)

// A callbackFrame is what callbackEntry leaves on C's stack for onCallback. Its
// image goes on, beyond the registers, into the gap and the stack arguments.
type callbackFrame struct {
	_ structs.HostLayout

	slot    uintptr   // *slot of the thunk; kept alive by thunks
	thread  uintptr   // the thread's record, or 0 if it has none
	saved   uint64    // the assembler's scratch register (arm64)
	x87     uint32    // as in callTarget
	wide    uint32    // likewise (amd64)
	va      [4]uint64 // of a variadic callback: C's va_list
	results [resultWords]uint64
	image   [firstStack - gapWords]uint64
}

// The stack pointer stays a multiple of 16.
var _ = [1]struct{}{}[unsafe.Sizeof(callbackFrame{})%16]

// gapWords lie between the spilled registers and the stack arguments.
const gapWords = 4

// callbackEntry is the address in callback_*.s that thunks jump to.
var callbackEntry uintptr

// onCallbackCall is onCallback for the assembly.
var onCallbackCall = onCallback

// onCallback is Go's side of a callback, on the goroutine that called C, or on
// one that the runtime made for a thread of C's own.
func onCallback(cb *callbackFrame) {
	t := (*slot)(pointerAt(&cb.slot)).target.Load()
	p := t.plan
	call := cb.call()
	var r *room
	if call != nil {
		r = (*room)(pointerAt(&call.room))
	}
	if r == nil {
		r = call.newRoom()
	}
	f := &r.callback
	if f.Ctx == nil {
		f.Ctx = context.Background()
	}
	if n := p.shape.Words; len(f.Words) != n {
		f.Words = r.wordsOf(n)
	}
	p.receive(f.Words, unsafe.Pointer(&cb.image))
	if p.irregular {
		p.fetch(f.Words, cb.imageOf(p))
		if p.variadic {
			f.Words[p.vaWord] = cb.vaList(p)
		}
	}

	if err := t.invoke(cb, r); err != nil && r.failure == nil {
		r.failure = err
	}

	for _, w := range p.result.words {
		cb.results[w.from] = f.Words[w.to]
	}
	if p.irregular {
		p.deliver(cb, f.Words, cb.imageOf(p))
	}
	if call == nil {
		_ = r.leave() // there is no caller to tell of a failure; OnError has heard
	}
}

// call is the record of the call that C is in on this thread, nil if it is in
// none. It is on C's stack, above the frames that are calling.
func (cb *callbackFrame) call() *callRecord {
	t := (*threadRecord)(pointerAt(&cb.thread))
	if t == nil {
		return nil
	}
	n := atomic.LoadUintptr(&t.depth)
	if n == 0 {
		return nil
	}
	return (*callRecord)(pointerAt(&t.calls[n-1].record))
}

// newRoom makes a room, which is the call's if there is one.
func (c *callRecord) newRoom() *room {
	r := takeRoom()
	if c != nil {
		c.room = uintptr(unsafe.Pointer(r))
	}
	return r
}

// pointerAt is the pointer whose address a uintptr holds. It is for what the
// assembly keeps: addresses of C's stack, or of Go memory that is reachable
// otherwise.
func pointerAt(p *uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(p)) }

// address is the slot's address, for its thunk.
func (s *slot) address() uint64 { return uint64(uintptr(unsafe.Pointer(s))) }

// A target is what a thunk's slot calls.
type target struct {
	spec wasmffi.CallbackSpec
	plan *plan
}

// tombstone is what is left of t when it has been freed: an error, and the
// fallback for C.
func (t *target) tombstone() *target {
	sig := t.spec.Sig
	gone := *t
	gone.spec.Func = func(*wasmffi.Frame) error {
		return fmt.Errorf("%w: C called %v, which was freed", wasmffi.ErrCallback, sig)
	}
	return &gone
}

// invoke calls the Go side. It does what [wasmffi.CallbackSpec.Run] does, and
// takes the enclosing call back on runtime.Goexit: one deferred function for
// both is what a callback has time for.
func (t *target) invoke(cb *callbackFrame, r *room) (err error) {
	done := false
	defer func() {
		if !done {
			err = t.failed(cb, r, recover(), err)
		}
	}()
	err = t.spec.Func(&r.callback)
	done = err == nil
	return err
}

func (t *target) failed(cb *callbackFrame, r *room, panicked any, err error) error {
	stays := panicked != nil || err != nil
	told := false
	defer func() {
		if !stays || !told { // runtime.Goexit, here or in OnError
			cb.abandon(r)
		}
	}()
	err = t.spec.Failed(&r.callback, t.plan.shape.Result, panicked, err)
	told = true
	return err
}

// abandon takes the enclosing call back when runtime.Goexit goes through a
// callback: C's frames are gone, as after a longjmp, and so is the goroutine
// that would have got the result.
func (cb *callbackFrame) abandon(r *room) {
	// The record is this thread's, to which the goroutine is still locked. A
	// thread of C's own the runtime will not let go.
	if t := (*threadRecord)(pointerAt(&cb.thread)); t != nil && cb.call() != nil {
		atomic.AddUintptr(&t.depth, ^uintptr(0))
	}
	_ = r.leave() // there is no caller to tell of failures
}

// receive takes a callback's arguments from its image, which is C's stack.
func (p *plan) receive(words []uint64, image unsafe.Pointer) {
	for i := range p.incoming {
		in := &p.incoming[i]
		w := *(*uint64)(unsafe.Add(image, in.offset)) << (in.shift & 63)
		if in.signed {
			w = uint64(int64(w) >> (in.shift & 63))
		} else {
			w >>= in.shift & 63
		}
		words[in.frame] = w
	}
}

// imageOf is the image of a callback with the stack arguments of its plan.
func (cb *callbackFrame) imageOf(p *plan) []uint64 {
	return unsafe.Slice(&cb.image[0], firstStack+p.stackWords)
}

// fetch completes a callback's arguments.
func (p *plan) fetch(words, image []uint64) {
	for _, b := range p.params.bytes {
		b.back(words, image)
	}
	n := len(p.refs)
	if p.indirect {
		n--
	}
	for _, r := range p.refs[:n] {
		copy(wordBytes(words[r.frame:]), processBytes(image[r.at], int(r.size)))
	}
}

// deliver completes a callback's result.
func (p *plan) deliver(cb *callbackFrame, words, image []uint64) {
	for _, b := range p.result.bytes {
		b.back(cb.results[:], words)
	}
	cb.x87, cb.wide = p.target.x87, p.target.wide
	if p.indirect {
		r := &p.refs[len(p.refs)-1]
		copy(processBytes(image[r.at], int(r.size)), wordBytes(words[r.frame:]))
		cb.results[0] = image[r.at] // System V wants the address in RAX too
	}
}

// wordBytes is a frame's words as the bytes they are.
func wordBytes(words []uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), 8*len(words))
}
