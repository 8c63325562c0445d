package dtype

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mustStruct makes a struct for tests.
func mustStruct(t testing.TB, tag string, attr Attr, fields ...Field) *Struct {
	t.Helper()
	s, err := NewStructAttr(tag, attr, fields...)
	require.NoError(t, err)
	return s
}

func mustUnion(t testing.TB, tag string, attr Attr, fields ...Field) *Union {
	t.Helper()
	u, err := NewUnionAttr(tag, attr, fields...)
	require.NoError(t, err)
	return u
}

func mustArray(t testing.TB, elem Type, n uint64) *Array {
	t.Helper()
	a, err := ArrayOf(elem, n)
	require.NoError(t, err)
	return a
}

type goPoint struct{ X, Y float64 }

func TestMatchGo(t *testing.T) {
	f := func(name string, t Type) Field { return Field{Name: name, Type: t} }
	point := mustStruct(t, "point", Attr{}, f("x", CDouble), f("y", CDouble))
	charDouble := mustStruct(t, "cd", Attr{}, f("c", CChar), f("d", CDouble))
	packed := mustStruct(t, "cd", Attr{Packed: true}, f("c", CChar), f("d", CDouble))
	flex, err := FlexibleArrayOf(CInt)
	require.NoError(t, err)
	vla := mustStruct(t, "vla", Attr{}, f("n", CInt), f("a", flex))
	union := mustUnion(t, "u", Attr{}, f("i", CInt), f("p", CFloat))
	withUnion := mustStruct(t, "wu", Attr{}, f("kind", CInt), f("u", union))
	big := mustStruct(t, "be", Attr{Endian: BigEndian}, f("c", CChar), f("s", CShort))
	bytesOnly := mustStruct(t, "be1", Attr{Endian: BigEndian}, f("a", CChar), f("b", CUChar))
	bits := mustStruct(t, "bits", Attr{}, Field{Name: "b", Type: CInt, BitField: true, Bits: 3})
	enum, err := NewEnum("color", EnumConst{Name: "red", Value: 0}, EnumConst{Name: "blue", Value: 1})
	require.NoError(t, err)

	tests := []struct {
		abi  *ABI
		goV  any
		c    Type
		want string // the error from "differ: " on; empty for a match
	}{
		{LinuxAMD64, int32(0), CInt, ""},
		{LinuxAMD64, uint32(0), CInt, "it is no Go uint32"},
		{LinuxAMD64, float32(0), CInt, "it is no Go float32"},
		{LinuxAMD64, int32(0), CFloat, "it is no Go int32"},
		{LinuxAMD64, int64(0), CInt, "8 bytes in Go, 4 in C"},
		{LinuxAMD64, true, CBool, "a Go bool holds pointers or bools"},
		{LinuxAMD64, uint8(0), CBool, "it is no Go uint8"},
		{LinuxAMD64, uint8(0), CChar, ""},
		{LinuxARM64, int8(0), CChar, ""},
		{LinuxARM64, WChar(0), WCharT, ""},
		{WindowsAMD64, WChar(0), WCharT, "4 bytes in Go, 2 in C"},
		{LinuxAMD64, Long(0), CLong, ""},
		{WindowsAMD64, Long(0), CLong, "8 bytes in Go, 4 in C"},
		{WASM32, Size(0), SizeT, "8 bytes in Go, 4 in C"},
		{LinuxAMD64, Addr(0), PointerTo(CInt), ""},
		{WASM32, Addr(0), PointerTo(CInt), "8 bytes in Go, 4 in C"},
		{WASM32, uint32(0), PointerTo(CInt), ""},
		{LinuxAMD64, (*int32)(nil), PointerTo(CInt), "a Go ptr holds pointers or bools"},
		{LinuxAMD64, "", PointerToConst(CChar), "a Go string holds pointers or bools"},
		{LinuxAMD64, complex64(0), ComplexOf(CFloat), ""},
		{LinuxAMD64, complex128(0), ComplexOf(CFloat), "16 bytes in Go, 8 in C"},
		{LinuxAMD64, LongDouble(0), CLongDouble, "8 bytes in Go, 16 in C"},
		{DarwinARM64, LongDouble(0), CLongDouble, ""},
		{LinuxAMD64, int32(0), enum, ""},
		{LinuxAMD64, [3]int32{}, mustArray(t, CInt, 3), ""},
		{LinuxAMD64, [3]int32{}, mustArray(t, CInt, 4), "3 elements in Go, 4 in C"},
		{LinuxAMD64, [2][3]bool{}, mustArray(t, mustArray(t, CBool, 3), 2), "a Go array holds pointers or bools"},
		{LinuxAMD64, [2]uint64{}, CInt128, "it is no Go array"},
		{LinuxAMD64, [8]uint8{}, CDouble, "it is no Go array"},

		{WASM32, goPoint{}, point, ""},
		{WASM32, [4]goPoint{}, mustArray(t, point, 4), ""},
		{WASM32, struct{ X, Y float32 }{}, point, "4 bytes in Go, 8 in C"},
		{WASM32, struct{ X float64 }{}, point, "1 fields in Go, 0 of them blank, for 2 members"},
		{WASM32, struct {
			Y float64 `c:"y"`
			X float64 `c:"x"`
		}{}, point, `field Y is named "y", member 1 is "x"`},
		{WASM32, struct {
			C byte
			D float64
		}{}, charDouble, ""},
		{WASM32, struct {
			C byte
			_ [7]byte
			D float64
		}{}, charDouble, ""},
		{WASM32, struct {
			C byte
			_ float64
		}{}, charDouble, ""},
		{WASM32, struct {
			C byte
			D float64
			E string `c:"-"`
		}{}, charDouble, "a Go struct holds pointers or bools"},
		{WASM32, struct {
			C byte
			D float64
		}{}, packed, "offset 8 in Go, 1 in C"},
		{WASM32, struct {
			C byte
			D [8]byte
		}{}, packed, "it is no Go array"},
		{WASM32, struct{ N int32 }{}, vla, ""},
		{WASM32, struct {
			N int32
			A [0]int32
		}{}, vla, "8 bytes in Go, 4 in C"},
		{WASM32, [4]byte{}, union, "alignment 1 in Go, 4 in C"},
		{WASM32, [1]uint32{}, union, ""},
		{WASM32, struct {
			Kind int32
			U    [4]byte
		}{}, withUnion, ""},
		{WASM32, struct {
			Kind int32
			U    [8]byte
		}{}, withUnion, "8 bytes in Go, 4 in C"},
		{WASM32, struct {
			Kind int32
			U    float32
		}{}, withUnion, "it is no Go float32"},
		{WASM32, struct {
			C byte
			S int16
		}{}, big, "the other byte order in C"},
		{WASM32, struct{ A, B byte }{}, bytesOnly, ""},
		{WASM32, struct{ B int32 }{}, bits, "Go has no bit-fields"},
	}
	for _, tt := range tests {
		goT := reflect.TypeOf(tt.goV)
		t.Run(tt.abi.Name()+"/"+goT.String()+"/"+tt.c.String(), func(t *testing.T) {
			err := tt.abi.MatchGo(goT, tt.c)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrMismatch)
			assert.Contains(t, err.Error(), "differ: "+tt.want)
		})
	}
	assert.EqualError(t, WASM32.MatchGo(reflect.TypeFor[struct {
		P [2]struct{ X, Y float32 }
	}](), mustStruct(t, "poly", Attr{}, f("p", mustArray(t, point, 2)))),
		`dtype: go type on wasm32 struct { P [2]struct { X float32; Y float32 } }.P[0].X: double: go and C types differ: 4 bytes in Go, 8 in C`)
	assert.ErrorIs(t, WASM32.MatchGo(reflect.TypeFor[int32](), CVoid), ErrIncomplete)
}
