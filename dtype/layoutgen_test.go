package dtype

import (
	"fmt"
	"math/rand/v2"
)

// A typeGen makes random struct and union types of every construct, each valid
// for the compilers that check the layouts.
type typeGen struct {
	*rand.Rand
	abi     *ABI
	names   int
	enums   []Type
	aligned []Type // typedefs with an alignment of their own
	records []Type // made so far, for nesting
	defs    []Type // in the order in which C must see them

	endian Endian // of all records
	mixed  bool   // or of each at random
	// gcc leaves out what gcc lays out unlike clang: ms_struct with packed, and
	// bit-fields with aligned(n) or of an aligned typedef; and what it does not
	// take: enums of a stated type.
	gcc bool
	// msGCC leaves out what gcc's ms_struct has otherwise than clang's: packed
	// with bit-fields, bit-fields in unions, typedefs that lower an alignment.
	msGCC bool
}

func newTypeGen(abi *ABI, seed uint64) *typeGen {
	return &typeGen{Rand: rand.New(rand.NewPCG(seed, uint64(abi.index))), abi: abi}
}

// must unwraps the result of a constructor that is given valid arguments.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// start makes the enums and typedefs that the structs will use.
func (g *typeGen) start() {
	g.enums = []Type{
		must(NewEnum("plain", EnumConst{Name: "P0", Value: 0}, EnumConst{Name: "P1", Value: 7})),
		must(NewEnum("negative", EnumConst{Name: "N0", Value: -4}, EnumConst{Name: "N1", Value: 3})),
	}
	if !g.gcc {
		g.enums = append(g.enums,
			must(NewEnumBase("tiny", CUChar, EnumConst{Name: "T0", Value: 0})),
			must(NewEnumBase("wide", CLongLong, EnumConst{Name: "W0", Value: 1})))
	}
	g.aligned = []Type{
		must(NewNamedAligned("int_16", CInt, 16)),
		must(NewNamedAligned("char_8", CChar, 8)),
	}
	if !g.msGCC {
		g.aligned = append(g.aligned,
			must(NewNamedAligned("double_2", CDouble, 2)),
			must(NewNamedAligned("short_1", CShort, 1)))
	}
	if g.endian != BigEndian {
		g.aligned = append(g.aligned,
			must(NewNamedAligned("float4_4", must(VectorOf(CFloat, 4)), 4)),
			must(NewNamedAligned("int2_32", must(VectorOf(CInt, 2)), 32)))
	}
	g.defs = append(append(g.defs, g.enums...), g.aligned...)
}

func (g *typeGen) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *typeGen, from ...T) T { return from[g.IntN(len(from))] }

func (g *typeGen) name(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

// record makes a struct or union with a tag and keeps it for nesting.
func (g *typeGen) record() Type {
	t := g.makeRecord(g.name("r"), 0)
	g.defs = append(g.defs, t)
	nested := t
	if g.chance(15) {
		name := must(NewNamed(g.name("t"), t))
		if g.chance(50) {
			name = must(NewNamedAligned(g.name("t"), t, pick[uint64](g, 1, 4, 32)))
		}
		g.defs = append(g.defs, name)
		nested = name
	}
	if size, err := g.abi.Size(t); err == nil && size < 300 {
		g.records = append(g.records, nested)
	}
	return t
}

func (g *typeGen) makeRecord(tag string, depth int) Type {
	attr := g.attr()
	if g.msGCC {
		attr.Packed, attr.Pack = false, 0
	}
	isUnion := g.chance(25)
	var fields []Field
	if !isUnion && depth == 0 && g.chance(10) { // deeper, a name might come twice
		if base, ok := g.base(); ok {
			fields = append(fields, Field{Type: base})
		}
	}
	for range g.IntN(9) {
		fields = append(fields, g.field(depth, isUnion))
	}
	if isUnion {
		return must(NewUnionAttr(tag, attr, fields...))
	}
	if g.chance(8) {
		fields = append(fields,
			Field{Name: g.name("f"), Type: CShort},
			Field{Name: g.name("f"), Type: must(FlexibleArrayOf(g.scalar()))})
	}
	return must(NewStructAttr(tag, attr, fields...))
}

// base is a struct to extend.
func (g *typeGen) base() (Type, bool) {
	if len(g.records) == 0 {
		return nil, false
	}
	s, ok := Resolve(g.nested()).(*Struct)
	return s, ok
}

func (g *typeGen) attr() Attr {
	var attr Attr
	if g.chance(18) {
		attr.Packed = true
	}
	if g.chance(18) {
		attr.Pack = pick[uint64](g, 1, 2, 4, 8, 16)
	}
	if g.chance(12) {
		attr.Align = pick[uint64](g, 1, 2, 4, 8, 16, 32)
	}
	if !g.gcc && !g.abi.msvc && g.chance(8) {
		attr.Dialect = MSDialect
	}
	attr.Endian = g.endian
	if g.mixed && g.chance(50) {
		attr.Endian = LittleEndian
	}
	return attr
}

func (g *typeGen) field(depth int, union bool) Field {
	if g.chance(45) && !(g.msGCC && union) {
		return g.bitField()
	}
	f := Field{Name: g.name("f"), Type: g.memberType(depth)}
	if inlined(f.Type) == recordOf(f.Type) && recordOf(f.Type) != nil && g.chance(40) {
		// Attributes after it would be those of the type.
		return Field{Type: f.Type}
	}
	if g.chance(10) {
		f.Packed = true
	}
	if g.chance(10) {
		f.Align = pick[uint64](g, 1, 2, 4, 8, 16, 32)
	}
	f.Const = f.Name != "" && g.chance(5)
	return f
}

func (g *typeGen) bitField() Field {
	f := Field{BitField: true, Type: g.bitFieldType()}
	size := must(g.abi.Size(f.Type))
	width := int(8 * size)
	if _, ok := Resolve(f.Type).(*Bool); ok {
		width = 1
	}
	switch {
	case g.chance(12): // unnamed, of width 0
	case g.chance(50):
		f.Bits = uint8(1 + g.IntN(min(width, 9)))
	default:
		f.Bits = uint8(1 + g.IntN(width))
	}
	if f.Bits != 0 && g.chance(90) {
		f.Name = g.name("b")
	}
	f.Packed = !g.msGCC && g.chance(10)
	if !g.gcc && g.chance(8) {
		f.Align = pick[uint64](g, 1, 2, 4, 8, 16, 32)
	}
	return f
}

func (g *typeGen) bitFieldType() Type {
	switch {
	case g.chance(10):
		return CBool
	case g.chance(12):
		return pick(g, g.enums...)
	case g.chance(6) && !g.gcc:
		return pick(g, g.aligned[:2]...)
	}
	for {
		if i, ok := g.scalar().(*Int); ok {
			return i
		}
	}
}

func (g *typeGen) scalar() Type { return pick(g, Scalars()...) }

func (g *typeGen) memberType(depth int) Type {
	switch n := g.IntN(100); {
	case n < 50:
		return g.scalar()
	case n < 55 && g.endian != BigEndian:
		return g.pointer()
	case n < 60:
		return ComplexOf(pick(g, CFloat, CDouble, CLongDouble))
	case n < 63 && g.endian != BigEndian:
		return g.vector()
	case n < 64:
		return pick(g, g.enums...)
	case n < 70:
		return pick(g, g.aligned...)
	case n < 80:
		return g.array()
	case n < 90 && len(g.records) > 0:
		return g.nested()
	case depth < 3:
		return g.makeRecord("", depth+1)
	}
	return CInt
}

func (g *typeGen) pointer() Type {
	f := must(NewFunc(CInt, []Param{{Type: CDouble}, {Name: "p", Type: PointerToConst(CChar)}}, g.chance(30)))
	return pick[Type](g, PointerTo(CVoid), PointerToConst(PointerToConst(CInt)), PointerTo(f),
		PointerTo(must(ArrayOf(CShort, 3))), must(ArrayOf(PointerTo(f), 2)), PointerToConst(must(ArrayOf(PointerTo(CInt), 3))))
}

func (g *typeGen) vector() Type {
	for {
		if v, err := VectorOf(g.scalar(), 1<<g.IntN(6)); err == nil {
			return v
		}
	}
}

func (g *typeGen) array() Type {
	elem := g.scalar()
	switch {
	case g.chance(8) && g.endian != BigEndian:
		elem = g.vector()
	case g.chance(20):
		elem = must(ArrayOf(elem, uint64(g.IntN(4))))
	case g.chance(40) && len(g.records) > 0:
		elem = g.nested()
	}
	array := must(ArrayOf(elem, uint64(g.IntN(4))))
	if _, err := g.abi.Size(array); err != nil { // over-aligned by a typedef
		return elem
	}
	return array
}

func (g *typeGen) nested() Type {
	recent := g.records[max(0, len(g.records)-20):]
	return pick(g, recent...)
}
