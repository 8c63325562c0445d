package cdecl

import (
	"errors"
	"fmt"

	"modernc.org/cc/v4"

	"github.com/wasmffi/wasmffi/dtype"
)

// qualified is a type that may be const. Other qualifiers change nothing that
// a call or a layout depends on.
type qualified struct {
	t       dtype.Type
	isConst bool
}

// errNoType: the specifiers name no type, which C89 took for int and which is
// most often a misspelt one.
var errNoType = errors.New("no type")

// specs are what declaration specifiers say.
type specs struct {
	qualified
	typedef, static, extern, inline bool
}

// specifiers reads the specifiers of a declaration.
func (r *reader) specifiers(ds *cc.DeclarationSpecifiers) (specs, error) {
	var s specs
	w := specifierWords{r: r}
	for ; ds != nil; ds = ds.DeclarationSpecifiers {
		switch ds.Case {
		case cc.DeclarationSpecifiersStorage:
			switch ds.StorageClassSpecifier.Case {
			case cc.StorageClassSpecifierTypedef:
				s.typedef = true
			case cc.StorageClassSpecifierStatic:
				s.static = true
			case cc.StorageClassSpecifierExtern:
				s.extern = true
			}
		case cc.DeclarationSpecifiersFunc:
			s.inline = s.inline || ds.FunctionSpecifier.Case == cc.FunctionSpecifierInline
		case cc.DeclarationSpecifiersTypeSpec:
			if err := w.add(ds.TypeSpecifier); err != nil {
				return s, err
			}
		case cc.DeclarationSpecifiersTypeQual:
			w.qualifier(ds.TypeQualifier)
		}
	}
	var err error
	s.qualified, err = w.finish()
	return s, err
}

// qualifierList reads the specifiers of members and type names.
func (r *reader) qualifierList(sq *cc.SpecifierQualifierList) (qualified, error) {
	w := specifierWords{r: r}
	for ; sq != nil; sq = sq.SpecifierQualifierList {
		switch sq.Case {
		case cc.SpecifierQualifierListTypeSpec:
			if err := w.add(sq.TypeSpecifier); err != nil {
				return qualified{}, err
			}
		case cc.SpecifierQualifierListTypeQual:
			w.qualifier(sq.TypeQualifier)
		}
	}
	return w.finish()
}

// specifierWords collects type specifiers, which come in any order:
// "long unsigned int long".
type specifierWords struct {
	r       *reader
	count   [cc.TypeSpecifierFloat64x + 1]int
	words   int
	other   dtype.Type // struct, union, enum, typedef name or typeof
	isConst bool
	atomic  bool
	bitInt  bool
	pos     int
}

func (w *specifierWords) qualifier(q *cc.TypeQualifier) {
	if q != nil {
		w.isConst = w.isConst || q.Case == cc.TypeQualifierConst
		w.atomic = w.atomic || q.Case == cc.TypeQualifierAtomic
	}
}

func (w *specifierWords) add(ts *cc.TypeSpecifier) (err error) {
	r := w.r
	if w.words++; w.words == 1 {
		w.pos = ts.Position().Offset
	}
	var q qualified
	switch ts.Case {
	case cc.TypeSpecifierStructOrUnion:
		q.t, err = r.record(ts.StructOrUnionSpecifier)
	case cc.TypeSpecifierEnum:
		q.t, err = r.enum(ts.EnumSpecifier)
	case cc.TypeSpecifierTypeName:
		q, err = r.typeNamed(ts.Token)
	case cc.TypeSpecifierTypeofType:
		q, err = r.typeName(ts.TypeName)
	case cc.TypeSpecifierTypeofExpr:
		var v operand
		v, err = r.eval(ts.ExpressionList)
		if errors.Is(err, errNotConstant) {
			err = r.errorAt(w.pos, nil, "typeof: cannot tell the type of the expression")
		}
		q.t = v.typ
	case cc.TypeSpecifierAtomic:
		q, err = r.typeName(ts.AtomicTypeSpecifier.TypeName)
		w.atomic = true
	default:
		if tag, ok := r.enumTags[r.offset(ts.Token)]; ok && ts.Case == cc.TypeSpecifierInt {
			q.t, err = r.enumTagged(tag, w.pos)
			break
		}
		w.bitInt = w.bitInt || ts.Case == cc.TypeSpecifierFloat16 && r.bitInts[r.offset(ts.Token)]
		w.count[ts.Case]++
		return nil
	}
	if err != nil {
		return err
	}
	if w.other != nil {
		return r.errorAt(ts.Position().Offset, nil, "two types in one declaration; a semicolon may be missing before")
	}
	w.other, w.isConst = q.t, w.isConst || q.isConst
	return nil
}

func (r *reader) typeNamed(name cc.Token) (qualified, error) {
	sym := r.scope.lookup(name.SrcStr())
	switch {
	case sym == nil || sym.Kind != Typedef:
		return qualified{}, r.errorAt(r.offset(name), nil, "unknown type name %q", name.SrcStr())
	case sym.err != nil:
		return qualified{}, sym.err
	}
	return qualified{sym.Type, sym.Const}, nil
}

// The keyword combinations that are types, as counts of the words in them.
type wordCounts struct{ char, short, int, long, float, double, signed, unsigned, complex, int128 int }

var scalarTypes = map[wordCounts]dtype.Type{
	{char: 1}:                        dtype.CChar,
	{char: 1, signed: 1}:             dtype.CSChar,
	{char: 1, unsigned: 1}:           dtype.CUChar,
	{short: 1}:                       dtype.CShort,
	{short: 1, unsigned: 1}:          dtype.CUShort,
	{int: 1}:                         dtype.CInt,
	{unsigned: 1}:                    dtype.CUInt,
	{signed: 1}:                      dtype.CInt,
	{long: 1}:                        dtype.CLong,
	{long: 1, unsigned: 1}:           dtype.CULong,
	{long: 2}:                        dtype.CLongLong,
	{long: 2, unsigned: 1}:           dtype.CULongLong,
	{int128: 1}:                      dtype.CInt128,
	{int128: 1, unsigned: 1}:         dtype.CUInt128,
	{float: 1}:                       dtype.CFloat,
	{double: 1}:                      dtype.CDouble,
	{double: 1, long: 1}:             dtype.CLongDouble,
	{complex: 1}:                     dtype.ComplexOf(dtype.CDouble),
	{complex: 1, float: 1}:           dtype.ComplexOf(dtype.CFloat),
	{complex: 1, double: 1}:          dtype.ComplexOf(dtype.CDouble),
	{complex: 1, double: 1, long: 1}: dtype.ComplexOf(dtype.CLongDouble),
}

// finish is the type that the words are.
func (w *specifierWords) finish() (qualified, error) {
	q, err := w.typ()
	if err == nil && w.atomic && w.r.growsAtomic(q.t) {
		err = w.r.errorAt(w.pos, dtype.ErrNotSupported, "_Atomic %v", q.t)
	}
	return q, err
}

// growsAtomic reports whether _Atomic gives a type another alignment or, with
// some compilers, size: aggregates of up to 16 bytes are made to fit the
// machine's atomic instructions.
func (r *reader) growsAtomic(t dtype.Type) bool {
	switch dtype.Resolve(t).(type) {
	case *dtype.Struct, *dtype.Union, *dtype.Complex:
		l, err := r.abi.Layout(t)
		return err == nil && l.Size <= 16 && l.Align != l.Size
	}
	return false
}

func (w *specifierWords) typ() (qualified, error) {
	r, n := w.r, &w.count
	one := func(t dtype.Type) (qualified, error) {
		if w.words != 1 {
			return qualified{}, r.errorAt(w.pos, nil, "two types in one declaration")
		}
		return qualified{t, w.isConst}, nil
	}
	unsupported := func(what string) (qualified, error) {
		return qualified{}, r.errorAt(w.pos, fmt.Errorf("%w on %s", dtype.ErrNotSupported, r.abi), "%s", what)
	}
	switch {
	case w.other != nil:
		return one(w.other)
	case w.words == 0:
		return qualified{}, errNoType
	case n[cc.TypeSpecifierVoid] > 0:
		return one(dtype.CVoid)
	case n[cc.TypeSpecifierBool] > 0:
		return one(dtype.CBool)
	case n[cc.TypeSpecifierUint128] > 0:
		return one(dtype.CUInt128)
	}
	c := wordCounts{
		char: n[cc.TypeSpecifierChar], short: n[cc.TypeSpecifierShort], int: n[cc.TypeSpecifierInt],
		long: n[cc.TypeSpecifierLong], float: n[cc.TypeSpecifierFloat], double: n[cc.TypeSpecifierDouble],
		signed: n[cc.TypeSpecifierSigned], unsigned: n[cc.TypeSpecifierUnsigned],
		complex: n[cc.TypeSpecifierComplex], int128: n[cc.TypeSpecifierInt128],
	}
	// _FloatN and _FloatNx are what float, double and long double are, or not
	// there (C23 H.5).
	c.float += n[cc.TypeSpecifierFloat32]
	c.double += n[cc.TypeSpecifierFloat64] + n[cc.TypeSpecifierFloat32x]
	switch quad := n[cc.TypeSpecifierFloat128]; {
	case w.bitInt:
		return unsupported("_BitInt")
	case n[cc.TypeSpecifierFloat16]+n[cc.TypeSpecifierBFloat16] > 0:
		return unsupported("half-precision floats")
	case n[cc.TypeSpecifierDecimal32]+n[cc.TypeSpecifierDecimal64]+n[cc.TypeSpecifierDecimal128] > 0:
		return unsupported("decimal floats")
	case n[cc.TypeSpecifierImaginary] > 0:
		return unsupported("_Imaginary")
	case n[cc.TypeSpecifierFloat128x] > 0, quad > 0 && r.abi.LongDouble() != dtype.LongDoubleQuad:
		return unsupported("_Float128")
	case quad > 0, n[cc.TypeSpecifierFloat64x] > 0:
		c.double, c.long = c.double+1, c.long+1
	}
	if c.int == 1 && (c.short+c.long+c.unsigned+c.signed > 0) {
		c.int = 0
	}
	if c.signed == 1 && c.char == 0 && c.short+c.long+c.int128 > 0 {
		c.signed = 0
	}
	t, ok := scalarTypes[c]
	if !ok {
		return qualified{}, r.errorAt(w.pos, nil, "these type specifiers do not go together")
	}
	return qualified{t, w.isConst}, nil
}
