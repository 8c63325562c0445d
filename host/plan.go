package host

import (
	"fmt"
	"slices"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
)

// A callable is a call plan.
type callable struct {
	lib  *Library
	in   *instance
	name string
	sig  *guestabi.Signature
	// proto is what sig was lowered from; nil for calls of this package's own.
	proto *dtype.Func

	shape  wasmffi.Shape
	memory argMemory
	// slot is the table slot of a function pointer, which the engine's function
	// takes after the parameters; -1 for a function called by its export.
	slot int64
	// export finds another handle of the engine's function: one that is in use
	// must not be entered again.
	export func() api.Function

	first handle // for calls that are not nested
	// nested are the handles for nested calls, by depth - 1. Like first they
	// belong to the goroutine that holds the instance's lock.
	nested []*handle
}

// A handle is a function of the engine and the memory for its parameters and
// results, which the engine keeps pointers to while C runs.
type handle struct {
	fn    api.Function
	stack []uint64 // of parameters and results
	age   uint32   // the instance's when fn was made; 0 before
	runs  *[]byte  // the stack that fn runs on
}

// grown reports whether fn runs on a stack that is not to be kept.
func (h *handle) grown() bool { return len(*h.runs) > keptStack }

func (h *handle) letGo() { h.fn, h.age, h.runs = nil, 0, &noStack }

// Prepare makes a call plan. Functions from Lookup are called by name, those
// from FuncAt through the function table. A signature that the module's own
// types contradict gives an error wrapping [wasmffi.ErrSignature].
func (l *Library) Prepare(fn wasmffi.Symbol, sig *dtype.Func) (wasmffi.Callable, error) {
	c, err := l.prepare(fn, sig)
	if err != nil {
		return nil, err
	}
	return wasmffi.HookCallable(l.in.opts.Hooks, l, fn, sig, c), nil
}

func (l *Library) prepare(fn wasmffi.Symbol, sig *dtype.Func) (wasmffi.Callable, error) {
	if l.in.closed.Load() {
		return nil, wasmffi.ErrClosed
	}
	lowered, err := guestabi.Lower(sig)
	if err != nil {
		return nil, err
	}
	shape, err := wasmffi.FrameShape(dtype.WASM32, sig)
	if err != nil {
		return nil, err
	}
	c := &callable{lib: l, in: l.in, name: fn.Name, sig: lowered, proto: sig, shape: shape, memory: planMemory(lowered), slot: -1}
	if fn.Kind != wasmffi.FuncSymbol {
		return nil, fmt.Errorf("%w: %s is a variable, not a function", wasmffi.ErrSignature, fn.Name)
	}
	if fn.Addr != 0 {
		err = c.bindPointer(fn.Addr, sig)
	} else {
		err = c.bindExport(sig)
	}
	if err != nil {
		return nil, err
	}
	c.first = handle{stack: c.newStack(), runs: &noStack}
	// The engine leaves parameters beyond the first result alone: a slot after
	// them stays there.
	if masks, ok := scalarMasks(lowered, shape); ok && (c.slot < 0 || len(masks) > 0) {
		s := scalarCallable{callable: *c, masks: masks, result: opFor(lowered.Result)}
		if len(masks) > maxFew || c.slot >= 0 {
			return &s, nil
		}
		few := &fewCallable{scalarCallable: s}
		copy(few.few[:], masks)
		return few, nil
	}
	return c, nil
}

// newStack is memory for the parameters and results of a handle.
func (c *callable) newStack() []uint64 {
	n := c.sig.Words
	stack := make([]uint64, max(n+1, 2, maxFew)) // a result takes two words at most
	if c.slot >= 0 {
		stack[n] = uint64(c.slot)
	}
	return stack
}

// bindExport makes c call an exported function.
func (c *callable) bindExport(sig *dtype.Func) error {
	e, ok := c.in.mod.res.Module.Export(c.name)
	if !ok || e.Kind != guestabi.KindFunc {
		return c.lib.notFound(c.name)
	}
	t, _ := c.in.mod.res.Module.FuncType(e.Index)
	if want := c.sig.Type; len(want.Results) == 0 && len(t.Results) == 1 {
		t.Results = nil // declared void: the result stays on the call's stack, which has room for it
	}
	if err := matchSignature(c.name, sig, c.sig.Type, t); err != nil {
		return err
	}
	c.export = func() api.Function { return c.in.wasm.ExportedFunction(c.name) }
	return nil
}

// matchSignature compares what a C declaration lowers to with what a module
// has.
func matchSignature(name string, sig *dtype.Func, want, have guestabi.FuncType) error {
	if want.Equal(have) {
		return nil
	}
	if slices.Contains(slices.Concat(want.Params, want.Results), guestabi.V128) && !slices.Contains(slices.Concat(have.Params, have.Results), guestabi.V128) {
		return fmt.Errorf("%w: %s is called as %s, but the module has %s: it was compiled without SIMD (-msimd128), where vectors are passed lane by lane, which is not supported",
			wasmffi.ErrSignature, dtype.Declare(sig, name), signatureText(want), signatureText(have))
	}
	return fmt.Errorf("%w: %s is called as %s, but the module has %s",
		wasmffi.ErrSignature, dtype.Declare(sig, name), signatureText(want), signatureText(have))
}

// A wordOp makes a canonical word of a wasm value: of the bits that the C type
// has, extended by its sign.
type wordOp struct {
	shift  uint8 // 64 less the bits of the C type
	kind   wordKind
	narrow bool // the wasm value has 32 bits
}

type wordKind uint8

const (
	wordNone wordKind = iota
	wordUnsigned
	wordSigned
	wordBool
	wordInt   // wordSigned of 32 bits
	wordWhole // wordUnsigned of 64 bits
)

// apply is the canonical word for a value that comes from C.
func (op wordOp) apply(r uint64) uint64 {
	r <<= op.shift & 63
	switch op.kind {
	case wordSigned, wordInt:
		return uint64(int64(r) >> (op.shift & 63))
	case wordBool:
		// A hostile guest may return 2 for a bool, which Go has no value for.
		if r != 0 {
			return 1
		}
		return 0
	}
	return r >> (op.shift & 63)
}

// take is apply for what the engine has just stored. Of 32 bits it reads no
// more than was written: a wider read would wait for the write to reach the
// cache, which costs a fifth of a call.
func (op wordOp) take(slot *uint64) uint64 {
	switch op.kind {
	case wordInt:
		return uint64(int64(int32(*slot)))
	case wordWhole:
		return *slot
	}
	return op.takePart(slot)
}

func (op wordOp) takePart(slot *uint64) uint64 {
	if op.narrow {
		return op.apply(uint64(uint32(*slot)))
	}
	return op.apply(*slot)
}

// opFor is the operation for a place that is passed by value.
func opFor(p guestabi.Place) wordOp {
	if p.How == guestabi.Nowhere {
		return wordOp{}
	}
	op := wordOp{
		kind: wordUnsigned, shift: uint8(64 - 8*min(p.Size, 8)),
		narrow: p.Value == guestabi.I32 || p.Value == guestabi.F32,
	}
	switch t := dtype.Resolve(p.Scalar).(type) {
	case *dtype.Bool:
		if !p.BitField { // with one, what is not its bit is padding
			op.kind = wordBool
		}
	case *dtype.Int:
		if dtype.WASM32.Signed(t) {
			op.kind = wordSigned
		}
	case *dtype.Enum:
		if dtype.WASM32.Signed(t.Base()) {
			op.kind = wordSigned
		}
	}
	switch {
	case op.kind == wordSigned && op.shift == 32 && op.narrow:
		op.kind = wordInt
	case op.kind != wordBool && op.shift == 0:
		op.kind = wordWhole
	}
	return op
}

// maskFor is what of a canonical word is passed as a wasm value.
func maskFor(t guestabi.ValueType) uint64 {
	if t == guestabi.I32 || t == guestabi.F32 {
		return 1<<32 - 1
	}
	return 1<<64 - 1
}

// scalarMasks are what of each parameter's word is passed, where parameters and
// result are one word and one wasm value each.
func scalarMasks(sig *guestabi.Signature, shape wasmffi.Shape) (masks []uint64, ok bool) {
	if sig.Buffer != nil {
		return nil, false
	}
	for i, p := range sig.Params {
		if p.How != guestabi.ByValue || isRecord(p.Type) || shape.Params[i].First != i {
			return nil, false
		}
		masks = append(masks, maskFor(p.Value))
	}
	r := sig.Result
	return masks, r.How == guestabi.ByValue && !isRecord(r.Type) || r.How == guestabi.Nowhere && shape.Result.Words == 0
}
