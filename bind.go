package wasmffi

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// Bind finds the function name in lib and returns it as a Go function of type
// F, whose parameters fill C's one by one:
//
//	dist, err := wasmffi.Bind[func(ax, ay, bx, by float64) float64](lib, "dist")
//
// F may begin with a context.Context, which bounds the call in time, and may
// end with an [Errno] result, C's errno, and an error. A function without an
// error result panics with the *Error it would have returned.
//
// The C signature is taken from F ([dtype.FromGo], with [In] and [Out]
// slices); where Go's type says too little, as int does, it must be stated:
// see [BindAs]. A final parameter ...any makes it variadic.
//
// Functions of up to four scalars of common types cost no allocation and no
// reflection. Others pay what [reflect.MakeFunc] costs, about half a
// microsecond: it allocates the lists of arguments and results, and each
// argument and result that is not a pointer. Conversions are decided when
// binding and add little to that. [Func2] and its kin avoid it for any scalars,
// [Prepare] for structs by value.
func Bind[F any](lib Library, name string) (F, error) { return BindAs[F](lib, name, nil) }

// BindAs is [Bind] with the C signature given, as package cdecl reads it from
// C text. Go's integers are then checked for range against C's types.
func BindAs[F any](lib Library, name string, sig *dtype.Func) (F, error) {
	var f F
	ft := reflect.TypeFor[F]()
	if ft.Kind() != reflect.Func {
		return f, &Error{Op: "bind", Library: lib.Name(), Symbol: name, Err: fmt.Errorf("%w: %v is no func type", memory.ErrType, ft)}
	}
	err := bindInto(lib, target{name: name}, sig, reflect.ValueOf(&f).Elem())
	return f, err
}

// MustBind is Bind for functions that are known to exist; it panics otherwise.
func MustBind[F any](lib Library, name string) F {
	f, err := Bind[F](lib, name)
	if err != nil {
		panic(err)
	}
	return f
}

// BindAll binds every field of func type of the struct that fns points to, by
// the C name in its `c:"name"` tag or else its own name; `c:"-"` leaves one
// out. Either all fields are set or none, and the error tells of all that
// failed.
//
//	var geo struct {
//		Dist func(ax, ay, bx, by float64) float64 `c:"dist"`
//		Area func(pts wasmffi.In[Point], n int32) float64 `c:"area"`
//	}
//	err := wasmffi.BindAll(lib, &geo)
func BindAll(lib Library, fns any) error {
	p := reflect.ValueOf(fns)
	if p.Kind() != reflect.Pointer || p.IsNil() || p.Elem().Kind() != reflect.Struct {
		return &Error{Op: "bind", Library: lib.Name(), Err: fmt.Errorf("%w: %T is no pointer to a struct of functions", memory.ErrType, fns)}
	}
	dst := p.Elem()
	bound := reflect.New(dst.Type()).Elem()
	bound.Set(dst)
	var errs []error
	for i := range dst.NumField() {
		field := dst.Type().Field(i)
		name, skip := dtype.FieldName(field)
		if skip || field.Type.Kind() != reflect.Func {
			continue
		}
		if !field.IsExported() {
			errs = append(errs, &Error{Op: "bind", Library: lib.Name(), Symbol: name,
				Err: fmt.Errorf("%w: field %s is not exported", memory.ErrType, field.Name)})
			continue
		}
		if err := bindInto(lib, target{name: name}, nil, bound.Field(i)); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	dst.Set(bound)
	return nil
}

// A target is what is bound: a function by name, or one that has been found.
type target struct {
	name string
	sym  *Symbol
}

func (t target) find(lib Library) (Symbol, error) {
	if t.sym != nil {
		return *t.sym, nil
	}
	sym, err := lib.Lookup(t.name)
	if err != nil {
		return Symbol{}, wrapError("bind", lib.Name(), t.name, err)
	}
	return sym, nil
}

// bindInto binds a function of dst's type and stores it there.
func bindInto(lib Library, at target, sig *dtype.Func, dst reflect.Value) error {
	if leavesOutsOut(dst.Type(), sig) {
		return bindProtoInto(lib, at, Proto{Sig: sig}, dst)
	}
	if ok, err := bindShape(lib, at, sig, dst.Addr().Interface()); ok {
		if err != nil {
			dst.SetZero()
		}
		return err
	}
	form, err := formOf(dst.Type())
	if err != nil {
		return wrapError("bind", lib.Name(), at.name, err)
	}
	if sig == nil {
		if sig, err = form.signature(); err != nil {
			return wrapError("bind", lib.Name(), at.name, err)
		}
	}
	sym, err := at.find(lib)
	if err != nil {
		return err
	}
	fn, err := bindSymbol(lib, sym, sig)
	if err != nil {
		return err
	}
	b, err := form.bind(fn)
	if err != nil {
		return err
	}
	dst.Set(reflect.MakeFunc(dst.Type(), b.call))
	return nil
}

// A form is a Go func type taken apart: which parameters and results are C's.
type form struct {
	t          reflect.Type
	first      int // 1 when a context comes first
	hasContext bool
	hasResult  bool
	hasErrno   bool
	hasVarargs bool // of a callback: the last parameter is a va_list of "..."
	hasError   bool
	results    []reflect.Type // before Errno and error; C has one at most
}

var contextType = reflect.TypeFor[context.Context]()

// formOf takes apart the type of a function that has C's result and no other.
func formOf(t reflect.Type) (form, error) {
	f, err := callbackForm(t)
	if err == nil && f.hasVarargs {
		err = fmt.Errorf("%w: %v: a callback's \"...\" are Varargs, a call's are ...any", memory.ErrType, t)
	}
	return f, err
}

// callbackForm is formOf for a Go func that C calls.
func callbackForm(t reflect.Type) (form, error) {
	f, err := formWithResults(t)
	if err == nil && len(f.results) > 1 {
		err = fmt.Errorf("%w: %v: C has one result at most, before Errno and error", memory.ErrType, t)
	}
	return f, err
}

func formWithResults(t reflect.Type) (form, error) {
	f := form{t: t}
	if t.NumIn() > 0 && t.In(0) == contextType {
		f.hasContext, f.first = true, 1
	}
	out := t.NumOut()
	if out > 0 && t.Out(out-1) == errorType {
		f.hasError = true
		out--
	}
	if out > 0 && t.Out(out-1) == errnoType {
		f.hasErrno = true
		out--
	}
	f.hasResult = out == 1
	for i := range out {
		f.results = append(f.results, t.Out(i))
	}
	if n := t.NumIn(); n > f.first && t.In(n-1) == varargsType {
		f.hasVarargs = true
	}
	if t.IsVariadic() && t.In(t.NumIn()-1).Elem().Kind() != reflect.Interface {
		return f, fmt.Errorf("%w: %v: variadic arguments are ...any", memory.ErrType, t)
	}
	return f, nil
}

// params are the Go types of C's declared parameters.
func (f *form) params() []reflect.Type {
	var ts []reflect.Type
	for i := f.first; i < f.t.NumIn(); i++ {
		if (f.t.IsVariadic() || f.hasVarargs) && i == f.t.NumIn()-1 {
			break
		}
		ts = append(ts, f.t.In(i))
	}
	return ts
}

// signature is the C signature that the Go types stand for.
func (f *form) signature() (*dtype.Func, error) {
	var params []dtype.Param
	for i, g := range f.params() {
		p, err := paramOf(g)
		if err != nil {
			return nil, fmt.Errorf("arg %d: %w", i+1, err)
		}
		params = append(params, p)
	}
	var result dtype.Type = dtype.CVoid
	if f.hasResult {
		p, err := paramOf(f.t.Out(0))
		if err != nil {
			return nil, fmt.Errorf("result: %w", err)
		}
		result = p.Type
	}
	return dtype.NewFunc(result, params, f.t.IsVariadic() || f.hasVarargs)
}

// paramOf is the C parameter that a Go type stands for.
func paramOf(g reflect.Type) (dtype.Param, error) {
	switch {
	case g == viewType, g == pointerType, g == arrayType, g.Implements(callbackType), g.Kind() == reflect.Interface:
		return dtype.Param{Type: dtype.PointerTo(dtype.CVoid)}, nil
	}
	if g.Kind() == reflect.Func {
		sig, err := callbackSignature(g)
		if err != nil {
			return dtype.Param{}, err
		}
		return dtype.Param{Type: dtype.PointerTo(sig)}, nil
	}
	c, err := dtype.FromGo(g)
	if err != nil {
		return dtype.Param{}, err
	}
	p := dtype.Param{Type: c}
	if g.Implements(flowerType) {
		p.Dir = dtype.In
		if reflect.Zero(g).Interface().(flower).flow() == memory.Out {
			p.Dir = dtype.Out
		}
	}
	return p, nil
}

// A boundFunc is a Go func's way to a C function, with everything decided that
// the types decide.
type boundFunc struct {
	form
	fn     *Func
	args   []argFunc // of the declared parameters
	result resultFunc
	zero   []reflect.Value // the Go results of a call that failed
}

// bind compares the Go types with the C signature and makes the conversions.
func (f *form) bind(fn *Func) (*boundFunc, error) {
	params := f.params()
	if len(params) != len(fn.sig.Params()) || f.t.IsVariadic() != fn.sig.Variadic() {
		return nil, fn.bindError(0, fmt.Errorf("%w: %v has %d for %s", ErrArgCount, f.t, len(params), dtype.Declare(fn.sig, fn.name)))
	}
	b := &boundFunc{form: *f, fn: fn, zero: f.zeroResults()}
	abi := fn.lib.Space().ABI()
	for i, g := range params {
		arg, err := compileArg(abi, g, fn.sig.Params()[i])
		if err != nil {
			return nil, fn.bindError(i+1, err)
		}
		b.args = append(b.args, arg)
	}
	if f.hasResult {
		var err error
		if b.result, err = compileResult(fn.lib, f.t.Out(0), fn.sig); err != nil {
			return nil, fn.bindError(0, fmt.Errorf("result: %w", err))
		}
	}
	return b, nil
}

// zeroResults are the zero values of all results.
func (f *form) zeroResults() []reflect.Value {
	zero := make([]reflect.Value, f.t.NumOut())
	for i := range zero {
		zero[i] = reflect.Zero(f.t.Out(i))
	}
	return zero
}

// call is the body of the Go function.
func (b *boundFunc) call(in []reflect.Value) []reflect.Value {
	out := slices.Clone(b.zero) // the runtime reads it after we return
	c := takeCall()
	defer c.end()
	err := b.enter(c, in)
	if err == nil && b.hasResult {
		v := reflect.New(b.t.Out(0)).Elem()
		if err = c.result(b.result, v); err == nil {
			out[0] = v
		}
	}
	b.finish(out, c.errno, err)
	return out
}

func (b *boundFunc) enter(c *call, in []reflect.Value) error {
	args := in[b.first:]
	p := b.fn.fixed
	if b.t.IsVariadic() {
		rest := args[len(args)-1]
		c.args = append(c.args, args[:len(args)-1]...)
		for i := range rest.Len() {
			c.args = append(c.args, rest.Index(i))
		}
		args = c.args
		var err error
		if p, err = b.fn.planFor(c); err != nil {
			return err
		}
	}
	c.begin(p.plan)
	for i, v := range args {
		var err error
		if i < len(b.args) {
			err = b.args[i](c, i, v)
		} else {
			err = p.arg(c, i, v)
		}
		if err != nil {
			return p.plan.fail(i+1, err)
		}
	}
	return c.run(b.context(in), b.hasErrno)
}

// context is the context among the arguments.
func (f *form) context(in []reflect.Value) context.Context {
	if !f.hasContext {
		return nil
	}
	ctx, _ := in[0].Interface().(context.Context)
	return ctx
}

// finish sets the results for errno and error. A function without an error
// result panics.
func (f *form) finish(out []reflect.Value, errno Errno, err error) {
	last := len(out) - 1
	switch {
	case err == nil:
	case f.hasError:
		out[last] = errorValue(err)
	default:
		panic(err)
	}
	if f.hasError {
		last--
	}
	if f.hasErrno && errno != 0 {
		out[last] = reflect.ValueOf(errno)
	}
}

func errorValue(err error) reflect.Value { return reflect.ValueOf(&err).Elem() }
