package dtype

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFromBufferFormat(t *testing.T) {
	tests := []struct {
		abi          *ABI
		format, want string // the definition in C
		again        string // what BufferFormat gives back, if not the same
	}{
		{WASM32, "<i", "int", ""},
		{WASM32, "l", "long", "<i"},
		{LinuxAMD64, "l", "long", "<q"},
		{LinuxAMD64, "<l", "int32_t", "<i"},
		{WASM32, "N", "size_t", "<I"},
		{WASM32, "?", "_Bool", ""},
		{WASM32, "12s", "char [12]", ""},
		{WASM32, "<5w", "char32_t [5]", ""},
		{WASM32, "(2,3)<d", "double [2][3]", ""},
		{WASM32, "3h", "short [3]", "(3)<h"},
		{WASM32, "<Zf", "_Complex float", ""},
		{WASM32, "^g", "long double", ""},
		{WASM32, "&<i", "int *", "<I"},
		{LinuxAMD64, "P", "void *", "<Q"},
		{LinuxAMD64, "z", "char *", "<Q"},
		{LinuxAMD64, "Z", "wchar_t *", "<Q"},
		{WASM32, "(2)5s", "char [2][5]", ""},
		{WASM32, "T{4x:v:i:i:}", "struct { unsigned char v[4]; int i; }", "T{(4)B:v:<i:i:}"},
		{WASM32, "T{<i:timestamp:12s:desc:}", "struct { int timestamp; char desc[12]; }", ""},
		{WASM32, "T{B:a:7x<d:b:}", "struct { unsigned char a; double b; }", ""},
		{WASM32, "T{B:a:d:b:B:c:}", "struct { unsigned char a; double b; unsigned char c; }", "T{B:a:7x<d:b:B:c:7x}"},
		{WASM32, "T{<B:a:d:b:}", "struct __attribute__((packed)) { unsigned char a; double b; }", "T{B:a:<d:b:}"},
		{WASM32, "T{>i:x:c:c:}", `struct __attribute__((packed)) __attribute__((scalar_storage_order("big-endian"))) { int x; char c; }`, ""},
		{WASM32, "T{>i:x:<i:y:}", `struct { struct __attribute__((packed)) __attribute__((scalar_storage_order("big-endian"))) { int x; }; int y; }`, ""},
		{WASM32, "T{(2)T{<h:x:}:a:}", "struct { struct { short x; } a[2]; }", ""},
		{WASM32, "<ih", "struct __attribute__((packed)) { int f0; short f1; }", "T{<i:f0:<h:f1:}"},
		{WASM32, "i 2x", "struct __attribute__((packed)) { int f0; char _pad1[4]; }", "T{<i:f0:4x}"},
		{WASM32, "<i 2x", "struct __attribute__((packed)) { int f0; char _pad1[2]; }", "T{<i:f0:2x}"},
	}
	for _, tt := range tests {
		t.Run(tt.abi.Name()+"/"+tt.format, func(t *testing.T) {
			typ, err := tt.abi.FromBufferFormat(tt.format)
			require.NoError(t, err)
			assert.Equal(t, tt.want, Define(typ))
			if tt.again == "" {
				tt.again = tt.format
			}
			again, err := tt.abi.BufferFormat(typ)
			require.NoError(t, err)
			assert.Equal(t, tt.again, again)
		})
	}
}

func TestBufferFormatErrors(t *testing.T) {
	for format, is := range map[string]error{
		"T{i:x:": ErrInvalid, "T{i:x}": ErrInvalid, "}": ErrInvalid, "3": ErrInvalid, "(2,i": ErrInvalid, "(2,x)i": ErrInvalid,
		"k": ErrInvalid, "(2,2)x": ErrInvalid, "e": ErrNotSupported, "O": ErrNotSupported, ">i": ErrNotSupported,
		"T{i:a:i:a:}": ErrInvalid, "99999999999x": ErrOverflow, "99999999999i": ErrOverflow, "i\x00": ErrInvalid, "&": ErrInvalid,
	} {
		_, err := WASM32.FromBufferFormat(format)
		assert.ErrorIs(t, err, is, format)
	}
	_, err := WASM32.FromBufferFormat(strings.Repeat("&", maxItemText+1))
	assert.ErrorIs(t, err, ErrOverflow)
	for _, typ := range []Type{
		CInt128,
		mustUnion(t, "u", Attr{}, Field{Name: "i", Type: CInt}),
		mustStruct(t, "s", Attr{}, bits("b", CInt, 3)),
		mustStruct(t, "s", Attr{}, Field{Type: mustUnion(t, "", Attr{}, Field{Name: "i", Type: CInt}, Field{Name: "f", Type: CFloat})}),
	} {
		_, err := WASM32.BufferFormat(typ)
		assert.ErrorIs(t, err, ErrNotSupported, Define(typ))
	}
}

// FuzzFromBufferFormat reads any text; what it gives prints and reads back
// alike.
func FuzzFromBufferFormat(f *testing.F) {
	for _, s := range []string{"<i", "T{>i:x:3x(2,3)d:m:}", "&&i", "12s", "ih", "T{T{i:a:}:b:}", "@i^d<q", "Zd", "(2", "99x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		typ, err := WASM32.FromBufferFormat(s)
		if err != nil {
			return
		}
		again, err := WASM32.BufferFormat(typ)
		if err != nil {
			return
		}
		back, err := WASM32.FromBufferFormat(again)
		require.NoError(t, err, "%s", again)
		last, err := WASM32.BufferFormat(back)
		require.NoError(t, err)
		assert.Equal(t, again, last)
	})
}
