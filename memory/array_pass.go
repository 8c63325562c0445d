package memory

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// arrayAddress is an array's address where C has a pointer to its elements,
// which C goes through without strides: as numpy.ctypeslib.ndpointer with a
// dtype and C_CONTIGUOUS, and WRITEABLE unless the pointer is to const.
func (e *Encoder) arrayAddress(a Array, t *dtype.Pointer) (uint64, error) {
	switch {
	case a.space == nil:
		return 0, nil
	case a.order()&CContiguous == 0:
		return 0, fmt.Errorf("%w: shape %v with strides %v for C %v", ErrNotContiguous, a.shape, a.strides, t)
	case a.BigEndian() && !isVoid(t.Elem()):
		return 0, fmt.Errorf("%w: big-endian %v for C %v", ErrType, a.elem, t)
	case a.space != underlying(a.space) && !t.ConstElem():
		return 0, fmt.Errorf("%w: for C %v", ErrReadOnly, t)
	}
	if err := e.pointsTo(a.elem, t); err != nil {
		return 0, err
	}
	return a.addr, e.hold(underlying(a.space), a.life)
}
