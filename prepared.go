package wasmffi

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A Prepared is a C function called with its arguments in a Go struct A, one
// field for each parameter, and its result in an R: without reflection and
// without allocation, structs by value included. R is [Void] for none.
//
//	// struct point mix(struct point a, struct point b, double t);
//	type mixArgs struct {
//		A, B Point
//		T    float64
//	}
//	mix, err := wasmffi.Prepare[mixArgs, Point](lib, "mix", nil)
//	p := mix.Call(mixArgs{a, b, 0.5})
//
// Scalars are converted as [Func2] does. Everything else must be the same bytes
// in Go as in C ([dtype.ABI.MatchGo]): free of pointers and bools, with the
// members where C has them. Where they are not, as with pointers in the sandbox,
// Prepare says so, and [Bind] converts. Its zero value is no function.
type Prepared[A, R any] struct{ prepared }

// Prepare finds the function and checks A and R against sig, or takes the
// signature from them when sig is nil.
func Prepare[A, R any](lib Library, name string, sig *dtype.Func) (Prepared[A, R], error) {
	p, err := prepare(lib, target{name: name}, sig, reflect.TypeFor[A](), reflect.TypeFor[R]())
	return Prepared[A, R]{p}, err
}

// prepared is a plan and how Go values get into its frame and out.
type prepared struct {
	plan   *plan
	fast   WordCaller // where all are scalars
	args   []move
	result move // of no size for none
}

// A move is how a value gets from Go memory to the frame's words and back.
type move struct {
	offset uintptr     // of the value in its Go struct
	size   uintptr     // in Go
	first  int         // word
	scalar bool        // a word, not bytes
	shift  uint8       // sign extension of a scalar: left, then right, by this much
	conv   *scalarConv // where a scalar takes more than moving bits
}

func prepare(lib Library, at target, sig *dtype.Func, args, result reflect.Type) (prepared, error) {
	fail := func(arg int, err error) (prepared, error) {
		return prepared{}, &Error{Op: "bind", Library: lib.Name(), Symbol: at.name, Arg: arg, Err: err}
	}
	if args.Kind() != reflect.Struct {
		return fail(0, fmt.Errorf("%w: %v is no struct of arguments", memory.ErrType, args))
	}
	if sig == nil {
		var err error
		if sig, err = signatureOfFields(args, result); err != nil {
			return fail(0, err)
		}
	}
	if n := args.NumField(); n != len(sig.Params()) || sig.Variadic() {
		return fail(0, fmt.Errorf("%w: %v has %d for %s", ErrArgCount, args, n, dtype.Declare(sig, at.name)))
	}
	if stated(sig) {
		return fail(0, fmt.Errorf("%w: addresses say nothing of the memory that a contract is about; use Bind", ErrNotSupported))
	}
	plan, err := newPlan(lib, at, sig)
	if err != nil {
		return prepared{}, err
	}
	p := prepared{plan: plan}
	p.fast, _ = plan.call.(WordCaller)
	for i, s := range plan.shape.Params {
		f := args.Field(i)
		m, err := newMove(plan.abi(), f.Type, s, argConv)
		if err != nil {
			return fail(i+1, fmt.Errorf("%s: %w", f.Name, err))
		}
		m.offset = f.Offset
		p.addMove(m)
	}
	if result == reflect.TypeFor[Void]() {
		return p, nil
	}
	if isVoid(sig.Result()) {
		return fail(0, fmt.Errorf("result: %w: Go %v for C void", memory.ErrType, result))
	}
	swapped := func(abi *dtype.ABI, g reflect.Type, c dtype.Type) (scalarConv, error) { return resultConv(abi, c, g) }
	if p.result, err = newMove(plan.abi(), result, plan.shape.Result, swapped); err != nil {
		return fail(0, fmt.Errorf("result: %w", err))
	}
	if !p.result.scalar {
		p.fast = nil
	}
	return p, nil
}

func (p *prepared) addMove(m move) {
	p.args = append(p.args, m)
	if !m.scalar {
		p.fast = nil
	}
}

// newMove is the move of a Go value of type g to or from a slot.
func newMove(abi *dtype.ABI, g reflect.Type, s Slot, conv func(*dtype.ABI, reflect.Type, dtype.Type) (scalarConv, error)) (move, error) {
	m := move{size: g.Size(), first: s.First}
	if k := g.Kind(); memory.IsScalar(abi, s.Type) && (isGoInt(k) || k == reflect.Bool || k == reflect.Float32 || k == reflect.Float64) {
		c, err := conv(abi, g, s.Type)
		m.scalar, m.shift = true, c.shift
		if c.op != convNone {
			m.conv = &c
		}
		return m, err
	}
	if err := abi.MatchGo(g, s.Type); err != nil {
		return m, fmt.Errorf("%w: Go %v for C %v: %w", memory.ErrType, g, s.Type, err)
	}
	return m, nil
}

// signatureOfFields is the signature that a struct of arguments stands for.
func signatureOfFields(args, result reflect.Type) (*dtype.Func, error) {
	var params []dtype.Param
	for i := range args.NumField() {
		c, err := dtype.FromGo(args.Field(i).Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", args.Field(i).Name, err)
		}
		params = append(params, dtype.Param{Name: args.Field(i).Name, Type: c})
	}
	var r dtype.Type = dtype.CVoid
	if result != reflect.TypeFor[Void]() {
		var err error
		if r, err = dtype.FromGo(result); err != nil {
			return nil, fmt.Errorf("result: %w", err)
		}
	}
	return dtype.NewFunc(r, params, false)
}

// fewWords is how large a frame fits the caller's stack; larger ones are taken
// from frames.
const fewWords = 16

var frames = sync.Pool{New: func() any { return new([]uint64) }}

// takeFrame is a frame of n words, with what an earlier call left in them.
func takeFrame(n int) *[]uint64 {
	f := frames.Get().(*[]uint64)
	if cap(*f) < n {
		*f = make([]uint64, n)
	}
	*f = (*f)[:n]
	return f
}
