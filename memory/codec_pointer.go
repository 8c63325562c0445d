package memory

import (
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

// A pointerCodec is for C pointers. Go strings, slices and pointers become
// blocks; addresses are stored as they are. Their byte order is always the
// ABI's: no record with another holds pointers.
type pointerCodec struct {
	abi *dtype.ABI
	c   *dtype.Pointer
}

func (k pointerCodec) scalar() scalar {
	return scalar{kind: pointerScalar, bits: uint8(8 * k.abi.PointerSize())}
}

func (k pointerCodec) encode(e *Encoder, at place, v reflect.Value) error {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !isReference(v) {
		w, err := e.pointerWord(v, k.c)
		if err == nil {
			k.scalar().store(at.data, false, w)
		}
		return err
	}
	flow := InOut
	if k.c.ConstElem() {
		flow = In
	}
	block, err := e.pointer(v, k.c.Elem(), flow)
	if err != nil || block < 0 {
		return err
	}
	p := BlockPointer{Offset: at.off, To: block}
	if at.owner < 0 {
		e.Pointers = append(e.Pointers, p)
	} else {
		e.Blocks[at.owner].Pointers = append(e.Blocks[at.owner].Pointers, p)
	}
	return nil
}

func (k pointerCodec) decode(d *decoder, v reflect.Value, data []byte) error {
	return d.setPointer(v, k.c, k.scalar().load(data, false))
}

// isReference reports whether a Go value stands for the memory it points to:
// the Go types that become blocks.
func isReference(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String, reflect.Slice:
		return true
	case reflect.Pointer:
		return !v.Type().Implements(addresserType)
	}
	return false
}

// An addresser is a Go value that C has a function pointer to: a callback.
type addresser interface{ Address() uint64 }

var addresserType = reflect.TypeFor[addresser]()

// pointerWord is the address that a Go value stands for.
func (e *Encoder) pointerWord(v reflect.Value, t *dtype.Pointer) (uint64, error) {
	if isNil(v) {
		return 0, nil
	}
	to := scalar{kind: pointerScalar, bits: uint8(8 * e.ABI.PointerSize())}
	if from, ok := goScalar(v.Type()); ok && from.address {
		w := goWord(v)
		p, err := convert(w, from, to)
		if err != nil {
			return 0, convertError(err, w, from, to, "Go "+v.Type().String(), cName(t, 0))
		}
		return p, nil
	}
	if v.CanInterface() {
		switch x := v.Interface().(type) {
		case View:
			return e.viewAddress(x, t)
		case Array:
			return e.arrayAddress(x, t)
		case anyPointer:
			return e.pointerAddress(x.pointer(), t)
		case addresser:
			if _, ok := dtype.Resolve(t.Elem()).(*dtype.Func); ok || isVoid(t.Elem()) {
				return x.Address(), nil
			}
		}
	}
	if e.Other != nil {
		return e.Other(v, t)
	}
	return 0, mismatch(v.Type(), t)
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Func, reflect.UnsafePointer, reflect.Pointer, reflect.Slice, reflect.Map, reflect.Chan:
		return v.IsNil()
	}
	return false
}

// viewAddress is the address of what v views, for a pointer to that type; a
// view of such a pointer gives the pointer it holds.
func (e *Encoder) viewAddress(v View, t *dtype.Pointer) (uint64, error) {
	if !v.isBitField() {
		err := e.pointsTo(v.typ, t)
		if a, ok := dtype.Resolve(v.typ).(*dtype.Array); ok && err != nil {
			err = e.pointsTo(a.Elem(), t)
		}
		if err == nil {
			return v.addr, e.hold(v.space, v.life)
		}
	}
	if p, ok := dtype.Resolve(v.typ).(*dtype.Pointer); ok && e.pointsTo(p.Elem(), t) == nil {
		if err := e.hold(v.space, v.life); err != nil {
			return 0, err
		}
		return v.word()
	}
	return 0, mismatchView(v.typ, t)
}

func (e *Encoder) pointerAddress(p Pointer, t *dtype.Pointer) (uint64, error) {
	if p.IsNull() {
		return 0, nil
	}
	if err := e.pointsTo(p.elem, t); err != nil {
		return 0, err
	}
	return p.addr, e.hold(p.space, p.life)
}

// pointsTo checks that an object of type elem is one that t may point to, as a
// C compiler does without a cast: the same type, or void. Integers may differ
// in sign.
func (e *Encoder) pointsTo(elem dtype.Type, t *dtype.Pointer) error {
	want := t.Elem()
	if elem == want || isVoid(elem) || isVoid(want) || e.ABI.LayoutEqual(elem, want) || e.sameInts(elem, want) {
		return nil
	}
	return mismatchView(elem, t)
}

func (e *Encoder) sameInts(a, b dtype.Type) bool {
	x, ok := cScalar(e.ABI, a)
	y, ok2 := cScalar(e.ABI, b)
	isInt := func(s scalar) bool { return s.kind == intScalar || s.kind == uintScalar }
	return ok && ok2 && isInt(x) && isInt(y) && x.bits == y.bits
}

func isVoid(t dtype.Type) bool { return dtype.Resolve(t) == dtype.Type(dtype.CVoid) }

func mismatchView(have dtype.Type, want dtype.Type) error {
	return fmt.Errorf("%w: C %v for C %v", ErrType, dtype.PointerTo(have), want)
}

// setPointer sets a Go value to a C pointer.
func (d *decoder) setPointer(v reflect.Value, t *dtype.Pointer, addr uint64) error {
	if d.back && stays(v) {
		return nil
	}
	if v.Kind() == reflect.Interface && v.NumMethod() == 0 {
		v.Set(reflect.ValueOf(d.pointer(t, addr)))
		return nil
	}
	if p, ok := v.Addr().Interface().(pointerSetter); ok {
		p.setPointer(d.pointer(t, addr))
		return nil
	}
	if to, ok := goScalar(v.Type()); ok && to.address {
		w, err := convert(addr, scalar{kind: pointerScalar, bits: 64}, to)
		if err != nil {
			return fmt.Errorf("%w: %#x does not fit Go %v", ErrRange, addr, v.Type())
		}
		setGoWord(v, w)
		return nil
	}
	if size := charSize(d.abi, t.Elem()); v.Kind() == reflect.String && size != 0 {
		if addr == 0 {
			v.SetString("")
			return nil
		}
		s, err := readText(d.space, d.life, addr, 0, size)
		if err == nil {
			v.SetString(s)
		}
		return err
	}
	return mismatch(v.Type(), t)
}

// stays reports whether a Go value keeps what it refers to when C returns.
func stays(v reflect.Value) bool {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return isReference(v) || v.Kind() == reflect.Func || v.Kind() == reflect.UnsafePointer
}

// pointer is a pointer read from memory. It does not end with the object it was
// read from, as long as the arena of that is open.
func (d *decoder) pointer(t *dtype.Pointer, addr uint64) Pointer {
	life := d.life
	if life != nil {
		life = life.scope()
	}
	return NewPointer(d.space, life, addr, t.Elem(), 0)
}
