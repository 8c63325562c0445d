package host

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
)

// Callback puts a Go function into C's function table, which makes it a C
// function pointer. There can be as many at a time as [Options.TableLimit]
// allows, and any number over time. Variadic functions are not supported.
func (l *Library) Callback(spec wasmffi.CallbackSpec) (wasmffi.Callback, error) {
	side, err := newGoSide(spec)
	if err != nil {
		return nil, err
	}
	s, err := l.in.pools.take(l.in, side)
	if err != nil {
		return nil, err
	}
	return &callback{lib: l, slot: s}, nil
}

// A callback is a slot of the function table in use.
type callback struct {
	lib   *Library
	slot  *slot
	freed atomic.Bool
}

func (c *callback) Address() uint64 { return c.slot.addr }

func (c *callback) Free() error {
	if !c.freed.Swap(true) {
		c.slot.pool.give(c.slot)
	}
	return nil
}

// A goSide is a Go function as C calls it: how the words of its frame are made
// of wasm values, and back.
type goSide struct {
	spec   wasmffi.CallbackSpec
	sig    *guestabi.Signature
	shape  wasmffi.Shape
	args   []resultOp // of parameters that are scalars; nil when not all are
	result uint64     // mask of a scalar result
	isBool bool       // the result is a bool: 0 or 1
}

func newGoSide(spec wasmffi.CallbackSpec) (*goSide, error) {
	if spec.Sig.Variadic() {
		return nil, fmt.Errorf("%w: a variadic callback", wasmffi.ErrNotSupported)
	}
	sig, err := guestabi.Lower(spec.Sig)
	if err != nil {
		return nil, err
	}
	shape, err := wasmffi.FrameShape(dtype.WASM32, spec.Sig)
	if err != nil {
		return nil, err
	}
	g := &goSide{spec: spec, sig: sig, shape: shape}
	if _, ok := scalarMasks(sig, shape); ok {
		g.args = make([]resultOp, 0, len(sig.Params))
		for _, p := range sig.Params {
			g.args = append(g.args, opFor(p))
		}
	}
	if sig.Result.How == guestabi.ByValue {
		g.result = maskFor(sig.Result.Value)
		_, g.isBool = dtype.Resolve(sig.Result.Scalar).(*dtype.Bool)
	}
	return g, nil
}

// call runs the Go function for C. stack holds the wasm parameters, then the
// result.
func (g *goSide) call(in *instance, stack []uint64) {
	in.enterGo()
	l := in.level
	if cap(l.words) < g.shape.Words {
		l.words = make([]uint64, max(g.shape.Words, 16))
	}
	words := l.words[:g.shape.Words]
	if g.args != nil {
		for i, op := range g.args {
			words[i] = op.apply(stack[i])
		}
	} else {
		g.load(in, stack, words)
	}
	l.frame.Ctx, l.frame.Words = l.ctx, words
	if l.ctx == nil {
		l.frame.Ctx = context.Background()
	}
	g.run(in, l)
	switch g.sig.Result.How {
	case guestabi.ByValue:
		w := words[len(words)-1]
		if isRecord(g.sig.Result.Type) {
			w = binary.LittleEndian.Uint64(wordBytes(words[g.shape.Result.First:]))
		}
		if g.isBool && w != 0 {
			w = 1
		}
		stack[0] = w & g.result
	case guestabi.ByPointer:
		g.store(in, stack, words)
	}
}

// run calls the Go function and keeps its error for the caller of the outer
// call; C gets the fallback and goes on.
func (g *goSide) run(in *instance, l *level) {
	age, returned := in.age.Load(), false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil { // OnError panicked
			l.fail(&wasmffi.PanicError{Value: v})
		} else if in.age.Load() == age {
			in.abandon()
		}
	}()
	err := g.spec.Run(&l.frame, g.shape.Result)
	returned = true
	if err != nil {
		l.fail(err)
	}
}

// fail records the first error of the callbacks of a call.
func (l *level) fail(err error) {
	if l.failure == nil {
		l.failure = err
	}
}

// load makes the frame's words where not all parameters are scalars.
func (g *goSide) load(in *instance, stack []uint64, words []uint64) {
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
		case guestabi.InPair:
			binary.LittleEndian.PutUint64(b, stack[p.First])
			binary.LittleEndian.PutUint64(b[8:], stack[p.First+1])
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

// store writes a result through C's hidden pointer.
func (g *goSide) store(in *instance, stack []uint64, words []uint64) {
	r := g.shape.Result
	dst, err := in.bytes("write", uint64(uint32(stack[g.sig.Result.First])), g.sig.Result.Size)
	if err != nil {
		in.abort(fmt.Errorf("callback: result: %w", err))
	}
	copy(dst, wordBytes(words[r.First:r.First+r.Words]))
}

var errFreed = errors.New("it was freed")
