package host

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/tetratelabs/wazero"

	"github.com/wasmffi/wasmffi"
)

// putInEngine makes an engine's store of machine code use a shelf for files, by
// way of a field that wazero sets for directories only. Should wazero have no
// such field, or want something else of it, that is an error.
func putInEngine(c wazero.CompilationCache, s *shelf) error {
	unknown := fmt.Errorf("%w: this version of wazero keeps machine code in a way unknown here", wasmffi.ErrNotSupported)
	v := reflect.ValueOf(c)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return unknown
	}
	field := v.Elem().FieldByName("fileCache")
	if !field.IsValid() || field.Kind() != reflect.Interface || !reflect.TypeOf(s).Implements(field.Type()) {
		return unknown
	}
	// Rule 1 of unsafe.Pointer: the pointer is to a field of the field's own type,
	// in a struct that c keeps alive.
	reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(s))
	return nil
}
