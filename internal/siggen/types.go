package siggen

import (
	"fmt"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// start begins a batch: no types but a few enums and typedefs.
func (g *Generator) start() {
	g.enums = []dtype.Type{
		must(dtype.NewEnum("plain", dtype.EnumConst{Name: "P0"}, dtype.EnumConst{Name: "P1", Value: 7})),
		must(dtype.NewEnum("negative", dtype.EnumConst{Name: "N0", Value: -4}, dtype.EnumConst{Name: "N1", Value: 3})),
		must(dtype.NewEnum("big", dtype.EnumConst{Name: "B0", Value: 1 << 40})),
	}
	named := must(dtype.NewNamed("a_double", dtype.CDouble))
	g.typedefs = []dtype.Type{
		must(dtype.NewNamedAligned("int_16", dtype.CInt, 16)),
		must(dtype.NewNamedAligned("char_8", dtype.CChar, 8)),
		must(dtype.NewNamedAligned("double_2", dtype.CDouble, 2)),
		must(dtype.NewNamedAligned("short_1", dtype.CShort, 1)),
	}
	g.vectors = nil
	if g.features.Vectors {
		g.vectors = vectors()
	}
	g.defs = slices.Concat(g.enums, g.typedefs, g.vectors, []dtype.Type{named})
	g.enums = append(g.enums, named) // an unaligned typedef is as good as its type
	g.records, g.drawn = nil, nil
}

// vectors are those of 8 and 16 bytes, but for one double, which gcc and clang
// return differently.
func vectors() (all []dtype.Type) {
	for _, elem := range []dtype.Type{dtype.Int8, dtype.Uint16, dtype.Int32, dtype.Int64, dtype.CFloat, dtype.CDouble} {
		for _, size := range []uint64{8, 16} {
			lanes := size / must(dtype.LinuxAMD64.Size(elem))
			if elem == dtype.CDouble && lanes == 1 {
				continue
			}
			name := fmt.Sprintf("v%d", len(all))
			all = append(all, must(dtype.NewNamed(name, must(dtype.VectorOf(elem, lanes)))))
		}
	}
	return all
}

var narrowTypes, wideInts []dtype.Type

func init() {
	for _, t := range dtype.Scalars() {
		switch {
		case t == dtype.CLongDouble:
		case t == dtype.CInt128 || t == dtype.CUInt128:
			wideInts = append(wideInts, t)
		default:
			narrowTypes = append(narrowTypes, t)
		}
	}
}

// scalar draws an arithmetic, enumerated or pointer type.
func (g *Generator) scalar() dtype.Type {
	if g.features.Vectors && g.chance(25) {
		return pick(g, g.vectors...)
	}
	switch n := g.rnd.IntN(100); {
	case n < 15 && g.features.Wide:
		return g.wide()
	case n < 45:
		return pick[dtype.Type](g, dtype.CFloat, dtype.CDouble)
	case n < 55:
		return g.pointer()
	case n < 60:
		return pick(g, g.enums...)
	}
	return pick(g, narrowTypes...)
}

func (g *Generator) wide() dtype.Type {
	switch g.rnd.IntN(6) {
	case 0, 1:
		return pick(g, wideInts...)
	case 2:
		return dtype.CLongDouble
	}
	return dtype.ComplexOf(pick(g, dtype.CFloat, dtype.CDouble, dtype.CLongDouble))
}

func (g *Generator) pointer() dtype.Type {
	callback := must(dtype.NewFunc(dtype.CInt, []dtype.Param{{Type: dtype.CDouble}, {Type: dtype.PointerToConst(dtype.CChar)}}, g.chance(30)))
	return pick[dtype.Type](g, dtype.PointerTo(dtype.CVoid), dtype.PointerToConst(dtype.CChar),
		dtype.PointerTo(callback), dtype.PointerTo(must(dtype.ArrayOf(dtype.CShort, 3))))
}

// value draws a type for a role that the compiler is not excused from.
func (g *Generator) value(role Role) dtype.Type {
	for {
		t := g.scalar()
		if g.features.Aggregates && g.chance(40) {
			t = g.aggregate(2)
		}
		if reason := g.compiler.excludes(t, role); reason != "" {
			g.excluded[reason]++
			continue
		}
		return t
	}
}

// aggregate draws a struct or union, often one of the batch's.
func (g *Generator) aggregate(depth int) dtype.Type {
	if len(g.records) > 0 && g.chance(30) {
		return pick(g, g.records...)
	}
	t := g.record(depth)
	g.defs = append(g.defs, t)
	g.records = append(g.records, t)
	return t
}

func (g *Generator) record(depth int) dtype.Type {
	attr := g.attr()
	tag := g.name("s")
	fields := g.fields(depth)
	if g.chance(16) {
		return must(dtype.NewUnionAttr(tag, attr, fields...))
	}
	if g.chance(3) && len(fields) > 0 {
		fields = append(fields, dtype.Field{Name: g.name("m"), Type: must(dtype.FlexibleArrayOf(pick(g, narrowTypes...)))})
	}
	t, err := dtype.NewStructAttr(tag, attr, fields...)
	if err != nil { // a flexible array after unnamed bit-fields alone
		return must(dtype.NewStructAttr(tag, attr, fields[:len(fields)-1]...))
	}
	return t
}

func (g *Generator) attr() (attr dtype.Attr) {
	switch n := g.rnd.IntN(100); {
	case n < 6:
		attr.Packed = true
	case n < 12:
		attr.Pack = pick[uint64](g, 1, 2, 4, 8)
	case n < 18:
		attr.Align = pick[uint64](g, 2, 4, 8, 16, 32)
	}
	return attr
}

// fields draws the members of a record: of one type or of several, of none, of
// one, and of bit-fields.
func (g *Generator) fields(depth int) (fields []dtype.Field) {
	switch n := g.rnd.IntN(100); {
	case n < 4:
		return nil
	case n < 16: // one
		return []dtype.Field{g.field(g.memberType(depth))}
	case n < 40: // homogeneous
		t := g.scalar()
		for range 1 + g.rnd.IntN(5) {
			fields = append(fields, dtype.Field{Name: g.name("m"), Type: t})
		}
		return fields
	case n < 52: // bit-fields
		for range 1 + g.rnd.IntN(4) {
			f := g.bitField()
			if g.chance(30) {
				f = g.field(g.memberType(0))
			}
			fields = append(fields, f)
		}
		return fields
	}
	for range 1 + g.rnd.IntN(5) {
		fields = append(fields, g.field(g.memberType(depth)))
	}
	return fields
}

func (g *Generator) field(t dtype.Type) dtype.Field {
	f := dtype.Field{Name: g.name("m"), Type: t}
	switch n := g.rnd.IntN(100); {
	case n < 3:
		f.Packed = true
	case n < 6:
		f.Align = pick[uint64](g, 4, 8, 16, 32)
	}
	return f
}

func (g *Generator) memberType(depth int) dtype.Type {
	switch n := g.rnd.IntN(100); {
	case n < 15 && depth > 0:
		return g.aggregate(depth - 1)
	case n < 30:
		elem := g.scalar()
		if depth > 0 && g.chance(25) {
			elem = g.aggregate(0)
		}
		if g.chance(15) {
			elem = must(dtype.ArrayOf(elem, uint64(1+g.rnd.IntN(2))))
		}
		if a := must(dtype.ArrayOf(elem, uint64(g.rnd.IntN(4)))); g.sized(a) {
			return a
		}
		return elem
	case n < 34:
		return pick(g, g.typedefs...)
	}
	return g.scalar()
}

// sized tells whether the ABI gives the type a size: an array of over-aligned
// elements has none.
func (g *Generator) sized(t dtype.Type) bool {
	_, err := g.abi.Size(t)
	return err == nil
}

func (g *Generator) bitField() dtype.Field {
	f := dtype.Field{BitField: true}
	for f.Type == nil {
		t := pick(g, append(narrowTypes[:len(narrowTypes):len(narrowTypes)], g.enums[:2]...)...)
		if _, isFloat := t.(*dtype.Float); !isFloat {
			f.Type = t
		}
	}
	width := int(8 * must(g.abi.Size(f.Type)))
	if f.Type == dtype.CBool {
		width = 1
	}
	if g.chance(8) {
		return f // of width 0, unnamed
	}
	f.Bits = uint8(1 + g.rnd.IntN(width))
	if g.chance(90) {
		f.Name = g.name("b")
	}
	return f
}
