package memory

import (
	"fmt"
	"math"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

// LoadSpan is a copy of the elements of an array that a span names, as a[1:9:2]
// in Python. Spans of pointers are those of [Pointer.Slice]. A strided view of
// the same elements, rather than a copy, is what [Array] gives.
func LoadSpan[T any](v View, s Span) ([]T, error) {
	first, n, step, err := v.span(s)
	if err != nil {
		return nil, v.fail("slice", err)
	}
	if step == 1 {
		part, err := v.elements(first, n)
		if err != nil {
			return nil, err
		}
		return Load[[]T](part)
	}
	values := make([]T, n)
	for i := range values {
		e, err := v.Index(uint64(first + i*step))
		if err != nil {
			return nil, err
		}
		if values[i], err = Load[T](e); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// StoreSpan stores values in the elements of an array that a span names, as
// a[1:9:2] = values in Python. There must be as many; all are converted before
// the first is stored.
func StoreSpan[T any](v View, s Span, values []T) error {
	first, n, step, err := v.span(s)
	if err != nil {
		return v.fail("slice", err)
	}
	if len(values) != n {
		return v.fail("slice", fmt.Errorf("%w: %d values for %d elements", ErrRange, len(values), n))
	}
	if step == 1 {
		part, err := v.elements(first, n)
		if err != nil {
			return err
		}
		return part.store(reflect.ValueOf(values))
	}
	if err := v.accepts(values); err != nil {
		return err
	}
	for i, x := range values {
		e, err := v.Index(uint64(first + i*step))
		if err == nil {
			err = Store(e, x)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// accepts checks that values convert to elements of the array.
func (v View) accepts(values any) error {
	x := reflect.ValueOf(values)
	part, err := v.elements(0, x.Len())
	if err != nil {
		return err
	}
	e := Encoder{ABI: v.space.ABI(), Space: v.space}
	defer e.release()
	if err := part.encode(&e, make([]byte, part.size), x); err != nil {
		return v.fail("store", err)
	}
	return nil
}

// span is the first index of a span in an array, the number of them, and the
// step.
func (v View) span(s Span) (first, n, step int, err error) {
	if v.space == nil {
		return 0, 0, 0, ErrNull
	}
	if _, ok := arrayType(v.typ); !ok {
		return 0, 0, 0, fmt.Errorf("%w: %v is no array", ErrType, v.typ)
	}
	if v.Len() > math.MaxInt {
		return 0, 0, 0, fmt.Errorf("%w: %d elements", ErrNotSupported, v.Len())
	}
	return s.resolve(int(v.Len()))
}

// elements are n elements of an array from index first on.
func (v View) elements(first, n int) (View, error) {
	a, _ := arrayType(v.typ)
	size, err := v.space.ABI().Size(a.Elem())
	if err != nil {
		return View{}, v.fail("slice", err)
	}
	t, err := dtype.ArrayOf(a.Elem(), uint64(n))
	if err != nil {
		return View{}, v.fail("slice", err)
	}
	v.addr += uint64(first) * size
	v.typ, v.size = t, uint64(n)*size
	return v, nil
}
