package memory

import (
	"encoding/hex"
	"math/big"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

func TestDecodeAny(t *testing.T) {
	space := bufferOf(t, dtype.LinuxAMD64, 64)
	enum := must(dtype.NewEnum("e", dtype.EnumConst{Name: "A", Value: -1}))(t)
	cPoint := structOf(t, "point", f("x", dtype.CShort), f("y", dtype.CShort))
	for _, tt := range []struct {
		c    dtype.Type
		data string
		want any
	}{
		{dtype.CSChar, "\xff", int8(-1)},
		{dtype.CUChar, "\xff", uint8(255)},
		{dtype.CShort, "\xfe\xff", int16(-2)},
		{dtype.CUShort, "\xfe\xff", uint16(65534)},
		{dtype.CInt, "\x01\x00\x00\x80", int32(-1<<31 + 1)},
		{dtype.CUInt, "\x01\x00\x00\x80", uint32(1<<31 + 1)},
		{dtype.CLong, "\xff\xff\xff\xff\xff\xff\xff\xff", int64(-1)},
		{dtype.SizeT, "\xff\xff\xff\xff\xff\xff\xff\xff", uint64(1<<64 - 1)},
		{enum, "\xff\xff\xff\xff", int32(-1)},
		{dtype.CBool, "\x02", true},
		{dtype.CFloat, "\x00\x00\xc0\x3f", float32(1.5)},
		{dtype.CDouble, "\x00\x00\x00\x00\x00\x00\xf8\x3f", 1.5},
		{dtype.CInt128, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", big.NewInt(-2)},
		{dtype.ComplexOf(dtype.CFloat), "\x00\x00\x80\x3f\x00\x00\x00\x40", complex64(1 + 2i)},
		{cPoint, "\x01\x00\x02\x00", Record{{"x", int16(1)}, {"y", int16(2)}}},
		{unionOf(t, "u", f("s", dtype.CShort), f("c", dtype.CChar)), "\x01\x02", Record{{"s", int16(513)}, {"c", int8(1)}}},
		{structOf(t, "s", f("", structOf(t, "", f("a", dtype.CChar), f("b", dtype.CChar))), f("c", dtype.CChar)), "\x01\x02\x03",
			Record{{"a", int8(1)}, {"b", int8(2)}, {"c", int8(3)}}},
		{structOf(t, "b", bitField("a", dtype.CInt, 3), bitField("", dtype.CInt, 2), bitField("b", dtype.CUInt, 3)), "\xa7\x00\x00\x00",
			Record{{"a", int32(-1)}, {"b", uint32(5)}}},
		{arrayOf(t, dtype.CChar, 3), "ab\x00", []any{int8('a'), int8('b'), int8(0)}},
		{arrayOf(t, cPoint, 2), "\x01\x00\x02\x00\x03\x00\x04\x00", []any{Record{{"x", int16(1)}, {"y", int16(2)}}, Record{{"x", int16(3)}, {"y", int16(4)}}}},
		{structOf(t, "fl", f("n", dtype.CUChar), f("a", flexible(t, dtype.CShort))), "\x01\x00\x05\x00\x06\x00", Record{{"n", uint8(1)}, {"a", []any{int16(5), int16(6)}}}},
		{dtype.PointerTo(dtype.CInt), "\x10\x00\x00\x00\x00\x00\x00\x00", NewPointer(space, nil, 16, dtype.CInt, 0)},
		{dtype.PointerTo(dtype.CInt), "\x00\x00\x00\x00\x00\x00\x00\x00", Pointer{elem: dtype.CInt}},
	} {
		got, err := DecodeAny(tt.c, []byte(tt.data), space, nil)
		require.NoError(t, err, "%v", tt.c)
		assert.Equal(t, tt.want, got, "%v", tt.c)
	}
	_, err := DecodeAny(dtype.CInt, make([]byte, 3), space, nil)
	assert.EqualError(t, err, "memory: decode int: out of bounds: 3 bytes for a type of 4")
	_, err = DecodeAny(dtype.CVoid, nil, space, nil)
	assert.ErrorIs(t, err, dtype.ErrIncomplete)
	empty := must(dtype.NewStruct("empty"))(t)
	_, err = DecodeAny(arrayOf(t, empty, 1<<40), nil, space, nil)
	assert.ErrorIs(t, err, ErrNotSupported, "elements without size are not counted by their bytes")
}

// The bytes are what gcc 12 on x86-64 made of
//
//	struct __attribute__((scalar_storage_order("big-endian"))) s {
//	  float _Complex c; short a[2]; double d; __int128 q;
//	  unsigned f:3, g:9; long long h:40; } = {1+2i, {0, 2}, 1, 5, 5, 257, -2};
func TestBigEndianRecord(t *testing.T) {
	c := structAttr(t, "s", dtype.Attr{Endian: dtype.BigEndian},
		f("c", dtype.ComplexOf(dtype.CFloat)), f("a", arrayOf(t, dtype.CShort, 2)), f("d", dtype.CDouble), f("q", dtype.CInt128),
		bitField("f", dtype.CUInt, 3), bitField("g", dtype.CUInt, 9), bitField("h", dtype.CLongLong, 40))
	const want = "3f8000004000000000000002000000003ff000000000000000000000000000000000000000000000000000000000000" +
		"5b01fffffffffe0000000000000000000"
	value := Record{{"c", complex64(1 + 2i)}, {"a", []any{int16(0), int16(2)}}, {"d", 1.0}, {"q", big.NewInt(5)},
		{"f", uint32(5)}, {"g", uint32(257)}, {"h", int64(-2)}}
	data, err := encodeValue(t, dtype.LinuxAMD64, c, value)
	require.NoError(t, err)
	assert.Equal(t, want, hex.EncodeToString(data))
	back, err := DecodeAny(c, data, bufferOf(t, dtype.LinuxAMD64, 0), nil)
	require.NoError(t, err)
	assert.Equal(t, value, back)

	type typed struct {
		C complex128
		A [2]int16
		D float64
		Q int64
		F uint8
		G uint16
		H int64
	}
	bytes, err := encodeValue(t, dtype.LinuxAMD64, c, typed{1 + 2i, [2]int16{0, 2}, 1, 5, 5, 257, -2})
	if assert.NoError(t, err) {
		assert.Equal(t, want, hex.EncodeToString(bytes))
		var v typed
		require.NoError(t, Decode(reflect.ValueOf(&v).Elem(), c, bytes, bufferOf(t, dtype.LinuxAMD64, 0), nil))
		assert.Equal(t, typed{1 + 2i, [2]int16{0, 2}, 1, 5, 5, 257, -2}, v)
	}
	x87 := structAttr(t, "x", dtype.Attr{Endian: dtype.BigEndian}, f("l", dtype.CLongDouble))
	_, err = encodeValue(t, dtype.LinuxAMD64, x87, Record{{"l", 1.0}})
	assert.ErrorIs(t, err, ErrNotSupported, "gcc has none either")
}

type decoded struct {
	id    int32 // not exported: C names are lower case
	Ratio float32
	Text  string
	Name  [4]dtype.Char
	Fixed string
	Any   any
	Next  Ptr[decoded]
	Raw   dtype.Addr
	List  []uint16
}

func TestDecodeStruct(t *testing.T) {
	arena := arenaOn(t, dtype.WASM32)
	c := structOf(t, "decoded", f("id", dtype.CLong), f("ratio", dtype.CDouble), f("text", dtype.PointerTo(dtype.CChar)),
		f("name", arrayOf(t, dtype.CChar, 4)), f("fixed", arrayOf(t, dtype.CChar, 4)), f("any", arrayOf(t, dtype.CShort, 2)),
		f("next", dtype.PointerTo(dtype.CVoid)), f("raw", dtype.PointerTo(dtype.CVoid)), f("list", arrayOf(t, dtype.CUShort, 2)))
	v := must(arena.NewValue(c, Record{{"id", 7}, {"ratio", 0.5}, {"text", "hello"}, {"name", "abcd"}, {"fixed", "xy"},
		{"any", []int{1, 2}}, {"next", dtype.Addr(0x20)}, {"raw", dtype.Addr(0x30)}, {"list", []int{8, 9}}}))(t)
	got := must(Load[decoded](v))(t)
	assert.Equal(t, decoded{id: 7, Ratio: 0.5, Text: "hello", Name: [4]dtype.Char{'a', 'b', 'c', 'd'}, Fixed: "xy",
		Any: []any{int16(1), int16(2)}, Next: got.Next, Raw: 0x30, List: []uint16{8, 9}}, got)
	assert.EqualValues(t, 0x20, got.Next.Addr())
	assert.Zero(t, got.Next.Len(), "a pointer from C has no length")

	m := must(Load[map[string]any](v))(t)
	assert.Equal(t, int32(7), m["id"])
	r := must(Load[Record](v))(t)
	id, ok := r.Get("id")
	assert.True(t, ok)
	assert.Equal(t, int32(7), id)
	_, ok = r.Get("nothing")
	assert.False(t, ok)

	text := must(v.Field("text"))(t)
	require.NoError(t, text.SetPointer(Pointer{}))
	assert.Empty(t, must(Load[decoded](v))(t).Text, "NULL is no string")
	require.NoError(t, text.Store(dtype.Addr(0x10)))
	_, err := Load[decoded](v)
	assert.EqualError(t, err, "memory: load struct decoded.text: address 0x10+1 exceeds size 69632: out of bounds")
	_, err = Load[struct{ A int }](v)
	assert.ErrorIs(t, err, dtype.ErrMismatch)
	assert.ErrorContains(t, Decode(reflect.ValueOf(1), dtype.CInt, make([]byte, 4), arena.Space(), nil), "cannot be set")
}
