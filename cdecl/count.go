package cdecl

import (
	"errors"
	"slices"
	"strconv"

	"modernc.org/cc/v4"

	"github.com/wasmffi/wasmffi/dtype"
)

// errNoCount: an array's length cannot be computed from a call's arguments.
var errNoCount = errors.New("length depends on more than integer parameters")

// count is an array's length as [dtype.ParseCount] reads it, over f's
// parameters. Those hide other names, and may come after the array.
func (r *reader) count(e cc.ExpressionNode, f *dtype.Func) (string, error) {
	outer := r.hidden
	defer func() { r.hidden = outer }()
	r.hidden = func(name string) bool { return paramNamed(f, name) >= 0 }
	return r.countOf(e, f)
}

func paramNamed(f *dtype.Func, name string) int {
	return slices.IndexFunc(f.Params(), func(p dtype.Param) bool { return p.Name == name })
}

func (r *reader) countOf(e cc.ExpressionNode, f *dtype.Func) (string, error) {
	switch n, err := r.evalSize(e); {
	case err == nil:
		return strconv.FormatUint(n, 10), nil
	case !errors.Is(err, errNotConstant):
		return "", errNoCount
	}
	switch e := e.(type) {
	case *cc.ConstantExpression:
		return r.countOf(e.ConditionalExpression, f)
	case *cc.ExpressionList:
		if e.ExpressionList == nil {
			return r.countOf(e.AssignmentExpression, f)
		}
	case *cc.PrimaryExpression:
		return r.countPrimary(e, f)
	case *cc.UnaryExpression:
		if e.Case == cc.UnaryExpressionPostfix {
			return r.countOf(e.PostfixExpression, f)
		}
		if e.Case == cc.UnaryExpressionPlus {
			return r.countOf(e.CastExpression, f)
		}
		if e.Case == cc.UnaryExpressionDeref {
			return countPointed(e.CastExpression, f)
		}
	case *cc.CastExpression:
		return r.countCast(e, f)
	case *cc.MultiplicativeExpression:
		if op := e.Token.SrcStr(); op != "%" {
			return r.countBinary(op, e.MultiplicativeExpression, e.CastExpression, f)
		}
	case *cc.AdditiveExpression:
		return r.countBinary(e.Token.SrcStr(), e.AdditiveExpression, e.MultiplicativeExpression, f)
	case *cc.ShiftExpression:
		return r.countShift(e, f)
	}
	return "", errNoCount
}

// countPointed is what a parameter points to, an integer.
func countPointed(e cc.ExpressionNode, f *dtype.Func) (string, error) {
	if u, ok := e.(*cc.UnaryExpression); ok && u.Case == cc.UnaryExpressionPostfix {
		e = u.PostfixExpression
	}
	if name, ok := e.(*cc.PrimaryExpression); ok && name.Case == cc.PrimaryExpressionIdent {
		if i := paramNamed(f, name.Token.SrcStr()); i >= 0 {
			if ptr, ok := dtype.Resolve(f.Params()[i].Type).(*dtype.Pointer); ok {
				switch dtype.Resolve(ptr.Elem()).(type) {
				case *dtype.Int, *dtype.Enum:
					return "*" + ordinal(i), nil
				}
			}
		}
	}
	return "", errNoCount
}

func (r *reader) countPrimary(e *cc.PrimaryExpression, f *dtype.Func) (string, error) {
	if e.Case == cc.PrimaryExpressionExpr {
		return r.countOf(e.ExpressionList, f)
	}
	if e.Case != cc.PrimaryExpressionIdent {
		return "", errNoCount
	}
	name := e.Token.SrcStr()
	if i := paramNamed(f, name); i >= 0 {
		switch dtype.Resolve(f.Params()[i].Type).(type) {
		case *dtype.Int, *dtype.Enum:
			return ordinal(i), nil
		}
		return "", r.errorAt(r.offset(e.Token), nil, "array length: %s is no integer", dtype.Declare(f.Params()[i].Type, name))
	}
	if r.scope.lookup(name) == nil {
		var names []string
		for _, p := range f.Params() {
			names = append(names, p.Name)
		}
		return "", r.errorAt(r.offset(e.Token), nil, "array length: %q is neither a parameter nor declared%s", name, nearest(name, names))
	}
	return "", errNoCount
}

func (r *reader) countBinary(op string, a, b cc.ExpressionNode, f *dtype.Func) (string, error) {
	x, err := r.countOf(a, f)
	if err != nil {
		return "", err
	}
	y, err := r.countOf(b, f)
	return "(" + x + op + y + ")", err
}

// countShift is a multiplication, or a division, by a power of two.
func (r *reader) countShift(e *cc.ShiftExpression, f *dtype.Func) (string, error) {
	by, err := r.evalSize(e.AdditiveExpression)
	if err != nil || by > 62 {
		return "", errNoCount
	}
	op := "*"
	if e.Token.SrcStr() == ">>" {
		op = "/"
	}
	x, err := r.countOf(e.ShiftExpression, f)
	return "(" + x + op + strconv.FormatUint(1<<by, 10) + ")", err
}

// countCast is a cast that changes no value that a count can have: of a
// parameter to an integer type of its size at least.
func (r *reader) countCast(e *cc.CastExpression, f *dtype.Func) (string, error) {
	q, err := r.typeName(e.TypeName)
	if err != nil {
		return "", errNoCount
	}
	x, err := r.countOf(e.CastExpression, f)
	if err != nil {
		return "", err
	}
	size, err := r.abi.Size(q.t)
	if _, ok := dtype.Resolve(q.t).(*dtype.Int); err != nil || !ok {
		return "", errNoCount
	}
	for _, p := range f.Params() {
		if n, err := r.abi.Size(p.Type); err != nil || n > size {
			if _, ok := dtype.Resolve(p.Type).(*dtype.Int); ok {
				return "", errNoCount
			}
		}
	}
	return x, nil
}

// countText is the count that text lifted at pos says.
func (r *reader) countText(text string, pos int, f *dtype.Func) (count string, err error) {
	if i := paramNamed(f, text); i >= 0 {
		switch dtype.Resolve(f.Params()[i].Type).(type) {
		case *dtype.Int, *dtype.Enum:
			return ordinal(i), nil
		}
		return "", errNoCount
	}
	const before = "int _ = "
	u := &unit{text: []byte(before + "(" + text + "\n);"), parent: r.unit, base: pos - len(before) - 1}
	sub, tree, err := read(u, r.scope)
	if err != nil {
		return "", err
	}
	e := onlyInitializer(tree)
	if e == nil {
		return "", errNoCount
	}
	err = protect(u, func() error {
		count, err = sub.count(e, f)
		return err
	})
	return count, err
}
