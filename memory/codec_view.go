package memory

import (
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

// A viewCodec is for a View given where C wants the value it views.
type viewCodec struct{ c dtype.Type }

func (k viewCodec) encode(e *Encoder, at place, v reflect.Value) error {
	view := v.Interface().(View)
	if view.space == nil {
		return ErrNull
	}
	sameSpace := e.Space == nil || sharesWith(e.Space, view.space)
	if sameSpace && view.space.ABI() == e.ABI && !view.from.big && !view.isBitField() && e.ABI.LayoutEqual(view.typ, k.c) {
		if hasPointers(view.typ) { // what they point to lives as long as the view's memory
			if err := e.hold(view.space, view.life); err != nil {
				return err
			}
		}
		return view.readAt("load", at.data, view.addr)
	}
	x, err := view.Load()
	if err != nil {
		return err
	}
	inner, err := codecFor(e.ABI, reflect.TypeOf(x), k.c, false)
	if err != nil {
		return err
	}
	return inner.encode(e, at, reflect.ValueOf(x))
}

func (k viewCodec) decode(*decoder, reflect.Value, []byte) error {
	return mismatch(viewType, k.c)
}

// wordFor is the word of a view as another C scalar, with the value converted.
func (v View) wordFor(abi *dtype.ABI, t dtype.Type) (uint64, error) {
	w, err := v.word()
	if err != nil {
		return 0, v.fail("load", err)
	}
	from, _ := v.scalar()
	to, ok := cScalar(abi, t)
	if !ok {
		return 0, fmt.Errorf("%w: C %v for C %v", ErrType, v.typ, t)
	}
	c, err := convert(w, from, to)
	if err != nil {
		return 0, convertError(err, w, from, to, cName(v.typ, v.from.bits.n), cName(t, 0))
	}
	return c, nil
}
