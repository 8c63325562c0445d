package memory

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// Data is the address of the element whose indexes are all 0, as a.ctypes.data:
// a pointer to as many elements as follow each other from there, all of a
// contiguous array's.
func (a Array) Data() Pointer {
	if a.space == nil {
		return Pointer{}
	}
	n := uint64(min(a.Len(), 1))
	if a.order()&CContiguous != 0 || a.order()&FContiguous != 0 {
		n = uint64(a.Len())
	}
	return Pointer{space: a.space, life: a.life, addr: a.addr, elem: a.elem, n: n}
}

// DataAs is Data as a pointer to another type, as a.ctypes.data_as(POINTER(t)).
func (a Array) DataAs(elem dtype.Type) Pointer { return a.Data().Cast(elem) }

// ShapeAs is the shape as a C array of integers of type t in an arena's memory,
// as a.ctypes.shape_as(t). A length that t cannot hold is an error.
func (a Array) ShapeAs(in *Arena, t dtype.Type) (View, error) {
	lengths := make([]int64, len(a.shape))
	for i, n := range a.shape {
		lengths[i] = int64(n)
	}
	return integersAs(in, t, lengths)
}

// StridesAs is the strides in bytes as a C array, as a.ctypes.strides_as(t).
func (a Array) StridesAs(in *Arena, t dtype.Type) (View, error) { return integersAs(in, t, a.strides) }

func integersAs(in *Arena, t dtype.Type, values []int64) (View, error) {
	v, err := in.NewArray(t, uint64(len(values)))
	if err != nil {
		return View{}, err
	}
	for i, x := range values {
		e, err := v.Index(uint64(i))
		if err == nil {
			err = e.Store(x)
		}
		if err != nil {
			return View{}, err
		}
	}
	return v, nil
}

// AsCtypes is an array as the view of a C array that it is, double[2][3], as
// numpy.ctypeslib.as_ctypes. It shares the memory; strides, which C's arrays
// have not, give an error wrapping [ErrNotContiguous].
func (a Array) AsCtypes() (View, error) {
	if a.space == nil {
		return View{}, a.fail("as ctypes", ErrNull)
	}
	if a.order()&CContiguous == 0 {
		return View{}, a.fail("as ctypes", fmt.Errorf("%w: strides %v", ErrNotContiguous, a.strides))
	}
	if a.from.bits.n > 0 || a.BigEndian() {
		return View{}, a.fail("as ctypes", fmt.Errorf("%w: bit-fields and other byte orders are no elements of a C array", ErrType))
	}
	t := a.elem
	for i := len(a.shape) - 1; i >= 0; i-- {
		list, err := dtype.ArrayOf(t, uint64(a.shape[i]))
		if err != nil {
			return View{}, a.fail("as ctypes", err)
		}
		t = list
	}
	return View{space: a.space, life: a.life, addr: a.addr, size: uint64(a.Len()) * a.size, typ: t, from: &origin{root: t}}, nil
}
