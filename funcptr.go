package wasmffi

import (
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// BindPointer prepares the function that a pointer of a function type points
// to, as C returned it or a struct holds it. NULL is an error wrapping
// [memory.ErrNull].
func BindPointer(lib Library, p memory.Pointer) (*Func, error) {
	sig, err := funcOf(p.Elem())
	if err == nil && p.Space() != nil && p.Space() != lib.Space() {
		err = fmt.Errorf("%w: a pointer into another space", memory.ErrType)
	}
	if err != nil {
		return nil, &Error{Op: "bind", Library: lib.Name(), Err: err}
	}
	return BindAddr(lib, dtype.Addr(p.Addr()), sig)
}

// BindView prepares the function that a function pointer in C's memory points
// to: a member of a struct, an element of a table, a variable. See [BindTable]
// for whole tables.
func BindView(lib Library, v memory.View) (*Func, error) {
	p, err := memory.Load[memory.Pointer](v)
	if err != nil {
		return nil, &Error{Op: "bind", Library: lib.Name(), Err: err}
	}
	return BindPointer(lib, p)
}

// funcOf is t as the type of a function.
func funcOf(t dtype.Type) (*dtype.Func, error) {
	if t != nil {
		if sig, ok := dtype.Resolve(t).(*dtype.Func); ok {
			return sig, nil
		}
	}
	return nil, fmt.Errorf("%w: C %v is no function", memory.ErrType, t)
}

// pointedFunc is the function type that a C type points to, nil if it is void *
// and says nothing of it.
func pointedFunc(t dtype.Type) (*dtype.Func, error) {
	p, ok := dtype.Resolve(t).(*dtype.Pointer)
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: C %v is no function pointer", memory.ErrType, t)
	case isVoid(p.Elem()):
		return nil, nil
	}
	return funcOf(p.Elem())
}

// compileFuncResult makes a Go func of the function pointer that C returned,
// nil of NULL.
func compileFuncResult(g reflect.Type, t dtype.Type) (resultFunc, error) {
	sig, err := pointedFunc(t)
	if err != nil {
		return nil, err
	}
	if err := checkFuncType(g, sig); err != nil {
		return nil, err
	}
	return func(c *call, v reflect.Value) error {
		return bindAddress(c.plan.lib, dtype.Addr(c.words[c.plan.shape.Result.First]), sig, v)
	}, nil
}

// checkFuncType reports whether C functions of signature sig, or of one that a
// nil sig leaves to the Go type, may be bound as a g.
func checkFuncType(g reflect.Type, sig *dtype.Func) error {
	form, err := formOf(g)
	if err != nil {
		return err
	}
	if sig == nil {
		_, err = form.signature()
		return err
	}
	if n := len(form.params()); n != len(sig.Params()) || g.IsVariadic() != sig.Variadic() {
		return fmt.Errorf("%w: %v has %d for %v", ErrArgCount, g, n, sig)
	}
	return nil
}

// bindAddress binds the function at an address into dst, of func type; NULL is
// nil.
func bindAddress(lib Library, addr dtype.Addr, sig *dtype.Func, dst reflect.Value) error {
	if addr == 0 {
		dst.SetZero()
		return nil
	}
	sym, err := symbolAt(lib, addr)
	if err != nil {
		return err
	}
	return bindInto(lib, target{name: sym.Name, sym: &sym}, sig, dst)
}

// symbolAt is the function that a C function pointer points to.
func symbolAt(lib Library, addr dtype.Addr) (Symbol, error) {
	if err := Audit(AuditEvent{Op: AuditCallAddr, Library: lib.Name(), Addr: uint64(addr)}); err != nil {
		return Symbol{}, err
	}
	if addr == 0 {
		return Symbol{}, &Error{Op: "bind", Library: lib.Name(), Err: memory.ErrNull}
	}
	sym, err := lib.FuncAt(uint64(addr))
	if err != nil {
		return Symbol{}, wrapError("bind", lib.Name(), fmt.Sprintf("%#x", uint64(addr)), err)
	}
	return sym, nil
}
