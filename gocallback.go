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
	// OnError is told of every failure at once, in the goroutine of the call.
	OnError func(error)
	// Arena owns the callback: closing it frees the callback too. It is also
	// where strings, slices and pointers that the function returns are copied
	// to for C, which may keep them as long.
	Arena *memory.Arena
}

// NewCallback makes a C function pointer of a Go function. It may be stored in
// C's memory and is good until it is freed, its arena or the library is closed.
//
//	cmp, err := wasmffi.NewCallback(lib, func(a, b *int32) int32 { return *a - *b }, nil)
//	defer cmp.Free()
//
// The function's parameters are Go scalars for C scalars, string for char *
// (a copy), *T for T * (a copy, written back unless C declared it const),
// memory.Pointer, memory.Ptr, Addr or Handle for any pointer, a Go func for a
// function pointer, VaList for va_list, Go structs by value for C's. A leading
// context.Context is the outer call's. The arguments that match "..." of a
// variadic C function type are a last parameter Varargs, or with Sig given a
// VaList.
//
// It may return a result and an error; an error or panic gives C the fallback
// and reaches the caller of the outer call. For a C pointer the result is a
// memory.View, Pointer, Ptr or Addr of the library's memory, a Handle, or for a
// function pointer a Callback. A Go string, slice or pointer is one only with
// an Arena to copy it to, since C would keep Go's memory. A Go func as a result
// becomes a callback that lives as long as the one that returned it: what is
// called often had better return one Callback each time.
//
// Rules of Sig ([dtype.Func.WithContract]) are checked, those about parameters
// before fn is entered, those about the result when it has returned: a violation
// is a failure with an error wrapping [ErrContract]. C's pointers have no
// length; x[n] holds if there is memory that far.
//
// With Sig given, fn may also be a func(*Frame) error, which finds the
// parameters' words in the frame and puts the result's there: it costs no
// reflection and no allocation, whatever the signature.
func NewCallback(lib Library, fn any, opts *CallbackOptions) (Callback, error) {
	cb, err := newCallback(lib, fn, opts)
	if err != nil {
		return nil, wrapError("callback", lib.Name(), "", err)
	}
	return cb, nil
}

func newCallback(lib Library, fn any, opts *CallbackOptions) (Callback, error) {
	if opts == nil {
		opts = &CallbackOptions{}
	}
	sig, v, err := callbackFunc(fn, opts.Sig)
	if err != nil {
		return nil, err
	}
	cb, err := callbackOf(lib, sig, v, opts)
	if err != nil || opts.Arena == nil {
		return cb, err
	}
	return ownedBy(opts.Arena, cb)
}

// NewCallbackSpec describes a Go function to a backend, as [NewCallback] takes
// it; backends use it for the functions a library imports.
func NewCallbackSpec(lib Library, fn any, opts *CallbackOptions) (CallbackSpec, error) {
	if opts == nil {
		opts = &CallbackOptions{}
	}
	sig, v, err := callbackFunc(fn, opts.Sig)
	if err != nil {
		return CallbackSpec{}, err
	}
	return newSpec(lib, sig, v, opts)
}

// callbackFunc is a Go function and its C signature.
func callbackFunc(fn any, sig *dtype.Func) (*dtype.Func, reflect.Value, error) {
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Func || v.IsNil() {
		return nil, v, fmt.Errorf("%w: %T is no func", memory.ErrType, fn)
	}
	if sig != nil {
		return sig, v, nil
	}
	sig, err := callbackSignature(v.Type())
	return sig, v, err
}

// callbackSignature is the C signature that a Go func type stands for.
func callbackSignature(t reflect.Type) (*dtype.Func, error) {
	f, err := callbackForm(t)
	if err != nil {
		return nil, err
	}
	if f.hasErrno || t.IsVariadic() {
		return nil, fmt.Errorf("%w: %v for a callback", memory.ErrType, t)
	}
	return f.signature()
}

// callbackOf makes a callback of a Go function of a known C signature.
func callbackOf(lib Library, sig *dtype.Func, fn reflect.Value, opts *CallbackOptions) (Callback, error) {
	own := &made{}
	spec, err := specFor(lib, sig, fn, opts, own)
	if err != nil {
		return nil, err
	}
	cb, err := lib.Callback(spec)
	if err != nil || !own.possible {
		return cb, err
	}
	return &makingCallback{cb, own}, nil
}

// newSpec describes a Go function of a known C signature. What it makes for C
// is freed with the library.
func newSpec(lib Library, sig *dtype.Func, fn reflect.Value, opts *CallbackOptions) (CallbackSpec, error) {
	return specFor(lib, sig, fn, opts, &made{})
}

func specFor(lib Library, sig *dtype.Func, fn reflect.Value, opts *CallbackOptions, own *made) (CallbackSpec, error) {
	shape, err := FrameShape(lib.Space().ABI(), CallbackFrame(sig))
	if err != nil {
		return CallbackSpec{}, err
	}
	spec := CallbackSpec{Sig: sig, OnError: opts.OnError, pc: fn.Pointer()}
	own.arena = opts.Arena
	if raw, ok := fn.Interface().(func(*Frame) error); ok {
		spec.Func = raw
	} else if spec.Func, err = goSide(lib, sig, shape, fn, own); err != nil {
		return CallbackSpec{}, err
	}
	if sig.HasContract() {
		spec.Func = checkedCallback(lib, sig, shape, spec.Func)
	}
	if opts.Fallback != nil {
		words := make([]uint64, shape.Words)
		if err := encodeResult(lib, reflect.ValueOf(opts.Fallback), shape.Result, words, own); err != nil {
			return CallbackSpec{}, fmt.Errorf("fallback: %w", err)
		}
		spec.Fallback = words[shape.Result.First:]
	}
	return spec, nil
}

// goSide chooses how to call a Go function: without reflection for the common
// scalar shapes.
func goSide(lib Library, sig *dtype.Func, shape Shape, fn reflect.Value, own *made) (func(*Frame) error, error) {
	form, err := compileCallback(fn.Type(), sig)
	if err != nil {
		return nil, err
	}
	if form.hasResult && isGoMemory(fn.Type().Out(0)) {
		g, c := fn.Type().Out(0), sig.Result()
		switch {
		case !isPointerType(c) && memory.IsScalar(lib.Space().ABI(), c):
			return nil, fmt.Errorf("callback result: %w", typeMismatch(g, c))
		case isPointerType(c) && own.arena == nil:
			return nil, fmt.Errorf("callback result: %w: Go %v for C %v: C would keep Go's memory; allocate it in the library, or state an Arena to copy it to", memory.ErrType, g, c)
		}
	}
	if f := scalarCallback(lib.Space().ABI(), sig, fn.Interface()); f != nil {
		return f, nil
	}
	for i, g := range form.params() {
		// What no pointer is has a value: that of zero bytes shows whether it fits.
		s := shape.Params[i]
		if g == vaListType || isPointerType(s.Type) {
			continue
		}
		if err := decodeResult(reflect.New(g).Elem(), s, make([]uint64, shape.Words), lib); err != nil {
			return nil, fmt.Errorf("callback parameter %d: %w", i+1, err)
		}
	}
	own.possible = true
	return reflectCallback(lib, form, shape, fn, own), nil
}

// compileCallback checks a Go func type against a C signature.
func compileCallback(g reflect.Type, sig *dtype.Func) (form, error) {
	form, err := callbackForm(g)
	if err != nil {
		return form, err
	}
	fixed := sig.Params()[:sig.Fixed()]
	params := form.params()
	if n := len(params); sig.Variadic() && n == len(fixed)+1 && params[n-1] == vaListType {
		form.hasVarargs = true
		params = params[:n-1]
	}
	if form.hasErrno || g.IsVariadic() || sig.Variadic() != form.hasVarargs {
		return form, fmt.Errorf("%w: %v for a callback of C's %v", memory.ErrType, g, sig)
	}
	if len(params) != len(fixed) {
		return form, fmt.Errorf("%w: %v for C %v", ErrArgCount, g, sig)
	}
	for i, p := range params {
		if err := checkCallbackParam(p, fixed[i].Type); err != nil {
			return form, fmt.Errorf("callback parameter %d: %w", i+1, err)
		}
	}
	if form.hasResult {
		if err := checkCallbackResult(g.Out(0), sig.Result()); err != nil {
			return form, fmt.Errorf("callback result: %w", err)
		}
	}
	return form, nil
}

// reflectCallback calls any Go function.
func reflectCallback(lib Library, form form, shape Shape, fn reflect.Value, own *made) func(*Frame) error {
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
			if g == vaListType {
				ap, end, err := newVaList(lib, shape.Params[i], f.Words)
				if err != nil {
					return fmt.Errorf("callback parameter %d: %w", i+1, err)
				}
				defer end() // a panic ends it too
				in = append(in, reflect.ValueOf(ap))
				continue
			}
			v := reflect.New(g).Elem()
			writeBack, err := decodeParam(lib, v, shape.Params[i], f.Words, own)
			if err != nil {
				return fmt.Errorf("callback parameter %d: %w", i+1, err)
			}
			if writeBack != nil {
				back = append(back, writeBack)
			}
			in = append(in, v)
		}
		if form.hasVarargs {
			ap, end, err := newVaList(lib, shape.Params[len(params)], f.Words)
			if err != nil {
				return fmt.Errorf("callback's \"...\": %w", err)
			}
			defer end()
			v := reflect.ValueOf(ap)
			if len(in) < fn.Type().NumIn() && fn.Type().In(len(in)) == varargsType {
				v = reflect.ValueOf(Varargs{ap})
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
			if err := encodeResult(lib, out[0], shape.Result, f.Words, own); err != nil {
				return fmt.Errorf("callback result: %w", err)
			}
		}
		return nil
	}
}
