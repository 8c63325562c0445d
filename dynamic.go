package wasmffi

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A Func is a C function with a declared signature, called with arguments of
// any type. It may be used by several goroutines.
type Func struct {
	lib  Library
	sym  Symbol
	name string
	sig  *dtype.Func
	// fixed is the plan of a function that is not variadic. Variadic ones have
	// a plan for each shape they are called in.
	fixed  *preparedArgs
	shapes sync.Map // string of the variadic types → *preparedArgs
}

// preparedArgs are a plan and, for each parameter, the conversions of the Go
// types it has been given so far.
type preparedArgs struct {
	plan *plan
	args []sync.Map // reflect.Type → argFunc
}

// BindFunc finds a function and prepares it for calls with signature sig.
func BindFunc(lib Library, name string, sig *dtype.Func) (*Func, error) {
	sym, err := lib.Lookup(name)
	if err != nil {
		return nil, wrapError("bind", lib.Name(), name, err)
	}
	return bindSymbol(lib, sym, sig)
}

// BindAddr prepares the function that a C function pointer points to. A NULL
// pointer, and in the sandbox one to no function, are errors.
func BindAddr(lib Library, addr dtype.Addr, sig *dtype.Func) (*Func, error) {
	if err := Audit(AuditEvent{Op: AuditCallAddr, Library: lib.Name(), Addr: uint64(addr)}); err != nil {
		return nil, err
	}
	if addr == 0 {
		return nil, &Error{Op: "bind", Library: lib.Name(), Err: memory.ErrNull}
	}
	sym, err := lib.FuncAt(uint64(addr))
	if err != nil {
		return nil, wrapError("bind", lib.Name(), fmt.Sprintf("%#x", uint64(addr)), err)
	}
	return bindSymbol(lib, sym, sig)
}

func bindSymbol(lib Library, sym Symbol, sig *dtype.Func) (*Func, error) {
	f := &Func{lib: lib, sym: sym, name: sym.Name, sig: sig}
	if !sig.Variadic() {
		p, err := f.prepare(sig)
		if err != nil {
			return nil, err
		}
		f.fixed = p
	} else if sym.Kind != FuncSymbol {
		return nil, f.bindError(0, fmt.Errorf("%w: it is a variable, not a function", ErrSignature))
	}
	return f, nil
}

func (f *Func) prepare(sig *dtype.Func) (*preparedArgs, error) {
	p, err := planSymbol(f.lib, f.sym, sig)
	if err != nil {
		return nil, err
	}
	return &preparedArgs{plan: p, args: make([]sync.Map, len(sig.Params()))}, nil
}

func (f *Func) bindError(arg int, err error) error {
	return &Error{Op: "bind", Library: f.lib.Name(), Symbol: f.name, Arg: arg, Err: err}
}

// Name is the function's name, empty for one known by its address only.
func (f *Func) Name() string { return f.name }

// Signature is the declared signature.
func (f *Func) Signature() *dtype.Func { return f.sig }

// Call calls the function. Integers, floats and booleans are converted to C's
// declared types with a check of their range; strings, slices and pointers are
// passed as their memory; see the package documentation. The result is a
// natural Go value ([memory.DecodeAny]); const char * is a string.
func (f *Func) Call(ctx context.Context, args ...any) (any, error) {
	r, _, err := f.call(ctx, args, false)
	return r, err
}

// CallErrno is Call with the errno that C left. A sandboxed module that does
// not export errno gives an error wrapping [ErrNotSupported].
func (f *Func) CallErrno(ctx context.Context, args ...any) (result any, errno Errno, err error) {
	return f.call(ctx, args, true)
}

func (f *Func) call(ctx context.Context, args []any, wantErrno bool) (result any, errno Errno, err error) {
	vs := make([]reflect.Value, len(args))
	for i, a := range args {
		vs[i] = reflect.ValueOf(a)
	}
	errno, err = f.invoke(ctx, vs, wantErrno, func(c *call) (err error) {
		result, err = c.anyResult()
		return err
	})
	return result, errno, err
}

// Call calls a function of which nothing has been declared: its signature
// comes from the library's debug info. Without debug info it is an error
// wrapping [ErrNotSupported].
func Call(ctx context.Context, lib Library, name string, args ...any) (any, error) {
	sig, err := Signature(lib, name)
	if err != nil {
		return nil, err
	}
	f, err := BindFunc(lib, name, sig)
	if err != nil {
		return nil, err
	}
	return f.Call(ctx, args...)
}

// A Typer is a Library that knows C types from its debug info.
type Typer interface {
	// TypeOf is the C type of a symbol: a *dtype.Func for a function.
	TypeOf(s Symbol) (dtype.Type, error)
	// TypeNamed finds "struct point", "point_t", "enum color".
	TypeNamed(name string) (dtype.Type, error)
}

// Signature is a function's signature from the library's debug info.
func Signature(lib Library, name string) (*dtype.Func, error) {
	sym, err := lib.Lookup(name)
	if err != nil {
		return nil, wrapError("call", lib.Name(), name, err)
	}
	t, err := typeOf(lib, sym)
	if err != nil {
		return nil, wrapError("call", lib.Name(), name, err)
	}
	sig, ok := dtype.Resolve(t).(*dtype.Func)
	if !ok {
		return nil, wrapError("call", lib.Name(), name, fmt.Errorf("%w: it is a variable of type %v", ErrSignature, t))
	}
	return sig, nil
}

func typeOf(lib Library, sym Symbol) (dtype.Type, error) {
	t, ok := lib.(Typer)
	if !ok {
		return nil, fmt.Errorf("%w: this library has no debug info to declare it", ErrNotSupported)
	}
	return t.TypeOf(sym)
}

// invoke makes one call and hands it to result while its frame is valid.
func (f *Func) invoke(ctx context.Context, args []reflect.Value, wantErrno bool, result func(*call) error) (Errno, error) {
	p, err := f.planFor(args)
	if err != nil {
		return 0, err
	}
	c := beginCall(p.plan)
	defer c.end()
	for i, v := range args {
		if err := p.arg(c, i, v); err != nil {
			return 0, p.plan.fail(i+1, err)
		}
	}
	if err := c.run(ctx, wantErrno); err != nil {
		return 0, err
	}
	return c.errno, result(c)
}

// planFor is the plan for a call with these arguments.
func (f *Func) planFor(args []reflect.Value) (*preparedArgs, error) {
	declared := len(f.sig.Params())
	if f.fixed != nil {
		if len(args) != declared {
			return nil, &Error{Op: "call", Library: f.lib.Name(), Symbol: f.name,
				Err: fmt.Errorf("%w: %d for %s", ErrArgCount, len(args), dtype.Declare(f.sig, f.name))}
		}
		return f.fixed, nil
	}
	if len(args) < declared {
		return nil, &Error{Op: "call", Library: f.lib.Name(), Symbol: f.name,
			Err: fmt.Errorf("%w: %d for %s", ErrArgCount, len(args), dtype.Declare(f.sig, f.name))}
	}
	types := make([]dtype.Type, len(args)-declared)
	var key strings.Builder
	for i := range types {
		t, err := variadicType(args[declared+i])
		if err != nil {
			return nil, &Error{Op: "call", Library: f.lib.Name(), Symbol: f.name, Arg: declared + i + 1, Err: err}
		}
		types[i] = t
		fmt.Fprintf(&key, "%v;", t)
	}
	if p, ok := f.shapes.Load(key.String()); ok {
		return p.(*preparedArgs), nil
	}
	sig, err := f.sig.WithArgs(types...)
	if err != nil {
		return nil, f.bindError(0, err)
	}
	p, err := f.prepare(sig)
	if err != nil {
		return nil, err
	}
	got, _ := f.shapes.LoadOrStore(key.String(), p)
	return got.(*preparedArgs), nil
}

// variadicType is the C type of an argument that matches "...": what C would
// make of the same literal. Go's int is C's int if the value fits, else long
// long.
func variadicType(v reflect.Value) (dtype.Type, error) {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return dtype.PointerTo(dtype.CVoid), nil
	}
	switch k := v.Kind(); {
	case k == reflect.Int && v.Type().PkgPath() == "":
		if n := v.Int(); n < math.MinInt32 || n > math.MaxInt32 {
			return dtype.CLongLong, nil
		}
		return dtype.CInt, nil
	case k == reflect.Uint && v.Type().PkgPath() == "":
		if v.Uint() > math.MaxUint32 {
			return dtype.CULongLong, nil
		}
		return dtype.CUInt, nil
	}
	if v.Type() == viewType {
		return dtype.PointerTo(v.Interface().(memory.View).Type()), nil
	}
	p, err := paramOf(v.Type())
	return p.Type, err
}

// arg puts one Go value into the call, with the conversion for its type.
func (p *preparedArgs) arg(c *call, i int, v reflect.Value) error {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	param := p.plan.sig.Params()[i]
	if !v.IsValid() {
		return dynamicArg(param)(c, i, v)
	}
	t := v.Type()
	if f, ok := p.args[i].Load(t); ok {
		return f.(argFunc)(c, i, v)
	}
	f, err := p.compile(t, param)
	if err != nil {
		return err
	}
	p.args[i].Store(t, f)
	return f(c, i, v)
}

// compile is the conversion for a value of static type t, or a dynamic one:
// an untyped number has a Go type only by accident, so what the static policy
// has no rule for is decided by value (an int for a double).
func (p *preparedArgs) compile(t reflect.Type, param dtype.Param) (argFunc, error) {
	f, err := compileArg(p.plan.abi(), t, param)
	if err != nil && memory.IsScalar(p.plan.abi(), param.Type) && !isPointerType(param.Type) {
		return dynamicArg(param), nil
	}
	return f, err
}
