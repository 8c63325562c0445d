package wasmffi

import (
	"fmt"
	"math"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A resultFunc stores what a call returned in v.
type resultFunc func(c *call, v reflect.Value) error

// compileResult decides how the result of sig becomes a Go value of type g.
func compileResult(lib Library, g reflect.Type, sig *dtype.Func) (resultFunc, error) {
	abi, t, rules := lib.Space().ABI(), sig.Result(), sig.ResultContract()
	switch k := g.Kind(); {
	case isVoid(t):
		return nil, fmt.Errorf("%w: Go %v for C void", memory.ErrType, g)
	case k == reflect.Func:
		return compileFuncResult(g, t)
	case g == offsetType:
		if rules == nil || rules.Into == 0 {
			return nil, fmt.Errorf("%w: an Offset needs a rule \"result in …\"", memory.ErrType)
		}
		return offsetResult, nil
	case g == arrayType && isPointerType(t):
		if rules == nil || rules.Len.IsZero() {
			return nil, fmt.Errorf("%w: a memory.Array needs a rule \"result[…]\" that says how long it is", memory.ErrType)
		}
		return arrayResult, nil
	case g == handleType && isPointerType(t), k == reflect.String && isCharPointer(t):
		return decodedResult, nil
	case g == pointerType && isPointerType(t):
		return pointerResult, nil
	case g == pointerType, isGoPointer(g):
		if !isPointerType(t) {
			return nil, typeMismatch(g, t)
		}
		return decodedResult, nil
	case k == reflect.Pointer || k == reflect.Slice:
		return nil, fmt.Errorf("%w: Go %v for C %v: C's memory is no Go memory; take a memory.Pointer", memory.ErrType, g, t)
	case memory.IsScalar(abi, t) && (isGoInt(k) || k == reflect.Bool || k == reflect.Float32 || k == reflect.Float64):
		conv, err := resultConv(abi, t, g)
		if err != nil {
			return nil, err
		}
		return scalarResult(conv, k), nil
	}
	return decodedResult, checkDecodes(lib, g, t)
}

// checkDecodes reports whether C objects of type t can be decoded as a g. Zeros
// are a value of every C type: they can if any can.
func checkDecodes(lib Library, g reflect.Type, t dtype.Type) error {
	size, err := lib.Space().ABI().Size(t)
	if err != nil {
		return err
	}
	return memory.Decode(reflect.New(g).Elem(), t, make([]byte, size), lib.Space(), nil)
}

// pointerResult is a pointer, with the length that a contract gives it.
func pointerResult(c *call, v reflect.Value) error {
	if err := decodedResult(c, v); err != nil {
		return err
	}
	p, err := c.known(v.Interface().(memory.Pointer))
	v.Set(reflect.ValueOf(p))
	return err
}

func decodedResult(c *call, v reflect.Value) error {
	return decodeResult(v, c.plan.shape.Result, c.words, c.plan.lib)
}

func scalarResult(conv scalarConv, k reflect.Kind) resultFunc {
	set := func(v reflect.Value, w uint64) { v.SetUint(w) }
	switch {
	case k == reflect.Bool:
		set = func(v reflect.Value, w uint64) { v.SetBool(w != 0) }
	case k <= reflect.Int64:
		set = func(v reflect.Value, w uint64) { v.SetInt(int64(w)) }
	case k == reflect.Float64:
		set = func(v reflect.Value, w uint64) { v.SetFloat(math.Float64frombits(w)) }
	case k == reflect.Float32:
		return decodedResult // through float64 the bits of a NaN would change
	}
	return func(c *call, v reflect.Value) error {
		w, err := conv.convert(c.words[c.plan.shape.Result.First])
		if err == nil {
			set(v, w)
		}
		return err
	}
}

// result stores the call's result in v.
func (c *call) result(f resultFunc, v reflect.Value) error {
	if err := f(c, v); err != nil {
		return c.plan.fail(0, fmt.Errorf("result: %w", err))
	}
	return nil
}

// setResult puts another value in the place of C's result.
func (c *call) setResult(v reflect.Value) (err error) {
	s := c.plan.shape.Result
	if memory.IsScalar(c.plan.abi(), s.Type) {
		c.words[s.First], err = c.enc.Scalar(v, s.Type)
		return err
	}
	if n := len(c.enc.Blocks); n > 0 {
		c.enc.Reset() // C has returned: nothing of the call's memory is needed
	}
	if err := c.enc.Value(slotBytes(s, c.words), -1, uint64(8*s.First), v, s.Type); err != nil {
		return err
	}
	if len(c.enc.Blocks) > 0 {
		return typeMismatch(v.Type(), s.Type)
	}
	return nil
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
	return memory.Decode(v, s.Type, slotObject(s, words), lib.Space(), nil)
}
