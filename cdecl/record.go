package cdecl

import (
	"errors"
	"math"
	"slices"
	"sort"

	"modernc.org/cc/v4"

	"github.com/wasmffi/wasmffi/dtype"
)

// A recordType is what *dtype.Struct and *dtype.Union share.
type recordType interface {
	dtype.Type
	Define(dtype.Attr, ...dtype.Field) error
	Complete() bool
}

func declareRecord(kind, tag string) recordType {
	if kind == "union" {
		return dtype.DeclareUnion(tag)
	}
	return dtype.DeclareStruct(tag)
}

// record is the type that a struct or union specifier names or defines.
func (r *reader) record(s *cc.StructOrUnionSpecifier) (dtype.Type, error) {
	kind := "struct"
	if s.StructOrUnion.Case == cc.StructOrUnionUnion {
		kind = "union"
	}
	tag := s.Token.SrcStr()
	pos := r.offset(s.StructOrUnion.Token)
	if s.Case == cc.StructOrUnionSpecifierTag {
		r.take(pos, r.offset(s.Token)) // what follows the tag is the declaration's
		sym, err := r.tagged(kind, tag, pos, r.scope.tag(tag))
		if err != nil {
			return nil, err
		}
		return sym.Type, nil
	}

	open, end := r.offset(s.Token2), r.offset(s.Token3)
	sym := &symbol{Decl: Decl{Type: declareRecord(kind, "")}}
	if tag != "" {
		var err error
		if sym, err = r.tagged(kind, tag, pos, r.scope.tags[tag]); err != nil {
			return nil, err
		}
	}
	t := sym.Type.(recordType)
	again := t.Complete()
	if again {
		t = declareRecord(kind, tag)
	} else {
		place := r.place(pos)
		sym.File, sym.Line = place.path, place.line
	}
	err := r.define(t, s, pos, open, end)
	if errors.Is(err, dtype.ErrNotSupported) {
		sym.err = err
		if tag != "" {
			return t, nil // pointers to it still work
		}
	}
	if err != nil {
		return nil, err
	}
	if again && !dtype.Identical(t, sym.Type) {
		return nil, r.errorAt(pos, nil, "%s %s is already defined in another way at %s:%d", kind, tag, sym.File, sym.Line)
	}
	return sym.Type, nil
}

// tagged finds the symbol of a tag, given what is known under it, or declares
// an incomplete type.
func (r *reader) tagged(kind, tag string, pos int, known *symbol) (*symbol, error) {
	if known != nil {
		if known.Name != kind+" "+tag {
			return nil, r.errorAt(pos, nil, "%s %s: %s:%d declares it as %s", kind, tag, known.File, known.Line, known.Name)
		}
		return known, nil
	}
	place := r.place(pos)
	sym := &symbol{Decl: Decl{Name: kind + " " + tag, Kind: Tag, Type: declareRecord(kind, tag), File: place.path, Line: place.line}}
	r.addTag(tag, sym)
	return sym, nil
}

func (r *reader) addTag(tag string, sym *symbol) {
	r.scope.tags[tag] = sym
	r.scope.order = append(r.scope.order, sym)
}

// define reads the members of a struct or union.
func (r *reader) define(t recordType, s *cc.StructOrUnionSpecifier, pos, open, end int) error {
	// Microsoft's attributes may stand before the word struct (clang agrees).
	attrs := r.takeIf(r.from, pos, func(a *attribute) bool { return a.declspec })
	attrs = append(attrs, r.take(pos, open)...)
	var fields []dtype.Field
	from := open
	for l := s.StructDeclarationList; l != nil; l = l.StructDeclarationList {
		next := end
		if l.StructDeclarationList != nil {
			next = r.memberEnd(l.StructDeclaration, end)
		}
		more, err := r.members(l.StructDeclaration, from, next)
		if err != nil {
			return err
		}
		fields, from = append(fields, more...), next
	}
	attrs = append(attrs, r.take(end, r.next(end))...)
	attr, err := r.layoutAttr(attrs, open)
	if err != nil {
		return err
	}
	if err := t.Define(attr, fields...); err != nil {
		return r.typeErrorAt(r.memberPos(pos, open, end, err), err)
	}
	if has(attrs, "transparent_union") && len(fields) > 0 {
		r.scope.transparent[t] = true
	}
	return nil
}

// memberPos is where the member is declared that an error of dtype's is about,
// or pos.
func (r *reader) memberPos(pos, open, end int, err error) int {
	e, ok := errors.AsType[*dtype.Error](err)
	if !ok {
		return pos
	}
	i := sort.Search(len(r.tokens), func(i int) bool { return r.tokens[i].pos > open })
	for depth := 0; i < len(r.tokens) && r.tokens[i].pos < end; i++ {
		depth += r.nesting(r.tokens[i])
		if depth == 0 && r.tokens[i].kind == lexIdent && r.word(i) == e.Path {
			pos = r.tokens[i].pos // the last one, if two have the name
		}
	}
	return pos
}

// memberEnd is where a declaration of members ends.
func (r *reader) memberEnd(d *cc.StructDeclaration, end int) int {
	if d == nil || d.Token.Ch != ';' {
		return end
	}
	return r.offset(d.Token)
}

// members reads one declaration of members, which lies between two places.
func (r *reader) members(d *cc.StructDeclaration, from, end int) ([]dtype.Field, error) {
	if d == nil {
		return nil, nil
	}
	if d.Case == cc.StructDeclarationAssert {
		return nil, r.assert(d.StaticAssertDeclaration)
	}
	r.from = from
	base, err := r.qualifierList(d.SpecifierQualifierList)
	if err == errNoType {
		if d.StructDeclaratorList == nil {
			return nil, nil // a stray semicolon
		}
		return nil, r.errorAt(r.next(from), nil, "member without a type")
	}
	if err != nil {
		return nil, err
	}
	if d.StructDeclaratorList == nil {
		return r.anonymousMember(base, from, end)
	}
	first := d.StructDeclaratorList.Position().Offset
	shared := r.take(from, first)
	var fields []dtype.Field
	for l := d.StructDeclaratorList; l != nil; l = l.StructDeclaratorList {
		to := end
		if n := l.StructDeclaratorList; n != nil {
			to = r.offset(n.Token)
		}
		own := r.takeOutside(r.parameters(l.StructDeclarator.Declarator), span{first, to})
		f, err := r.member(l.StructDeclarator, base, append(own, shared...))
		if err == nil {
			err = r.noVectorsLeft(first, to)
		}
		if err != nil {
			return nil, err
		}
		fields, first = append(fields, f), to
	}
	return fields, nil
}

// anonymousMember is a struct or union without a name, whose members are
// reached directly. With a tag it declares the tag and no member, but for
// Microsoft's compiler and gcc there.
func (r *reader) anonymousMember(base qualified, from, end int) ([]dtype.Field, error) {
	var tag string
	switch t := dtype.Resolve(base.t).(type) {
	case *dtype.Struct:
		tag = t.Tag()
	case *dtype.Union:
		tag = t.Tag()
	default:
		return nil, nil
	}
	if _, isName := base.t.(*dtype.Named); (tag != "" || isName) && !(r.microsoft() && dtype.Resolve(base.t).(recordType).Complete()) {
		return nil, nil
	}
	f := dtype.Field{Type: base.t, Const: base.isConst}
	return []dtype.Field{f}, r.memberAttributes(&f, r.take(from, end))
}

func (r *reader) member(d *cc.StructDeclarator, base qualified, attrs []*attribute) (f dtype.Field, err error) {
	q, err := r.attributed(base, attrs)
	if err != nil {
		return f, err
	}
	pos := d.Position().Offset
	if d.Declarator != nil {
		f.Name, pos = r.declaratorName(d.Declarator)
		if q, err = r.declared(d.Declarator, q); err != nil {
			return f, err
		}
	}
	f.Type, f.Const = q.t, q.isConst
	if d.Case == cc.StructDeclaratorBitField {
		f.BitField = true
		n, err := r.evalSize(d.ConstantExpression)
		switch {
		case errors.Is(err, errNotConstant):
			return f, r.errorAt(pos, nil, "width of bit-field %q: %v", f.Name, err)
		case err != nil:
			return f, err
		case n > math.MaxUint8:
			return f, r.errorAt(pos, nil, "bit-field %q has %d bits", f.Name, n)
		}
		f.Bits = uint8(n)
	}
	if err := r.complete(f.Type, f.Name, pos); err != nil {
		return f, err
	}
	return f, r.memberAttributes(&f, attrs)
}

func (r *reader) memberAttributes(f *dtype.Field, attrs []*attribute) (err error) {
	f.Packed = has(attrs, "packed")
	if f.Align, err = r.aligned(attrs); err != nil {
		return err
	}
	i := slices.IndexFunc(attrs, func(a *attribute) bool { return a.alignas })
	if i < 0 {
		return nil
	}
	if f.BitField {
		return r.errorAt(attrs[i].pos, nil, "_Alignas on a bit-field")
	}
	// It cannot lower an alignment (C11 6.7.5), as aligned can in a typedef.
	if least, err := r.abi.Align(f.Type); err == nil && f.Align != 0 && f.Align < least {
		return r.errorAt(attrs[i].pos, nil, "_Alignas of %d, less than the %d of %v", f.Align, least, f.Type)
	}
	return nil
}

// complete refuses members whose type has no size.
func (r *reader) complete(t dtype.Type, name string, pos int) error {
	for {
		a, ok := dtype.Resolve(t).(*dtype.Array)
		if !ok {
			break
		}
		t = a.Elem()
	}
	rec, ok := dtype.Resolve(t).(recordType)
	if !ok || rec.Complete() {
		return nil
	}
	for s := r.scope; s != nil; s = s.outer {
		for _, sym := range s.tags {
			if sym.Type == rec && sym.err != nil {
				return sym.err
			}
		}
	}
	return r.errorAt(pos, dtype.ErrIncomplete, "member %q of type %v", name, t)
}

// typeErrorAt is dtype's error about a type at a place.
func (r *reader) typeErrorAt(pos int, err error) error {
	if e, ok := errors.AsType[*dtype.Error](err); ok && e.Path != "" {
		if e.Type == nil { // an enum that came to nothing
			return r.errorAt(pos, e.Err, "%s %s", e.Op, e.Path)
		}
		return r.errorAt(pos, e.Err, "%v: %s", e.Type, e.Path)
	}
	return r.errorAt(pos, err, "")
}
