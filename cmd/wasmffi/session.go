package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/debuginfo"
	"github.com/wasmffi/wasmffi/dtype"
)

// A session is an open library with what is declared of it.
type session struct {
	lib   wasmffi.Library
	decls *declarations
	flush func() // writes out what C has printed
	errno bool   // C's errno can be read
	funcs map[string]*function
}

// A function is one that calls were made to, with the plans of its shapes.
type function struct {
	name  string
	sig   *dtype.Func
	sym   wasmffi.Symbol
	plans map[string]plan // by the types of variadic arguments
}

// A plan is a prepared call of one shape.
type plan struct {
	shape    wasmffi.Shape
	call     wasmffi.Callable
	contract *wasmffi.FrameContract
}

func newSession(lib wasmffi.Library, flags *declFlags, flush func()) (*session, error) {
	debug, _ := lib.(typeFinder)
	decls, err := flags.parse(lib.Space().ABI(), debug)
	if err != nil {
		return nil, &wasmffi.Error{Op: "call", Library: lib.Name(), Err: err}
	}
	return &session{lib: lib, decls: decls, flush: flush, errno: hasErrno(lib), funcs: map[string]*function{}}, nil
}

// hasErrno reports whether a call can be asked for errno: a module may not
// export it.
func hasErrno(lib wasmffi.Library) bool {
	if lib.Space().ABI() != dtype.WASM32 {
		return true
	}
	for _, name := range []string{"errno", "__errno_location"} {
		if _, err := lib.Lookup(name); err == nil {
			return true
		}
	}
	return false
}

// fail is the error of a call; arg counts from 1, 0 for the call as a whole.
func (s *session) fail(name string, arg int, err error) error {
	var e *wasmffi.Error
	if errors.As(err, &e) && e.Library == s.lib.Name() {
		err = e.Err // says the same but for the operation
	}
	return &wasmffi.Error{Op: "call", Library: s.lib.Name(), Symbol: name, Arg: arg, Err: err}
}

// function finds the function of a prototype, or of a bare name that the
// declarations or the debug info know.
func (s *session) function(proto string) (*function, error) {
	proto = strings.TrimSpace(proto)
	if f, ok := s.funcs[proto]; ok {
		return f, nil
	}
	name, sig, err := s.decls.proto(proto)
	if err != nil && isBareName(proto) {
		name = proto
		sig, err = s.fromDebugInfo(name)
	}
	if err != nil {
		return nil, s.fail(name, 0, err)
	}
	f := &function{name: name, sig: sig, plans: map[string]plan{}}
	// Binding makes all the checks that a program's call would meet.
	if _, err := wasmffi.BindFunc(s.lib, name, sig); err != nil {
		return nil, s.fail(name, 0, err)
	}
	if f.sym, err = s.lib.Lookup(name); err != nil {
		return nil, s.fail(name, 0, err)
	}
	s.funcs[proto] = f
	return f, nil
}

// fromDebugInfo is the signature of a function that nothing else declares.
func (s *session) fromDebugInfo(name string) (*dtype.Func, error) {
	sig, err := wasmffi.Signature(s.lib, name)
	if errors.Is(err, debuginfo.ErrNone) || errors.Is(err, debuginfo.ErrNotFound) {
		return nil, fmt.Errorf("no debug info declares it; write its prototype, as in 'int %s(int)', or give declarations with -e or -H", name)
	}
	return sig, err
}

// plan is the plan for a call whose variadic arguments have these types.
func (s *session) plan(f *function, variadic []dtype.Type) (plan, error) {
	key := fmt.Sprint(variadic)
	if p, ok := f.plans[key]; ok {
		return p, nil
	}
	sig := f.sig
	if sig.Variadic() {
		var err error
		if sig, err = sig.WithArgs(variadic...); err != nil {
			return plan{}, err
		}
	}
	shape, err := wasmffi.FrameShape(s.lib.Space().ABI(), sig)
	if err != nil {
		return plan{}, err
	}
	c, err := s.lib.Prepare(f.sym, sig)
	if err != nil {
		return plan{}, err
	}
	contract, err := wasmffi.NewFrameContract(s.lib, f.name, sig)
	if err != nil {
		return plan{}, err
	}
	f.plans[key] = plan{shape, c, contract}
	return f.plans[key], nil
}
