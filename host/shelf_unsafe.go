package host

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/tetratelabs/wazero"

	"github.com/wasmffi/wasmffi"
)

var errUnknownEngine = fmt.Errorf("%w: this version of wazero keeps machine code in a way unknown here", wasmffi.ErrNotSupported)

// putInEngine makes an engine's store of machine code use a shelf for files, by
// way of a field that wazero sets for directories only. Should wazero have no
// such field, or want something else of it, that is an error.
func putInEngine(c wazero.CompilationCache, s *shelf) error {
	f := fieldOf(reflect.ValueOf(c), "fileCache")
	if !f.CanAddr() || f.Kind() != reflect.Interface || !reflect.TypeOf(s).Implements(f.Type()) {
		return errUnknownEngine
	}
	settable(f).Set(reflect.ValueOf(s))
	return nil
}

// engineLines is where the engine has a module's table of lines, and where the
// machine code is that it is of.
func engineLines(c wazero.CompiledModule) (machine *[]uintptr, wasm *[]uint64, code uintptr, err error) {
	v := reflect.ValueOf(c)
	all, id := fieldOf(v, "compiledEngine", "compiledModules"), fieldOf(v, "module", "ID")
	if all.Kind() != reflect.Map || !id.IsValid() || id.Type() != all.Type().Key() {
		return nil, nil, 0, errUnknownEngine
	}
	cm := fieldOf(all.MapIndex(id), "compiledModule")
	m, w := fieldOf(cm, "sourceMap", "executableOffsets"), fieldOf(cm, "sourceMap", "wasmBinaryOffsets")
	x := fieldOf(cm, "executables", "executable")
	if !m.CanAddr() || m.Type() != reflect.TypeFor[[]uintptr]() || !w.CanAddr() || w.Type() != reflect.TypeFor[[]uint64]() ||
		!x.IsValid() || x.Type() != reflect.TypeFor[[]byte]() {
		return nil, nil, 0, errUnknownEngine
	}
	return settable(m).Addr().Interface().(*[]uintptr), settable(w).Addr().Interface().(*[]uint64), x.Pointer(), nil
}

// fieldOf follows fields, through pointers and interfaces. It is invalid where
// there is no such field.
func fieldOf(v reflect.Value, names ...string) reflect.Value {
	for _, name := range names {
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return reflect.Value{}
		}
		v = v.FieldByName(name)
	}
	return v
}

// settable is a field that is not exported, to be set.
//
// Rule 1 of unsafe.Pointer: the pointer is to a field of the field's own type, in
// a struct that whoever asks for it keeps alive.
func settable(f reflect.Value) reflect.Value {
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}
