package dtype

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFromNumPy(t *testing.T) {
	tests := []struct {
		abi         *ABI
		dtype, want string // the definition in C
		again       string // what NumPy gives back, if not the same
	}{
		{WASM32, "<f4", "float", ""},
		{WASM32, "f8", "double", "<f8"},
		{WASM32, "|b1", "_Bool", ""},
		{WASM32, "?", "_Bool", "|b1"},
		{WASM32, "<u2", "uint16_t", ""},
		{WASM32, "int64", "int64_t", "<i8"},
		{WASM32, "l", "long", "<i4"},
		{LinuxAMD64, "l", "long", "<i8"},
		{WASM32, "p", "intptr_t", "<i4"},
		{WASM32, "<c16", "_Complex double", ""},
		{LinuxAMD64, "<f16", "long double", ""},
		{WASM32, "|S12", "char [12]", ""},
		{WASM32, "<U5", "char32_t [5]", ""},
		{WASM32, "V8", "unsigned char [8]", "(8,)|u1"},
		{WASM32, "(2,3)<i2", "int16_t [2][3]", ""},
		{WASM32, "3f4", "float [3]", "(3,)<f4"},
		{WASM32, "('<f4', (2,))", "float [2]", "(2,)<f4"},
		{WASM32, "(4,)|S3", "char [4][3]", ""},
		{WASM32, "i4,(2,2)f8", "struct __attribute__((packed)) { int32_t f0; double f1[2][2]; }", "[('f0', '<i4'), ('f1', '<f8', (2,2))]"},
		{WASM32, "[('timestamp', '<i4'), ('desc', '|S12')]", "struct { int32_t timestamp; char desc[12]; }", ""},
		{WASM32, "[('a', '|u1'), ('b', '<f8')]", "struct __attribute__((packed)) { uint8_t a; double b; }", ""},
		{WASM32, "[(('a title', 'a'), '<i4'), ('', '<i4')]", "struct { int32_t a; int32_t f1; }", "[('a', '<i4'), ('f1', '<i4')]"},
		{WASM32, "[('p', [('x', '<i4'), ('y', '<i4')], (2,)), ('n', '<i4')]", "struct { struct { int32_t x; int32_t y; } p[2]; int32_t n; }", "[('p', [('x', '<i4'), ('y', '<i4')], (2,)), ('n', '<i4')]"},
		{WASM32, "{'names': ['a', 'b'], 'formats': ['|u1', '<f8'], 'offsets': [0, 8], 'itemsize': 16}", "struct { uint8_t a; double b; }", ""},
		{WASM32, "{'names': ['a', 'b'], 'formats': ['u1', '<f8'], 'aligned': True}", "struct { uint8_t a; double b; }",
			"{'names': ['a', 'b'], 'formats': ['|u1', '<f8'], 'offsets': [0, 8], 'itemsize': 16}"},
		{WASM32, "{'names': ['b', 'a'], 'formats': ['<i4', '<i2'], 'offsets': [5, 0], 'itemsize': 12}",
			"struct __attribute__((packed)) { int16_t a; char _pad1[3]; int32_t b; char _pad3[3]; }",
			"{'names': ['a', 'b'], 'formats': ['<i2', '<i4'], 'offsets': [0, 5], 'itemsize': 12}"},
		{WASM32, "{'names': ['i', 'f'], 'formats': ['<i4', '<f4'], 'offsets': [0, 0], 'itemsize': 4}", "union { int32_t i; float f; }", ""},
		{WASM32, "{'names': ['i', 'f'], 'formats': ['<i4', '<f4'], 'offsets': [0, 0], 'itemsize': 9}",
			"union __attribute__((packed)) { int32_t i; float f; char _pad2[9]; }", ""},
		{WASM32, "[('a', '>i4'), ('s', '|S2'), ('b', '>u2')]", `struct __attribute__((scalar_storage_order("big-endian"))) { int32_t a; char s[2]; uint16_t b; }`, ""},
		{WASM32, "[('a', '>i4'), ('b', '<u4')]",
			`struct { struct __attribute__((packed)) __attribute__((scalar_storage_order("big-endian"))) { int32_t a; }; uint32_t b; }`, ""},
		{WASM32, "[]", "struct { }", ""},
		{WASM32, "{'names': ['_pad1', 'b'], 'formats': ['|u1', '<i4'], 'offsets': [0, 3], 'itemsize': 7}",
			"struct __attribute__((packed)) { uint8_t _pad1; char _pad4[2]; int32_t b; }", ""},
		{WASM32, "{'names': ['a', '_pad2'], 'formats': ['|u1', '|u1'], 'offsets': [0, 0], 'itemsize': 3}",
			"union __attribute__((packed)) { uint8_t a; uint8_t _pad2; char _pad5[3]; }", ""},
		{LinuxAMD64, "float128", "long double", "<f16"},
		{LinuxAMD64, "int", "intptr_t", "<i8"},
		{WASM32, "[('s', '|S3', (2,))]", "struct { char s[2][3]; }", ""},
	}
	for _, tt := range tests {
		t.Run(tt.abi.Name()+"/"+tt.dtype, func(t *testing.T) {
			typ, err := tt.abi.FromNumPy(tt.dtype)
			require.NoError(t, err)
			assert.Equal(t, tt.want, Define(typ))
			if tt.again == "" {
				tt.again = tt.dtype
			}
			again, err := tt.abi.NumPy(typ)
			require.NoError(t, err)
			assert.Equal(t, tt.again, again)
		})
	}
}

func TestFromNumPyErrors(t *testing.T) {
	tests := []struct {
		dtype string
		is    error
		want  string
	}{
		{"", ErrInvalid, `dtype: numpy dtype: invalid type: "" is no dtype`},
		{"<x4", ErrInvalid, `"x4" is no dtype`},
		{"f2", ErrNotSupported, "f2 has no C type on windows-amd64"},
		{"f16", ErrNotSupported, "f16 has no C type on windows-amd64"},
		{"O", ErrNotSupported, "O has no C type"},
		{"M8[ns]", ErrNotSupported, "M8[ns] has no C type"},
		{"M8[ns", ErrInvalid, "is no dtype"},
		{"timedelta64[s]", ErrNotSupported, "timedelta64[s] has no C type"},
		{"float128", ErrNotSupported, "float128 has no C type on windows-amd64"},
		{">i4", ErrNotSupported, "big-endian outside a structured dtype"},
		{"[('a', '<i4')", ErrInvalid, "']' or a comma wanted before \"\""},
		{"['a']", ErrInvalid, "field 0 is no (name, dtype)"},
		{"[(1, 'i4')]", ErrInvalid, "field 0 is named 1"},
		{"[('a', 'i4', (-1,))]", ErrInvalid, "shape [-1]"},
		{"[('a', 'i4'), ('a', 'i4')]", ErrInvalid, "two members of this name"},
		{"(2,f4", ErrInvalid, "shape"},
		{"{'names': ['a']}", ErrInvalid, "a dict needs lists of names and formats"},
		{"{'names': ['a', 'b'], 'formats': ['<i4', '<i4'], 'offsets': [0, 2]}", ErrNotSupported, "field b at 2 overlaps what ends at 4"},
		{"{'names': ['a'], 'formats': ['<i4'], 'offsets': [-1]}", ErrInvalid, "offset -1"},
		{"{'names': ['a'], 'formats': ['<i4'], 'itemsize': 3}", ErrInvalid, "itemsize 3, fields end at 4"},
		{"{1: 2}", ErrInvalid, "a key and : wanted"},
		{"[" + strings.Repeat("[", 100), ErrInvalid, "nested more than 64 deep"},
		{"9999999999999f8", ErrOverflow, ""},
		{strings.Repeat("[", maxItemText+1), ErrOverflow, "65537 bytes of description, 65536 allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.dtype[:min(len(tt.dtype), 60)], func(t *testing.T) {
			typ, err := WindowsAMD64.FromNumPy(tt.dtype)
			if err == nil { // a type that is only too large
				_, err = WASM32.Size(typ)
			}
			require.ErrorIs(t, err, tt.is)
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func TestNumPyOfC(t *testing.T) {
	point := mustStruct(t, "point", Attr{}, Field{Name: "c", Type: CChar}, Field{Name: "x", Type: CLong}, Field{Name: "p", Type: PointerTo(CInt)},
		Field{Type: mustUnion(t, "", Attr{}, Field{Name: "i", Type: CInt}, Field{Name: "f", Type: CFloat})})
	got, err := WASM32.NumPy(point)
	require.NoError(t, err)
	assert.Equal(t, "{'names': ['c', 'x', 'p', 'i', 'f'], 'formats': ['|S1', '<i4', '<u4', '<i4', '<f4'], 'offsets': [0, 4, 8, 12, 12], 'itemsize': 16}", got)
	got, err = WASM32.NumPy(must(ArrayOf(point.Fields()[3].Type, 2)))
	require.NoError(t, err)
	assert.Equal(t, "({'names': ['i', 'f'], 'formats': ['<i4', '<f4'], 'offsets': [0, 0], 'itemsize': 4}, (2,))", got)

	for _, typ := range []Type{
		CInt128,
		mustStruct(t, "s", Attr{}, bits("b", CInt, 3)),
		mustStruct(t, "s", Attr{}, Field{Name: "n", Type: CInt}, Field{Name: "a", Type: must(FlexibleArrayOf(CInt))}),
	} {
		_, err := WASM32.NumPy(typ)
		assert.ErrorIs(t, err, ErrNotSupported, Define(typ))
	}
	_, err = WASM32.NumPy(CVoid)
	assert.ErrorIs(t, err, ErrIncomplete)
}

// FuzzFromNumPy reads any text; what it gives prints and reads back alike.
func FuzzFromNumPy(f *testing.F) {
	for _, s := range []string{"<f4", "(2,3)i2", "i4,f8", "[('a', '>i4'), ('b', '|S3', (2,))]", "{'names': ['a'], 'formats': ['u1'], 'offsets': [3], 'itemsize': 9, 'aligned': True}", "((", "[(('t','n'),'V4')]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		typ, err := WASM32.FromNumPy(s)
		if err != nil {
			return
		}
		again, err := WASM32.NumPy(typ)
		if err != nil {
			return
		}
		back, err := WASM32.FromNumPy(again)
		require.NoError(t, err, "%s", again)
		last, err := WASM32.NumPy(back)
		require.NoError(t, err)
		assert.Equal(t, again, last)
	})
}
