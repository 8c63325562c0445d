package wasmffi

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

//go:generate go run ./internal/genfuncs

// errUnbound is the error of calling the zero value of a generic form.
var errUnbound = &Error{Op: "call", Err: errors.New("the function was not bound")}

// maxScalarParams is the number of parameters of the largest generic form.
const maxScalarParams = 8

// A scalarFunc is what the generic forms share: a plan and how each Go scalar
// becomes a word of the frame.
type scalarFunc struct {
	// fast is the way to call when every conversion is no more than moving
	// bits and the backend has a way for words alone; else nil.
	fast WordCaller
	// few is fast for at most four parameters, where the backend has that.
	few   FewCaller
	plan  *plan
	shift [maxScalarParams]uint8
	// slow holds the conversions when one of them is more than moving bits.
	slow *scalarConvs
	// words is how much of the frame the function has: without its last word
	// when the result is void.
	words int
}

type scalarConvs struct {
	args   []scalarConv
	result scalarConv
}

// bindScalars prepares a function whose parameters and result are scalars of
// the given Go types. A nil sig is made from the Go types.
func bindScalars(lib Library, at target, sig *dtype.Func, result reflect.Type, args []reflect.Type) (scalarFunc, error) {
	fail := func(arg int, err error) (scalarFunc, error) {
		return scalarFunc{}, &Error{Op: "bind", Library: lib.Name(), Symbol: at.name, Arg: arg, Err: err}
	}
	if sig == nil {
		var err error
		if sig, err = scalarSignature(result, args); err != nil {
			return fail(0, err)
		}
	}
	if len(args) != len(sig.Params()) || sig.Variadic() {
		return fail(0, fmt.Errorf("%w: %d for %s", ErrArgCount, len(args), dtype.Declare(sig, at.name)))
	}
	f := scalarFunc{words: len(args)}
	convs := &scalarConvs{args: make([]scalarConv, len(args))}
	slow := false
	abi := lib.Space().ABI()
	for i, g := range args {
		c, err := argConv(abi, g, sig.Params()[i].Type)
		if err != nil {
			return fail(i+1, err)
		}
		f.shift[i], convs.args[i] = c.shift, c
		slow = slow || c.op != convNone
	}
	if result != reflectType[Void]() {
		c, err := resultConv(abi, sig.Result(), result)
		if err != nil {
			return fail(0, fmt.Errorf("result: %w", err))
		}
		convs.result = c
		slow = slow || c.op != convNone
		f.words++
	} else if !isVoid(sig.Result()) {
		// C's result is dropped, as a C statement "f(x);" drops it: the word
		// is there all the same.
		if _, _, ok := intRange(abi, sig.Result()); !ok {
			if _, ok := floatWord(abi, sig.Result()); !ok {
				return fail(0, fmt.Errorf("result: %w", typeMismatch(result, sig.Result())))
			}
		}
		f.words++
	}
	if stated(sig) {
		return fail(0, fmt.Errorf("%w: addresses as scalars say nothing of the memory that a contract is about; use Bind", ErrNotSupported))
	}
	p, err := newPlan(lib, at, sig)
	if err != nil {
		return scalarFunc{}, err
	}
	f.plan = p
	if slow {
		f.slow = convs
	} else {
		f.fast, _ = p.call.(WordCaller)
		f.few, _ = p.call.(FewCaller)
	}
	return f, nil
}

// scalarSignature is the signature that Go types stand for.
func scalarSignature(result reflect.Type, args []reflect.Type) (*dtype.Func, error) {
	params := make([]dtype.Param, len(args))
	for i, g := range args {
		c, err := dtype.FromGo(g)
		if err != nil {
			return nil, err
		}
		params[i].Type = c
	}
	var r dtype.Type = dtype.CVoid
	if result != reflectType[Void]() {
		var err error
		if r, err = dtype.FromGo(result); err != nil {
			return nil, err
		}
	}
	return dtype.NewFunc(r, params, false)
}

func reflectType[T any]() reflect.Type { return reflect.TypeFor[T]() }

// call makes the call. words are the arguments' bits and one more for the
// result.
func (f *scalarFunc) call(ctx context.Context, words []uint64) error {
	if f.fast == nil || ctx != nil && errnoOf(ctx) != nil {
		return f.callSlowly(ctx, words)
	}
	if err := callWords(f.fast, ctx, words[:f.words]); err != nil {
		return f.plan.fail(0, err)
	}
	return nil
}

// callSlowly is call where that is more than moving bits.
func (f *scalarFunc) callSlowly(ctx context.Context, words []uint64) error {
	if f.plan == nil {
		return errUnbound
	}
	if f.slow != nil {
		for i := range f.slow.args {
			w, err := f.slow.args[i].convert(words[i])
			if err != nil {
				return f.plan.fail(i+1, err)
			}
			words[i] = w
		}
	}
	fr := Frame{Words: words[:f.words]}
	if err := f.plan.enter(ctx, &fr); err != nil {
		return err
	}
	if f.slow != nil {
		w, err := f.slow.result.convert(words[len(words)-1])
		if err != nil {
			return f.plan.fail(0, fmt.Errorf("result: %w", err))
		}
		words[len(words)-1] = w
	}
	return nil
}
