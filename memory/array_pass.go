package memory

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// arrayAddress is an array's address where C has a pointer to its elements.
func (e *Encoder) arrayAddress(a Array, t *dtype.Pointer) (uint64, error) {
	if err := e.checkArray(a, t); err != nil || a.space == nil {
		return 0, err
	}
	return a.addr, e.hold(underlying(a.space), a.life)
}

// checkArray reports whether C can go through an array by a pointer, without
// strides: as numpy.ctypeslib.ndpointer with a dtype and C_CONTIGUOUS, and
// WRITEABLE unless the pointer is to const.
func (e *Encoder) checkArray(a Array, t *dtype.Pointer) error {
	if a.space != nil && a.order()&CContiguous == 0 {
		return fmt.Errorf("%w: shape %v with strides %v for C %v", ErrNotContiguous, a.shape, a.strides, t)
	}
	return e.mayPoint(a, t)
}

// mayPoint is checkArray for C that knows the strides.
func (e *Encoder) mayPoint(a Array, t *dtype.Pointer) error {
	switch {
	case a.space == nil:
		return nil
	case a.BigEndian() && !isVoid(t.Elem()):
		return fmt.Errorf("%w: big-endian %v for C %v", ErrType, a.elem, t)
	case a.space != underlying(a.space) && !t.ConstElem():
		return fmt.Errorf("%w: for C %v", ErrReadOnly, t)
	}
	return e.pointsTo(a.elem, t)
}
