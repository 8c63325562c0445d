package cdecl

import (
	"errors"
	"math"

	"modernc.org/cc/v4"

	"github.com/wasmffi/wasmffi/dtype"
)

// enum is the type that an enum specifier names or defines.
func (r *reader) enum(s *cc.EnumSpecifier) (dtype.Type, error) {
	tag := s.Token2.SrcStr()
	pos := r.offset(s.Token)
	if s.Case == cc.EnumSpecifierTag && s.EnumeratorList == nil {
		return r.enumTagged(tag, pos)
	}

	open, end := r.offset(s.Token3), r.offset(s.Token5)
	attrs := append(r.take(pos, open), r.take(end, r.next(end))...)
	var base *dtype.Int
	if s.EnumTypeSpecifier != nil {
		q, err := r.qualifierList(s.EnumTypeSpecifier.SpecifierQualifierList)
		if err != nil && err != errNoType {
			return nil, err
		}
		var ok bool
		if base, ok = dtype.Resolve(q.t).(*dtype.Int); !ok {
			return nil, r.errorAt(pos, nil, "enum %s: its type is no integer type", tag)
		}
	}
	alwaysInt := base == nil && enumsAreInt(r.abi)
	values, err := r.enumerators(s.EnumeratorList, alwaysInt)
	if err != nil {
		return nil, err
	}
	if base == nil && !alwaysInt {
		base = values.base(has(attrs, "packed"))
	}
	t, err := newEnum(tag, base, values.consts)
	if err != nil {
		return nil, r.typeErrorAt(pos, err)
	}
	if tag == "" {
		return t, nil
	}
	if old := r.scope.tags[tag]; old != nil {
		if !dtype.Identical(old.Type, t) {
			return nil, r.errorAt(pos, nil, "enum %s is already defined in another way at %s:%d", tag, old.File, old.Line)
		}
		return old.Type, nil
	}
	place := r.place(pos)
	r.addTag(tag, &symbol{Decl: Decl{Name: "enum " + tag, Kind: Tag, Type: t, File: place.path, Line: place.line}})
	return t, nil
}

// enumTagged is the enum of a tag, named at pos.
func (r *reader) enumTagged(tag string, pos int) (dtype.Type, error) {
	sym := r.scope.tag(tag)
	if def := r.laterEnum(tag); sym == nil && def != nil {
		return r.enum(def)
	}
	switch {
	case sym == nil:
		return nil, r.errorAt(pos, nil, "enum %s is not declared%s", tag, r.scope.nearTypes("enum "+tag))
	case sym.Name != "enum "+tag:
		return nil, r.errorAt(pos, nil, "enum %s: %s:%d declares it as %s", tag, sym.File, sym.Line, sym.Name)
	}
	return sym.Type, nil
}

// laterEnum finds the definition of an enum at file scope that is named before
// it, as gcc and clang allow.
func (r *reader) laterEnum(tag string) *cc.EnumSpecifier {
	for tu := r.tree.TranslationUnit; tu != nil; tu = tu.TranslationUnit {
		d := tu.ExternalDeclaration
		if d == nil || d.Case != cc.ExternalDeclarationDecl || d.Declaration == nil {
			continue
		}
		for ds := d.Declaration.DeclarationSpecifiers; ds != nil; ds = ds.DeclarationSpecifiers {
			if ds.Case != cc.DeclarationSpecifiersTypeSpec || ds.TypeSpecifier.Case != cc.TypeSpecifierEnum {
				continue
			}
			if e := ds.TypeSpecifier.EnumSpecifier; e.EnumeratorList != nil && e.Token2.SrcStr() == tag {
				return e
			}
		}
	}
	return nil
}

// enumsAreInt reports whether the ABI's compiler makes every enum an int, and
// reduces its constants to that (Microsoft's).
func enumsAreInt(abi *dtype.ABI) bool {
	e, err := dtype.NewEnum("")
	return err == nil && abi.EnumBase(e) == dtype.CInt
}

func newEnum(tag string, base *dtype.Int, consts []dtype.EnumConst) (*dtype.Enum, error) {
	if base == nil {
		return dtype.NewEnum(tag, consts...)
	}
	return dtype.NewEnumBase(tag, base, consts...)
}

// enumValues are enumerators and the range of their values.
type enumValues struct {
	consts []dtype.EnumConst
	low    int64
	high   uint64
}

// base is the integer type of a packed enum, the smallest that holds its values
// (gcc's manual, "Common Type Attributes"), nil for any other.
func (v *enumValues) base(packed bool) *dtype.Int {
	if packed {
		unsigned := [4]*dtype.Int{dtype.CUChar, dtype.CUShort, dtype.CUInt, dtype.CULongLong}
		signed := [4]*dtype.Int{dtype.CSChar, dtype.CShort, dtype.CInt, dtype.CLongLong}
		for i := range 4 {
			bits := uint(8) << i
			switch {
			case v.low >= 0 && v.high <= math.MaxUint64>>(64-bits):
				return unsigned[i]
			case v.low < 0 && v.low >= math.MinInt64>>(64-bits) && v.high <= math.MaxInt64>>(64-bits):
				return signed[i]
			}
		}
	}
	return nil
}

// enumerators declares the constants of an enum.
func (r *reader) enumerators(l *cc.EnumeratorList, alwaysInt bool) (v enumValues, err error) {
	next := operand{kind: isInt, typ: dtype.CInt}
	for first := true; l != nil; l, first = l.EnumeratorList, false {
		e := l.Enumerator
		name, pos := e.Token.SrcStr(), r.offset(e.Token)
		switch {
		case e.ConstantExpression != nil:
			next, err = r.evalInt(e.ConstantExpression)
			if errors.Is(err, errNotConstant) {
				err = r.errorAt(pos, nil, "value of %s: %v", name, err)
			}
		case !first:
			if next, err = r.increment(next); err != nil {
				err = r.errorAt(pos, nil, "value of %s exceeds every integer type", name)
			}
		}
		if err == nil && alwaysInt {
			next, err = r.convert(next, dtype.CInt)
		}
		if err != nil {
			return v, err
		}
		c := dtype.EnumConst{Name: name, Value: int64(next.u)}
		if r.abi.Signed(next.int()) || next.u <= math.MaxInt64 {
			v.low = min(v.low, int64(next.u))
			v.high = max(v.high, uint64(max(0, int64(next.u))))
		} else {
			v.high = max(v.high, next.u)
			c = dtype.UnsignedConst(name, next.u)
		}
		v.consts = append(v.consts, c)
		place := r.place(pos)
		sym := &symbol{Decl: Decl{Name: name, Kind: Constant, Type: next.typ, Value: next.value(r.abi), File: place.path, Line: place.line}}
		if err := r.add(sym, pos); err != nil {
			return v, err
		}
	}
	return v, nil
}
