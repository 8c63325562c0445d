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
	case (length != nil && isUnsized(q.t) || r.variable[q.t] && outer) && r.params > 0 && (err == nil || errors.Is(err, errNotConstant)):
		// No type has rows of a length that is not known: double m[r][c], which
		// is double (*m)[c], becomes double *m, and the count of its contract r*c.
		if t, err = q.t, nil; outer {
			return qualified{t: r.decay(q)}, nil
		}
	case err == nil:
		t, err = dtype.ArrayOf(q.t, n)
	case !errors.Is(err, errNotConstant):
		return q, err
	case length != nil && r.params == 0:
		return q, r.errorAt(r.offset(at), nil, "array length: %v", err)
	default:
		t, err = dtype.FlexibleArrayOf(q.t)
		if length != nil && err == nil {
			if r.variable == nil {
				r.variable = map[dtype.Type]bool{}
			}
			r.variable[t] = true
		}
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
	var promises []promise
	names := map[string]bool{}
	if list != nil {
		for l := list.ParameterList; l != nil; l = l.ParameterList {
			if d := l.ParameterDeclaration; d == nil || d.DeclarationSpecifiers == nil && d.Declarator == nil {
				if l.Token.Ch == ',' {
					at = l.Token
				}
				return q, r.errorAt(r.offset(at), nil, "a parameter is missing after %q", string(rune(at.Ch)))
			}
			p, says, err := r.param(l.ParameterDeclaration)
			if err != nil {
				return q, err
			}
			if p.Name != "" && names[p.Name] {
				return q, r.errorAt(l.ParameterDeclaration.Position().Offset, nil, "two parameters of the name %q", p.Name)
			}
			names[p.Name] = true
			params, promises = append(params, p), append(promises, says)
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
	f, err = r.promised(f, promises)
	return qualified{t: f}, err
}

// oldFunction is the K&R form f(a, b), whose types come with the function's
// body. Without one it can only be a prototype whose types are not known.
func (r *reader) oldFunction(q qualified, dd *cc.DirectDeclarator) (qualified, error) {
	if dd.IdentifierList == nil {
		return r.function(q, nil, dd.Token)
	}
	var params []dtype.Param
	for l := dd.IdentifierList; l != nil; l = l.IdentifierList {
		name := l.Token2
		t := r.old[name.SrcStr()]
		switch {
		case r.old == nil:
			return q, r.errorAt(r.offset(name), nil, "unknown type name %q%s", name.SrcStr(), r.scope.nearTypes(name.SrcStr()))
		case t == nil:
			t = dtype.CInt
		}
		params = append(params, dtype.Param{Name: name.SrcStr(), Type: t})
	}
	f, err := dtype.NewFunc(q.t, params, false)
	if err != nil {
		return q, r.typeError(dd.Token, err)
	}
	return qualified{t: f}, nil
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
	if q, err = r.attributed(q, r.takeOutside(r.abstractParameters(n.AbstractDeclarator), r.parameterSpan(n.Position().Offset))); err != nil {
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
