package wasmffi

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// Var is a typed view of a variable the library exports, C's "extern T name".
// A nil type is taken from the library's debug info. Where the library says
// how large the variable is, a larger type is an error wrapping
// [ErrSignature], so that the view cannot reach beyond it. The view ends with
// the library.
func Var(lib Library, name string, t dtype.Type) (memory.View, error) {
	fail := func(err error) (memory.View, error) {
		return memory.View{}, wrapError("variable", lib.Name(), name, err)
	}
	sym, err := lib.Lookup(name)
	if err != nil {
		return fail(err)
	}
	if sym.Kind != VarSymbol {
		return fail(fmt.Errorf("%w: it is a function, not a variable", ErrSignature))
	}
	if t == nil {
		if t, err = typeOf(lib, sym); err != nil {
			return fail(err)
		}
	} else if err := checkDeclaration(lib, sym, t); err != nil {
		return fail(err)
	}
	space := lib.Space()
	size, err := space.ABI().Size(t)
	if err != nil {
		return fail(err)
	}
	if sym.Size != 0 && size > sym.Size {
		return fail(fmt.Errorf("%w: %v has %d bytes, the variable %d", ErrSignature, t, size, sym.Size))
	}
	// A type of unknown length, T[], reaches as far as the variable does.
	v, err := memory.NewView(space, space.Lifetime(), sym.Addr, max(size, sym.Size), t)
	if err != nil {
		return fail(err)
	}
	return v, nil
}

// ViewAt views memory at a raw address of the library as type t. Nothing but
// the caller's word says that there is such an object, so that it is an
// [AuditMemory] event; an address that is not mapped is an error on access.
func ViewAt(lib Library, addr dtype.Addr, t dtype.Type) (memory.View, error) {
	fail := func(err error) (memory.View, error) {
		return memory.View{}, wrapError("view", lib.Name(), fmt.Sprintf("%#x", uint64(addr)), err)
	}
	space := lib.Space()
	size, err := space.ABI().Size(t)
	if err != nil {
		return fail(err)
	}
	if err := Audit(AuditEvent{Op: AuditMemory, Library: lib.Name(), Addr: uint64(addr), Size: size}); err != nil {
		return memory.View{}, err
	}
	if addr == 0 {
		return fail(memory.ErrNull)
	}
	v, err := memory.NewView(space, space.Lifetime(), uint64(addr), size, t)
	if err != nil {
		return fail(err)
	}
	return v, nil
}
