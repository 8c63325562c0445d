package wasmffi

import (
	"context"
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A Proto is a prototype with what ctypes' paramflags, from_param and errcheck
// add to one: parameters that may be named or left out, results that C writes
// through pointers, conversions, a check of what came back.
//
//	// BOOL GetWindowRect(HWND hWnd, RECT *lpRect);
//	proto := wasmffi.Proto{
//		Sig:      sig,
//		Params:   []wasmffi.Param{{Name: "hwnd"}, {Name: "rect", Dir: dtype.Out}},
//		ErrCheck: func(r *wasmffi.Returned) (any, error) { … },
//	}
//	getRect, err := wasmffi.BindProto[func(hwnd dtype.Addr) (Rect, error)](lib, "GetWindowRect", proto)
type Proto struct {
	// Sig is the C signature. It must not be variadic.
	Sig *dtype.Func
	// Params says more about Sig's parameters, in order: nil, or as many.
	Params []Param
	// Result, if set, says what array the result points to. The call's result
	// is that memory.Array then.
	Result *memory.NDPointer
	// Errno asks for the errno of each call, in [Returned].
	Errno bool
	// ErrCheck, if set, sees what each call that ended normally came back
	// with. What it returns is the call's result in place of C's; its error is
	// the call's. It may replace elements of Returned.Args: the out parameters
	// are taken from there.
	ErrCheck func(r *Returned) (any, error)
}

// A Param is what a [Proto] says of a parameter beyond its C type.
type Param struct {
	// Name is by which [Named] arguments know it; empty: as in the signature.
	Name string
	// Dir is whether the caller gives the parameter. The zero value is as the
	// signature says, and In if that says nothing.
	//
	// Out: C writes what the pointer points to. The caller leaves it out, and
	// what C wrote is a result. It begins as zeros.
	//
	// InOut: the caller gives the value pointed to, and what C made of it is a
	// result. A Go pointer, slice or [memory.View] is passed as it is, and is
	// itself the result.
	Dir dtype.Direction
	// Default is the argument where the caller gives none.
	Default any
	// Optional lets the caller leave out a parameter without a Default: it is
	// zero then, NULL for a pointer.
	Optional bool
	// Convert, if set, is given the argument, or the default, and returns what
	// is passed in its place, as ctypes' from_param.
	Convert func(arg any) (any, error)
	// Array, if set, says what array is to be passed: a memory.Array, a View
	// of one, or a Go slice of numbers.
	Array *memory.NDPointer
}

// Returned is what a call came back with, for [Proto.ErrCheck].
type Returned struct {
	// Func is the function that was called.
	Func *ProtoFunc
	// Result is C's result: a natural Go value, nil of a void function.
	Result any
	// Args are the arguments, one for each parameter of C's: the caller's
	// values and defaults, and what out parameters point to now.
	Args []any
	// Errno is C's errno after the call, where [Proto.Errno] asked for it or
	// the call was made under [WithErrno].
	Errno Errno
}

// A ProtoFunc is a C function called by a [Proto]. It may be used by several
// goroutines.
type ProtoFunc struct {
	fn     *Func
	proto  Proto
	params []protoParam
	ins    []int // parameters that the caller gives
	outs   []int // parameters that are results
}

// A protoParam is a Param with nothing left to be looked up.
type protoParam struct {
	Param
	elem dtype.Type // what an out parameter points to
}

func (p *protoParam) optional() bool { return p.Optional || p.Default != nil }
func (p *protoParam) isIn() bool     { return p.Dir != dtype.Out }
func (p *protoParam) isOut() bool    { return p.Dir == dtype.Out || p.Dir == dtype.InOut }

// BindProtoFunc finds a function to be called by a prototype with arguments of
// any type. See [BindProto] for a Go func type.
func BindProtoFunc(lib Library, name string, proto Proto) (*ProtoFunc, error) {
	return bindProto(lib, target{name: name}, proto)
}

// BindProtoAddr is BindProtoFunc of the function that a C function pointer
// points to.
func BindProtoAddr(lib Library, addr dtype.Addr, proto Proto) (*ProtoFunc, error) {
	sym, err := symbolAt(lib, addr)
	if err != nil {
		return nil, err
	}
	return bindProto(lib, target{name: sym.Name, sym: &sym}, proto)
}

func bindProto(lib Library, at target, proto Proto) (*ProtoFunc, error) {
	fail := func(err error) (*ProtoFunc, error) {
		return nil, &Error{Op: "bind", Library: lib.Name(), Symbol: at.name, Err: err}
	}
	switch sig := proto.Sig; {
	case sig == nil:
		return fail(fmt.Errorf("%w: a prototype without a signature", ErrSignature))
	case sig.Variadic():
		return fail(fmt.Errorf("%w: a prototype of a variadic function", ErrNotSupported))
	case proto.Result != nil && !isPointerType(sig.Result()):
		return fail(fmt.Errorf("%w: an array for the result %v, which is no pointer", ErrSignature, sig.Result()))
	case proto.Params != nil && len(proto.Params) != len(sig.Params()):
		return fail(fmt.Errorf("%w: the prototype has %d for %s", ErrArgCount, len(proto.Params), dtype.Declare(sig, at.name)))
	}
	sym, err := at.find(lib)
	if err != nil {
		return nil, err
	}
	fn, err := bindSymbol(lib, sym, proto.Sig)
	if err != nil {
		return nil, err
	}
	f := &ProtoFunc{fn: fn, proto: proto, params: make([]protoParam, len(proto.Sig.Params()))}
	for i := range f.params {
		if err := f.addParam(i); err != nil {
			return nil, fn.bindError(i+1, f.named(i, err))
		}
	}
	return f, nil
}

// addParam puts together what signature and prototype say of a parameter.
func (f *ProtoFunc) addParam(i int) error {
	c, p := f.proto.Sig.Params()[i], &f.params[i]
	if f.proto.Params != nil {
		p.Param = f.proto.Params[i]
	}
	if p.Name == "" {
		p.Name = c.Name
	}
	if p.Dir == dtype.Unstated {
		p.Dir = c.Dir
	}
	for _, other := range f.params[:i] {
		if p.Name != "" && other.Name == p.Name {
			return fmt.Errorf("%w: two parameters of this name", ErrArgName)
		}
	}
	if _, ok := dtype.Resolve(c.Type).(*dtype.Pointer); p.Array != nil && (!ok || p.isOut()) {
		return fmt.Errorf("%w: an array for %v, which is no pointer that the caller gives", ErrSignature, c.Type)
	}
	if p.isOut() {
		if err := f.checkOut(c, p); err != nil {
			return err
		}
		f.outs = append(f.outs, i)
	}
	if !p.isIn() {
		if p.optional() || p.Convert != nil {
			return fmt.Errorf("%w: an out parameter takes no argument: no default, no conversion", ErrSignature)
		}
		return nil
	}
	f.ins = append(f.ins, i)
	return f.checkDefault(i)
}

// checkOut checks that an out parameter points to one object whose size is
// known.
func (f *ProtoFunc) checkOut(c dtype.Param, p *protoParam) error {
	t := c.Type
	ptr, ok := dtype.Resolve(t).(*dtype.Pointer)
	if !ok {
		return fmt.Errorf("%w: out parameter of type %v, which is no pointer", ErrSignature, t)
	}
	p.elem = ptr.Elem()
	_, isFunc := dtype.Resolve(p.elem).(*dtype.Func)
	size, err := f.fn.lib.Space().ABI().Size(p.elem)
	if err != nil || size == 0 || isFunc {
		return fmt.Errorf("%w: out parameter of type %v: the size of %v is unknown", ErrSignature, t, p.elem)
	}
	if ptr.ConstElem() {
		return fmt.Errorf("%w: out parameter of type %v, which C does not write", ErrSignature, t)
	}
	if isBuffer := c.Contract != nil && !c.Contract.Len.IsZero(); isBuffer || dtype.Resolve(p.elem) == dtype.CChar {
		return fmt.Errorf("%w: out parameter of type %v, which is a buffer: pass one", ErrSignature, t)
	}
	return nil
}

// checkDefault converts a default as a call would. What a user's own code
// decides is left to the calls.
func (f *ProtoFunc) checkDefault(i int) error {
	p := &f.params[i]
	if _, adapts := p.Default.(Argument); p.Default == nil || adapts || p.Convert != nil || p.Array != nil {
		return nil
	}
	c := takeCall()
	defer c.end()
	c.begin(f.fn.fixed.plan)
	if err := f.pass(c, i, reflect.ValueOf(p.Default)); err != nil {
		return fmt.Errorf("default: %w", err)
	}
	return nil
}

// named puts a parameter's name before an error about it.
func (f *ProtoFunc) named(i int, err error) error {
	if name := f.params[i].Name; name != "" {
		return fmt.Errorf("%s: %w", name, err)
	}
	return err
}

// Name is the function's name, empty for one known by its address only.
func (f *ProtoFunc) Name() string { return f.fn.name }

// Signature is the declared signature.
func (f *ProtoFunc) Signature() *dtype.Func { return f.proto.Sig }

// Call calls the function. Args fill its in and inout parameters in order; a
// [Named] after them gives the others by name. The result is C's, or what
// ErrCheck made of it; outs are what the out and inout parameters are after the
// call, in order, as natural Go values ([memory.DecodeAny]).
func (f *ProtoFunc) Call(ctx context.Context, args ...any) (result any, outs []any, err error) {
	values, err := f.arrange(args)
	if err != nil {
		return nil, nil, err
	}
	c := takeCall()
	defer c.end()
	blocks, err := f.enter(ctx, c, values)
	if err != nil {
		return nil, nil, err
	}
	if f.proto.Result == nil {
		result, err = c.anyResult()
	} else {
		var a memory.Array
		err = c.result(ndResult(f.proto.Result), reflect.ValueOf(&a).Elem())
		result = a
	}
	if err != nil {
		return nil, nil, err
	}
	for _, i := range f.outs {
		if blocks[i] < 0 {
			continue
		}
		values[i], err = naturalValue(f.params[i].elem, c.enc.Blocks[blocks[i]].Data, c.plan.space())
		if err != nil {
			return nil, nil, c.plan.fail(i+1, f.named(i, err))
		}
	}
	if result, err = f.check(c, result, values); err != nil {
		return nil, nil, err
	}
	for _, i := range f.outs {
		outs = append(outs, values[i])
	}
	return result, outs, nil
}

// check runs ErrCheck.
func (f *ProtoFunc) check(c *call, result any, args []any) (any, error) {
	if f.proto.ErrCheck == nil {
		return result, nil
	}
	r := &Returned{Func: f, Result: result, Args: args, Errno: c.errno}
	result, err := f.proto.ErrCheck(r)
	if err != nil {
		return nil, c.plan.fail(0, err)
	}
	if len(r.Args) != len(args) {
		return nil, c.plan.fail(0, fmt.Errorf("%w: the check left %d arguments of %d", ErrArgCount, len(r.Args), len(args)))
	}
	copy(args, r.Args)
	return result, nil
}

// enter makes the call. Blocks tells for each parameter which block C wrote its
// value to, -1 if there is none.
func (f *ProtoFunc) enter(ctx context.Context, c *call, values []any) (blocks []int, err error) {
	c.begin(f.fn.fixed.plan)
	blocks = make([]int, len(values))
	for i := range f.params {
		p := &f.params[i]
		blocks[i] = -1
		var v reflect.Value
		if p.isIn() {
			if v, err = f.converted(i, values[i]); err != nil {
				return nil, c.plan.fail(i+1, f.named(i, err))
			}
		}
		if blocks[i], err = f.passInto(c, i, v); err != nil {
			return nil, c.plan.fail(i+1, f.named(i, err))
		}
	}
	return blocks, c.run(ctx, f.proto.Errno)
}

// converted is the argument to pass for what the caller gave.
func (f *ProtoFunc) converted(i int, x any) (reflect.Value, error) {
	p := &f.params[i]
	if p.Convert != nil {
		var err error
		if x, err = p.Convert(x); err != nil {
			return reflect.Value{}, err
		}
	}
	v, err := settle(reflect.ValueOf(x))
	if p.Array == nil || err != nil {
		return v, err
	}
	x = nil
	if v.IsValid() {
		x = v.Interface()
	}
	nd, err := ndArgumentOf(f.fn.lib.Space().ABI(), p.Array, x)
	return reflect.ValueOf(nd), err
}

// passInto passes an argument, or the room for one that C gives, and reports
// its block.
func (f *ProtoFunc) passInto(c *call, i int, v reflect.Value) (block int, err error) {
	p := &f.params[i]
	switch {
	case p.Dir == dtype.Out:
		return c.objectBlock(i, p.elem, memory.Out, reflect.Value{})
	case p.Dir == dtype.InOut && v.IsValid() && !isReferenceTo(v.Type()):
		block, err := c.objectBlock(i, p.elem, memory.InOut, v)
		if err == nil && len(c.enc.Blocks[block].Pointers) > 0 {
			// What comes back would point to copies that end with the call.
			err = fmt.Errorf("%w: Go %v with strings, slices or pointers, by value; pass a pointer to it", memory.ErrType, v.Type())
		}
		return block, err
	}
	return -1, f.pass(c, i, v)
}

// pass passes an in argument. An invalid v is zero or NULL.
func (f *ProtoFunc) pass(c *call, i int, v reflect.Value) error {
	if !v.IsValid() && f.params[i].Optional {
		return nil
	}
	return f.fn.fixed.arg(c, i, v)
}

// isReferenceTo reports whether a Go value stands for memory that it refers to,
// so that an inout parameter needs no room for it.
func isReferenceTo(g reflect.Type) bool {
	switch {
	case g == recordType:
		return false
	case g == viewType, g == pointerType, g == referenceType, isGoPointer(g):
		return true
	}
	return g.Kind() == reflect.Pointer || g.Kind() == reflect.Slice
}
