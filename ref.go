package wasmffi

import (
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A Reference is an argument passed by reference: see [ByRef]. The zero value
// is NULL.
type Reference struct {
	to     any
	offset int64
}

// CType makes Reference stand for void *.
func (Reference) CType() (dtype.Type, error) { return dtype.PointerTo(dtype.CVoid), nil }

// ByRef passes what x refers to by reference, C's &x: x is a Go pointer or
// slice, whose memory is C's for the length of the call, or a [memory.View]. It
// is what passing x itself means, and says so where x is an any. ByRef(nil) is
// NULL.
func ByRef(x any) Reference { return Reference{to: x} }

// ByRefAt is ByRef with an offset in bytes of C's layout, ((char *)&x) + offset.
// It must lie inside the object. Where the parameter's pointer type is declared
// there must be an object of that type at the offset: a member, an element;
// pointers to void and to characters go anywhere.
func ByRefAt(x any, offset int64) Reference { return Reference{to: x, offset: offset} }

var referenceType = reflect.TypeFor[Reference]()

// referenceArg passes a Reference.
func referenceArg(t *dtype.Pointer, p dtype.Param) argFunc {
	return func(c *call, i int, v reflect.Value) error {
		r := v.Interface().(Reference)
		x := reflect.ValueOf(r.to)
		switch {
		case !x.IsValid() && r.offset != 0:
			return fmt.Errorf("%w: offset %d into NULL", memory.ErrNull, r.offset)
		case !x.IsValid():
			return nil
		case x.Type() != viewType && x.Kind() != reflect.Pointer && x.Kind() != reflect.Slice:
			return fmt.Errorf("%w: a reference to Go %v, which is no pointer, slice or View", memory.ErrType, x.Type())
		case r.offset == 0:
			f, err := compilePointerArg(c.plan.abi(), x.Type(), t, p)
			if err != nil {
				return err
			}
			return f(c, i, x)
		case x.Type() == viewType:
			return c.refIntoView(i, x, r.offset, t)
		}
		return c.refIntoGo(i, x, r.offset, t, flowOf(x.Type(), t, p))
	}
}

// refIntoView passes the address of a part of the library's memory.
func (c *call) refIntoView(i int, x reflect.Value, offset int64, t *dtype.Pointer) error {
	v := x.Interface().(memory.View)
	if err := checkInside(offset, v.Size()); err != nil {
		return err
	}
	if err := checkObjectAt(c.plan.abi(), v.Type(), uint64(offset), t.Elem()); err != nil {
		return err
	}
	w, err := c.enc.Scalar(x, dtype.PointerTo(dtype.CVoid))
	c.words[c.plan.shape.Params[i].First] = w + uint64(offset)
	if c.plan.contract {
		c.extents[i] = v.Size() - uint64(offset)
	}
	return err
}

// refIntoGo passes a pointer into the block of a Go value. The part is a block
// of its own, of no flow: it overlaps the whole, which is what is copied.
func (c *call) refIntoGo(i int, x reflect.Value, offset int64, t *dtype.Pointer, flow memory.Flow) error {
	if x.IsNil() {
		return fmt.Errorf("%w: offset %d into NULL", memory.ErrNull, offset)
	}
	elem, err := dtype.FromGo(x.Type().Elem())
	if err != nil {
		return err
	}
	size, err := c.plan.abi().Size(elem)
	if err != nil {
		return err
	}
	whole, err := c.enc.Pointer(x, elem, flow)
	if err != nil {
		return err
	}
	data := c.enc.Blocks[whole].Data
	if err := checkInside(offset, uint64(len(data))); err != nil {
		return err
	}
	if err := checkObjectAt(c.plan.abi(), elem, uint64(offset)%size, t.Elem()); err != nil {
		return err
	}
	c.enc.Blocks = append(c.enc.Blocks, memory.Block{Data: data[offset:], Align: 1})
	c.pointTo(i, len(c.enc.Blocks)-1)
	return nil
}

func checkInside(offset int64, size uint64) error {
	if offset < 0 || uint64(offset) >= size {
		return fmt.Errorf("%w: offset %d of %d bytes", memory.ErrOutOfBounds, offset, size)
	}
	return nil
}

// checkObjectAt checks that a pointer to want may point to what is at an offset
// of a C object.
func checkObjectAt(abi *dtype.ABI, t dtype.Type, offset uint64, want dtype.Type) error {
	if isVoid(want) || isCharacter(want) || objectAt(abi, t, offset, want) {
		return nil
	}
	return fmt.Errorf("%w: no %v at offset %d of %v", memory.ErrType, want, offset, t)
}

func objectAt(abi *dtype.ABI, t dtype.Type, offset uint64, want dtype.Type) bool {
	if offset == 0 && samePointee(abi, t, want) {
		return true
	}
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Array:
		size, err := abi.Size(t.Elem())
		return err == nil && size != 0 && objectAt(abi, t.Elem(), offset%size, want)
	case *dtype.Struct, *dtype.Union:
		l, err := abi.Layout(t)
		if err != nil {
			return false
		}
		for _, f := range l.Fields {
			if !f.BitField && f.Offset <= offset && offset-f.Offset < f.Size && objectAt(abi, f.Type, offset-f.Offset, want) {
				return true
			}
		}
	}
	return false
}

// samePointee reports whether a pointer to an object of type t may be one to
// want without a cast; integers may differ in sign.
func samePointee(abi *dtype.ABI, t, want dtype.Type) bool {
	if abi.LayoutEqual(t, want) {
		return true
	}
	_, _, tInt := intRange(abi, t)
	_, _, wInt := intRange(abi, want)
	if !tInt || !wInt || isPointerType(t) || isPointerType(want) {
		return false
	}
	a, _ := abi.Size(t)
	b, _ := abi.Size(want)
	return a == b
}

// isValueOf reports whether a Go value of type g can be copied to be what a
// pointer to elem points to: as ctypes passes an object of type T where T * is
// declared. A Go integer must be of the very type: int, which has none, and
// addresses are no such values, nor are single characters for char *.
func isValueOf(abi *dtype.ABI, g reflect.Type, elem dtype.Type) bool {
	if isVoid(elem) || isCharacter(elem) || isPointerType(elem) || isAddress(g) {
		return false
	}
	switch k := g.Kind(); {
	case g == recordType, k == reflect.Map:
		return isMembers(dtype.Resolve(elem))
	case k == reflect.Struct, k == reflect.Array, k == reflect.Bool, isGoInt(k), k == reflect.Float32, k == reflect.Float64, k == reflect.Complex64, k == reflect.Complex128:
		c, err := dtype.FromGo(g)
		cmp := comparison{abi: abi, open: map[[2]dtype.Type]bool{}}
		return err == nil && cmp.compare(c, elem) == ""
	}
	return false
}

var recordType = reflect.TypeFor[memory.Record]()

// copiedArg passes a pointer to a copy of a value. What C writes there is lost
// with the copy.
func copiedArg(elem dtype.Type) argFunc {
	return func(c *call, i int, v reflect.Value) error {
		_, err := c.objectBlock(i, elem, memory.In, v)
		return err
	}
}

// objectBlock makes a C object for the pointer parameter i to point to, of the
// value v if that is valid, else of zeros, and gives its index among the
// blocks. Natively C sees this memory, elsewhere a copy.
func (c *call) objectBlock(i int, elem dtype.Type, flow memory.Flow, v reflect.Value) (int, error) {
	l, err := c.plan.abi().Layout(elem)
	if err != nil {
		return 0, err
	}
	n := len(c.enc.Blocks)
	c.enc.Blocks = append(c.enc.Blocks, memory.Block{Data: make([]byte, l.Size), Align: l.Align, Flow: flow})
	if v.IsValid() {
		if err := c.enc.Value(c.enc.Blocks[n].Data, n, 0, v, elem); err != nil {
			return 0, err
		}
	}
	c.pointTo(i, n)
	return n, nil
}

// pointTo makes parameter i a pointer to a block.
func (c *call) pointTo(i, block int) {
	c.enc.Pointers = append(c.enc.Pointers, memory.BlockPointer{
		Offset: uint64(8 * c.plan.shape.Params[i].First), To: block,
	})
}
