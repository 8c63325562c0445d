package wasmffi

import (
	"context"
	"fmt"
	"reflect"
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
	// fixed is the plan of a function that is declared and not variadic. Others
	// have a plan for each shape they are called in.
	fixed      *preparedArgs
	shapes     shapeCache
	undeclared bool
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
	sym, err := symbolAt(lib, addr)
	if err != nil {
		return nil, err
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
		return nil, f.bindError(0, errVariable)
	}
	return f, nil
}

var errVariable = fmt.Errorf("%w: it is a variable, not a function", ErrSignature)

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

func (f *Func) callError(arg int, err error) error {
	return &Error{Op: "call", Library: f.lib.Name(), Symbol: f.name, Arg: arg, Err: err}
}

// Name is the function's name, empty for one known by its address only.
func (f *Func) Name() string { return f.name }

// Signature is the declared signature; of an undeclared function it has the
// result only.
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
	c := takeCall()
	defer c.end()
	for _, a := range args {
		c.args = append(c.args, reflect.ValueOf(a))
	}
	if err := f.enter(ctx, c, wantErrno); err != nil {
		return nil, 0, err
	}
	result, err = c.anyResult()
	return result, c.errno, err
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

// enter makes the call with c.args. The result is in c until its end.
func (f *Func) enter(ctx context.Context, c *call, wantErrno bool) error {
	p, err := f.planFor(c)
	if err != nil {
		return err
	}
	c.begin(p.plan)
	for i, v := range c.args {
		if err := p.arg(c, i, v); err != nil {
			return p.plan.fail(i+1, err)
		}
	}
	return c.run(ctx, wantErrno)
}

// planFor is the plan for a call with c.args, of which it settles those that
// decide about it.
func (f *Func) planFor(c *call) (*preparedArgs, error) {
	declared := len(f.sig.Params())
	if n := len(c.args); n < declared || n > declared && f.fixed != nil {
		return nil, f.callError(0, fmt.Errorf("%w: %d for %s", ErrArgCount, n, dtype.Declare(f.sig, f.name)))
	}
	if f.fixed != nil {
		return f.fixed, nil
	}
	for i := declared; i < len(c.args); i++ {
		v, err := settle(c.args[i])
		if err != nil {
			return nil, f.callError(i+1, err)
		}
		c.args[i] = v
	}
	return f.planByArgs(c, declared)
}

// arg puts one Go value into the call, with the conversion for its type.
func (p *preparedArgs) arg(c *call, i int, v reflect.Value) error {
	v, err := settle(v)
	if err != nil {
		return err
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
