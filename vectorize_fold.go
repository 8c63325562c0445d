package wasmffi

import (
	"context"
	"fmt"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// Reduce folds a along one axis, from index 0 on: r = f(r, x) for each x, as
// np.ufunc.reduce. It begins with initial or, if that is nil, with the first
// element. The result, without that axis, is a new array as that of Map. The
// function takes two parameters and returns the first one's type.
func (u *Ufunc) Reduce(ctx context.Context, in *memory.Arena, a memory.Array, axis int, initial any) (memory.Array, error) {
	r, err := u.beginFold(ctx, a, axis)
	if err != nil {
		return memory.Array{}, err
	}
	defer r.end()
	rest, without := a, slices.Delete(a.Shape(), axis, axis+1)
	acc, err := r.arena.Zeros(u.plan.sig.Result(), without...)
	if err != nil {
		return memory.Array{}, u.fail(0, err)
	}
	if initial != nil {
		err = acc.Fill(initial)
	} else if rest, err = along(a, axis, 1, a.Shape()[axis]); err == nil {
		err = r.start(acc, a, axis)
	}
	var results memory.Array
	if err == nil {
		results, err = acc.ExpandDims(axis)
	}
	if err == nil {
		err = r.fold(results, rest, results)
	}
	if err != nil {
		return memory.Array{}, u.fail(0, err)
	}
	return r.moved(in, acc)
}

// Accumulate is Reduce that keeps every intermediate result: the array it
// returns has a's shape, as np.ufunc.accumulate.
func (u *Ufunc) Accumulate(ctx context.Context, in *memory.Arena, a memory.Array, axis int) (memory.Array, error) {
	r, err := u.beginFold(ctx, a, axis)
	if err != nil {
		return memory.Array{}, err
	}
	defer r.end()
	acc, err := r.arena.Zeros(u.plan.sig.Result(), a.Shape()...)
	n := a.Shape()[axis]
	if err == nil && n > 0 {
		var first, before, rest, after memory.Array
		if first, err = along(acc, axis, 0, 1); err == nil {
			if first, err = first.Squeeze(axis); err == nil {
				err = r.start(first, a, axis)
			}
		}
		if err == nil {
			before, err = along(acc, axis, 0, n-1)
		}
		if err == nil {
			rest, err = along(a, axis, 1, n)
		}
		if err == nil {
			after, err = along(acc, axis, 1, n)
		}
		if err == nil {
			err = r.fold(before, rest, after)
		}
	}
	if err != nil {
		return memory.Array{}, u.fail(0, err)
	}
	return r.moved(in, acc)
}

// beginFold checks what Reduce and Accumulate need.
func (u *Ufunc) beginFold(ctx context.Context, a memory.Array, axis int) (*mapRun, error) {
	params := u.plan.sig.Params()
	if len(params) != 2 || u.void() || !sameScalar(u.plan.abi(), params[0].Type, u.plan.sig.Result()) {
		return nil, u.fail(0, fmt.Errorf("%w: %s does not take its result and one more", memory.ErrType, dtype.Declare(u.plan.sig, u.plan.name)))
	}
	if axis < 0 || axis >= a.Dims() {
		return nil, u.fail(1, fmt.Errorf("%w: axis %d of %d", memory.ErrOutOfBounds, axis, a.Dims()))
	}
	for _, p := range params {
		if err := checkCast(u.plan.abi(), a.Elem(), p.Type); err != nil {
			return nil, u.fail(1, err)
		}
	}
	return &mapRun{u: u, ctx: ctx, arena: memory.NewArena(u.plan.space())}, nil
}

// along is the part of an axis from one index up to another.
func along(a memory.Array, axis, from, to int) (memory.Array, error) {
	spans := make([]memory.Span, axis+1)
	for i := range spans {
		spans[i] = memory.All
	}
	spans[axis] = memory.Range(from, max(from, to), 1)
	return a.Slice(spans...)
}

// start stores the first elements along an axis as the first results.
func (r *mapRun) start(results, a memory.Array, axis int) error {
	if a.Shape()[axis] == 0 {
		if results.Len() == 0 {
			return nil
		}
		return fmt.Errorf("%w: no element along axis %d and no initial value", memory.ErrShape, axis)
	}
	first, err := along(a, axis, 0, 1)
	if err == nil {
		first, err = first.Squeeze(axis)
	}
	if err == nil {
		err = checkRange(r.u.plan.abi(), first, results.Elem())
	}
	if err != nil {
		return err
	}
	return memory.Assign(results, first, memory.Unsafe)
}

// fold maps the function over results so far and elements.
func (r *mapRun) fold(before, elements, after memory.Array) error {
	params := r.u.plan.sig.Params()
	types := []dtype.Type{params[0].Type, params[1].Type, r.u.plan.sig.Result()}
	for i, a := range []memory.Array{before, elements, after} {
		if err := r.add(a, types[i]); err != nil {
			return err
		}
	}
	return r.run(elements.Shape())
}

// moved is the results as the caller wants them: out of the run's own memory.
func (r *mapRun) moved(in *memory.Arena, results memory.Array) (memory.Array, error) {
	out, err := r.u.zeros(in, results.Shape())
	if err == nil {
		err = memory.Assign(out, results, memory.SameKind)
	}
	if err != nil {
		return memory.Array{}, r.u.fail(0, err)
	}
	return out, nil
}
