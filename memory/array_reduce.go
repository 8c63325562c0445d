package memory

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// KeepDims, given among the axes of a reduction, keeps those that are reduced,
// with one element each.
const KeepDims = math.MinInt

// ErrEmpty: no elements to choose one from.
var ErrEmpty = errors.New("no elements")

// Sum adds the elements along the axes given, along all without one. Integers
// and bools are added as 64-bit integers, as by NumPy where C's long has 64
// bits; floats in pairs of halves, so that errors stay small. The result is a
// new array of Go's memory; of all elements, one without axes: see [LoadItem].
func (a Array) Sum(axes ...int) (Array, error) {
	return a.fold("sum", Add, sumKind, 0, axes)
}

// Prod multiplies the elements along the axes given. See [Array.Sum].
func (a Array) Prod(axes ...int) (Array, error) {
	return a.fold("prod", Mul, sumKind, 1, axes)
}

// Min is the least element along the axes given, NaN where there is one.
// No elements are an error wrapping [ErrEmpty].
func (a Array) Min(axes ...int) (Array, error) {
	return a.fold("min", Minimum, sameKind, math.NaN(), axes)
}

// Max is the greatest element along the axes given. See [Array.Min].
func (a Array) Max(axes ...int) (Array, error) {
	return a.fold("max", Maximum, sameKind, math.NaN(), axes)
}

// Any tells, as bool, whether an element along the axes given is not 0.
func (a Array) Any(axes ...int) (Array, error) {
	return a.fold("any", Maximum, boolKind, 0, axes)
}

// All tells, as bool, whether all elements along the axes given are not 0.
func (a Array) All(axes ...int) (Array, error) {
	return a.fold("all", Minimum, boolKind, 1, axes)
}

// Mean is the arithmetic mean along the axes given: of integers and bools as
// double, of floats and complex numbers in their own type. Of no elements it is
// NaN.
func (a Array) Mean(axes ...int) (Array, error) {
	sum, err := a.fold("mean", Add, meanKind, 0, axes)
	if err != nil {
		return Array{}, err
	}
	n := 1
	for _, axis := range reduced(a.shape, axes) {
		n *= a.shape[axis]
	}
	count, err := newArray(a.space.ABI(), nil, sum.elem, nil, nil)
	if err == nil {
		err = count.Fill(float64(n))
	}
	if err != nil {
		return Array{}, a.fail("mean", err)
	}
	return sum, Div.Into(sum, sum, count)
}

// The kinds of reductions' results.
func sameKind(k numKind) numKind { return k }
func boolKind(numKind) numKind   { return numBool }

func sumKind(k numKind) numKind {
	switch {
	case k == numBool || k.signed() && !k.wide():
		return numI64
	case k.unsigned() && !k.wide():
		return numU64
	}
	return k
}

func meanKind(k numKind) numKind {
	if k == numBool || k.integer() {
		return numF64
	}
	return k
}

// reduced are the axes that axes stands for.
func reduced(shape, axes []int) []int {
	axes = slices.DeleteFunc(slices.Clone(axes), func(i int) bool { return i == KeepDims })
	if len(axes) == 0 {
		for i := range shape {
			axes = append(axes, i)
		}
	}
	return axes
}

// checkAxes checks the axes of a reduction.
func (a Array) checkAxes(axes []int) error {
	for i, axis := range axes {
		if err := a.axis(axis); err != nil {
			return err
		}
		if slices.Contains(axes[:i], axis) {
			return fmt.Errorf("%w: axis %d twice", ErrRange, axis)
		}
	}
	return nil
}

// fold reduces along axes, beginning with a number, or with the first elements
// if that is NaN.
func (a Array) fold(name string, op Op, kind func(numKind) numKind, begin float64, axes []int) (Array, error) {
	fail := func(err error) (Array, error) { return Array{}, a.fail(name, err) }
	from, err := a.number()
	if err != nil {
		return fail(err)
	}
	over := reduced(a.shape, axes)
	if err := a.checkAxes(over); err != nil {
		return fail(err)
	}
	to := kind(from)
	wide := wideFormatOf(a)
	if foldLoop(wide, op, to) == nil {
		return fail(fmt.Errorf("%w: %s of %v", dtype.ErrNotSupported, name, a.elem))
	}
	kept, first := slices.Clone(a.shape), a.derived()
	for _, axis := range over {
		kept[axis] = 1
		first.shape[axis] = min(first.shape[axis], 1)
	}
	out, err := newArray(a.space.ABI(), nil, numTypes[to], kept, memoryOrder(a.shape, a.strides))
	if err != nil {
		return fail(err)
	}
	switch {
	case begin == 0:
	case begin == 1:
		err = setOnes(out)
	case slices.ContainsFunc(over, func(axis int) bool { return a.shape[axis] == 0 }):
		err = ErrEmpty
	default: // counted twice, which changes no minimum
		err = Assign(out, first, SameKind)
	}
	if err == nil {
		err = foldInto(wide, op, out, a)
	}
	if err != nil {
		return fail(err)
	}
	if !slices.Contains(axes, KeepDims) {
		return out.without(over), nil
	}
	return out, nil
}

// setOnes sets all elements to 1, or to true.
func setOnes(a Array) error {
	yes, err := newArray(a.space.ABI(), nil, dtype.CBool, nil, nil)
	if err == nil {
		err = yes.Fill(true)
	}
	if err != nil {
		return err
	}
	return Assign(a, yes, Safe)
}

// foldInto adds the elements of a to out, whose reduced axes have one element.
func foldInto(wide wideFormat, op Op, out, a Array) error {
	acc, err := out.broadcast(a.shape)
	if err != nil {
		return err
	}
	for i, n := range out.shape {
		if n == 1 {
			acc.strides[i] = 0
		}
	}
	return lend("fold", 1, func(m []lent) error {
		runFold(wide, op, &m[0], &m[1])
		return nil
	}, acc, a)
}

// without leaves out axes of one element.
func (a Array) without(axes []int) Array {
	b := a
	b.shape, b.strides = nil, nil
	for i, n := range a.shape {
		if !slices.Contains(axes, i) {
			b.shape, b.strides = append(b.shape, n), append(b.strides, a.strides[i])
		}
	}
	return b
}

// LoadItem is the only element of an array, as a.item().
func LoadItem[T any](a Array) (T, error) {
	v, err := a.Item()
	if err != nil {
		var zero T
		return zero, err
	}
	return Load[T](v)
}

// Item is the only element of an array.
func (a Array) Item() (View, error) {
	if a.space != nil && a.Len() != 1 {
		return View{}, a.fail("item", fmt.Errorf("%w: %d elements", ErrShape, a.Len()))
	}
	return a.At(make([]int, len(a.shape))...)
}
