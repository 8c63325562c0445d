package host

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/wasmffi/wasmffi"
)

// Call makes one call with what f holds.
func (c *callable) Call(f *wasmffi.Frame) error {
	if len(f.Words) != c.shape.Words {
		return c.badFrame(len(f.Words))
	}
	in := c.in
	if err := in.enter(f.Ctx); err != nil {
		return err
	}
	return in.leave(c.callMemory(f))
}

func (c *callable) badFrame(words int) error {
	return fmt.Errorf("%w: a frame of %d words, not %d", wasmffi.ErrArgCount, words, c.shape.Words)
}

// A scalarCallable is the plan of a function whose parameters and result are
// all one word and one wasm value.
type scalarCallable struct {
	callable
	masks  []uint64 // what of each word is passed
	result wordOp
	// loop is the plan of the loop that maps the function, once it was mapped.
	// It belongs to the goroutine that holds the instance's lock.
	loop    *callable
	loopAge uint32 // the instance's when loop was made
}

func (c *scalarCallable) Call(f *wasmffi.Frame) error {
	if len(f.Pointers) == 0 && !f.WantErrno {
		return c.CallWords(f.Ctx, f.Words)
	}
	return c.callable.Call(f)
}

// CallWords is Call with no more than a context and the words. It is the
// shortest way into C: the lock costs no atomic operation for a goroutine that
// calls often, C's stack pointer is known when no C runs, and only C's own
// ticks look at the clock.
func (c *scalarCallable) CallWords(ctx context.Context, words []uint64) error {
	if len(words) != c.shape.Words {
		return c.badFrame(len(words))
	}
	in := c.in
	if !fastGoid || ctx != nil {
		return c.callSlowly(ctx, words)
	}
	t := in.lock.tenureOf(goid())
	if t == nil || !in.lock.enterBy(t) {
		return c.callSlowly(ctx, words)
	}
	h := &c.first
	if h.age != in.age.Load() {
		c.renew(h)
	}
	c.pass(h.stack, words)
	err := h.fn.CallWithStack(&in.wasmCtx, h.stack)
	if err != nil || in.dirty || h.grown() {
		return in.leave(c.finish(h, err, words))
	}
	if c.result.kind != wordNone {
		words[len(words)-1] = c.result.take(&h.stack[0])
	}
	in.lock.leaveBy(t)
	return nil
}

// A fewCallable is the plan of a function of at most four scalars.
type fewCallable struct {
	scalarCallable
	few [maxFew]uint64 // masks, as in scalarCallable; zero beyond the parameters
}

const maxFew = 4

// CallFew is CallWords without a context, with the words in registers: it takes
// the parameters and returns the result. Parameters that the function does not
// have are ignored, the result of a void function means nothing.
func (c *fewCallable) CallFew(a0, a1, a2, a3 uint64) (uint64, error) {
	in := c.in
	if !fastGoid {
		return c.callFewSlowly(a0, a1, a2, a3)
	}
	t := in.lock.tenure.Load()
	if t.goroutine != goid() || t.busy != 0 {
		return c.callFewSlowly(a0, a1, a2, a3)
	}
	t.setBusy(1)
	if in.lock.tenure.Load() != t {
		in.lock.ended(t)
		return c.callFewSlowly(a0, a1, a2, a3)
	}
	h := &c.first
	if h.age != in.age.Load() {
		c.renew(h)
	}
	stack, m := (*[maxFew]uint64)(h.stack), &c.few
	stack[0], stack[1] = a0&m[0], a1&m[1]
	if m[2] != 0 {
		stack[2], stack[3] = a2&m[2], a3&m[3]
	}
	err := h.fn.CallWithStack(&in.wasmCtx, h.stack)
	if err != nil || in.dirty || h.grown() {
		var words [1]uint64
		err = in.leave(c.finish(h, err, words[:]))
		return words[0], err
	}
	r := c.result.take(&stack[0])
	in.lock.leaveBy(t)
	return r, nil
}

func (c *fewCallable) callFewSlowly(a0, a1, a2, a3 uint64) (uint64, error) {
	words := [maxFew + 1]uint64{a0, a1, a2, a3}
	n := c.shape.Words
	if c.result.kind == wordNone {
		return 0, c.callSlowly(nil, words[:n])
	}
	err := c.callSlowly(nil, words[:n])
	return words[n-1], err
}

// callSlowly is CallWords for a goroutine without a tenure, for a nested call,
// and for one under a context.
func (c *scalarCallable) callSlowly(ctx context.Context, words []uint64) error {
	in := c.in
	if err := in.enter(ctx); err != nil {
		return err
	}
	h := c.handle(in.level.depth)
	c.pass(h.stack, words)
	err := h.fn.CallWithStack(&in.wasmCtx, h.stack)
	return in.leave(c.finish(h, err, words))
}

// pass sets the wasm parameters.
func (c *scalarCallable) pass(stack, words []uint64) {
	masks := c.masks
	stack, words = stack[:len(masks)], words[:len(masks)]
	for i, mask := range masks {
		stack[i] = words[i] & mask
	}
}

// finish takes the result, or turns the engine's error into ours.
func (c *scalarCallable) finish(h *handle, err error, words []uint64) error {
	if h.grown() {
		h.letGo()
	}
	if err != nil {
		return c.fault(h, err, nil)
	}
	if c.result.kind != wordNone {
		words[len(words)-1] = c.result.take(&h.stack[0])
	}
	return nil
}

// fault is what to report for the engine's error from a call. words are the
// call's, nil where the handle has them.
func (c *callable) fault(h *handle, raw error, words []uint64) error {
	err := c.in.failed(raw)
	switch e := err.(type) {
	case *TrapError:
		c.addArgs(e.Frames, raw, h, words)
	case *FuelError:
		c.addArgs(e.Frames, raw, h, words)
	}
	if errors.Is(err, wasmffi.ErrStackOverflow) {
		h.letGo()
	}
	return err
}

// handle is the handle for calls at a depth.
func (c *callable) handle(depth int) *handle {
	h := &c.first
	if depth > 0 {
		for len(c.nested) < depth {
			c.nested = append(c.nested, nil)
		}
		if c.nested[depth-1] == nil {
			c.nested[depth-1] = &handle{stack: slices.Clone(c.first.stack)}
		}
		h = c.nested[depth-1]
	}
	if h.age != c.in.age.Load() {
		c.renew(h)
	}
	if depth > 0 {
		c.in.level.runs = h.runs
	}
	return h
}

// renew gets the engine's function of a handle: on first use, and when the old
// one cannot be entered again because its goroutine was ended inside it.
func (c *callable) renew(h *handle) {
	h.fn, h.age = c.export(), c.in.age.Load()
	h.runs = stackOf(h.fn)
}

// run calls C.
func (c *callable) run(h *handle) error {
	err := h.fn.CallWithStack(&c.in.wasmCtx, h.stack)
	if h.grown() {
		h.letGo()
	}
	return err
}
