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

// A Ufunc is a C function of scalars as a function of arrays, which C runs
// element by element without coming back to Go: what NumPy calls a universal
// function. It may be used by several goroutines.
//
//	hypot, err := wasmffi.Vectorize(lib, "hypot", sig) // double hypot(double, double)
//	r, err := hypot.Map(ctx, nil, x, 3.0)              // np.hypot(x, 3.0)
//
// Arguments are [memory.Array]s, views, Go slices of numbers, and numbers; they
// are broadcast to a common shape as NumPy does it. Arrays in the library's
// memory whose elements are the parameter's own C type are read where they are;
// others go through the library's memory a part at a time. Elements are
// converted as a call with them one by one would: integers are checked for the
// range of the parameter, a float for an integer parameter is refused.
//
// Calls are made in no certain order, but for [Ufunc.Reduce] and
// [Ufunc.Accumulate]. When one fails the others may have been made or not, and
// the output is undefined.
type Ufunc struct {
	plan   *plan
	mapper Mapper // nil where the backend maps nothing of this signature
}

// Vectorize finds a function and makes a Ufunc of it. Its parameters and result
// are numbers, bools or enums. Scalars of one word that C takes in registers
// run at a few nanoseconds an element; long double, complex and 128-bit ones,
// and more than the registers hold, are called one by one.
func Vectorize(lib Library, name string, sig *dtype.Func) (*Ufunc, error) {
	fail := func(arg int, err error) (*Ufunc, error) {
		return nil, &Error{Op: "vectorize", Library: lib.Name(), Symbol: name, Arg: arg, Err: err}
	}
	if sig.Variadic() || len(sig.Params()) == 0 {
		return fail(0, fmt.Errorf("%w: %s takes no certain scalars", ErrNotSupported, dtype.Declare(sig, name)))
	}
	for i, p := range sig.Params() {
		if !isNumber(p.Type) {
			return fail(i+1, fmt.Errorf("%w: %v is no number", ErrNotSupported, p.Type))
		}
	}
	if r := sig.Result(); !isVoid(r) && !isNumber(r) {
		return fail(0, fmt.Errorf("%w: result %v is no number", ErrNotSupported, r))
	}
	sym, err := lib.Lookup(name)
	if err != nil {
		return nil, wrapError("vectorize", lib.Name(), name, err)
	}
	p, err := planSymbol(lib, sym, sig)
	if err != nil {
		return nil, err
	}
	u := &Ufunc{plan: p}
	u.mapper, _ = p.call.(Mapper)
	return u, nil
}

func isNumber(t dtype.Type) bool {
	switch dtype.Resolve(t).(type) {
	case *dtype.Bool, *dtype.Int, *dtype.Enum, *dtype.Float, *dtype.Complex:
		return true
	}
	return false
}

// Map calls the function for every element of the broadcast arguments and
// returns the results as a new array in an arena's memory or, if in is nil, in
// Go's own. For a void function it is the zero Array.
func (u *Ufunc) Map(ctx context.Context, in *memory.Arena, args ...any) (memory.Array, error) {
	r, err := u.begin(ctx, args)
	if err != nil {
		return memory.Array{}, err
	}
	defer r.end()
	if u.void() {
		return memory.Array{}, r.run(r.shape)
	}
	out, err := u.zeros(in, r.shape)
	if err != nil {
		return out, u.fail(0, err)
	}
	if err := r.setOut(out); err != nil {
		return memory.Array{}, err
	}
	return out, r.run(r.shape)
}

// Into is Map with the results stored in out, which has the broadcast shape of
// the arguments and takes the result's type by the rule of same kinds
// ([memory.SameKind]). It may share memory with them: each call finds the
// arguments as they were before the first.
func (u *Ufunc) Into(ctx context.Context, out memory.Array, args ...any) error {
	r, err := u.begin(ctx, args)
	if err != nil {
		return err
	}
	defer r.end()
	if u.void() {
		return u.fail(0, fmt.Errorf("%w: a void function has no results to store", memory.ErrType))
	}
	shape, err := memory.BroadcastShapes(r.shape, out.Shape())
	if err != nil || !slices.Equal(shape, out.Shape()) {
		return u.fail(0, fmt.Errorf("%w: results of shape %v into %v", memory.ErrShape, r.shape, out.Shape()))
	}
	if !r.overlaps(out) {
		if err := r.setOut(out); err != nil {
			return err
		}
		return r.run(shape)
	}
	apart, err := u.zeros(r.arena, shape)
	if err != nil {
		return u.fail(0, err)
	}
	if err := r.setOut(apart); err != nil {
		return err
	}
	if err := r.run(shape); err != nil {
		return err
	}
	if err := memory.Assign(out, apart, memory.SameKind); err != nil {
		return u.fail(0, err)
	}
	return nil
}

func (u *Ufunc) void() bool { return isVoid(u.plan.sig.Result()) }

func (u *Ufunc) fail(arg int, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Op: "map", Library: u.plan.lib.Name(), Symbol: u.plan.name, Arg: arg, Err: err}
}

// zeros is a new array of results.
func (u *Ufunc) zeros(in *memory.Arena, shape []int) (memory.Array, error) {
	if in != nil {
		return in.Zeros(u.plan.sig.Result(), shape...)
	}
	return memory.Zeros(u.plan.abi(), u.plan.sig.Result(), shape...)
}

// arrayOf is an argument as an array: p is the parameter's type.
func (r *mapRun) arrayOf(x any, p dtype.Type) (memory.Array, error) {
	abi := r.u.plan.abi()
	switch x := x.(type) {
	case memory.Array:
		return x, nil
	case memory.View:
		return memory.AsArray(x)
	case []int:
		wide := make([]int64, len(x))
		for i, n := range x {
			wide[i] = int64(n)
		}
		return memory.ArrayFrom(abi, wide, len(wide))
	}
	if a, ok, err := sliceArray(abi, x); ok {
		return a, err
	}
	if k := reflect.ValueOf(x).Kind(); k == reflect.Invalid || k == reflect.Slice || k == reflect.Pointer || k == reflect.Map {
		return memory.Array{}, fmt.Errorf("%w: Go %T for an array of C %v", memory.ErrType, x, p)
	}
	one, err := r.arena.New(p)
	if err != nil {
		return memory.Array{}, err
	}
	if err := one.Store(x); err != nil {
		return memory.Array{}, err
	}
	return memory.AsArray(one)
}
