package memory

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// An Array is a strided array over C memory, as NumPy's: slicing, reversing and
// transposing make another array of the same bytes. It is a value and safe for
// concurrent use; it lives as long as the view it was made from.
//
//	a, err := memory.AsArray(view, 3, 4)                      // as_array(p, (3, 4))
//	b, err := a.Slice(memory.All, memory.Range(3, 0, -1))     // a[:, 3:0:-1]
//
// That all elements lie within the view is checked once, when it is made.
type Array struct {
	space   Space
	life    *Lifetime
	addr    uint64 // of element 0, 0 …
	elem    dtype.Type
	size    uint64 // of an element
	from    *origin
	shape   []int
	strides []int64 // in bytes
	owned   bool    // made with memory of its own; arrays derived from it are not
}

// AsArray makes an array of the elements of a view in C's order: the last index
// varies fastest. Without a shape it is that of the C type: double[3][4] is
// 3 × 4 doubles. With a shape the elements are arranged in it, and must be as
// many. Any other type is one element.
func AsArray(v View, shape ...int) (Array, error) {
	if v.space == nil {
		return Array{}, v.fail("array", ErrNull)
	}
	own, elem, err := dimensions(v)
	if err != nil {
		return Array{}, v.fail("array", err)
	}
	have, _ := product(own)
	if len(shape) == 0 {
		shape = own
	} else if want, err := product(shape); err != nil || want != have {
		return Array{}, v.fail("array", fmt.Errorf("%w: %d elements for shape %v", ErrRange, have, shape))
	}
	size, err := v.space.ABI().Size(elem)
	if err != nil {
		return Array{}, v.fail("array", err)
	}
	strides := make([]int64, len(shape))
	step := int64(size)
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = step
		step *= int64(max(shape[i], 1)) // what is not empty lies in v.size
	}
	return NewArray(v, elem, 0, shape, strides)
}

// dimensions takes the array types off a view's type.
func dimensions(v View) (shape []int, elem dtype.Type, err error) {
	shape, elem = []int{}, v.typ
	for {
		a, ok := arrayType(elem)
		if !ok {
			return shape, elem, nil
		}
		n := a.Len()
		if a.Flexible() {
			n = v.Len()
		}
		if n > math.MaxInt {
			return nil, nil, fmt.Errorf("%w: %d elements", ErrNotSupported, n)
		}
		shape, elem = append(shape, int(n)), a.Elem()
	}
}

// product is the number of elements of a shape, which fits int.
func product(shape []int) (uint64, error) {
	p := uint64(1)
	for _, n := range shape {
		hi, lo := bits.Mul64(p, uint64(n))
		if n < 0 || hi != 0 || lo > math.MaxInt {
			return 0, fmt.Errorf("%w: shape %v", ErrRange, shape)
		}
		p = lo
	}
	return p, nil
}

// NewArray makes an array of elements of type elem in the bytes of a view: its
// first one at offset bytes, and from one index to the next along axis i
// strides[i] bytes, which may be negative, or 0 to repeat elements.
func NewArray(v View, elem dtype.Type, offset uint64, shape []int, strides []int64) (Array, error) {
	fail := func(err error) (Array, error) { return Array{}, v.fail("array", err) }
	if v.space == nil {
		return fail(ErrNull)
	}
	if v.isBitField() {
		return fail(fmt.Errorf("%w: a bit-field has no address", ErrType))
	}
	size, err := v.space.ABI().Size(elem)
	if err != nil {
		return fail(err)
	}
	if len(shape) != len(strides) {
		return fail(fmt.Errorf("%w: %d strides for %d axes", ErrType, len(strides), len(shape)))
	}
	lo, hi, err := reach(shape, strides)
	if err != nil {
		return fail(err)
	}
	count, err := product(shape)
	if err != nil {
		return fail(err)
	}
	if count > 0 && (lo > offset || hi > v.size || offset > v.size-hi || size > v.size-hi-offset) {
		return fail(fmt.Errorf("%w: shape %v with strides %v from byte %d in %d", ErrOutOfBounds, shape, strides, offset, v.size))
	}
	if count == 0 {
		offset = 0
	}
	from := &origin{root: elem}
	if v.from.big && hasByteOrder(elem) {
		from.big = true
	}
	return Array{v.space, v.life, v.addr + offset, elem, size, from, slices.Clone(shape), slices.Clone(strides), false}, nil
}

// reach is how many bytes the elements' addresses go below and above that of
// the first one.
func reach(shape []int, strides []int64) (below, above uint64, err error) {
	for i, n := range shape {
		if n < 0 {
			return 0, 0, fmt.Errorf("%w: shape %v", ErrRange, shape)
		}
		if n == 0 {
			return 0, 0, nil
		}
		to, step := &above, uint64(strides[i])
		if strides[i] < 0 {
			to, step = &below, -step
		}
		over, far := bits.Mul64(step, uint64(n-1))
		sum, carry := bits.Add64(*to, far, 0)
		if over != 0 || carry != 0 || sum > 1<<62 {
			return 0, 0, fmt.Errorf("%w: shape %v with strides %v", ErrRange, shape, strides)
		}
		*to = sum
	}
	return below, above, nil
}

// derived is an array of the same bytes with a shape of its own to change.
func (a Array) derived() Array {
	a.shape, a.strides, a.owned = slices.Clone(a.shape), slices.Clone(a.strides), false
	return a
}

// Elem is the type of the elements.
func (a Array) Elem() dtype.Type { return a.elem }

// Shape is the number of elements along each axis.
func (a Array) Shape() []int { return slices.Clone(a.shape) }

// Strides are the bytes from one element to the next along each axis.
func (a Array) Strides() []int64 { return slices.Clone(a.strides) }

// Dims is the number of axes; 0 is a single element.
func (a Array) Dims() int { return len(a.shape) }

// Len is the number of elements.
func (a Array) Len() int {
	n, _ := product(a.shape)
	return int(n)
}

// Addr is the address of the element whose indexes are all 0.
func (a Array) Addr() uint64 { return a.addr }

// Space is the space the array is in.
func (a Array) Space() Space { return a.space }

func (a Array) fail(op string, err error) error {
	path := ""
	if a.elem != nil {
		path = a.elem.String() + dims(a.shape)
	}
	if e, ok := err.(*Error); ok {
		retold := *e
		retold.Op, retold.Path = op, path
		return &retold
	}
	return &Error{Op: op, Path: path, Err: err}
}

// dims is a shape in C syntax: "[3][4]".
func dims(shape []int) string {
	s := ""
	for _, n := range shape {
		s += index(n)
	}
	return s
}

// offset is where an element is, or the first one of a subarray, from addr on.
func (a Array) offset(index []int) (int64, error) {
	off := int64(0)
	for axis, i := range index {
		if uint(i) >= uint(a.shape[axis]) {
			return 0, indexError(i, axis, a.shape)
		}
		off += int64(i) * a.strides[axis]
	}
	return off, nil
}

func indexError(i, axis int, shape []int) error {
	return fmt.Errorf("%w: index %d of axis %d with %d elements", ErrOutOfBounds, i, axis, shape[axis])
}

// At is an element, to load or store.
func (a Array) At(index ...int) (View, error) {
	if len(index) != len(a.shape) {
		return View{}, a.fail("index", fmt.Errorf("%w: %d indexes for %d axes", ErrRange, len(index), len(a.shape)))
	}
	off, err := a.offset(index)
	if err != nil {
		return View{}, a.fail("index", err)
	}
	return View{space: a.space, life: a.life, addr: a.addr + uint64(off), size: a.size, typ: a.elem, from: a.from}, nil
}

// Index is the subarray at these indexes of the first axes, as a[i, j].
func (a Array) Index(index ...int) (Array, error) {
	if len(index) > len(a.shape) {
		return Array{}, a.fail("index", fmt.Errorf("%w: %d indexes for %d axes", ErrRange, len(index), len(a.shape)))
	}
	off, err := a.offset(index)
	if err != nil {
		return Array{}, a.fail("index", err)
	}
	a.addr += uint64(off)
	a.shape, a.strides, a.owned = a.shape[len(index):], a.strides[len(index):], false
	return a, nil
}

// Slice takes a span of each of the first axes, as a[1:3, ::-1].
func (a Array) Slice(spans ...Span) (Array, error) {
	if len(spans) > len(a.shape) {
		return Array{}, a.fail("slice", fmt.Errorf("%w: %d spans for %d axes", ErrRange, len(spans), len(a.shape)))
	}
	b := a.derived()
	for axis, s := range spans {
		start, n, step, err := s.resolve(a.shape[axis])
		if err != nil {
			return Array{}, a.fail("slice", err)
		}
		b.shape[axis] = n
		if n > 0 {
			b.addr += uint64(int64(start) * a.strides[axis])
		}
		if n > 1 { // else the step may be beyond all bounds
			b.strides[axis] *= int64(step)
		}
	}
	return b, nil
}

// Transpose puts the axes in another order; without arguments in reverse.
func (a Array) Transpose(axes ...int) (Array, error) {
	if len(axes) == 0 {
		for i := range a.shape {
			axes = append(axes, len(a.shape)-1-i)
		}
	}
	b := a.derived()
	b.shape, b.strides = nil, nil
	seen := make([]bool, len(a.shape))
	for _, axis := range axes {
		if axis < 0 || axis >= len(a.shape) || seen[axis] {
			break
		}
		seen[axis] = true
		b.shape, b.strides = append(b.shape, a.shape[axis]), append(b.strides, a.strides[axis])
	}
	if len(axes) != len(a.shape) || len(b.shape) != len(a.shape) {
		return Array{}, a.fail("transpose", fmt.Errorf("%w: %v is no order of %d axes", ErrRange, axes, len(a.shape)))
	}
	return b, nil
}

// Field is the array of one member of each element of an array of structs. A
// member that is an array adds its axes, but an array of char stays one text.
func (a Array) Field(name string) (Array, error) {
	if a.space == nil {
		return Array{}, a.fail("field", ErrNull)
	}
	ms, err := membersOf(a.space.ABI(), a.elem)
	if err != nil {
		return Array{}, a.fail("field", err)
	}
	m, err := ms.find(a.elem, name)
	if err != nil {
		return Array{}, a.fail("field", err)
	}
	b := a.derived()
	b.from = &origin{root: a.from.root, path: a.from.path + "." + name, bits: m.bits, big: m.big}
	b.elem, b.size = m.typ, m.size
	if m.bits.n > 0 {
		return b, nil
	}
	b.from.bits = bitRange{}
	b.addr += m.offset
	for {
		t, ok := arrayType(b.elem)
		if !ok || t.Flexible() || dtype.Resolve(t.Elem()) == dtype.Type(dtype.CChar) || t.Len() > math.MaxInt {
			return b, nil
		}
		b.elem = t.Elem()
		b.size = 0
		if t.Len() > 0 {
			b.size = m.size / t.Len()
		}
		m = &member{size: b.size}
		b.shape, b.strides = append(b.shape, int(t.Len())), append(b.strides, int64(b.size))
	}
}
