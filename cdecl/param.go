package cdecl

import (
	"slices"
	"sort"

	"modernc.org/cc/v4"

	"github.com/wasmffi/wasmffi/dtype"
)

// param reads a parameter, and what its text promises of its memory.
func (r *reader) param(p *cc.ParameterDeclaration) (dtype.Param, promise, error) {
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
		return dtype.Param{}, promise{}, r.errorAt(start, nil, "parameter %q has no type%s", name, r.scope.nearTypes(name))
	}
	if err != nil {
		return dtype.Param{}, promise{}, err
	}
	inner := r.parameters(p.Declarator)
	if p.AbstractDeclarator != nil {
		inner = r.abstractParameters(p.AbstractDeclarator)
	}
	attrs := r.takeOutside(inner, r.parameterSpan(start))
	q, err := r.attributed(base.qualified, attrs)
	if err != nil {
		return dtype.Param{}, promise{}, err
	}
	name, says := "", promise{attrs: attrs}
	if p.Declarator != nil {
		name, _ = r.declaratorName(p.Declarator)
		q, err = r.declared(p.Declarator, q)
		says.dims, says.restrict = r.dimensions(p.Declarator)
	} else {
		q, err = r.abstract(p.AbstractDeclarator, q)
		says.dims, says.restrict = r.abstractDimensions(p.AbstractDeclarator)
	}
	if err != nil {
		return dtype.Param{}, promise{}, err
	}
	return dtype.Param{Name: name, Type: r.decay(q), Dir: r.direction(attrs)}, says, nil
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
func (r *reader) hoistedParam(at span) (dtype.Param, promise, error) {
	says := promise{attrs: r.takeOutside(nil, r.parameterSpan(at.pos))}
	p, err := r.hoistedType(at)
	p.Dir = r.direction(says.attrs)
	return p, says, err
}

func (r *reader) hoistedType(at span) (dtype.Param, error) {
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

// parameterSpan is the text between the commas or parentheses around the
// parameter whose first word is at pos.
func (l *lifted) parameterSpan(pos int) span {
	i := sort.Search(len(l.tokens), func(i int) bool { return l.tokens[i].pos >= pos })
	at := span{pos, len(l.text)}
	if i > 0 {
		at.pos = l.tokens[i-1].end
	}
	for depth := 0; i < len(l.tokens); i++ {
		if l.tokens[i].kind != lexPunct {
			continue
		}
		switch c := l.text[l.tokens[i].pos]; {
		case c == '(' || c == '[' || c == '{':
			depth++
		case depth > 0 && (c == ')' || c == ']' || c == '}'):
			depth--
		case c == ')' || c == ',' && depth == 0:
			return span{at.pos, l.tokens[i].pos}
		}
	}
	return at
}

// parameters are the parameter lists in a declarator. Attributes there are the
// parameters' own.
func (r *reader) parameters(d *cc.Declarator) (lists []span) {
	if d == nil {
		return nil
	}
	for dd := d.DirectDeclarator; dd != nil; dd = dd.DirectDeclarator {
		switch dd.Case {
		case cc.DirectDeclaratorFuncParam:
			lists = append(lists, span{r.offset(dd.Token), r.offset(dd.Token2)})
		case cc.DirectDeclaratorDecl:
			lists = append(lists, r.parameters(dd.Declarator)...)
		}
	}
	return lists
}

// abstractParameters is parameters for a declarator without a name.
func (r *reader) abstractParameters(d *cc.AbstractDeclarator) (lists []span) {
	if d == nil {
		return nil
	}
	for dd := d.DirectAbstractDeclarator; dd != nil; dd = dd.DirectAbstractDeclarator {
		switch dd.Case {
		case cc.DirectAbstractDeclaratorFunc:
			lists = append(lists, span{r.offset(dd.Token), r.offset(dd.Token2)})
		case cc.DirectAbstractDeclaratorDecl:
			lists = append(lists, r.abstractParameters(dd.AbstractDeclarator)...)
		}
	}
	return lists
}

// takeOutside takes the attributes in a part of the text that are in none of
// the lists, and of vectors those outside of parentheses.
func (r *reader) takeOutside(lists []span, at span) []*attribute {
	return r.takeIf(at.pos, at.end, func(a *attribute) bool {
		return !(isVector(a) && r.nested(at.pos, a.pos)) && !slices.ContainsFunc(lists, func(l span) bool { return l.pos < a.pos && a.pos < l.end })
	})
}
