package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// An answer is what a call gave, its values as JSON.
type answer struct {
	result string
	void   bool
	args   []argument
	errno  int32
}

// An argument is one of a call's, as it was and as it is afterwards.
type argument struct {
	name          string // the parameter's, or empty
	before, after string
	// readBack tells that C was given a pointer to a value, and may have
	// changed it.
	readBack bool
}

// A call is one call under way. It fills the backend's frame itself, so that
// every C type can be passed exactly, also where Go has none like it.
type call struct {
	*session
	fn    *function
	mem   *scratch
	plan  plan
	words []uint64
}

// call calls the function of a prototype.
func (s *session) call(ctx context.Context, proto string, args []value) (*answer, error) {
	f, err := s.function(proto)
	if err != nil {
		return nil, err
	}
	c := &call{session: s, fn: f, mem: newScratch(s.lib.Space(), s.decls.typeNamed)}
	a, err := c.run(ctx, args)
	// Freeing fails only where C has broken its heap or is gone; what the call
	// itself gave matters more.
	_ = c.mem.free()
	return a, err
}

func (c *call) run(ctx context.Context, args []value) (*answer, error) {
	declared := len(c.fn.sig.Params())
	if len(args) < declared || len(args) > declared && !c.fn.sig.Variadic() {
		return nil, c.fail(c.fn.name, 0, fmt.Errorf("%w: %d for %s", wasmffi.ErrArgCount, len(args), dtype.Declare(c.fn.sig, c.fn.name)))
	}
	var variadic []dtype.Type
	for i, v := range args[declared:] {
		t, err := c.mem.variadicType(v)
		if err != nil {
			return nil, c.fail(c.fn.name, declared+i+1, err)
		}
		variadic = append(variadic, t)
	}
	var err error
	if c.plan, err = c.session.plan(c.fn, variadic); err != nil {
		return nil, c.fail(c.fn.name, 0, err)
	}
	if err := checkSize(8*uint64(c.plan.shape.Words), c.fn.sig); err != nil {
		return nil, c.fail(c.fn.name, 0, err)
	}
	c.words = make([]uint64, c.plan.shape.Words)
	a := &answer{args: make([]argument, len(args))}
	for i, v := range args {
		if a.args[i], err = c.put(i, v); err != nil {
			return nil, c.fail(c.fn.name, i+1, err)
		}
	}
	if err := c.checkContract(args, c.words, false); err != nil {
		return nil, err
	}
	given := slices.Clone(c.words) // what the backend may overwrite in the frame
	if a.errno, err = c.enter(ctx); err != nil {
		return nil, c.fail(c.fn.name, 0, err)
	}
	left := slices.Clone(given)
	copy(left[c.plan.shape.Result.First:], c.words[c.plan.shape.Result.First:][:c.plan.shape.Result.Words])
	if err := c.checkContract(args, left, true); err != nil {
		return nil, err
	}
	return a, c.collect(a, given)
}

// checkContract checks what the prototype says of the arguments' memory: of
// values placed for the call, and of null, but not of addresses given as such.
func (c *call) checkContract(args []value, words []uint64, after bool) error {
	return c.plan.contract.Check(words, after, func(i int) (size uint64, known, asNumber bool) {
		if o := c.mem.placed[words[c.plan.shape.Params[i].First]]; o != nil {
			return o.size, true, false
		}
		return 0, false, args[i].kind != nullValue
	})
}

// enter makes the call with the frame as it is.
func (c *call) enter(ctx context.Context) (errno int32, err error) {
	frame := wasmffi.Frame{Ctx: ctx, Words: c.words, WantErrno: c.session.errno}
	err = c.plan.call.Call(&frame)
	c.flush()
	return frame.Errno, err
}

// collect reads the result and the arguments after the call. A pointer in the
// result is an address also where it points to an argument's value, which is
// gone after the call.
func (c *call) collect(a *answer, given []uint64) (err error) {
	result := c.plan.shape.Result
	plain := *c.mem
	plain.placed = nil
	if a.void = isVoid(result.Type); a.void {
		a.result = "null"
	} else if a.result, err = plain.showSlot(result, c.words); err != nil {
		return c.fail(c.fn.name, 0, fmt.Errorf("result: %w", err))
	}
	for i := range a.args {
		if a.args[i].after, err = c.mem.showSlot(c.plan.shape.Params[i], given); err != nil {
			return c.fail(c.fn.name, i+1, err)
		}
	}
	return nil
}

// put puts argument i into the frame.
func (c *call) put(i int, v value) (argument, error) {
	slot := c.plan.shape.Params[i]
	var a argument
	variadic := i >= len(c.fn.sig.Params())
	if !variadic {
		a.name = c.fn.sig.Params()[i].Name
	}
	size, err := c.mem.abi().Size(slot.Type)
	if err != nil {
		return a, err
	}
	data := make([]byte, 8*slot.Words)
	if err := c.mem.putArgument(data[:size], slot.Type, v, variadic); err != nil {
		return a, rooted(slot.Type, err)
	}
	if err := c.load(slot, data); err != nil {
		return a, err
	}
	if p, ok := dtype.Resolve(slot.Type).(*dtype.Pointer); ok {
		_, placed := c.mem.placed[c.words[slot.First]]
		a.readBack = placed && !(v.kind == stringValue && p.ConstElem())
	}
	a.before, err = c.mem.showSlot(slot, c.words)
	return a, err
}

// load puts the bytes of a C object into its slot of the frame.
func (c *call) load(slot wasmffi.Slot, data []byte) error {
	words := c.words[slot.First : slot.First+slot.Words]
	if memory.IsScalar(c.mem.abi(), slot.Type) {
		w, err := memory.ScalarWord(c.mem.abi(), slot.Type, data)
		words[0] = w
		return err
	}
	for i := range words {
		words[i] = binary.NativeEndian.Uint64(data[8*i:])
	}
	return nil
}

// showSlot is what a slot of the frame holds, as JSON.
func (s *scratch) showSlot(slot wasmffi.Slot, words []uint64) (string, error) {
	abi := s.abi()
	size, err := abi.Size(slot.Type)
	if err != nil {
		return "", err
	}
	data := make([]byte, 8*slot.Words)
	words = words[slot.First : slot.First+slot.Words]
	if memory.IsScalar(abi, slot.Type) {
		if err := memory.PutScalar(abi, slot.Type, data, words[0]); err != nil {
			return "", err
		}
	} else {
		for i, w := range words {
			binary.NativeEndian.PutUint64(data[8*i:], w)
		}
	}
	b, err := s.show(nil, slot.Type, data[:size], false, 0)
	return string(b), err
}
