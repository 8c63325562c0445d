//go:build (linux || darwin) && (amd64 || arm64)

package native

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"structs"
	"sync/atomic"
	"unsafe"

	"github.com/wasmffi/wasmffi"
)

// A callbackFrame is what callbackEntry leaves on C's stack for onCallback. Its
// image goes on, beyond the registers, into the gap and the stack arguments.
type callbackFrame struct {
	_ structs.HostLayout

	slot    uintptr // *slot of the thunk; kept alive by thunks
	call    uintptr // callRecord of the call that C is in on this thread, or 0
	x87     uint32  // as in callTarget
	saved   uint64  // the assembler's scratch register (arm64)
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
	if cb.call == 0 {
		r := takeRoom()
		r.callback.Ctx = context.Background()
		t.run(cb, r, nil)
		r.leave() // there is no caller to tell of a failure; OnError has heard
		return
	}
	// The record is on this thread's C stack, above the frames of C that are
	// calling.
	call := (*callRecord)(pointerAt(&cb.call))
	r := (*room)(pointerAt(&call.room))
	if r == nil {
		r = takeRoom()
		call.room = uintptr(unsafe.Pointer(r))
	}
	if r.callback.Ctx == nil {
		r.callback.Ctx = context.Background()
	}
	t.run(cb, r, call)
}

// pointerAt is the pointer whose address a uintptr holds. It is for what the
// assembly keeps: addresses of C's stack, or of Go memory that is reachable
// otherwise.
func pointerAt(p *uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(p)) }

// address is the slot's address, for its thunk.
func (s *slot) address() uint64 { return uint64(uintptr(unsafe.Pointer(s))) }

// A target is what a thunk's slot calls.
type target struct {
	spec  wasmffi.CallbackSpec
	plan  *plan
	freed bool
}

// run makes one callback, with the room for its frame. call is nil in a thread
// that C started.
func (t *target) run(cb *callbackFrame, r *room, call *callRecord) {
	p := t.plan
	f := &r.callback
	if n := p.shape.Words; len(f.Words) != n {
		f.Words = r.wordsOf(n)
	}
	words := f.Words
	p.receive(words, unsafe.Pointer(&cb.image))
	if p.irregular {
		p.fetch(words, cb.imageOf(p))
	}

	if err := t.invoke(f, call); err != nil && r.failure == nil {
		r.failure = err
	}

	for _, w := range p.result.words {
		cb.results[w.from] = words[w.to]
	}
	if p.irregular {
		p.deliver(cb, words, cb.imageOf(p))
	}
}

var errGoexit = errors.New("runtime.Goexit in callback")

// invoke calls the Go side. It does what [wasmffi.CallbackSpec.Run] does, and
// takes the enclosing call back on runtime.Goexit: one deferred function for
// both is what a callback has time for.
func (t *target) invoke(f *wasmffi.Frame, call *callRecord) (err error) {
	done := false
	defer func() {
		if done {
			return
		}
		v := recover()
		switch {
		case v != nil:
			err = &wasmffi.PanicError{Value: v, Stack: debug.Stack()}
		case err == nil:
			err = errGoexit
			if call != nil {
				call.abandon()
			}
		}
		t.fail(f, err)
	}()
	if t.freed {
		return fmt.Errorf("%w: C called %v, which was freed", wasmffi.ErrCallback, t.spec.Sig)
	}
	err = t.spec.Func(f)
	done = err == nil
	return err
}

// fail sets the result to the fallback and tells of the failure.
func (t *target) fail(f *wasmffi.Frame, err error) {
	at := t.plan.shape.Result
	result := f.Words[at.First : at.First+at.Words]
	clear(result)
	copy(result, t.spec.Fallback)
	if t.spec.OnError != nil {
		t.spec.OnError(err)
	}
}

// abandon takes the enclosing call back when runtime.Goexit goes through a
// callback: C's frames are gone, as after a longjmp, and so is the goroutine
// that would have got the result. Its room is left to the garbage collector's
// mercy of never being used again.
func (c *callRecord) abandon() {
	// The record is this thread's, to which the goroutine is still locked.
	t := (*threadRecord)(pointerAt(&c.thread))
	t.current = c.outer
	atomic.StoreUintptr(&t.depth, t.depth-1)
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
	cb.x87 = p.target.x87
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
