package wasmffi

import (
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/memory"
)

// An Argument is a Go value that says itself what is passed to C in its place,
// as a class with ctypes' _as_parameter_ does. It may stand wherever a call
// takes an argument; what CArgument returns is then converted as if the caller
// had given it, and may be an Argument again. An error of CArgument ends the
// call before C is entered. A nil pointer is NULL without being asked.
//
// In a func type for [Bind] the C type of an Argument's parameter cannot be
// told from Go's: state the signature ([BindAs]), or give the type a CType
// method ([dtype.GoTyper]).
type Argument interface {
	CArgument() (any, error)
}

var argumentType = reflect.TypeFor[Argument]()

// maxArguments is how many Arguments may stand for each other.
const maxArguments = 16

// settle is the value that v stands for: without interfaces and Arguments
// around it, invalid for nil.
func settle(v reflect.Value) (reflect.Value, error) {
	for range maxArguments {
		for v.IsValid() && v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		if !v.IsValid() || !v.Type().Implements(argumentType) || !v.CanInterface() {
			return v, nil
		}
		if v.Kind() == reflect.Pointer && v.IsNil() {
			return reflect.Value{}, nil
		}
		x, err := v.Interface().(Argument).CArgument()
		if err != nil {
			return v, fmt.Errorf("argument of Go %v: %w", v.Type(), err)
		}
		v = reflect.ValueOf(x)
	}
	return v, fmt.Errorf("%w: Go %v: more than %d Arguments stand for each other", memory.ErrType, v.Type(), maxArguments)
}
