package wasmffi

import (
	"context"
	"fmt"
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

	args []reflect.Value // of a dynamic call
	keys []typeKey       // of those that are undeclared
	// extents are the sizes of C's memory that arguments point to, as far as
	// they are known; only for a plan with a contract.
	extents []uint64
	entered bool // C has been; what is wrong with a contract now is its doing
	// after is what is left to do when C has returned.
	after []func() error
}

var calls = sync.Pool{New: func() any {
	c := new(call)
	c.enc.Other = c.other
	return c
}}

// takeCall is an empty call; end gives it back.
func takeCall() *call { return calls.Get().(*call) }

// begin makes room for the arguments of a call of p.
func (c *call) begin(p *plan) {
	c.plan = p
	c.enc.ABI, c.enc.Space = p.abi(), p.space()
	if cap(c.words) < p.shape.Words {
		c.words = make([]uint64, p.shape.Words)
	}
	c.words = c.words[:p.shape.Words]
	clear(c.words)
	if p.contract {
		c.extents = c.extents[:0]
		for range p.shape.Params {
			c.extents = append(c.extents, unknownExtent)
		}
	}
}

// end releases what lived for the call. Freeing a callback can fail only when
// the library has been closed, which frees it too.
func (c *call) end() {
	for _, cb := range c.callbacks {
		_ = cb.Free()
	}
	clear(c.callbacks)
	clear(c.args)
	clear(c.keys)
	clear(c.after)
	c.callbacks, c.args, c.keys = c.callbacks[:0], c.args[:0], c.keys[:0]
	c.after = c.after[:0]
	c.plan, c.errno, c.entered = nil, 0, false
	c.enc.Reset()
	calls.Put(c)
}

// run enters C with the arguments that have been put in place, and brings back
// what C wrote to Go values that could not be shared.
func (c *call) run(ctx context.Context, wantErrno bool) error {
	if c.plan.contract {
		if err := c.checkArguments(); err != nil {
			return err
		}
	}
	f := Frame{Words: c.words, Blocks: c.enc.Blocks, Pointers: c.enc.Pointers, WantErrno: wantErrno}
	if err := c.plan.enter(ctx, &f); err != nil {
		return err
	}
	c.entered = true
	c.errno = Errno(f.Errno)
	if err := c.enc.Finish(c.plan.space()); err != nil {
		return c.plan.fail(0, err)
	}
	for _, f := range c.after {
		if err := f(); err != nil {
			return c.plan.fail(0, err)
		}
	}
	if c.plan.contract {
		return c.checkResults()
	}
	return nil
}

// anyResult is the result as a natural Go value: nil for void, a string for
// const char *, nil for its NULL.
func (c *call) anyResult() (any, error) {
	s := c.plan.shape.Result
	if isVoid(s.Type) {
		return nil, nil
	}
	v, err := naturalValue(s.Type, slotObject(s, c.words), c.plan.space())
	if err != nil {
		return nil, c.plan.fail(0, fmt.Errorf("result: %w", err))
	}
	if p, ok := v.(memory.Pointer); ok {
		if p, err = c.known(p); err != nil {
			return nil, c.plan.fail(0, err)
		}
		return p, nil
	}
	return v, nil
}

// naturalValue is a C object as a natural Go value.
func naturalValue(t dtype.Type, data []byte, space memory.Space) (any, error) {
	v, err := memory.DecodeAny(t, data, space, nil)
	if err != nil || !isConstCharPointer(t) {
		return v, err
	}
	if p, ok := v.(memory.Pointer); ok && p.IsNull() {
		return nil, nil
	}
	var str string
	err = memory.Decode(reflect.ValueOf(&str).Elem(), t, data, space, nil)
	return str, err
}

// slotBytes are the bytes of a slot's words.
func slotBytes(s Slot, words []uint64) []byte {
	return wordBytes(words[s.First : s.First+s.Words])
}

// slotObject are the bytes of the object in a slot. What its last word has
// beyond them is not the object's: a flexible array would take it for elements.
func slotObject(s Slot, words []uint64) []byte { return slotBytes(s, words)[:s.Size] }

func isCharPointer(t dtype.Type) bool {
	p, ok := dtype.Resolve(t).(*dtype.Pointer)
	if !ok {
		return false
	}
	return isCharacter(p.Elem())
}

func isCharacter(t dtype.Type) bool {
	switch dtype.Resolve(t) {
	case dtype.CChar, dtype.CSChar, dtype.CUChar, dtype.Int8, dtype.Uint8:
		return true
	}
	return false
}

func isConstCharPointer(t dtype.Type) bool {
	p, ok := dtype.Resolve(t).(*dtype.Pointer)
	return ok && p.ConstElem() && isCharPointer(t)
}
