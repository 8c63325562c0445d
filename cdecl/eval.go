package cdecl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"modernc.org/cc/v4"

	"github.com/wasmffi/wasmffi/dtype"
)

// eval evaluates an expression as far as C does when it compiles, with sizes
// and offsets as dtype lays types out: the front end's own evaluation knows
// nothing of packed structs. An expression without a constant value has its
// type only; one that is not understood gives errNotConstant.
func (r *reader) eval(e cc.ExpressionNode) (operand, error) {
	switch e := e.(type) {
	case *cc.ConstantExpression:
		return r.eval(e.ConditionalExpression)
	case *cc.ExpressionList:
		for e.ExpressionList != nil {
			e = e.ExpressionList
		}
		return r.eval(e.AssignmentExpression)
	case *cc.PrimaryExpression:
		return r.primary(e)
	case *cc.PostfixExpression:
		return r.postfix(e)
	case *cc.UnaryExpression:
		return r.unary(e)
	case *cc.CastExpression:
		q, err := r.typeName(e.TypeName)
		if err != nil {
			return operand{}, err
		}
		x, err := r.eval(e.CastExpression)
		if err != nil {
			return operand{typ: q.t}, err
		}
		return r.convert(r.loaded(x), q.t)
	case *cc.MultiplicativeExpression:
		return r.binary(e.Token.SrcStr(), e.MultiplicativeExpression, e.CastExpression)
	case *cc.AdditiveExpression:
		return r.binary(e.Token.SrcStr(), e.AdditiveExpression, e.MultiplicativeExpression)
	case *cc.ShiftExpression:
		return r.binary(e.Token.SrcStr(), e.ShiftExpression, e.AdditiveExpression)
	case *cc.RelationalExpression:
		return r.binary(e.Token.SrcStr(), e.RelationalExpression, e.ShiftExpression)
	case *cc.EqualityExpression:
		return r.binary(e.Token.SrcStr(), e.EqualityExpression, e.RelationalExpression)
	case *cc.AndExpression:
		return r.binary("&", e.AndExpression, e.EqualityExpression)
	case *cc.ExclusiveOrExpression:
		return r.binary("^", e.ExclusiveOrExpression, e.AndExpression)
	case *cc.InclusiveOrExpression:
		return r.binary("|", e.InclusiveOrExpression, e.ExclusiveOrExpression)
	case *cc.LogicalAndExpression:
		return r.logical(false, e.LogicalAndExpression, e.InclusiveOrExpression)
	case *cc.LogicalOrExpression:
		return r.logical(true, e.LogicalOrExpression, e.LogicalAndExpression)
	case *cc.ConditionalExpression:
		return r.conditional(e)
	}
	return operand{}, errNotConstant
}

// evalInt evaluates an integer constant expression.
func (r *reader) evalInt(e cc.ExpressionNode) (operand, error) {
	x, err := r.eval(e)
	if err != nil {
		return x, err
	}
	if x = r.loaded(x); x.kind != isInt {
		return x, errNotConstant
	}
	return r.convert(x, promoted(r.abi, x.typ))
}

// evalSize evaluates an array length or a bit-field width.
func (r *reader) evalSize(e cc.ExpressionNode) (uint64, error) {
	x, err := r.evalInt(e)
	if _, isPointer := dtype.Resolve(x.typ).(*dtype.Pointer); err == nil && isPointer {
		return 0, r.errorAt(e.Position().Offset, nil, "%v is no integer", x.typ)
	}
	if err == nil && signed(r.abi, x.typ) && int64(x.u) < 0 {
		return 0, r.errorAt(e.Position().Offset, nil, "%d is negative", int64(x.u))
	}
	return x.u, err
}

// evalAlignment evaluates the operand of aligned or _Alignas: a number or a
// type.
func (r *reader) evalAlignment(at span) (uint64, error) {
	text := string(r.text[at.pos:at.end])
	if n, err := strconv.ParseUint(strings.TrimSpace(text), 0, 32); err == nil {
		return n, nil
	}
	x, err := r.evalText("("+text+"\n)", at.pos-1)
	if err != nil {
		x, err = r.evalText("_Alignof("+text+"\n)", at.pos-len("_Alignof("))
	}
	if errors.Is(err, errNotConstant) || err == nil && x.kind != isInt {
		err = r.errorAt(at.pos, nil, "alignment is no constant")
	}
	return x.u, err
}

// evalText evaluates an expression that was lifted from the text at pos.
// Whether it has a value, and which kind of, is left to the caller.
func (r *reader) evalText(text string, pos int) (x operand, err error) {
	const before = "int _ = "
	u := &unit{text: []byte(before + text + ";"), parent: r.unit, base: pos - len(before)}
	sub, tree, err := read(u, r.scope)
	if err != nil {
		return x, err
	}
	e := onlyInitializer(tree)
	if e == nil {
		return x, r.errorAt(pos, nil, "not an expression")
	}
	err = protect(u, func() error {
		x, err = sub.eval(e)
		return err
	})
	return r.loaded(x), err
}

// onlyInitializer is the initializer of a text's one declared name, or nil.
func onlyInitializer(tree *cc.AST) cc.ExpressionNode {
	var e cc.ExpressionNode
	for tu := tree.TranslationUnit; tu != nil; tu = tu.TranslationUnit {
		d := tu.ExternalDeclaration
		if d == nil || d.Position().Filename != textName {
			continue
		}
		if d.Case == cc.ExternalDeclarationDecl && d.Declaration.DeclarationSpecifiers == nil && d.Declaration.InitDeclaratorList == nil {
			continue // a semicolon
		}
		if e != nil || d.Case != cc.ExternalDeclarationDecl || d.Declaration.InitDeclaratorList == nil || d.Declaration.InitDeclaratorList.InitDeclaratorList != nil {
			return nil
		}
		init := d.Declaration.InitDeclaratorList.InitDeclarator.Initializer
		if init == nil || init.Case != cc.InitializerExpr {
			return nil
		}
		e = init.AssignmentExpression
	}
	return e
}

// assert checks a _Static_assert. What cannot be evaluated passes.
func (r *reader) assert(a *cc.StaticAssertDeclaration) error {
	x, err := r.evalInt(a.ConstantExpression)
	if err == nil && x.u == 0 {
		msg, _ := unquote(a.Token4.Src())
		return r.errorAt(r.offset(a.Token), nil, "static assertion failed on %s: %s", r.abi, msg)
	}
	return nil
}

func (r *reader) assertText(at span) error {
	x, err := r.evalText("("+string(r.text[at.pos:at.end])+"\n)", at.pos-1)
	if err == nil && x.kind == isInt && x.u == 0 {
		return r.errorAt(at.pos, nil, "static assertion failed on %s", r.abi)
	}
	return nil
}

// loaded is the value of an object, which is known of none: only its address
// and type are. Arrays and functions are their own address.
func (r *reader) loaded(x operand) operand {
	switch t := dtype.Resolve(x.typ).(type) {
	case *dtype.Array:
		if x.kind == isObject {
			return operand{typ: dtype.PointerTo(t.Elem()), kind: isInt, u: x.u}
		}
	case *dtype.Func:
		return operand{typ: dtype.PointerTo(x.typ)}
	}
	if x.kind == isObject {
		x.kind = isUnknown
	}
	return x
}

func (r *reader) primary(e *cc.PrimaryExpression) (operand, error) {
	text := e.Token.SrcStr()
	switch e.Case {
	case cc.PrimaryExpressionExpr:
		return r.eval(e.ExpressionList)
	case cc.PrimaryExpressionInt:
		return r.intLiteral(text)
	case cc.PrimaryExpressionFloat:
		return floatLiteral(text)
	case cc.PrimaryExpressionChar, cc.PrimaryExpressionLChar:
		return r.charLiteral(text)
	case cc.PrimaryExpressionString:
		s, err := unquote(e.Token.Src())
		if err != nil {
			return operand{}, errNotConstant
		}
		t, err := dtype.ArrayOf(dtype.CChar, uint64(len(s))+1)
		return operand{typ: t, kind: isString, s: s}, err
	case cc.PrimaryExpressionLString:
		return r.wideString(e.Token.Src())
	case cc.PrimaryExpressionIdent:
		return r.identifier(text)
	}
	return operand{}, errNotConstant
}

// wideString is L"…", u"…" or U"…", whose value is its text in UTF-8.
func (r *reader) wideString(lit []byte) (operand, error) {
	s, err := unquote(lit)
	elem := map[byte]dtype.Type{'L': dtype.WCharT, 'u': dtype.Char16T, 'U': dtype.Char32T}[lit[0]]
	if err != nil || elem == nil {
		return operand{}, errNotConstant
	}
	n := utf8.RuneCountInString(s)
	if size, err := r.abi.Size(elem); err == nil && size == 2 {
		n = len(utf16.Encode([]rune(s)))
	}
	t, err := dtype.ArrayOf(elem, uint64(n)+1)
	return operand{typ: t, kind: isString, s: s}, err
}

func (r *reader) identifier(name string) (operand, error) {
	if r.hidden != nil && r.hidden(name) {
		return operand{}, errNotConstant
	}
	sym := r.scope.lookup(name)
	switch {
	case sym == nil && name == "true":
		return operand{typ: dtype.CInt, kind: isInt, u: 1}, nil
	case sym == nil && (name == "false" || name == "nullptr"):
		return operand{typ: dtype.CInt, kind: isInt}, nil
	case sym == nil:
		return operand{}, fmt.Errorf("%w: %q is not declared", errNotConstant, name)
	case sym.err != nil:
		return operand{}, sym.err
	case sym.Kind != Constant:
		return operand{typ: sym.Type}, nil
	}
	x := operand{typ: sym.Type, kind: isInt}
	switch v := sym.Value.(type) {
	case int64:
		x.u = uint64(v)
	case uint64:
		x.u = v
	}
	return x, nil
}

func (r *reader) postfix(e *cc.PostfixExpression) (operand, error) {
	switch e.Case {
	case cc.PostfixExpressionSelect, cc.PostfixExpressionPSelect:
		x, err := r.eval(e.PostfixExpression)
		if err != nil {
			return x, err
		}
		if e.Case == cc.PostfixExpressionPSelect {
			if x, err = r.deref(x); err != nil {
				return x, err
			}
		}
		m, err := r.abi.Member(x.typ, e.Token2.SrcStr())
		if err != nil {
			return operand{}, err
		}
		x.typ, x.u = m.Type, x.u+m.Offset
		return x, nil
	case cc.PostfixExpressionIndex:
		x, err := r.binary("+", e.PostfixExpression, e.ExpressionList)
		if err != nil {
			return x, err
		}
		return r.deref(x)
	}
	return operand{}, errNotConstant
}

// deref is *x.
func (r *reader) deref(x operand) (operand, error) {
	x = r.loaded(x)
	t := dtype.Resolve(x.typ)
	if a, ok := t.(*dtype.Array); ok {
		t = dtype.PointerTo(a.Elem())
	}
	p, ok := t.(*dtype.Pointer)
	if !ok {
		return operand{}, errNotConstant
	}
	out := operand{typ: p.Elem()}
	if x.kind == isInt {
		out.kind, out.u = isObject, x.u
	}
	return out, nil
}

func (r *reader) unary(e *cc.UnaryExpression) (operand, error) {
	switch e.Case {
	case cc.UnaryExpressionSizeofType, cc.UnaryExpressionAlignofType:
		q, err := r.typeName(e.TypeName)
		if err != nil {
			return operand{}, err
		}
		return r.measured(q.t, e.Case == cc.UnaryExpressionSizeofType)
	case cc.UnaryExpressionSizeofExpr, cc.UnaryExpressionAlignofExpr:
		x, err := r.eval(e.UnaryExpression)
		if err != nil {
			return x, err
		}
		return r.measured(x.typ, e.Case == cc.UnaryExpressionSizeofExpr)
	case cc.UnaryExpressionPostfix:
		return r.eval(e.PostfixExpression)
	}
	x, err := r.eval(e.CastExpression)
	if err != nil {
		return x, err
	}
	switch e.Case {
	case cc.UnaryExpressionAddrof:
		out := operand{typ: dtype.PointerTo(x.typ)}
		if x.kind == isObject {
			out.kind, out.u = isInt, x.u
		}
		return out, nil
	case cc.UnaryExpressionDeref:
		return r.deref(x)
	}
	x = r.loaded(x)
	if x.kind == isString {
		return operand{}, errNotConstant
	}
	if e.Case == cc.UnaryExpressionNot {
		zero := x.kind == isInt && x.u == 0 || x.kind == isFloat && x.f == 0
		return r.truth(x, zero), nil
	}
	if x, err = r.convert(x, promoted(r.abi, x.typ)); err != nil {
		return x, err
	}
	switch e.Case {
	case cc.UnaryExpressionPlus:
	case cc.UnaryExpressionMinus:
		x.u, x.f = r.wrap(-x.u, x.int()), -x.f
	case cc.UnaryExpressionCpl:
		x.u = r.wrap(^x.u, x.int())
	default:
		return operand{}, errNotConstant
	}
	return x, nil
}

// measured is the size or the alignment of a type.
func (r *reader) measured(t dtype.Type, size bool) (operand, error) {
	measure := r.abi.Align
	if size {
		measure = r.abi.Size
	}
	n, err := measure(t)
	return operand{typ: dtype.SizeT, kind: isInt, u: n}, err
}

// truth is an int of 0 or 1, unknown if x is.
func (r *reader) truth(x operand, yes bool) operand {
	out := operand{typ: dtype.CInt, kind: isInt}
	if yes {
		out.u = 1
	}
	if x.kind == isUnknown {
		out.kind = isUnknown
	}
	return out
}

func isTrue(x operand) bool {
	return x.kind == isInt && x.u != 0 || x.kind == isFloat && x.f != 0 || x.kind == isString
}

func (r *reader) logical(or bool, a, b cc.ExpressionNode) (operand, error) {
	x, err := r.eval(a)
	if err != nil {
		return x, err
	}
	if x = r.loaded(x); x.kind != isUnknown && isTrue(x) == or {
		return r.truth(x, or), nil
	}
	y, err := r.eval(b)
	if err != nil {
		return y, err
	}
	y = r.loaded(y)
	out := r.truth(y, isTrue(y))
	if x.kind == isUnknown {
		out.kind = isUnknown
	}
	return out, nil
}

func (r *reader) conditional(e *cc.ConditionalExpression) (operand, error) {
	cond, err := r.eval(e.LogicalOrExpression)
	if err != nil {
		return cond, err
	}
	if cond = r.loaded(cond); cond.kind == isUnknown {
		return operand{}, errNotConstant
	}
	chosen, other := e.ExpressionList, e.ConditionalExpression
	if !isTrue(cond) {
		chosen, other = other, chosen
	}
	x, err := r.eval(chosen)
	if err != nil {
		return x, err
	}
	if y, err := r.eval(other); err == nil {
		if t := common(r.abi, x.typ, y.typ); t != nil {
			return r.convert(r.loaded(x), t)
		}
	}
	return x, nil
}
