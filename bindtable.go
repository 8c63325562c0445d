package wasmffi

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// BindTable binds the functions that a table of C function pointers holds. For
// a struct, C's vtable, fns points to a Go struct: each field of func type takes
// the function of the member of its name, or of its `c:"name"` tag; other fields
// and those tagged `c:"-"` are left alone. For an array, fns points to a slice
// or array of funcs, one for each element.
//
//	var ops struct {
//		Read  func(fd int32, buf []byte, n dtype.Size) dtype.SSize `c:"read" wasmffi:"required"`
//		Close func(fd int32) int32                                 `c:"close"`
//	}
//	err := wasmffi.BindTable(lib, view, &ops)
//
// A view of a pointer to the table is followed. The Go funcs are checked against
// the members' types as [BindAs] does, and call what the table holds now, not
// what it will hold later. NULL is a nil func, for a field tagged
// `wasmffi:"required"` an error wrapping [memory.ErrNull]. Either all are set or
// none, and the error tells of all that failed.
func BindTable(lib Library, table memory.View, fns any) error {
	fail := func(err error) error { return &Error{Op: "bind", Library: lib.Name(), Err: err} }
	p := reflect.ValueOf(fns)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fail(fmt.Errorf("%w: %T is no pointer to a table of functions", memory.ErrType, fns))
	}
	if table.Space() == nil {
		return fail(fmt.Errorf("%w: a view of nothing", memory.ErrNull))
	}
	if table.Space() != lib.Space() {
		return fail(fmt.Errorf("%w: a view of another space", memory.ErrType))
	}
	if isPointerType(table.Type()) {
		var err error
		if table, err = table.Deref(); err != nil {
			return fail(err)
		}
	}
	dst := p.Elem()
	bound := reflect.New(dst.Type()).Elem()
	bound.Set(dst)
	var err error
	switch k := dst.Kind(); {
	case k == reflect.Struct && isMembers(dtype.Resolve(table.Type())):
		err = bindMembers(lib, table, bound)
	case (k == reflect.Slice || k == reflect.Array) && dst.Type().Elem().Kind() == reflect.Func:
		err = bindElements(lib, table, bound)
	default:
		err = fail(fmt.Errorf("%w: Go %v for a table C %v", memory.ErrType, dst.Type(), table.Type()))
	}
	if err == nil {
		dst.Set(bound)
	}
	return err
}

func bindMembers(lib Library, table memory.View, fns reflect.Value) error {
	var errs []error
	for i := range fns.NumField() {
		field := fns.Type().Field(i)
		name, skip := dtype.FieldName(field)
		if skip || field.Type.Kind() != reflect.Func {
			continue
		}
		if err := bindMember(lib, table, field, name, fns.Field(i)); err != nil {
			errs = append(errs, wrapError("bind", lib.Name(), name, err))
		}
	}
	return errors.Join(errs...)
}

func bindMember(lib Library, table memory.View, field reflect.StructField, name string, dst reflect.Value) error {
	if !field.IsExported() {
		return fmt.Errorf("%w: field %s is not exported", memory.ErrType, field.Name)
	}
	member, err := table.Field(name)
	if err != nil {
		return err
	}
	if err := bindSlot(lib, member, dst); err != nil {
		return err
	}
	if dst.IsNil() && field.Tag.Get("wasmffi") == "required" {
		return fmt.Errorf("%w: the member is required", memory.ErrNull)
	}
	return nil
}

func bindElements(lib Library, table memory.View, fns reflect.Value) error {
	if _, ok := dtype.Resolve(table.Type()).(*dtype.Array); !ok {
		return &Error{Op: "bind", Library: lib.Name(), Err: fmt.Errorf("%w: Go %v for C %v", memory.ErrType, fns.Type(), table.Type())}
	}
	n := table.Len()
	if fns.Kind() == reflect.Slice {
		fns.Set(reflect.MakeSlice(fns.Type(), int(n), int(n)))
	} else if uint64(fns.Len()) != n {
		return &Error{Op: "bind", Library: lib.Name(), Err: fmt.Errorf("%w: Go %v for C %v", memory.ErrType, fns.Type(), table.Type())}
	}
	var errs []error
	for i := range n {
		elem, err := table.Index(i)
		if err == nil {
			err = bindSlot(lib, elem, fns.Index(int(i)))
		}
		if err != nil {
			errs = append(errs, wrapError("bind", lib.Name(), fmt.Sprintf("[%d]", i), err))
		}
	}
	return errors.Join(errs...)
}

// bindSlot binds the function that the function pointer in a view points to.
func bindSlot(lib Library, v memory.View, dst reflect.Value) error {
	sig, err := pointedFunc(v.Type())
	if err != nil {
		return err
	}
	if err := checkFuncType(dst.Type(), sig); err != nil {
		return err
	}
	p, err := memory.Load[memory.Pointer](v)
	if err != nil {
		return err
	}
	return bindAddress(lib, dtype.Addr(p.Addr()), sig, dst)
}
