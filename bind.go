package wasmffi

import (
	"context"
	"errors"
	"fmt"
	"reflect"

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
// reflection. Others pay reflection, some hundred nanoseconds; [Func2] and its
// kin avoid that for any scalar types.
func Bind[F any](lib Library, name string) (F, error) { return BindAs[F](lib, name, nil) }

// BindAs is [Bind] with the C signature given, as package cdecl reads it from
// C text. Go's integers are then checked for range against C's types.
func BindAs[F any](lib Library, name string, sig *dtype.Func) (F, error) {
	var f F
	ft := reflect.TypeFor[F]()
	if ft.Kind() != reflect.Func {
		return f, &Error{Op: "bind", Library: lib.Name(), Symbol: name, Err: fmt.Errorf("%w: %v is no func type", memory.ErrType, ft)}
	}
	err := bindInto(lib, name, sig, reflect.ValueOf(&f).Elem())
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
		if err := bindInto(lib, name, nil, bound.Field(i)); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	dst.Set(bound)
	return nil
}

// bindInto binds a function of dst's type and stores it there.
func bindInto(lib Library, name string, sig *dtype.Func, dst reflect.Value) error {
	if ok, err := bindShape(lib, name, sig, dst.Addr().Interface()); ok {
		if err != nil {
			dst.SetZero()
		}
		return err
	}
	form, err := formOf(dst.Type())
	if err != nil {
		return wrapError("bind", lib.Name(), name, err)
	}
	if sig == nil {
		if sig, err = form.signature(); err != nil {
			return wrapError("bind", lib.Name(), name, err)
		}
	}
	fn, err := BindFunc(lib, name, sig)
	if err != nil {
		return err
	}
	if err := form.check(fn); err != nil {
		return err
	}
	dst.Set(reflect.MakeFunc(dst.Type(), form.bind(fn)))
	return nil
}

// A form is a Go func type taken apart: which parameters and results are C's.
type form struct {
	t          reflect.Type
	first      int // 1 when a context comes first
	hasContext bool
	hasResult  bool
	hasErrno   bool
	hasError   bool
}

var contextType = reflect.TypeFor[context.Context]()

func formOf(t reflect.Type) (form, error) {
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
	if out > 1 {
		return f, fmt.Errorf("%w: %v: C has one result at most, before Errno and error", memory.ErrType, t)
	}
	f.hasResult = out == 1
	if t.IsVariadic() && t.In(t.NumIn()-1).Elem().Kind() != reflect.Interface {
		return f, fmt.Errorf("%w: %v: variadic arguments are ...any", memory.ErrType, t)
	}
	return f, nil
}

// params are the Go types of C's declared parameters.
func (f *form) params() []reflect.Type {
	var ts []reflect.Type
	for i := f.first; i < f.t.NumIn(); i++ {
		if f.t.IsVariadic() && i == f.t.NumIn()-1 {
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
	return dtype.NewFunc(result, params, f.t.IsVariadic())
}

// paramOf is the C parameter that a Go type stands for.
func paramOf(g reflect.Type) (dtype.Param, error) {
	switch {
	case g == viewType, g == pointerType, g.Implements(callbackType), g.Kind() == reflect.Interface:
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

// check compares the Go types with the C signature they are to call.
func (f *form) check(fn *Func) error {
	params := f.params()
	if len(params) != len(fn.sig.Params()) || f.t.IsVariadic() != fn.sig.Variadic() {
		return fn.bindError(0, fmt.Errorf("%w: %v has %d for %s", ErrArgCount, f.t, len(params), dtype.Declare(fn.sig, fn.name)))
	}
	abi := fn.lib.Space().ABI()
	for i, g := range params {
		if _, err := compileArg(abi, g, fn.sig.Params()[i]); err != nil {
			return fn.bindError(i+1, err)
		}
	}
	if f.hasResult {
		if err := checkResult(abi, f.t.Out(0), fn.sig.Result()); err != nil {
			return fn.bindError(0, fmt.Errorf("result: %w", err))
		}
	}
	return nil
}

// bind is the body of the Go function: it calls fn with its arguments and
// gives the results in the form's order.
func (f *form) bind(fn *Func) func([]reflect.Value) []reflect.Value {
	return func(in []reflect.Value) []reflect.Value {
		out := make([]reflect.Value, f.t.NumOut())
		for i := range out {
			out[i] = reflect.New(f.t.Out(i)).Elem()
		}
		var ctx context.Context
		if f.hasContext {
			ctx, _ = in[0].Interface().(context.Context)
		}
		args := in[f.first:]
		if f.t.IsVariadic() {
			rest := args[len(args)-1]
			args = args[:len(args)-1]
			for i := range rest.Len() {
				args = append(args, rest.Index(i))
			}
		}
		errno, err := fn.invoke(ctx, args, f.hasErrno, func(c *call) error {
			if f.hasResult {
				return c.result(out[0])
			}
			return nil
		})
		if f.hasErrno {
			out[len(out)-1-count(f.hasError)].SetInt(int64(errno))
		}
		switch {
		case err == nil:
		case f.hasError:
			out[len(out)-1].Set(reflect.ValueOf(&err).Elem())
		default:
			panic(err)
		}
		return out
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
