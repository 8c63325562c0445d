package wasmffi

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A call is one call on the reflective path: the frame under construction and
// what lives no longer than it.
type call struct {
	plan      *plan
	words     []uint64
	enc       memory.Encoder
	callbacks []Callback
	errno     Errno
}

var calls = sync.Pool{New: func() any {
	c := new(call)
	c.enc.Other = c.other
	return c
}}

func beginCall(p *plan) *call {
	c := calls.Get().(*call)
	c.plan = p
	c.enc.Reset()
	c.enc.ABI, c.enc.Space = p.abi(), p.space()
	if cap(c.words) < p.shape.Words {
		c.words = make([]uint64, p.shape.Words)
	}
	c.words = c.words[:p.shape.Words]
	clear(c.words)
	return c
}

// end releases what lived for the call. Freeing a callback can fail only when
// the library has been closed, which frees it too.
func (c *call) end() {
	for _, cb := range c.callbacks {
		_ = cb.Free()
	}
	clear(c.callbacks)
	c.callbacks = c.callbacks[:0]
	c.plan = nil
	c.enc.Reset()
	calls.Put(c)
}

// run enters C with the arguments that have been put in place, and brings back
// what C wrote to Go values that could not be shared.
func (c *call) run(ctx context.Context, wantErrno bool) error {
	f := Frame{Ctx: heldByHeap(ctx), Words: c.words, Blocks: c.enc.Blocks, Pointers: c.enc.Pointers, WantErrno: wantErrno}
	if err := callFrame(c.plan.call, &f); err != nil {
		return c.plan.fail(0, err)
	}
	c.errno = Errno(f.Errno)
	if err := c.enc.Finish(c.plan.space()); err != nil {
		return c.plan.fail(0, err)
	}
	return nil
}

// result stores the call's result in v.
func (c *call) result(v reflect.Value) error {
	if err := decodeResult(v, c.plan.shape.Result, c.words, c.plan.lib); err != nil {
		return c.plan.fail(0, fmt.Errorf("result: %w", err))
	}
	return nil
}

// anyResult is the result as a natural Go value: nil for void, a string for
// const char *, nil for its NULL.
func (c *call) anyResult() (any, error) {
	s := c.plan.shape.Result
	if isVoid(s.Type) || isConstCharPointer(s.Type) && c.words[s.First] == 0 {
		return nil, nil
	}
	if isConstCharPointer(s.Type) {
		var str string
		err := c.result(reflect.ValueOf(&str).Elem())
		return str, err
	}
	v, err := memory.DecodeAny(s.Type, slotBytes(s, c.words), c.plan.space(), nil)
	if err != nil {
		return nil, c.plan.fail(0, fmt.Errorf("result: %w", err))
	}
	return v, nil
}

// slotBytes are the bytes of a slot: its type's size of them.
func slotBytes(s Slot, words []uint64) []byte {
	return wordBytes(words[s.First : s.First+s.Words])
}

// decodeResult stores what a slot holds in v.
func decodeResult(v reflect.Value, s Slot, words []uint64, lib Library) error {
	switch {
	case v.Type() == handleType:
		v.Set(reflect.ValueOf(Handle{lib: lib, id: handleID(min(words[s.First], math.MaxUint32))}))
		return nil
	case memory.IsScalar(lib.Space().ABI(), s.Type):
		return memory.DecodeScalar(v, s.Type, words[s.First], lib.Space(), nil)
	}
	return memory.Decode(v, s.Type, slotBytes(s, words), lib.Space(), nil)
}

// checkResult reports whether decodeResult can serve a Go type.
func checkResult(abi *dtype.ABI, g reflect.Type, c dtype.Type) error {
	switch {
	case isVoid(c):
		return fmt.Errorf("%w: Go %v for C void", memory.ErrType, g)
	case g == handleType && isPointerType(c), g.Kind() == reflect.String && isCharPointer(c):
		return nil
	case g == pointerType, g.Implements(goPointerType):
		if !isPointerType(c) {
			return typeMismatch(g, c)
		}
		return nil
	case g.Kind() == reflect.Pointer || g.Kind() == reflect.Slice || g.Kind() == reflect.Func:
		return fmt.Errorf("%w: Go %v for C %v: C's memory is no Go memory; take a memory.Pointer", memory.ErrType, g, c)
	case memory.IsScalar(abi, c) && (isGoInt(g.Kind()) || g.Kind() == reflect.Bool || g.Kind() == reflect.Float32 || g.Kind() == reflect.Float64):
		_, err := resultConv(abi, c, g)
		return err
	}
	return nil
}

func isCharPointer(t dtype.Type) bool {
	p, ok := dtype.Resolve(t).(*dtype.Pointer)
	if !ok {
		return false
	}
	switch dtype.Resolve(p.Elem()) {
	case dtype.CChar, dtype.CSChar, dtype.CUChar, dtype.Int8, dtype.Uint8:
		return true
	}
	return false
}

func isConstCharPointer(t dtype.Type) bool {
	p, ok := dtype.Resolve(t).(*dtype.Pointer)
	return ok && p.ConstElem() && isCharPointer(t)
}

// An Errno is the value of C's errno that a call left: the library's own
// numbers, which differ between a sandboxed libc and this system's.
type Errno int32

func (e Errno) Error() string { return fmt.Sprintf("errno %d", int32(e)) }
