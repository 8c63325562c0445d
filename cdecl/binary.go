package cdecl

import (
	"fmt"

	"modernc.org/cc/v4"

	"github.com/wasmffi/wasmffi/dtype"
)

// binary evaluates an arithmetic, bitwise or comparing operator.
func (r *reader) binary(op string, a, b cc.ExpressionNode) (operand, error) {
	x, err := r.eval(a)
	if err != nil {
		return x, err
	}
	y, err := r.eval(b)
	if err != nil {
		return y, err
	}
	x, y = r.loaded(x), r.loaded(y)
	if _, ok := dtype.Resolve(x.typ).(*dtype.Pointer); ok && (op == "+" || op == "-") {
		return r.pointerSum(op, x, y)
	}
	if x.kind == isString || y.kind == isString {
		return operand{}, errNotConstant
	}
	if op == "<<" || op == ">>" {
		return r.shift(op, x, y)
	}
	t := common(r.abi, x.typ, y.typ)
	if t == nil {
		xi, yi := integer(r.abi, x.typ), integer(r.abi, y.typ)
		if xi == nil || yi == nil {
			return operand{}, errNotConstant
		}
		t = common(r.abi, xi, yi) // pointers compare as addresses
	}
	if x, err = r.convert(x, t); err != nil {
		return x, err
	}
	if y, err = r.convert(y, t); err != nil {
		return y, err
	}
	if x.kind == isUnknown || y.kind == isUnknown {
		return operand{typ: t}, nil
	}
	if x.kind == isFloat {
		return r.floatBinary(op, x, y)
	}
	return r.intBinary(op, x, y)
}

func (r *reader) floatBinary(op string, x, y operand) (operand, error) {
	switch op {
	case "+":
		x.f += y.f
	case "-":
		x.f -= y.f
	case "*":
		x.f *= y.f
	case "/":
		x.f /= y.f
	default:
		return r.compared(op, x.f < y.f, x.f == y.f, x.f > y.f)
	}
	if x.typ == dtype.CFloat {
		x.f = float64(float32(x.f))
	}
	return x, nil
}

func (r *reader) intBinary(op string, x, y operand) (operand, error) {
	isSigned := r.abi.Signed(x.int())
	switch op {
	case "+":
		x.u += y.u
	case "-":
		x.u -= y.u
	case "*":
		x.u *= y.u
	case "/", "%":
		if y.u == 0 {
			return operand{}, fmt.Errorf("%w: division by zero", errNotConstant)
		}
		q, m := x.u/y.u, x.u%y.u
		if isSigned && y.u == ^uint64(0) {
			q, m = -x.u, 0 // the least integer over -1 overflows
		} else if isSigned {
			q, m = uint64(int64(x.u)/int64(y.u)), uint64(int64(x.u)%int64(y.u))
		}
		x.u = q
		if op == "%" {
			x.u = m
		}
	case "&":
		x.u &= y.u
	case "|":
		x.u |= y.u
	case "^":
		x.u ^= y.u
	default:
		less := x.u < y.u
		if isSigned {
			less = int64(x.u) < int64(y.u)
		}
		return r.compared(op, less, x.u == y.u, !less && x.u != y.u)
	}
	x.u = r.wrap(x.u, x.int())
	return x, nil
}

// compared is the result of a comparison; with NaN none of the three holds.
func (r *reader) compared(op string, less, equal, greater bool) (operand, error) {
	var yes bool
	switch op {
	case "<":
		yes = less
	case ">":
		yes = greater
	case "<=":
		yes = less || equal
	case ">=":
		yes = greater || equal
	case "==":
		yes = equal
	case "!=":
		yes = !equal
	default:
		return operand{}, errNotConstant
	}
	return r.truth(operand{kind: isInt}, yes), nil
}

// shift has the type of its left operand; shifting by the width or more is
// undefined in C.
func (r *reader) shift(op string, x, y operand) (operand, error) {
	x, err := r.convert(x, promoted(r.abi, x.typ))
	if err != nil {
		return x, err
	}
	if x.kind != isInt || y.kind != isInt {
		return operand{typ: x.typ}, nil
	}
	if y.u >= 8*r.abi.IntSize(x.int()) {
		return operand{}, errNotConstant
	}
	switch {
	case op == "<<":
		x.u = r.wrap(x.u<<y.u, x.int())
	case r.abi.Signed(x.int()):
		x.u = uint64(int64(x.u) >> y.u)
	default:
		x.u >>= y.u
	}
	return x, nil
}

// pointerSum is pointer ± integer in elements, or the elements between two
// pointers.
func (r *reader) pointerSum(op string, x, y operand) (operand, error) {
	elem := dtype.Resolve(x.typ).(*dtype.Pointer).Elem()
	size := uint64(1)
	if _, void := dtype.Resolve(elem).(*dtype.Void); !void {
		var err error
		if size, err = r.abi.Size(elem); err != nil {
			return operand{}, err
		}
	}
	if _, ok := dtype.Resolve(y.typ).(*dtype.Pointer); ok {
		if op != "-" || size == 0 || x.kind != isInt || y.kind != isInt {
			return operand{}, errNotConstant
		}
		return operand{typ: dtype.PtrDiffT, kind: isInt, u: uint64(int64(x.u-y.u) / int64(size))}, nil
	}
	if x.kind != isInt || y.kind != isInt {
		return operand{typ: x.typ}, nil
	}
	n := y.u * size
	if op == "-" {
		n = -n
	}
	x.u = r.wrap(x.u+n, dtype.UIntPtrT)
	return x, nil
}
