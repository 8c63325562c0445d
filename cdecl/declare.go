package cdecl

import (
	"errors"
	"fmt"
	"slices"
	"sort"

	"modernc.org/cc/v4"

	"github.com/wasmffi/wasmffi/dtype"
)

// A reader turns the syntax tree of one text into symbols of a scope.
type reader struct {
	*lifted
	scope *scope
	// params counts the parameter lists around what is read: array lengths
	// there may be unknown.
	params int
	// from is where the declaration that is read began.
	from int
	// old are the parameters of the old-style definition that is read.
	old map[string]dtype.Type
	// variable are arrays of a length that is not constant.
	variable map[dtype.Type]bool
	// hidden tells the names that are no constants where an expression is read.
	hidden func(name string) bool
	tree   *cc.AST
}

// declare reads all declarations of a text into s.
func declare(u *unit, s *scope) (*scope, error) {
	r, tree, err := read(u, s)
	if err != nil {
		return nil, err
	}
	if err := r.unitDeclarations(tree); err != nil {
		return nil, err
	}
	for _, a := range r.asserts {
		if err := r.assertText(a); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// read lifts and parses a text.
func read(u *unit, s *scope) (*reader, *cc.AST, error) {
	l, err := lift(u, s.abi)
	if err != nil {
		return nil, nil, err
	}
	tree, err := l.parse(s)
	if err != nil {
		return nil, nil, err
	}
	return &reader{lifted: l, scope: s, tree: tree}, tree, nil
}

// protect runs f and turns a panic over a syntax tree that no C has into an
// error: the parser is lenient where C is not.
func protect(u *unit, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = u.newError(0, fmt.Sprintf("malformed declaration: %v", r), nil)
		}
	}()
	return f()
}

func (r *reader) unitDeclarations(tree *cc.AST) error {
	return protect(r.unit, func() error {
		from := 0
		for tu := tree.TranslationUnit; tu != nil; tu = tu.TranslationUnit {
			d := tu.ExternalDeclaration
			if d == nil || d.Position().Filename == preludeName {
				continue
			}
			end, err := r.external(d, from)
			if err != nil {
				return err
			}
			from = end
		}
		return nil
	})
}

// external reads one declaration of file scope; from is where the one before
// it ended, the result where this one does.
func (r *reader) external(d *cc.ExternalDeclaration, from int) (int, error) {
	switch d.Case {
	case cc.ExternalDeclarationFuncDef:
		f := d.FunctionDefinition
		body, end := r.offset(f.CompoundStatement.Token), r.offset(f.CompoundStatement.Token2)
		if f.DeclarationList != nil {
			return end, r.oldDefinition(f, from, body)
		}
		return end, r.declaration(f.DeclarationSpecifiers, []*cc.Declarator{f.Declarator}, []int{from, body})
	case cc.ExternalDeclarationDecl:
		decl := d.Declaration
		if decl.Case == cc.DeclarationAssert {
			return r.offset(decl.StaticAssertDeclaration.Token5), r.assert(decl.StaticAssertDeclaration)
		}
		if decl.Case == cc.DeclarationAuto {
			return 0, r.errorAt(r.offset(decl.Token), nil, "__auto_type declares no type")
		}
		var list []*cc.Declarator
		ends := []int{from}
		for l := decl.InitDeclaratorList; l != nil; l = l.InitDeclaratorList {
			if l.Token.Ch == ',' {
				ends = append(ends, r.offset(l.Token))
			}
			list = append(list, l.InitDeclarator.Declarator)
		}
		end := r.offset(decl.Token)
		return end, r.declaration(decl.DeclarationSpecifiers, list, append(ends, end))
	}
	return from, nil
}

// oldDefinition is int f(a) char a; { … }. Its caller passes arguments as C
// promotes them, whatever the parameters say.
func (r *reader) oldDefinition(f *cc.FunctionDefinition, from, body int) error {
	r.old = map[string]dtype.Type{}
	defer func() { r.old = nil }()
	for l := f.DeclarationList; l != nil; l = l.DeclarationList {
		base, err := r.specifiers(l.Declaration.DeclarationSpecifiers)
		if err == errNoType {
			return r.errorAt(l.Position().Offset, nil, "parameter without a type")
		}
		if err != nil {
			return err
		}
		for d := l.Declaration.InitDeclaratorList; d != nil; d = d.InitDeclaratorList {
			name, _ := r.declaratorName(d.InitDeclarator.Declarator)
			q, err := r.declared(d.InitDeclarator.Declarator, base.qualified)
			if err != nil {
				return err
			}
			r.old[name] = dtype.Promote(r.decay(q))
		}
	}
	return r.declaration(f.DeclarationSpecifiers, []*cc.Declarator{f.Declarator}, []int{from, body})
}

// declaration reads specifiers and the declarators that share them. ends are
// the place before the declaration and the places where each declarator ends.
func (r *reader) declaration(ds *cc.DeclarationSpecifiers, list []*cc.Declarator, ends []int) error {
	r.from = ends[0]
	base, err := r.specifiers(ds)
	if err == errNoType {
		if len(list) > 0 {
			return r.noType(list[0])
		}
		return nil
	}
	if err != nil && !errors.Is(err, dtype.ErrNotSupported) {
		return err
	}
	end := ends[len(ends)-1]
	first := end
	if len(list) > 0 {
		first = list[0].Position().Offset
	}
	shared := r.take(ends[0], first)
	if len(list) == 0 {
		return nil // it declared a tag, or failed to
	}
	for i, d := range list {
		from := first
		if i > 0 {
			from = ends[i]
		}
		own := append(r.takeOutside(r.parameters(d), span{from, ends[i+1]}), shared...)
		if err := r.declarator(base, err, d, own, span{from, ends[i+1]}); err != nil {
			return err
		}
	}
	return nil
}

// noType is the error of a declaration without a type.
func (r *reader) noType(d *cc.Declarator) error {
	name, pos := r.declaratorName(d)
	return r.errorAt(pos, nil, "%q has no type%s", name, r.scope.nearTypes(name))
}

// declarator declares one name.
func (r *reader) declarator(base specs, baseErr error, d *cc.Declarator, attrs []*attribute, at span) error {
	name, pos := r.declaratorName(d)
	if name == "" {
		return r.errorAt(pos, nil, "declaration without a name")
	}
	place := r.place(pos)
	sym := &symbol{Decl: Decl{Name: name, File: place.path, Line: place.line}}
	t, err := base.qualified, baseErr
	if err == nil {
		t, err = r.attributed(t, attrs)
	}
	if err == nil {
		t, err = r.declared(d, t)
	}
	if f, ok := t.t.(*dtype.Func); ok && err == nil {
		t.t, err = r.attributedFunc(f, attrs)
	}
	if err == nil {
		err = r.noVectorsLeft(at.pos, at.end)
	}
	fn, isFunc := dtype.Resolve(t.t).(*dtype.Func)
	switch {
	case base.typedef:
		sym.Kind, sym.Const = Typedef, t.isConst
		if err == nil {
			sym.Type, err = r.typedef(name, t.t, attrs, pos)
		}
	case isFunc || err != nil && isFunction(d):
		sym.Kind, sym.Type = Function, fn
		sym.Static = base.static || base.inline && !base.extern
	default:
		sym.Kind, sym.Type, sym.Const, sym.Static = Variable, t.t, t.isConst, base.static
	}
	if _, void := dtype.Resolve(t.t).(*dtype.Void); void && err == nil && sym.Kind == Variable {
		return r.errorAt(pos, nil, "variable %q of type void", name)
	}
	if err != nil {
		if !errors.Is(err, dtype.ErrNotSupported) {
			return err
		}
		sym.Type, sym.err = nil, err
	}
	i := sort.Search(len(r.labels), func(i int) bool { return r.labels[i].pos >= at.pos })
	if i < len(r.labels) && r.labels[i].pos < at.end {
		sym.Symbol = r.labels[i].symbol
	}
	return r.add(sym, pos)
}

func (r *reader) typedef(name string, t dtype.Type, attrs []*attribute, pos int) (dtype.Type, error) {
	if f, ok := fixed(r.abi, name, t); ok {
		return f, nil
	}
	if i := slices.IndexFunc(attrs, func(a *attribute) bool { return a.alignas }); i >= 0 {
		return nil, r.errorAt(attrs[i].pos, nil, "_Alignas in a typedef; __attribute__((aligned)) is for types")
	}
	align, err := r.aligned(attrs)
	if err != nil {
		return nil, err
	}
	var n dtype.Type
	if align == 0 {
		n, err = dtype.NewNamed(name, t)
	} else {
		n, err = dtype.NewNamedAligned(name, t, align)
	}
	if err != nil {
		return nil, r.errorAt(pos, err, "typedef %s", name)
	}
	if has(attrs, "transparent_union") && len(dtype.Members(t)) > 0 {
		r.scope.transparent[n] = true
	}
	return n, nil
}

// offset is where a token begins.
func (r *reader) offset(t cc.Token) int { return t.Position().Offset }
