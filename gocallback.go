package wasmffi

import (
	"context"
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// CallbackOptions are what a callback does beside calling its Go function.
type CallbackOptions struct {
	// Sig is the C signature; nil takes it from the Go function's type.
	Sig *dtype.Func
	// Fallback is what C gets when the Go function fails: a Go value for the
	// result type; nil is zero.
	Fallback any
	// OnError is told of every failure at once.
	OnError func(error)
}

// NewCallback makes a C function pointer of a Go function. It may be stored in
// C's memory and is good until it is freed or the library is closed.
//
//	cmp, err := wasmffi.NewCallback(lib, func(a, b *int32) int32 { return *a - *b }, nil)
//	defer cmp.Free()
//
// The function's parameters are Go scalars for C scalars, string for char *
// (a copy), *T for T * (a copy, written back unless C declared it const),
// memory.Pointer, Addr or Handle for any pointer, structs by value. A leading
// context.Context is the outer call's. It may return a result and an error; an
// error or panic gives C the fallback and reaches the caller of the outer
// call. A Go string, slice or pointer cannot be a result, since C would keep
// it: allocate it in the library.
func NewCallback(lib Library, fn any, opts *CallbackOptions) (Callback, error) {
	spec, err := NewCallbackSpec(lib, fn, opts)
	if err != nil {
		return nil, wrapError("callback", lib.Name(), "", err)
	}
	cb, err := lib.Callback(spec)
	if err != nil {
		return nil, wrapError("callback", lib.Name(), "", err)
	}
	return cb, nil
}

// NewCallbackSpec describes a Go function to a backend, as [NewCallback] takes
// it; backends use it for the functions a library imports.
func NewCallbackSpec(lib Library, fn any, opts *CallbackOptions) (CallbackSpec, error) {
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Func || v.IsNil() {
		return CallbackSpec{}, fmt.Errorf("%w: %T is no func", memory.ErrType, fn)
	}
	if opts == nil {
		opts = &CallbackOptions{}
	}
	sig := opts.Sig
	if sig == nil {
		var err error
		if sig, err = callbackSignature(v.Type()); err != nil {
			return CallbackSpec{}, err
		}
	}
	return newSpec(lib, sig, v, opts)
}

// callbackSignature is the C signature that a Go func type stands for.
func callbackSignature(t reflect.Type) (*dtype.Func, error) {
	f, err := formOf(t)
	if err != nil {
		return nil, err
	}
	if f.hasErrno || t.IsVariadic() {
		return nil, fmt.Errorf("%w: %v for a callback", memory.ErrType, t)
	}
	return f.signature()
}

// newSpec describes a Go function of a known C signature.
func newSpec(lib Library, sig *dtype.Func, fn reflect.Value, opts *CallbackOptions) (CallbackSpec, error) {
	compile, err := compileCallback(fn.Type(), sig)
	if err != nil {
		return CallbackSpec{}, err
	}
	shape, err := FrameShape(lib.Space().ABI(), sig)
	if err != nil {
		return CallbackSpec{}, err
	}
	spec := CallbackSpec{Sig: sig, Func: compile(lib, shape, fn), OnError: opts.OnError}
	if opts.Fallback != nil {
		words := make([]uint64, shape.Words)
		if err := encodeResult(lib, reflect.ValueOf(opts.Fallback), shape.Result, words); err != nil {
			return CallbackSpec{}, fmt.Errorf("fallback: %w", err)
		}
		spec.Fallback = words[shape.Result.First:]
	}
	return spec, nil
}

// A callbackCompiler makes the Go side of a callback of one func type.
type callbackCompiler func(lib Library, shape Shape, fn reflect.Value) func(*Frame) error

// compileCallback checks a Go func type against a C signature and chooses how
// to call it: without reflection for the common scalar shapes.
func compileCallback(g reflect.Type, sig *dtype.Func) (callbackCompiler, error) {
	form, err := formOf(g)
	if err != nil {
		return nil, err
	}
	if form.hasErrno || g.IsVariadic() || sig.Variadic() {
		return nil, fmt.Errorf("%w: %v for a callback", memory.ErrType, g)
	}
	params := form.params()
	if len(params) != len(sig.Params()) {
		return nil, fmt.Errorf("%w: %v for C %v", ErrArgCount, g, sig)
	}
	for i, p := range params {
		if err := checkCallbackParam(p, sig.Params()[i].Type); err != nil {
			return nil, fmt.Errorf("callback parameter %d: %w", i+1, err)
		}
	}
	if form.hasResult {
		switch k := g.Out(0).Kind(); {
		case isVoid(sig.Result()):
			return nil, fmt.Errorf("callback result: %w: Go %v for C void", memory.ErrType, g.Out(0))
		case k == reflect.String || k == reflect.Slice || k == reflect.Func || k == reflect.Pointer:
			return nil, fmt.Errorf("callback result: %w: Go %v for C %v: C would keep Go's memory; allocate it in the library", memory.ErrType, g.Out(0), sig.Result())
		}
	}
	return func(lib Library, shape Shape, fn reflect.Value) func(*Frame) error {
		if f := scalarCallback(lib.Space().ABI(), sig, fn.Interface()); f != nil {
			return f
		}
		return reflectCallback(lib, form, shape, fn)
	}, nil
}

func checkCallbackParam(g reflect.Type, c dtype.Type) error {
	ptr, isPtr := dtype.Resolve(c).(*dtype.Pointer)
	switch {
	case g.Kind() == reflect.Slice:
		return fmt.Errorf("%w: Go %v for C %v: C gives no length; take a memory.Pointer", memory.ErrType, g, c)
	case g.Kind() == reflect.Func || g.Kind() == reflect.UnsafePointer:
		return typeMismatch(g, c)
	case g.Kind() == reflect.Pointer:
		if !isPtr {
			return typeMismatch(g, c)
		}
		if isVoid(ptr.Elem()) {
			_, err := dtype.FromGo(g.Elem())
			return err
		}
		return nil
	case g.Kind() == reflect.String && !isCharPointer(c) && !(isPtr && isVoid(ptr.Elem())):
		return typeMismatch(g, c)
	case isGoInt(g.Kind()) && isPtr && !isAddress(g):
		return typeMismatch(g, c)
	}
	return nil
}

// reflectCallback calls any Go function.
func reflectCallback(lib Library, form form, shape Shape, fn reflect.Value) func(*Frame) error {
	params := form.params()
	return func(f *Frame) error {
		in := make([]reflect.Value, 0, len(params)+1)
		if form.hasContext {
			ctx := f.Ctx
			if ctx == nil {
				ctx = context.Background()
			}
			in = append(in, reflect.ValueOf(&ctx).Elem())
		}
		var back []func() error
		for i, g := range params {
			v := reflect.New(g).Elem()
			writeBack, err := decodeParam(lib, v, shape.Params[i], f.Words)
			if err != nil {
				return fmt.Errorf("callback parameter %d: %w", i+1, err)
			}
			if writeBack != nil {
				back = append(back, writeBack)
			}
			in = append(in, v)
		}
		out := fn.Call(in)
		for _, w := range back {
			if err := w(); err != nil {
				return err
			}
		}
		if form.hasError {
			if err, _ := out[len(out)-1].Interface().(error); err != nil {
				return err
			}
		}
		if form.hasResult {
			if err := encodeResult(lib, out[0], shape.Result, f.Words); err != nil {
				return fmt.Errorf("callback result: %w", err)
			}
		}
		return nil
	}
}

// decodeParam stores a callback's parameter in v. For a Go pointer it copies
// what C's points to, and gives the function that copies it back.
func decodeParam(lib Library, v reflect.Value, s Slot, words []uint64) (back func() error, err error) {
	if v.Kind() != reflect.Pointer {
		return nil, decodeResult(v, s, words, lib)
	}
	addr := words[s.First]
	if addr == 0 {
		return nil, nil
	}
	ptr := dtype.Resolve(s.Type).(*dtype.Pointer)
	elem := ptr.Elem()
	if isVoid(elem) {
		if elem, err = dtype.FromGo(v.Type().Elem()); err != nil {
			return nil, err
		}
	}
	space := lib.Space()
	size, err := space.ABI().Size(elem)
	if err != nil {
		return nil, err
	}
	data := make([]byte, size)
	if err := space.ReadAt(data, addr); err != nil {
		return nil, err
	}
	v.Set(reflect.New(v.Type().Elem()))
	if err := memory.Decode(v.Elem(), elem, data, space, space.Lifetime()); err != nil {
		return nil, err
	}
	if ptr.ConstElem() {
		return nil, nil
	}
	p := v.Elem()
	before := append([]byte(nil), data...)
	return func() error {
		c := plainCall(lib)
		defer c.enc.Reset()
		if err := c.plainValue(data, p, elem); err != nil {
			return err
		}
		if string(data) == string(before) {
			return nil // nothing changed: the memory may be read-only
		}
		return space.WriteAt(data, addr)
	}, nil
}

// encodeResult puts a Go value into the slot of a result.
func encodeResult(lib Library, v reflect.Value, s Slot, words []uint64) error {
	for v.Kind() == reflect.Interface && !v.IsNil() && v.Type() != callbackType {
		v = v.Elem()
	}
	c := plainCall(lib)
	defer c.enc.Reset()
	if memory.IsScalar(c.enc.ABI, s.Type) {
		w, err := c.enc.Scalar(v, s.Type)
		words[s.First] = w
		return err
	}
	return c.plainValue(slotBytes(s, words), v, s.Type)
}

// plainCall is for encoding values that C keeps: pointers among them must be
// C's already.
func plainCall(lib Library) *call {
	c := &call{plan: &plan{lib: lib}}
	c.enc.ABI, c.enc.Space, c.enc.Other = lib.Space().ABI(), lib.Space(), c.other
	return c
}

func (c *call) plainValue(dst []byte, v reflect.Value, t dtype.Type) error {
	if err := c.enc.Value(dst, -1, 0, v, t); err != nil {
		return err
	}
	if len(c.enc.Blocks) > 0 {
		return fmt.Errorf("%w: C would keep Go's memory; allocate it in the library", memory.ErrType)
	}
	return nil
}
