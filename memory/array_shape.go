package memory

import (
	"fmt"
	"math"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// Reshape arranges the elements, taken in C's order, in another shape. It
// copies nothing: an array whose elements do not lie so that strides can tell
// is an error wrapping [ErrNotContiguous]; see [Array.ReshapeCopy]. One axis
// may be -1, for as many elements as are left.
func (a Array) Reshape(shape ...int) (Array, error) {
	if a.space == nil {
		return Array{}, a.fail("reshape", ErrNull)
	}
	shape, err := a.fill(shape)
	if err != nil {
		return Array{}, a.fail("reshape", err)
	}
	strides, ok := regroup(a, shape)
	if !ok {
		return Array{}, a.fail("reshape", fmt.Errorf("%w: shape %v would need a copy", ErrNotContiguous, shape))
	}
	b := a.derived()
	b.shape, b.strides = shape, strides
	return b, nil
}

// fill replaces the axis -1 and checks the number of elements.
func (a Array) fill(shape []int) ([]int, error) {
	shape = slices.Clone(shape)
	unknown, rest := -1, 1
	for i, n := range shape {
		if n == -1 && unknown < 0 {
			unknown = i
			shape[i] = 1
		}
	}
	known, err := product(shape)
	if err != nil {
		return nil, err
	}
	if unknown >= 0 {
		if known == 0 || a.Len()%int(known) != 0 {
			return nil, fmt.Errorf("%w: %d elements for shape %v", ErrRange, a.Len(), shape)
		}
		rest = a.Len() / int(known)
		shape[unknown] = rest
	}
	if int(known)*rest != a.Len() {
		return nil, fmt.Errorf("%w: %d elements for shape %v", ErrRange, a.Len(), shape)
	}
	return shape, nil
}

// regroup finds the strides that give a another shape of as many elements.
// Both shapes are cut into the shortest runs of axes with equal products; in
// each, a's axes must be one axis really.
func regroup(a Array, shape []int) ([]int64, bool) {
	if a.order()&CContiguous != 0 {
		return cStrides(shape, a.size), true
	}
	strides := make([]int64, len(shape))
	var old []int // axes of a that matter
	for i, n := range a.shape {
		if n != 1 {
			old = append(old, i)
		}
	}
	from, to := 0, 0
	last := int64(a.size) // for axes of one element at the end
	for from < len(old) {
		have, want := a.shape[old[from]], 1
		nextFrom, nextTo := from+1, to
		for have != want {
			if want < have {
				want *= shape[nextTo]
				nextTo++
			} else {
				have *= a.shape[old[nextFrom]]
				nextFrom++
			}
		}
		for k := from; k < nextFrom-1; k++ {
			if a.strides[old[k]] != a.strides[old[k+1]]*int64(a.shape[old[k+1]]) {
				return nil, false
			}
		}
		step := a.strides[old[nextFrom-1]]
		last = step
		for k := nextTo - 1; k >= to; k-- {
			strides[k] = step
			step *= int64(shape[k])
		}
		from, to = nextFrom, nextTo
	}
	for ; to < len(shape); to++ {
		strides[to] = last
	}
	return strides, true
}

// cStrides are those of an array without holes in C's order.
func cStrides(shape []int, size uint64) []int64 {
	strides := make([]int64, len(shape))
	step := int64(size)
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = step
		step *= int64(max(shape[i], 1)) // as NumPy: the others' stay distinct
	}
	return strides
}

// Ravel is the elements in C's order along one axis, without a copy, as
// Reshape(-1).
func (a Array) Ravel() (Array, error) { return a.Reshape(a.Len()) }

// axis checks an axis.
func (a Array) axis(i int) error {
	if i < 0 || i >= len(a.shape) {
		return fmt.Errorf("%w: axis %d of %d", ErrRange, i, len(a.shape))
	}
	return nil
}

// Squeeze takes away axes of one element: those given, or all.
func (a Array) Squeeze(axes ...int) (Array, error) {
	for _, i := range axes {
		if err := a.axis(i); err != nil {
			return Array{}, a.fail("squeeze", err)
		}
		if a.shape[i] != 1 {
			return Array{}, a.fail("squeeze", fmt.Errorf("%w: axis %d has %d elements", ErrRange, i, a.shape[i]))
		}
	}
	b := a.derived()
	b.shape, b.strides = nil, nil
	for i, n := range a.shape {
		if n != 1 || len(axes) > 0 && !slices.Contains(axes, i) {
			b.shape, b.strides = append(b.shape, n), append(b.strides, a.strides[i])
		}
	}
	return b, nil
}

// ExpandDims puts an axis of one element before the given one; at Dims at the
// end.
func (a Array) ExpandDims(axis int) (Array, error) {
	if axis < 0 || axis > len(a.shape) {
		return Array{}, a.fail("expand", fmt.Errorf("%w: axis %d of %d", ErrRange, axis, len(a.shape)))
	}
	b := a.derived()
	b.shape, b.strides = slices.Insert(b.shape, axis, 1), slices.Insert(b.strides, axis, 0)
	return b, nil
}

// SwapAxes exchanges two axes.
func (a Array) SwapAxes(i, j int) (Array, error) {
	for _, axis := range []int{i, j} {
		if err := a.axis(axis); err != nil {
			return Array{}, a.fail("swap axes", err)
		}
	}
	b := a.derived()
	b.shape[i], b.shape[j] = b.shape[j], b.shape[i]
	b.strides[i], b.strides[j] = b.strides[j], b.strides[i]
	return b, nil
}

// MoveAxis takes one axis to another place; the others keep their order.
func (a Array) MoveAxis(from, to int) (Array, error) {
	for _, axis := range []int{from, to} {
		if err := a.axis(axis); err != nil {
			return Array{}, a.fail("move axis", err)
		}
	}
	b := a.derived()
	b.shape = slices.Insert(slices.Delete(b.shape, from, from+1), to, a.shape[from])
	b.strides = slices.Insert(slices.Delete(b.strides, from, from+1), to, a.strides[from])
	return b, nil
}

// Flip reverses the order along the axes given, or along all.
func (a Array) Flip(axes ...int) (Array, error) {
	b := a.derived()
	spans := make([]Span, len(a.shape))
	for i := range spans {
		spans[i] = All
		if len(axes) == 0 {
			spans[i] = Reverse
		}
	}
	for _, i := range axes {
		if err := a.axis(i); err != nil {
			return Array{}, a.fail("flip", err)
		}
		spans[i] = Reverse
	}
	return b.Slice(spans...)
}

// Diagonal is the elements a[i, i+offset] of the two axes given, along a new
// last axis.
func (a Array) Diagonal(offset, axis1, axis2 int) (Array, error) {
	for _, axis := range []int{axis1, axis2} {
		if err := a.axis(axis); err != nil {
			return Array{}, a.fail("diagonal", err)
		}
	}
	if axis1 == axis2 {
		return Array{}, a.fail("diagonal", fmt.Errorf("%w: axis %d twice", ErrRange, axis1))
	}
	b := a.derived()
	b.shape, b.strides = nil, nil
	for i, n := range a.shape {
		if i != axis1 && i != axis2 {
			b.shape, b.strides = append(b.shape, n), append(b.strides, a.strides[i])
		}
	}
	rows, cols := a.shape[axis1], a.shape[axis2]
	skip, along := offset, a.strides[axis2]
	if offset >= 0 {
		cols -= min(offset, cols)
	} else {
		skip, along = max(-offset, 0), a.strides[axis1] // -MinInt is negative
		rows -= min(skip, rows)
		if offset == math.MinInt {
			rows = 0
		}
	}
	n := min(rows, cols)
	if n > 0 {
		b.addr += uint64(int64(skip) * along)
	}
	b.shape, b.strides = append(b.shape, n), append(b.strides, a.strides[axis1]+a.strides[axis2])
	return b, nil
}

// AsStrided is an array of any shape and strides within the bytes from a's
// first element in memory to its last: windows that slide, elements repeated.
// It begins where a begins.
func (a Array) AsStrided(shape []int, strides []int64) (Array, error) {
	if a.space == nil {
		return Array{}, a.fail("as strided", ErrNull)
	}
	below, above, err := reach(a.shape, a.strides)
	if err != nil {
		return Array{}, a.fail("as strided", err)
	}
	whole := View{space: a.space, life: a.life, addr: a.addr - below, typ: a.elem, from: a.from}
	if a.Len() > 0 {
		whole.size = below + above + a.size
	}
	b, err := NewArray(whole, a.elem, below, shape, strides)
	if err != nil {
		return Array{}, a.fail("as strided", err)
	}
	b.from = a.from
	return b, nil
}

// ViewAs is the same bytes as elements of another type, as a.view(dtype). If
// its size is not the elements', the last axis must be without holes, and have
// a whole number of them. A byte order other than the ABI's is not kept.
func (a Array) ViewAs(elem dtype.Type) (Array, error) {
	fail := func(err error) (Array, error) { return Array{}, a.fail("view", err) }
	if a.space == nil {
		return fail(ErrNull)
	}
	if a.from.bits.n > 0 {
		return fail(fmt.Errorf("%w: a bit-field has no address", ErrType))
	}
	size, err := a.space.ABI().Size(elem)
	if err != nil {
		return fail(err)
	}
	b := a.derived()
	b.elem, b.size, b.from = elem, size, &origin{root: elem}
	if size == a.size {
		return b, nil
	}
	last := len(a.shape) - 1
	switch {
	case size == 0 || a.size == 0:
		return fail(fmt.Errorf("%w: %v has no size", ErrType, elem))
	case last < 0:
		return fail(fmt.Errorf("%w: %v has %d bytes, a single element %d", ErrType, elem, size, a.size))
	case a.strides[last] != int64(a.size) && a.shape[last] != 1 && a.Len() > 0:
		return fail(fmt.Errorf("%w: the last axis has holes", ErrNotContiguous))
	}
	if size < a.size && a.size%size != 0 {
		return fail(fmt.Errorf("%w: %d bytes are no whole number of %v", ErrRange, a.size, elem))
	}
	bytes := uint64(a.shape[last]) * a.size // within what product checked, or a view
	if bytes%size != 0 {
		return fail(fmt.Errorf("%w: %d bytes are no whole number of %v", ErrRange, bytes, elem))
	}
	b.shape[last], b.strides[last] = int(bytes/size), int64(size)
	return b, nil
}
