package wasmffi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A mapRun is one use of a Ufunc: its operands and what lives no longer.
type mapRun struct {
	u        *Ufunc
	ctx      context.Context
	arena    *memory.Arena // in the library
	operands []mapOperand  // the parameters, and the result once it is set
	shape    []int         // that the arguments broadcast to
	release  []func()
}

// A mapOperand is a parameter or the result over the whole run.
type mapOperand struct {
	array memory.Array
	typ   dtype.Type // what C takes or returns
	// staged operands are not in the library's memory as C has them: parts of
	// them are converted into stage, or out of it.
	staged bool
	stage  memory.View
}

// stageLen is how many elements are converted at a time.
const stageLen = 1 << 13

// begin takes the arguments.
func (u *Ufunc) begin(ctx context.Context, args []any) (*mapRun, error) {
	params := u.plan.sig.Params()
	if len(args) != len(params) {
		return nil, u.fail(0, fmt.Errorf("%w: %d for %s", ErrArgCount, len(args), dtype.Declare(u.plan.sig, u.plan.name)))
	}
	r := &mapRun{u: u, ctx: ctx, arena: memory.NewArena(u.plan.space())}
	shapes := make([][]int, len(args))
	for i, x := range args {
		a, err := r.arrayOf(x, params[i].Type)
		if err == nil {
			err = r.add(a, params[i].Type)
		}
		if err == nil {
			err = checkCast(u.plan.abi(), a.Elem(), params[i].Type)
		}
		if err != nil {
			r.end()
			return nil, u.fail(i+1, err)
		}
		shapes[i] = a.Shape()
	}
	var err error
	if r.shape, err = memory.BroadcastShapes(shapes...); err != nil {
		r.end()
		return nil, u.fail(0, err)
	}
	return r, nil
}

// add adds an operand and keeps its memory from ending.
func (r *mapRun) add(a memory.Array, t dtype.Type) error {
	release, err := a.Hold()
	if err != nil {
		return err
	}
	r.release = append(r.release, release)
	direct := a.In(r.u.plan.space()) && !a.BigEndian() && sameScalar(r.u.plan.abi(), a.Elem(), t)
	r.operands = append(r.operands, mapOperand{array: a, typ: t, staged: !direct})
	return nil
}

func (r *mapRun) setOut(out memory.Array) error {
	t := r.u.plan.sig.Result()
	err := r.add(out, t)
	if err == nil && !memory.CanCast(r.u.plan.abi(), t, out.Elem(), memory.SameKind) {
		err = fmt.Errorf("%w: C %v for elements %v", memory.ErrType, t, out.Elem())
	}
	if err == nil && !out.Flags().Has(memory.Writeable) {
		err = memory.ErrReadOnly
	}
	if err != nil {
		return r.u.fail(0, fmt.Errorf("result: %w", err))
	}
	return nil
}

// overlaps reports whether out has memory in common with an argument, in which
// it does not lie in just the same way.
func (r *mapRun) overlaps(out memory.Array) bool {
	low, high := out.Bounds()
	for _, o := range r.operands {
		a := o.array
		l, h := a.Bounds()
		if !a.In(out.Space()) || l >= high || low >= h {
			continue
		}
		same := a.Addr() == out.Addr() && slices.Equal(a.Shape(), out.Shape()) &&
			slices.Equal(a.Strides(), out.Strides()) && a.Elem() == out.Elem()
		if !same {
			return true
		}
	}
	return false
}

func (r *mapRun) end() {
	for _, release := range r.release {
		release()
	}
	_ = r.arena.Close()
}

// run makes the calls, over operands that are broadcast to a shape.
func (r *mapRun) run(shape []int) error {
	parts := make([]memory.Array, len(r.operands))
	for i, o := range r.operands {
		parts[i] = o.array
		if slices.Equal(shape, parts[i].Shape()) {
			continue // what was broadcast is for reading only
		}
		var err error
		if parts[i], err = o.array.BroadcastTo(shape...); err != nil {
			return r.u.fail(0, err)
		}
	}
	return r.part(shape, parts)
}

// part makes the calls for parts of the operands: at once, if none of them is
// staged or they are small enough, else for parts of these.
func (r *mapRun) part(shape []int, parts []memory.Array) error {
	n := 1
	for _, l := range shape {
		n *= l
	}
	if n == 0 {
		return nil
	}
	staged := slices.ContainsFunc(r.operands, func(o mapOperand) bool { return o.staged })
	if !staged {
		return r.call(shape, parts)
	}
	if n <= stageLen {
		return r.staged(shape, parts)
	}
	axis := slices.IndexFunc(shape, func(l int) bool { return l > 1 })
	step := max(1, stageLen/(n/shape[axis]))
	for i := 0; i < shape[axis]; i += step {
		sub := slices.Clone(shape)
		sub[axis] = min(step, shape[axis]-i)
		spans := make([]memory.Span, axis+1)
		for j := range spans {
			spans[j] = memory.All
		}
		spans[axis] = memory.Range(i, i+sub[axis], 1)
		slab := make([]memory.Array, len(parts))
		for k, a := range parts {
			var err error
			if slab[k], err = a.Slice(spans...); err != nil {
				return r.u.fail(0, err)
			}
		}
		if err := r.part(sub, slab); err != nil {
			return err
		}
	}
	return nil
}

// staged makes the calls for parts that fit their stages.
func (r *mapRun) staged(shape []int, parts []memory.Array) error {
	direct := slices.Clone(parts)
	for i := range r.operands {
		o := &r.operands[i]
		if !o.staged {
			continue
		}
		if o.stage.Space() == nil {
			var err error
			if o.stage, err = r.arena.NewArray(o.typ, stageLen); err != nil {
				return r.u.fail(0, err)
			}
		}
		strides, err := packed(r.u.plan.abi(), o.typ, shape)
		if err == nil {
			direct[i], err = memory.NewArray(o.stage, o.typ, 0, shape, strides)
		}
		if err == nil && i < len(r.u.plan.sig.Params()) {
			if err = checkRange(r.u.plan.abi(), parts[i], o.typ); err == nil {
				err = memory.Assign(direct[i], parts[i], memory.Unsafe)
			}
		}
		if err != nil {
			return r.u.fail(i+1, err)
		}
	}
	if err := r.call(shape, direct); err != nil {
		return err
	}
	if i := len(r.u.plan.sig.Params()); i < len(r.operands) && r.operands[i].staged {
		if err := memory.Assign(parts[i], direct[i], memory.SameKind); err != nil {
			return r.u.fail(0, fmt.Errorf("result: %w", err))
		}
	}
	return nil
}

// packed are the strides of an array without holes in C's order.
func packed(abi *dtype.ABI, t dtype.Type, shape []int) ([]int64, error) {
	size, err := abi.Size(t)
	strides, step := make([]int64, len(shape)), int64(size)
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = step
		step *= int64(max(shape[i], 1))
	}
	return strides, err
}

// call makes the calls for operands that C can use where they are.
func (r *mapRun) call(shape []int, operands []memory.Array) error {
	axes := mapAxes(shape, operands)
	base := make([]MapOperand, len(operands))
	for i, a := range operands {
		base[i].Addr = a.Addr()
	}
	outer := axes[:max(len(axes)-2, 0)]
	for {
		m := Mapping{Inner: 1, Outer: 1, Operands: slices.Clone(base)}
		if n := len(axes); n > 0 {
			m.Inner = uint64(axes[n-1].n)
			for i := range m.Operands {
				m.Operands[i].Inner = axes[n-1].strides[i]
			}
		}
		if n := len(axes); n > 1 {
			m.Outer = uint64(axes[n-2].n)
			for i := range m.Operands {
				m.Operands[i].Outer = axes[n-2].strides[i]
			}
		}
		if err := r.crossing(&m); err != nil {
			return r.u.fail(0, err)
		}
		if !next(outer, base) {
			return nil
		}
	}
}

// crossing makes the calls of one mapping, by the backend's loop if it has one.
func (r *mapRun) crossing(m *Mapping) error {
	if r.u.mapper != nil {
		err := r.u.mapper.Map(r.ctx, m)
		if !errors.Is(err, ErrNotSupported) {
			return err
		}
	}
	return r.u.plan.mapSlowly(r.ctx, m)
}

// A mapAxis is an axis of all operands.
type mapAxis struct {
	n, at   int
	strides []int64
}

// mapAxes are the axes to loop over, those that can be one made one, the
// longest one last: it becomes the inner loop.
func mapAxes(shape []int, operands []memory.Array) []mapAxis {
	var axes []mapAxis
	for axis, n := range shape {
		if n == 1 {
			continue
		}
		a := mapAxis{n: n}
		for _, o := range operands {
			a.strides = append(a.strides, o.Strides()[axis])
		}
		if k := len(axes); k > 0 && axes[k-1].joins(a) {
			a.n *= axes[k-1].n
			axes = axes[:k-1]
		}
		axes = append(axes, a)
	}
	slices.SortStableFunc(axes, func(a, b mapAxis) int { return cmp.Compare(a.n, b.n) })
	return axes
}

// joins reports whether a step along a is all the steps along b in each
// operand.
func (a mapAxis) joins(b mapAxis) bool {
	for i := range a.strides {
		if a.strides[i] != b.strides[i]*int64(b.n) {
			return false
		}
	}
	return true
}

// next goes to the next index of the outer axes; false after the last one.
func next(outer []mapAxis, base []MapOperand) bool {
	for k := len(outer) - 1; k >= 0; k-- {
		a := &outer[k]
		a.at++
		back := int64(0)
		if a.at == a.n {
			a.at, back = 0, int64(a.n)
		}
		for i := range base {
			base[i].Addr += uint64(a.strides[i] * (1 - back))
		}
		if a.at != 0 {
			return true
		}
	}
	return false
}
