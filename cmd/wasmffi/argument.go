package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// variadicType is the C type of an argument that matches "...", before C's
// promotions.
func (s *scratch) variadicType(v value) (dtype.Type, error) {
	switch v.kind {
	case falseValue, trueValue:
		return dtype.CInt, nil
	case nullValue:
		return dtype.PointerTo(dtype.CVoid), nil
	case stringValue:
		return dtype.PointerTo(dtype.CChar), nil
	case numberValue:
		if strings.ContainsAny(v.text, ".eE") {
			return dtype.CDouble, nil
		}
		if _, err := strconv.ParseInt(v.text, 10, 32); err == nil {
			return dtype.CInt, nil
		}
		return dtype.CLongLong, nil
	}
	if !stated(v) {
		return nil, fmt.Errorf(`%w: %v for "..."; state its type, as in {"c":"int[4]","v":[1,2]}`, memory.ErrType, v)
	}
	t, _, err := s.statedType(v)
	if a, ok := dtype.Resolve(t).(*dtype.Array); ok && err == nil {
		return dtype.PointerTo(a.Elem()), nil
	}
	return t, err
}

// putArgument writes an argument for a parameter of type t into data.
func (s *scratch) putArgument(data []byte, t dtype.Type, v value, variadic bool) error {
	p, isPointer := dtype.Resolve(t).(*dtype.Pointer)
	states := s.statedFor(t, v) || variadic && stated(v)
	switch {
	case isPointer && variadic && states:
		addr, err := s.statedPointer(p, v)
		storeInt(data, addr, 0, false)
		return err
	case !isPointer && states:
		st, inner, err := s.statedType(v)
		if err != nil {
			return err
		}
		return s.putStated(data, t, st, inner)
	case variadic && v.kind == trueValue:
		v = value{kind: numberValue, text: "1"}
	case variadic && v.kind == falseValue:
		v = value{kind: numberValue, text: "0"}
	}
	return s.put(data, t, v, false)
}

// putStated writes a value of the stated type st for a parameter of type t, to
// which it is converted as in C.
func (s *scratch) putStated(data []byte, t, st dtype.Type, v value) error {
	if dtype.Equivalent(st, t) {
		return s.put(data, t, v, false)
	}
	size, err := s.abi().Size(st)
	if err != nil {
		return err
	}
	if !isArithmetic(st) || !isArithmetic(t) {
		return fmt.Errorf("%w: %v for %v", memory.ErrType, st, t)
	}
	if err := s.put(make([]byte, size), st, v, false); err != nil {
		return err
	}
	if dtype.Resolve(st) == dtype.CFloat && v.kind == numberValue {
		f, err := float(v, 32, st)
		if err != nil {
			return err
		}
		v.text = strconv.FormatFloat(f, 'g', -1, 64) // as a float, then widened
	}
	if v.kind == trueValue || v.kind == falseValue {
		v = value{kind: numberValue, text: strconv.Itoa(int(v.kind - falseValue))}
	}
	return s.put(data, t, v, false)
}

func isArithmetic(t dtype.Type) bool {
	switch dtype.Resolve(t).(type) {
	case *dtype.Bool, *dtype.Int, *dtype.Enum, *dtype.Float:
		return true
	}
	return false
}
