package memory

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// wideFormatOf is what the long double of an array's space is.
func wideFormatOf(a Array) wideFormat { return wideFormat(a.space.ABI().LongDouble()) }

// Assign stores src in dst, as dst[...] = src: broadcast to its shape, and
// converted to its elements as the rule allows. The two may overlap. Elements
// that are no numbers must be of one type.
func Assign(dst, src Array, c Casting) error {
	if dst.space == nil || src.space == nil {
		return dst.fail("assign", ErrNull)
	}
	abi := dst.space.ABI()
	from, to := numKindOf(src.space.ABI(), src.elem), numKindOf(abi, dst.elem)
	isNumber := from != noNum && to != noNum
	switch {
	case isNumber && !canCast(from, to, c):
		return dst.fail("assign", fmt.Errorf("%w: %v to %v is not %v", ErrType, src.elem, dst.elem, c))
	case !isNumber && (src.space.ABI() != abi || !abi.LayoutEqual(src.elem, dst.elem)):
		return dst.fail("assign", fmt.Errorf("%w: %v for %v", ErrType, src.elem, dst.elem))
	case isNumber && (from.wide() || to.wide()) && wideFormatOf(src) != wideFormatOf(dst):
		return dst.fail("assign", fmt.Errorf("%w: %v and %v have different long doubles", ErrNotSupported, src.space.ABI(), abi))
	}
	for len(src.shape) > len(dst.shape) && src.shape[0] == 1 { // as NumPy does
		src.shape, src.strides = src.shape[1:], src.strides[1:]
	}
	src, err := src.broadcast(dst.shape)
	if err != nil {
		return dst.fail("assign", err)
	}
	return lend("assign", 1, func(m []lent) error {
		if isNumber {
			runCast(wideFormatOf(dst), &m[0], &m[1])
			return nil
		}
		m[1].apart(&m[0])
		move(&m[0], &m[1])
		return nil
	}, dst, src)
}

// Fill stores one value in every element, converted as [View.Store] does; a
// real number is a complex one too.
func (a Array) Fill(value any) error {
	if a.space == nil {
		return a.fail("fill", ErrNull)
	}
	if a.Len() == 0 {
		return nil
	}
	first, err := a.At(make([]int, len(a.shape))...)
	if err == nil {
		if r := reflect.ValueOf(value); numKindOf(a.space.ABI(), a.elem).complex() {
			switch {
			case r.CanFloat():
				value = complex(r.Float(), 0)
			case r.CanInt():
				value = complex(float64(r.Int()), 0)
			}
		}
		err = first.Store(value)
	}
	if err != nil || a.from.bits.n > 0 && a.Len() == 1 {
		return err
	}
	one, err := newArray(a.space.ABI(), nil, a.elem, nil, nil)
	if err != nil {
		return a.fail("fill", err)
	}
	one.from = a.from
	b, err := first.Bytes()
	if err == nil {
		err = one.space.WriteAt(b, one.addr)
	}
	if err == nil {
		err = Assign(a, one, SameKind)
	}
	return err
}

// Copy is a copy of the elements in C's order, in an arena's memory or, if in
// is nil, in Go's own. Their byte order stays.
func (a Array) Copy(in *Arena) (Array, error) {
	return a.copied("copy", in, a.elem, nil, a.BigEndian(), Unsafe)
}

// Flatten is a copy of the elements along one axis, in C's order.
func (a Array) Flatten(in *Arena) (Array, error) { return a.ReshapeCopy(in, -1) }

// ReshapeCopy is a copy of the elements in another shape. See [Array.Reshape].
func (a Array) ReshapeCopy(in *Arena, shape ...int) (Array, error) {
	if a.space == nil {
		return Array{}, a.fail("reshape", ErrNull)
	}
	shape, err := a.fill(shape)
	if err != nil {
		return Array{}, a.fail("reshape", err)
	}
	b, err := a.Copy(in)
	if err != nil {
		return Array{}, err
	}
	b.shape, b.strides = shape, cStrides(shape, b.size)
	return b, nil
}

// AsType is a copy with elements of another type, converted as the rule allows
// ([CanCast]). Its axes lie in memory as a's do.
func (a Array) AsType(in *Arena, elem dtype.Type, c Casting) (Array, error) {
	order := make([]int, len(a.shape))
	for i := range order {
		order[i] = len(order) - 1 - i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(magnitude(a.strides[i]), magnitude(a.strides[j])) })
	return a.copied("as type", in, elem, order, false, c)
}

// Contiguous is the array itself if it is in C's order without holes, else a
// copy that is, as numpy.ascontiguousarray.
func (a Array) Contiguous(in *Arena) (Array, error) {
	if a.order()&CContiguous != 0 {
		return a, nil
	}
	return a.Copy(in)
}

func (a Array) copied(op string, in *Arena, elem dtype.Type, order []int, isBig bool, c Casting) (Array, error) {
	if a.space == nil {
		return Array{}, a.fail(op, ErrNull)
	}
	room := alignedBytes
	if kind := numKindOf(a.space.ABI(), elem); kind != noNum && !kind.wide() { // those leave padding as it is
		room = unclearedBytes
	}
	b, err := newArrayIn(room, a.space.ABI(), in, elem, a.shape, order)
	if err == nil {
		b.from = &origin{root: elem, big: isBig && hasByteOrder(elem)}
		err = Assign(b, a, c)
	}
	if err != nil {
		return Array{}, a.fail(op, err)
	}
	return b, nil
}

// ByteSwap reverses the bytes of every number in place, those of the parts of
// complex numbers each, as a.byteswap(inplace=True). With [Array.NewByteOrder]
// the numbers stay what they were.
func (a Array) ByteSwap() error {
	if a.space == nil {
		return a.fail("byte swap", ErrNull)
	}
	return lend("byte swap", 1, func(m []lent) error {
		x := &m[0]
		if x.part == 0 && a.size > 1 {
			return a.fail("byte swap", fmt.Errorf("%w: %v has no byte order", ErrType, a.elem))
		}
		if len(x.mem) == 0 {
			return nil
		}
		p := newPlan(x.shape, x.strides)
		p.each(maxRun, func(at []int64, n int) {
			swapStrided(x.mem, x.at+at[0], p.inner(0), n, x.size, x.part)
		})
		return nil
	}, a)
}

// gather copies the elements' bytes to dst in C's order.
func (a Array) gather(dst []byte) error {
	if len(dst) == 0 {
		return nil
	}
	err := lend("copy", 0, func(m []lent) error {
		to := m[0]
		to.mem, to.at, to.strides = dst, 0, cStrides(a.shape, a.size)
		m[0].apart(&to)
		move(&to, &m[0])
		return nil
	}, a)
	if !errors.Is(err, ErrNotSupported) {
		return err
	}
	for _, v := range a.Elements() { // the space has no bytes to lend
		if err := v.readAt("copy", dst[:a.size], v.addr); err != nil {
			return a.fail("copy", err)
		}
		dst = dst[a.size:]
	}
	return nil
}
