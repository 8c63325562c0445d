package dtype

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestIdentity(t *testing.T) {
	f := func(name string, typ Type) Field { return Field{Name: name, Type: typ} }
	point := func(tag string, x Type) *Struct { return mustStruct(t, tag, Attr{}, f("x", x), f("y", x)) }
	list := func(tag string, value Type) *Struct {
		s := DeclareStruct(tag)
		assert.NoError(t, s.Define(Attr{}, f("value", value), f("next", PointerTo(s))))
		return s
	}
	named := func(name string, typ Type) Type { return must(NewNamed(name, typ)) }
	fn := func(result Type, variadic bool, params ...Type) Type {
		var ps []Param
		for _, p := range params {
			ps = append(ps, Param{Name: "p", Type: p})
		}
		return must(NewFunc(result, ps, variadic))
	}
	enum := func(tag string, v int64) Type { return must(NewEnum(tag, EnumConst{Name: "A", Value: v})) }

	const (
		different = iota
		layoutEqual
		equivalent
		identical
	)
	tests := []struct {
		abi  *ABI
		a, b Type
		want int
	}{
		{WASM32, CInt, CInt, identical},
		{WASM32, CInt, CUInt, different},
		{WASM32, CInt, CLong, layoutEqual},
		{LinuxAMD64, CInt, CLong, different},
		{WindowsAMD64, CInt, CLong, layoutEqual},
		{LinuxAMD64, CLong, CLongLong, layoutEqual},
		{WASM32, SizeT, CUInt, layoutEqual},
		{LinuxAMD64, CChar, Int8, layoutEqual},
		{LinuxARM64, CChar, Int8, different},
		{LinuxAMD64, CInt, CFloat, different},
		{LinuxAMD64, CDouble, CLongDouble, different},
		{DarwinARM64, CDouble, CLongDouble, layoutEqual},
		{LinuxAMD64, ComplexOf(CFloat), ComplexOf(CFloat), identical},
		{LinuxAMD64, ComplexOf(CFloat), CDouble, different},
		{LinuxAMD64, CBool, CUChar, different},
		{LinuxAMD64, CVoid, CInt, different},
		{LinuxAMD64, named("t", CInt), named("t", CInt), identical},
		{LinuxAMD64, named("t", CInt), named("u", CInt), equivalent},
		{LinuxAMD64, named("t", CInt), CInt, equivalent},
		{LinuxAMD64, PointerTo(CInt), PointerTo(CInt), identical},
		{LinuxAMD64, PointerTo(CInt), PointerToConst(CInt), layoutEqual},
		{LinuxAMD64, PointerTo(CInt), PointerTo(CFloat), different},
		{LinuxAMD64, PointerTo(CInt), PointerTo(nil), layoutEqual},
		{LinuxAMD64, PointerTo(CInt), IntPtrT, different},
		{LinuxAMD64, must(ArrayOf(CInt, 3)), must(ArrayOf(named("t", CInt), 3)), equivalent},
		{LinuxAMD64, must(ArrayOf(CInt, 3)), must(ArrayOf(CInt, 4)), different},
		{LinuxAMD64, must(ArrayOf(CInt, 0)), must(FlexibleArrayOf(CInt)), different},
		{LinuxAMD64, enum("e", 1), enum("e", 1), identical},
		{LinuxAMD64, enum("e", 1), enum("e", 2), layoutEqual},
		{LinuxAMD64, enum("e", 1), CUInt, layoutEqual},
		{WindowsAMD64, enum("e", 1), CInt, layoutEqual},
		{LinuxAMD64, enum("e", -1), enum("e", 1), different},
		{LinuxAMD64, fn(CInt, false, CInt), fn(CInt, false, CInt), identical},
		{LinuxAMD64, fn(CInt, false, CInt), fn(CInt, true, CInt), different},
		{LinuxAMD64, fn(CInt, false, CInt), fn(CInt, false, CInt, CInt), different},
		{LinuxAMD64, fn(CInt, false, CInt), fn(CVoid, false, CInt), different},
		{LinuxAMD64, fn(CInt, false, CLong), fn(CInt, false, CLongLong), layoutEqual},
		{LinuxAMD64, point("p", CInt), point("p", CInt), identical},
		{LinuxAMD64, point("", CInt), point("", CInt), identical},
		{LinuxAMD64, point("p", CInt), point("q", CInt), layoutEqual},
		{LinuxAMD64, point("p", CInt), point("p", CFloat), different},
		{LinuxAMD64, point("p", CInt), mustStruct(t, "p", Attr{}, f("x", CInt), f("z", CInt)), layoutEqual},
		{LinuxAMD64, point("p", CInt), mustStruct(t, "p", Attr{Packed: true}, f("x", CInt), f("y", CInt)), layoutEqual},
		{LinuxAMD64, point("p", CInt), mustStruct(t, "p", Attr{Endian: LittleEndian}, f("x", CInt), f("y", CInt)), layoutEqual},
		{LinuxAMD64, point("p", CInt), mustStruct(t, "p", Attr{Endian: BigEndian}, f("x", CInt), f("y", CInt)), different},
		{LinuxAMD64, mustStruct(t, "p", Attr{}, f("x", CInt)), mustUnion(t, "p", Attr{}, f("x", CInt)), different},
		{LinuxAMD64, DeclareStruct("p"), DeclareStruct("p"), identical},
		{LinuxAMD64, DeclareStruct("p"), DeclareStruct("q"), different},
		{LinuxAMD64, DeclareStruct(""), DeclareStruct(""), different},
		{LinuxAMD64, PointerTo(DeclareStruct("p")), PointerTo(point("p", CInt)), equivalent},
		{LinuxAMD64, list("l", CInt), list("l", CInt), identical},
		{LinuxAMD64, list("l", CInt), list("m", CInt), layoutEqual},
		{LinuxAMD64, list("l", CInt), list("l", CUInt), different},
		{LinuxAMD64, list("l", CLong), list("l", named("t", CLong)), equivalent},
		{LinuxAMD64, mustStruct(t, "b", Attr{}, bits("a", CInt, 3), bits("", CInt, 2)), mustStruct(t, "b", Attr{}, bits("a", CShort, 3), f("", mustUnion(t, "", Attr{})), bits("", CInt, 26)), different},
		{LinuxAMD64, mustStruct(t, "b", Attr{}, bits("a", CInt, 3), bits("", CInt, 2)), mustStruct(t, "b", Attr{Align: 4}, bits("a", CShort, 3)), layoutEqual},
		{LinuxAMD64, mustStruct(t, "b", Attr{}, bits("a", CInt, 3)), mustStruct(t, "b", Attr{}, bits("a", CUInt, 3)), different},
		{LinuxAMD64, mustStruct(t, "b", Attr{}, bits("a", CInt, 3)), mustStruct(t, "b", Attr{}, bits("a", CInt, 4)), different},
	}
	for _, tt := range tests {
		t.Run(tt.abi.Name()+"/"+Define(tt.a)+"/"+Define(tt.b), func(t *testing.T) {
			for _, pair := range [][2]Type{{tt.a, tt.b}, {tt.b, tt.a}} {
				assert.Equal(t, tt.want >= identical, Identical(pair[0], pair[1]), "Identical")
				assert.Equal(t, tt.want >= equivalent, Equivalent(pair[0], pair[1]), "Equivalent")
				assert.Equal(t, tt.want >= layoutEqual, tt.abi.LayoutEqual(pair[0], pair[1]), "LayoutEqual")
			}
		})
	}
}
