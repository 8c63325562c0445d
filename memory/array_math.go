package memory

import (
	"fmt"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// Of is a new array of Go's own memory with the results for each element of a
// and b. Its axes lie in memory as the operands' do.
func (op Op) Of(a, b Array) (Array, error) {
	k, shape, err := op.match(a, b)
	if err != nil {
		return Array{}, err
	}
	x, err := a.broadcast(shape)
	if err != nil {
		return Array{}, err
	}
	y, err := b.broadcast(shape)
	if err != nil {
		return Array{}, err
	}
	out, err := like(a.space.ABI(), nil, numTypes[k.out], shape, x, y)
	if err != nil {
		return Array{}, err
	}
	return out, op.run(k, out, x, y)
}

// Into stores the results for each element of a and b in out, which they are
// broadcast to and which they may overlap. The results' type must be of the
// same kind as out's elements ([SameKind]).
func (op Op) Into(out, a, b Array) error {
	k, shape, err := op.match(a, b)
	if err != nil {
		return err
	}
	to, err := out.number()
	if err != nil {
		return out.fail(op.String(), err)
	}
	if !canCast(k.out, to, SameKind) {
		return out.fail(op.String(), fmt.Errorf("%w: %v to %v is not %v", ErrType, numTypes[k.out], out.elem, SameKind))
	}
	if all, err := BroadcastShapes(shape, out.shape); err != nil || !slices.Equal(all, out.shape) {
		return out.fail(op.String(), fmt.Errorf("%w: %v into %v", ErrShape, shape, out.shape))
	}
	x, err := a.broadcast(out.shape)
	if err != nil {
		return err
	}
	y, err := b.broadcast(out.shape)
	if err != nil {
		return err
	}
	return op.run(k, out, x, y)
}

// A kernel is the loop for one operation on operands of certain kinds.
type kernel struct {
	loop    loop2
	in, out numKind
}

// match finds the kernel for two operands and the shape they combine in.
func (op Op) match(a, b Array) (k kernel, shape []int, err error) {
	ka, err := a.number()
	if err != nil {
		return k, nil, a.fail(op.String(), err)
	}
	kb, err := b.number()
	if err != nil {
		return k, nil, b.fail(op.String(), err)
	}
	if a.space.ABI() != b.space.ABI() && wideFormatOf(a) != wideFormatOf(b) && (ka.wide() || kb.wide()) {
		return k, nil, a.fail(op.String(), fmt.Errorf("%w: long doubles of %v and %v", dtype.ErrNotSupported, a.space.ABI(), b.space.ABI()))
	}
	k.loop, k.in, k.out, err = op.kernel(wideFormatOf(a), ka, kb)
	if err != nil {
		return k, nil, a.fail(op.String(), err)
	}
	shape, err = BroadcastShapes(a.shape, b.shape)
	if err != nil {
		return k, nil, a.fail(op.String(), err)
	}
	return k, shape, nil
}

func (op Op) run(k kernel, out, a, b Array) error {
	return lend(op.String(), 1, func(m []lent) error {
		runBinary(wideFormatOf(a), k.loop, k.in, k.out, &m[0], &m[1], &m[2])
		return nil
	}, out, a, b)
}

// ArrayEqual reports whether two arrays have one shape and equal elements, as
// numpy.array_equal: numbers by value, so that NaN is not equal to itself, structs
// member by member, texts up to their NULs, anything else byte by byte.
func ArrayEqual(a, b Array) (bool, error) {
	if a.space == nil || b.space == nil {
		return false, a.fail("equal", ErrNull)
	}
	if !slices.Equal(a.shape, b.shape) {
		return false, nil
	}
	if a.Len() == 0 {
		return true, nil
	}
	_, notA := a.number()
	_, notB := b.number()
	if notA == nil && notB == nil {
		same, err := Equal.Of(a, b)
		if err != nil {
			return false, err
		}
		all, err := same.All()
		if err != nil {
			return false, err
		}
		return LoadItem[bool](all)
	}
	if !dtype.Equivalent(a.elem, b.elem) {
		return false, a.fail("equal", fmt.Errorf("%w: %v and %v", ErrType, a.elem, b.elem))
	}
	if _, ok := dtype.Resolve(a.elem).(*dtype.Struct); ok {
		return membersEqual(a, b)
	}
	for index, x := range a.Elements() {
		y, err := b.At(index...)
		if err != nil {
			return false, err
		}
		if same, err := elementsEqual(x, y); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

func membersEqual(a, b Array) (bool, error) {
	ms, err := membersOf(a.space.ABI(), a.elem)
	if err != nil {
		return false, a.fail("equal", err)
	}
	for _, m := range ms.list {
		x, err := a.Field(m.name)
		if err != nil {
			return false, err
		}
		y, err := b.Field(m.name)
		if err != nil {
			return false, err
		}
		if same, err := ArrayEqual(x, y); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

// elementsEqual compares what is no number: texts, unions, bit-fields.
func elementsEqual(x, y View) (bool, error) {
	if x.isBitField() {
		p, err := x.word()
		if err != nil {
			return false, x.fail("equal", err)
		}
		q, err := y.word()
		if err != nil {
			return false, y.fail("equal", err)
		}
		return p == q, nil
	}
	p, err := x.Bytes()
	if err != nil {
		return false, err
	}
	q, err := y.Bytes()
	if err != nil {
		return false, err
	}
	if t, ok := dtype.Resolve(x.typ).(*dtype.Array); ok && dtype.Resolve(t.Elem()) == dtype.Type(dtype.CChar) {
		p, q = trimNUL(p), trimNUL(q)
	}
	return slices.Equal(p, q), nil
}

// trimNUL is a text of fixed size without the NULs at its end, as NumPy's S.
func trimNUL(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}
