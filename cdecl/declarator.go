package cdecl

import (
	"errors"

	"modernc.org/cc/v4"

	"github.com/wasmffi/wasmffi/dtype"
)

// declared is the type that a declarator makes of the specifiers' type. A
// declarator reads from the outside in: what is nearest to the name applies
// last.
func (r *reader) declared(d *cc.Declarator, q qualified) (qualified, error) {
	if d == nil {
		return q, nil
	}
	q, err := r.pointers(d.Pointer, q)
	if err != nil {
		return q, err
	}
	for dd := d.DirectDeclarator; dd != nil; dd = dd.DirectDeclarator {
		switch dd.Case {
		case cc.DirectDeclaratorIdent:
			return q, nil
		case cc.DirectDeclaratorDecl:
			return r.declared(dd.Declarator, q)
		case cc.DirectDeclaratorFuncParam:
			q, err = r.function(q, dd.ParameterTypeList, dd.Token)
		case cc.DirectDeclaratorFuncIdent:
			q, err = r.oldFunction(q, dd)
		default:
			ident := dd.DirectDeclarator.Case == cc.DirectDeclaratorIdent
			q, err = r.array(q, dd.AssignmentExpression, dd.Token, ident)
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

// abstract is declared for a declarator without a name.
func (r *reader) abstract(d *cc.AbstractDeclarator, q qualified) (qualified, error) {
	if d == nil {
		return q, nil
	}
	q, err := r.pointers(d.Pointer, q)
	if err != nil {
		return q, err
	}
	for dd := d.DirectAbstractDeclarator; dd != nil; dd = dd.DirectAbstractDeclarator {
		switch dd.Case {
		case cc.DirectAbstractDeclaratorDecl:
			return r.abstract(dd.AbstractDeclarator, q)
		case cc.DirectAbstractDeclaratorFunc:
			q, err = r.function(q, dd.ParameterTypeList, dd.Token)
		default:
			q, err = r.array(q, dd.AssignmentExpression, dd.Token, dd.DirectAbstractDeclarator == nil)
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

func (r *reader) pointers(p *cc.Pointer, q qualified) (qualified, error) {
	for ; p != nil; p = p.Pointer {
		if p.Case == cc.PointerBlock {
			return q, r.errorAt(r.offset(p.Token), dtype.ErrNotSupported, "block pointer")
		}
		ptr := dtype.PointerTo(q.t)
		if q.isConst {
			ptr = dtype.PointerToConst(q.t)
		}
		q = qualified{t: ptr}
		for l := p.TypeQualifiers; l != nil; l = l.TypeQualifiers {
			if l.TypeQualifier != nil && l.TypeQualifier.Case == cc.TypeQualifierConst {
				q.isConst = true
			}
		}
	}
	return q, nil
}

// array is q[length]; a const array is one of const elements. outer tells that
// no other part of the declarator comes after it.
func (r *reader) array(q qualified, length cc.ExpressionNode, at cc.Token, outer bool) (qualified, error) {
	n, err := uint64(0), errNotConstant
	if length != nil {
		n, err = r.evalSize(length)
	}
	var t dtype.Type
	switch {
	case err == nil:
		t, err = dtype.ArrayOf(q.t, n)
	case !errors.Is(err, errNotConstant):
		return q, err
	case length != nil && r.params == 0:
		return q, r.errorAt(r.offset(at), nil, "array length: %v", err)
	case length != nil && isUnsized(q.t) && outer:
		t, err = dtype.PointerTo(q.t), nil // double m[n][n] is double (*m)[n]
	default:
		t, err = dtype.FlexibleArrayOf(q.t)
	}
	if err != nil {
		return q, r.typeError(at, err)
	}
	return qualified{t, q.isConst}, nil
}

func isUnsized(t dtype.Type) bool {
	a, ok := t.(*dtype.Array)
	return ok && a.Flexible()
}

func (r *reader) function(q qualified, list *cc.ParameterTypeList, at cc.Token) (qualified, error) {
	r.params++
	defer func() { r.params-- }()
	var params []dtype.Param
	if list != nil {
		for l := list.ParameterList; l != nil; l = l.ParameterList {
			p, err := r.param(l.ParameterDeclaration)
			if err != nil {
				return q, err
			}
			params = append(params, p)
		}
	}
	if len(params) == 1 && params[0].Name == "" {
		if _, ok := dtype.Resolve(params[0].Type).(*dtype.Void); ok {
			params = nil
		}
	}
	variadic := r.rest[r.offset(at)] || list != nil && list.Case == cc.ParameterTypeListVar
	f, err := dtype.NewFunc(q.t, params, variadic)
	if err != nil {
		return q, r.typeError(at, err)
	}
	if list == nil && !variadic {
		r.scope.loose[f] = true
	}
	return qualified{t: f}, nil
}

// oldFunction is the K&R form f(a, b), which without a body can only be a
// prototype whose types are not known.
func (r *reader) oldFunction(q qualified, dd *cc.DirectDeclarator) (qualified, error) {
	if l := dd.IdentifierList; l != nil {
		name := l.Token2
		return q, r.errorAt(r.offset(name), nil, "unknown type name %q%s", name.SrcStr(), r.scope.nearTypes(name.SrcStr()))
	}
	return r.function(q, nil, dd.Token)
}

func (r *reader) param(p *cc.ParameterDeclaration) (dtype.Param, error) {
	start := p.Position().Offset
	if end, ok := r.hoisted[start]; ok {
		return r.hoistedParam(span{start, end})
	}
	base, err := r.specifiers(p.DeclarationSpecifiers)
	if err == errNoType {
		name := ""
		if p.Declarator != nil {
			name, start = r.declaratorName(p.Declarator)
		}
		return dtype.Param{}, r.errorAt(start, nil, "parameter %q has no type%s", name, r.scope.nearTypes(name))
	}
	if err != nil {
		return dtype.Param{}, err
	}
	q, err := r.attributed(base.qualified, r.vectorsAround(start))
	if err != nil {
		return dtype.Param{}, err
	}
	name := ""
	if p.Declarator != nil {
		name, _ = r.declaratorName(p.Declarator)
		q, err = r.declared(p.Declarator, q)
	} else {
		q, err = r.abstract(p.AbstractDeclarator, q)
	}
	if err != nil {
		return dtype.Param{}, err
	}
	return dtype.Param{Name: name, Type: r.decay(q)}, nil
}

// decay is the type of a parameter declared as q: arrays and functions are
// pointers.
func (r *reader) decay(q qualified) dtype.Type {
	switch t := dtype.Resolve(q.t).(type) {
	case *dtype.Array:
		if q.isConst {
			return dtype.PointerToConst(t.Elem())
		}
		return dtype.PointerTo(t.Elem())
	case *dtype.Func:
		return dtype.PointerTo(q.t)
	}
	return r.scope.passed(q.t)
}

// hoistedParam reads a parameter that was lifted out of its list: by itself it
// is a declaration, or without a name a type name, and both the parser reads.
func (r *reader) hoistedParam(at span) (dtype.Param, error) {
	text := string(r.text[at.pos:at.end])
	part := func(before, after string) *unit {
		return &unit{text: []byte(before + text + after), parent: r.unit, base: at.pos - len(before)}
	}
	if !pointerHasName(text) {
		q, err := typeIn(part(sizeofBefore, sizeofAfter), r.scope)
		return dtype.Param{Type: r.decay(q)}, err
	}
	sub, tree, err := read(part("extern ", ";"), r.scope)
	if err != nil {
		return dtype.Param{}, err
	}
	sub.params = r.params
	for tu := tree.TranslationUnit; tu != nil; tu = tu.TranslationUnit {
		d := tu.ExternalDeclaration
		if d == nil || d.Position().Filename != textName || d.Case != cc.ExternalDeclarationDecl || d.Declaration.InitDeclaratorList == nil {
			continue
		}
		base, err := sub.specifiers(d.Declaration.DeclarationSpecifiers)
		if err != nil {
			return dtype.Param{}, err
		}
		decl := d.Declaration.InitDeclaratorList.InitDeclarator.Declarator
		name, _ := sub.declaratorName(decl)
		q, err := sub.declared(decl, base.qualified)
		return dtype.Param{Name: name, Type: r.decay(q)}, err
	}
	return dtype.Param{}, r.errorAt(at.pos, nil, "not a parameter")
}

// pointerHasName reports whether the innermost of nested parentheses "(*(*"
// goes on with a name.
func pointerHasName(text string) bool {
	l := lexer{src: []byte(text)}
	prev := lexeme{}
	inside := false
	for t := l.next(); t.kind != lexEOF; t = l.next() {
		if l.is(t, '*') && prev.kind == lexPunct && l.is(prev, '(') {
			inside = true
		} else if inside && !l.is(t, '*') && !l.is(t, '(') && !(t.kind == lexIdent && isQualifier(l.text(t))) {
			return t.kind == lexIdent
		}
		prev = t
	}
	return false
}

// declaratorName is the name that a declarator declares, and where it is.
func (r *reader) declaratorName(d *cc.Declarator) (string, int) {
	for d != nil && d.DirectDeclarator != nil {
		dd := d.DirectDeclarator
		for dd.DirectDeclarator != nil {
			dd = dd.DirectDeclarator
		}
		if dd.Case == cc.DirectDeclaratorIdent {
			return dd.Token.SrcStr(), r.offset(dd.Token)
		}
		d = dd.Declarator
	}
	return "", 0
}

// isFunction reports whether a declarator declares a function.
func isFunction(d *cc.Declarator) bool {
	var last *cc.DirectDeclarator
	for dd := d.DirectDeclarator; dd != nil; last, dd = dd, dd.DirectDeclarator {
		if dd.Case == cc.DirectDeclaratorIdent && last != nil {
			return last.Case == cc.DirectDeclaratorFuncParam || last.Case == cc.DirectDeclaratorFuncIdent
		}
	}
	return false
}

// typeName reads a type name as in sizeof(T).
func (r *reader) typeName(n *cc.TypeName) (qualified, error) {
	q, err := r.qualifierList(n.SpecifierQualifierList)
	if err == errNoType {
		return q, r.errorAt(n.Position().Offset, nil, "not a type")
	}
	if err != nil {
		return q, err
	}
	if q, err = r.attributed(q, r.vectorsAround(n.Position().Offset)); err != nil {
		return q, err
	}
	return r.abstract(n.AbstractDeclarator, q)
}

// typeError is dtype's error about a type at a token.
func (r *reader) typeError(at cc.Token, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return r.errorAt(r.offset(at), err, "")
}
