package wasmffi

import (
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// checkCallbackParam reports whether decodeParam can serve a Go type.
func checkCallbackParam(g reflect.Type, c dtype.Type) error {
	ptr, isPtr := dtype.Resolve(c).(*dtype.Pointer)
	switch {
	case g == vaListType:
		if !isVaList(c) {
			return typeMismatch(g, c)
		}
		return nil
	case g.Kind() == reflect.Slice && isPtr:
		return fmt.Errorf("%w: Go %v for C %v: C gives no length; take a memory.Pointer", memory.ErrType, g, c)
	case g.Kind() == reflect.Func:
		sig, err := pointedFunc(c)
		if err != nil {
			return err
		}
		return checkFuncType(g, sig)
	case g.Kind() == reflect.UnsafePointer:
		return typeMismatch(g, c)
	case g.Kind() == reflect.Pointer && isPtr:
		if isVoid(ptr.Elem()) {
			_, err := dtype.FromGo(g.Elem())
			return err
		}
		return nil
	case g.Kind() == reflect.String && !isCharPointer(c) && !(isPtr && isVoid(ptr.Elem())):
		return typeMismatch(g, c)
	case isGoInt(g.Kind()) && isPtr && !isAddress(g):
		return typeMismatch(g, c)
	}
	return nil
}

// decodeParam stores a callback's parameter in v. For a Go pointer it copies
// what C's points to, and gives the function that copies it back.
func decodeParam(lib Library, v reflect.Value, s Slot, words []uint64, own *made) (back func() error, err error) {
	addr := words[s.First]
	ptr, isPtr := dtype.Resolve(s.Type).(*dtype.Pointer)
	switch k := v.Kind(); {
	case k == reflect.Func:
		sig, err := pointedFunc(s.Type)
		if err != nil {
			return nil, err
		}
		return nil, goFunc(lib, dtype.Addr(addr), sig, v)
	case k != reflect.Pointer || !isPtr:
		return nil, decodeResult(v, s, words, lib)
	}
	if addr == 0 {
		return nil, nil
	}
	elem := ptr.Elem()
	if isVoid(elem) {
		if elem, err = dtype.FromGo(v.Type().Elem()); err != nil {
			return nil, err
		}
	}
	space := lib.Space()
	size, err := space.ABI().Size(elem)
	if err != nil {
		return nil, err
	}
	data := make([]byte, size)
	if err := space.ReadAt(data, addr); err != nil {
		return nil, err
	}
	v.Set(reflect.New(v.Type().Elem()))
	if err := memory.Decode(v.Elem(), elem, data, space, space.Lifetime()); err != nil {
		return nil, err
	}
	if ptr.ConstElem() {
		return nil, nil
	}
	p := v.Elem()
	before := append([]byte(nil), data...)
	return func() error {
		if err := own.value(lib, data, p, elem); err != nil {
			return err
		}
		if string(data) == string(before) {
			return nil // nothing changed: the memory may be read-only
		}
		return space.WriteAt(data, addr)
	}, nil
}

// goFunc is bindAddress. Go's rules of initialisation want it at arm's length:
// calls make callbacks, and these functions that call.
var goFunc func(lib Library, addr dtype.Addr, sig *dtype.Func, dst reflect.Value) error

func init() { goFunc = bindAddress }
