package dtype

import "fmt"

// A Func is a function type.
type Func struct {
	result   Type
	params   []Param
	fixed    int // how many params are declared; more only in a variadic call's shape
	variadic bool

	resultContract *Contract // nil: nothing
}

// A Param is a parameter of a function type.
type Param struct {
	Name string // may be empty
	Type Type
	// Dir says which way the memory behind a pointer goes. Unstated, a
	// pointer to const is In and any other InOut.
	Dir Direction
	// Contract says what must hold of the memory behind a pointer: see
	// [Func.WithContract]; nil is nothing. It is no part of the type's identity.
	Contract *Contract
}

// A Direction says which way data behind a pointer parameter goes.
type Direction uint8

const (
	Unstated Direction = iota
	In
	Out
	InOut
)

// NewFunc makes a function type. A nil result means void. Array and function
// parameters become pointers, as in C.
func NewFunc(result Type, params []Param, variadic bool) (*Func, error) {
	if result == nil {
		result = CVoid
	}
	switch Resolve(result).(type) {
	case *Array, *Func:
		return nil, &Error{Op: "function", Type: result, Err: fmt.Errorf("%w: result of type %v", ErrInvalid, result)}
	}
	ps := append([]Param(nil), params...)
	for i := range ps {
		if ps[i].Type == nil {
			return nil, &Error{Op: "function", Path: ps[i].Name, Err: fmt.Errorf("%w: parameter %d has no type", ErrInvalid, i+1)}
		}
		switch t := Resolve(ps[i].Type).(type) {
		case *Void:
			return nil, &Error{Op: "function", Path: ps[i].Name, Err: fmt.Errorf("%w: parameter %d of type void", ErrInvalid, i+1)}
		case *Array:
			ps[i].Type = PointerTo(t.elem)
		case *Func:
			ps[i].Type = PointerTo(ps[i].Type)
		}
	}
	return &Func{result: result, params: ps, fixed: len(ps), variadic: variadic}, nil
}

// Result is the result type, CVoid if there is none.
func (t *Func) Result() Type { return t.result }

// Params are the declared parameters. The slice must not be changed.
func (t *Func) Params() []Param { return t.params }

// Variadic reports whether further arguments may follow the declared ones.
func (t *Func) Variadic() bool { return t.variadic }

// Fixed is the number of declared parameters; those after it matched "...".
func (t *Func) Fixed() int { return t.fixed }

// WithArgs is the shape of one variadic call: the declared parameters followed
// by the given types, promoted as C promotes what matches "...": float becomes
// double, integers narrower than int become int. The shape counts as variadic
// still, with [Func.Fixed] of its parameters declared.
func (t *Func) WithArgs(types ...Type) (*Func, error) {
	if !t.variadic {
		return nil, &Error{Op: "call", Type: t, Err: fmt.Errorf("%w: %d arguments for %d parameters", ErrInvalid, len(t.params)+len(types), len(t.params))}
	}
	ps := append([]Param(nil), t.params[:t.fixed]...)
	for _, v := range types {
		ps = append(ps, Param{Type: Promote(v)})
	}
	f, err := NewFunc(t.result, ps, true)
	if err != nil {
		return nil, err
	}
	f.fixed, f.resultContract = t.fixed, t.resultContract
	return f, nil
}

// Promote is the type an argument of type t has when it matches "...": the
// default argument promotions of C (C11 6.5.2.2).
func Promote(t Type) Type {
	switch r := Resolve(t).(type) {
	case *Bool:
		return CInt
	case *Int:
		if r.size < 4 {
			return CInt
		}
	case *Enum:
		if r.base.size < 4 {
			return CInt
		}
	case *Float:
		if r == CFloat {
			return CDouble
		}
	case *Array:
		return PointerTo(r.elem)
	case *Func:
		return PointerTo(t)
	}
	return t
}
