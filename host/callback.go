package host

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
)

// Callback puts a Go function into C's function table, which makes it a C
// function pointer. There can be as many at a time as [Options.Callbacks] and
// [Options.TableLimit] allow, and any number over time; a [LimitError] tells
// which was reached.
func (l *Library) Callback(spec wasmffi.CallbackSpec) (wasmffi.Callback, error) {
	if l.in.closed.Load() {
		return nil, wasmffi.ErrClosed
	}
	plan, q, err := l.in.pools.plan(spec.Sig)
	if err != nil {
		return nil, err
	}
	wasmffi.HookCallback(l.in.opts.Hooks, l, &spec)
	s, turn, err := q.take(l.in, &goSide{plan, spec})
	if err != nil {
		return nil, err
	}
	return &callback{lib: l, slot: s, turn: turn}, nil
}

// A callback is a slot of the function table in use.
type callback struct {
	lib   *Library
	slot  *slot
	turn  uint32
	freed atomic.Bool
}

func (c *callback) Address() uint64 { return c.slot.addr }

func (c *callback) Free() error {
	if !c.freed.Swap(true) {
		c.slot.pool.give(c.slot, c.turn)
	}
	return nil
}

// A goPlan says how the words of a Go function's frame are made of wasm values,
// and back: the lowering of its C signature, seen from the callee.
type goPlan struct {
	sig    *guestabi.Signature
	shape  wasmffi.Shape
	args   []wordOp // of the parameters; nil when not all are scalars
	scalar bool     // the result is a scalar
	result wordOp
	mask   uint64 // what of the result's word is passed
}

// A goSide is a Go function as C calls it.
type goSide struct {
	*goPlan
	spec wasmffi.CallbackSpec
}

func planGo(f *dtype.Func) (*goPlan, error) {
	f = wasmffi.CallbackFrame(f) // wasm32 passes "..." as a pointer, which is a va_list
	sig, err := guestabi.Lower(f)
	if err != nil {
		return nil, err
	}
	shape, err := wasmffi.FrameShape(dtype.WASM32, f)
	if err != nil {
		return nil, err
	}
	g := &goPlan{sig: sig, shape: shape}
	if _, ok := scalarMasks(sig, shape); ok {
		g.args = make([]wordOp, 0, len(sig.Params))
		for _, p := range sig.Params {
			g.args = append(g.args, opFor(p))
		}
	}
	if sig.Result.How == guestabi.ByValue {
		g.scalar = !isRecord(sig.Result.Type)
		g.result, g.mask = opFor(sig.Result), maskFor(sig.Result.Value)
	}
	return g, nil
}

// call runs the Go function for C. stack holds the wasm parameters, then the
// result. An error of the function's is kept for the caller of the outer call;
// C gets the fallback and goes on.
func (g *goSide) call(in *instance, stack []uint64) {
	if in.owner.Load() == 0 {
		in.enterGo()
	}
	if in.mod.limits.plain {
		in.check(time.Now()) // nobody else does
	}
	l := in.level
	f := &l.frame
	if len(f.Words) != g.shape.Words {
		f.Words = l.wordsOf(g.shape.Words)
	}
	words := f.Words
	if g.args != nil {
		for i, op := range g.args {
			if op.shift == 0 {
				words[i] = stack[i]
			} else {
				words[i] = op.take(&stack[i])
			}
		}
	} else {
		g.load(in, stack, words)
	}
	if f.Ctx == nil { // once a call
		f.Ctx = l.ctx
		if l.ctx == nil {
			f.Ctx = context.Background()
		}
	}
	if err := g.run(in, f); err != nil && l.failure == nil {
		l.failure = err
	}
	if g.scalar {
		stack[0] = g.result.apply(words[len(words)-1]) & g.mask
	} else if g.sig.Result.How != guestabi.Nowhere {
		g.store(in, stack, words)
	}
}

// wordsOf is room for the words of a callback's frame.
func (l *level) wordsOf(n int) []uint64 {
	if len(l.words) < n {
		l.words = make([]uint64, max(n, 16))
	}
	return l.words[:n]
}

// run calls the Go function. It does what wasmffi.CallbackSpec.Run does, and
// puts the instance in order when the goroutine ends: one deferred function for
// both is what a callback has time for.
func (g *goSide) run(in *instance, f *wasmffi.Frame) (err error) {
	age, done := in.age.Load(), false
	defer func() {
		if !done {
			err = g.failed(in, f, age, recover(), err)
		}
	}()
	err = g.spec.Func(f)
	done = err == nil
	return err
}

func (g *goSide) failed(in *instance, f *wasmffi.Frame, age uint32, panicked any, err error) error {
	stays := panicked != nil || err != nil
	told := false
	defer func() {
		if !stays || !told { // runtime.Goexit, here or in OnError
			in.ends(age)
		}
	}()
	err = g.spec.Failed(f, g.shape.Result, panicked, err)
	told = true
	return err
}

// load makes the frame's words where not all parameters are scalars.
func (g *goPlan) load(in *instance, stack []uint64, words []uint64) {
	for i, p := range g.sig.Params {
		slot := g.shape.Params[i]
		at := words[slot.First : slot.First+slot.Words]
		b := wordBytes(at)
		switch p.How {
		case guestabi.ByValue:
			w := opFor(p).apply(stack[p.First])
			if isRecord(p.Type) {
				binary.LittleEndian.PutUint64(b, w)
			} else {
				at[0] = w
			}
		case guestabi.InPair, guestabi.InVector:
			setPair(words, slot, stack[p.First:p.First+2])
		case guestabi.ByPointer:
			src, err := in.bytes("read", uint64(uint32(stack[p.First])), p.Size)
			if err != nil {
				in.abort(fmt.Errorf("callback: arg %d: %w", i+1, err))
			}
			clear(at)
			copy(b, src)
		}
	}
	clear(words[g.shape.Result.First:])
}

// store hands a result that is no scalar to C.
func (g *goPlan) store(in *instance, stack []uint64, words []uint64) {
	r, at := g.shape.Result, g.sig.Result
	b := wordBytes(words[r.First : r.First+r.Words])
	if at.How == guestabi.ByValue {
		stack[0] = g.result.apply(binary.LittleEndian.Uint64(b)) & g.mask
		return
	}
	if at.How == guestabi.InVector {
		stack[0], stack[1] = wasmPair(words, r)
		return
	}
	dst, err := in.bytes("write", uint64(uint32(stack[at.First])), at.Size)
	if err != nil {
		in.abort(fmt.Errorf("callback: result: %w", err))
	}
	copy(dst, b)
}

var errFreed = errors.New("it was freed")
