package dtype

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bits is a bit-field, anonymous if name is empty.
func bits(name string, typ Type, width uint8) Field {
	return Field{Name: name, Type: typ, BitField: true, Bits: width}
}

// offsets is a layout in one line: size/align and each member's offset, with
// its bits if it is a bit-field.
func offsets(l *Layout) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d/%d", l.Size, l.Align)
	for _, f := range l.Fields {
		if f.BitField {
			fmt.Fprintf(&b, " %s@%d+%d:%d+%d", f.Name, f.Offset, f.Size, f.BitStart, f.Bits)
		} else {
			fmt.Fprintf(&b, " %s@%d+%d", f.Name, f.Offset, f.Size)
		}
	}
	return b.String()
}

// One row for each rule, so that a reader sees what the random test found.
func TestLayout(t *testing.T) {
	c, i, d, l := Field{Name: "c", Type: CChar}, Field{Name: "i", Type: CInt}, Field{Name: "d", Type: CDouble}, Field{Name: "l", Type: CLong}
	flex := Field{Name: "a", Type: must(FlexibleArrayOf(CLong))}
	stated := Field{Name: "s", Type: must(NewStructAttr("stated", Attr{Align: 8}, c))}
	wide := Field{Name: "w", Type: mustStruct(t, "wide", Attr{}, Field{Name: "b", Type: CInt, BitField: true, Bits: 3, Align: 32})}
	tests := []struct {
		name string
		abi  *ABI
		typ  Type
		want string
	}{
		{"long by data model", WASM32, mustStruct(t, "s", Attr{}, c, l), "8/4 c@0+1 l@4+4"},
		{"long by data model", LinuxAMD64, mustStruct(t, "s", Attr{}, c, l), "16/8 c@0+1 l@8+8"},
		{"long by data model", WindowsAMD64, mustStruct(t, "s", Attr{}, c, l), "8/4 c@0+1 l@4+4"},
		{"union", WASM32, mustUnion(t, "u", Attr{}, c, d), "8/8 c@0+1 d@0+8"},
		{"empty", WASM32, mustStruct(t, "s", Attr{}), "0/1"},
		{"empty", WindowsAMD64, mustStruct(t, "s", Attr{}), "4/1"},
		{"flexible array", WASM32, mustStruct(t, "s", Attr{}, c, flex), "4/4 c@0+1 a@4+0"},
		{"long double", Emscripten32, mustStruct(t, "s", Attr{}, c, Field{Name: "q", Type: CLongDouble}), "24/8 c@0+1 q@8+16"},

		{"packed", WASM32, mustStruct(t, "s", Attr{Packed: true}, c, d), "9/1 c@0+1 d@1+8"},
		{"packed member", WASM32, mustStruct(t, "s", Attr{}, c, Field{Name: "d", Type: CDouble, Packed: true}, i), "16/4 c@0+1 d@1+8 i@12+4"},
		{"pragma pack", WASM32, mustStruct(t, "s", Attr{Pack: 2}, c, d), "10/2 c@0+1 d@2+8"},
		{"aligned", WASM32, mustStruct(t, "s", Attr{Align: 16}, c), "16/16 c@0+1"},
		{"aligned member", WASM32, mustStruct(t, "s", Attr{}, c, Field{Name: "i", Type: CInt, Align: 8}), "16/8 c@0+1 i@8+4"},
		{"packed beats aligned type, but not Microsoft's", LinuxAMD64, mustStruct(t, "s", Attr{Packed: true}, c, stated), "9/1 c@0+1 s@1+8"},
		{"packed beats aligned type, but not Microsoft's", WindowsAMD64, mustStruct(t, "s", Attr{Packed: true}, c, stated), "16/8 c@0+1 s@8+8"},
		{"aligned typedef", WASM32, mustStruct(t, "s", Attr{}, c, Field{Name: "i", Type: must(NewNamedAligned("i8", CInt, 8))}), "16/8 c@0+1 i@8+4"},
		{"typedef aligned less", LinuxAMD64, mustStruct(t, "s", Attr{}, c, Field{Name: "d", Type: must(NewNamedAligned("d2", CDouble, 2))}), "10/2 c@0+1 d@2+8"},
		{"typedef aligned less, but not Microsoft's", WindowsAMD64, mustStruct(t, "s", Attr{}, c, Field{Name: "d", Type: must(NewNamedAligned("d2", CDouble, 2))}), "16/8 c@0+1 d@8+8"},
		{"pack", WindowsAMD64, mustStruct(t, "s", Attr{Pack: 8}, c, wide), "40/8 c@0+1 w@8+32"},
		{"pack wider than a pointer is none in Microsoft's", WindowsAMD64, mustStruct(t, "s", Attr{Pack: 16}, c, wide), "64/32 c@0+1 w@32+32"},
		{"pack does not bound an aligned bit-field in Microsoft's", WindowsAMD64, mustStruct(t, "s", Attr{Pack: 8}, Field{Name: "b", Type: CInt, BitField: true, Bits: 3, Align: 32}), "32/32 b@0+4:0+3"},

		{"bit-fields share", WASM32, mustStruct(t, "s", Attr{}, bits("a", CInt, 3), bits("b", CInt, 5)), "4/4 a@0+4:0+3 b@0+4:3+5"},
		{"bit-fields do not cross their type", WASM32, mustStruct(t, "s", Attr{}, bits("a", CInt, 30), bits("b", CInt, 5)), "8/4 a@0+4:0+30 b@4+4:32+5"},
		{"but do when packed", WASM32, mustStruct(t, "s", Attr{Packed: true}, bits("a", CInt, 30), bits("b", CInt, 5)), "5/1 a@0+4:0+30 b@3+2:30+5"},
		{"mixed types share in System V", LinuxAMD64, mustStruct(t, "s", Attr{}, bits("a", CInt, 3), bits("b", CChar, 2), bits("c", CLongLong, 40)), "8/8 a@0+4:0+3 b@0+1:3+2 c@0+8:5+40"},
		{"mixed types do not in Microsoft's", WindowsAMD64, mustStruct(t, "s", Attr{}, bits("a", CInt, 3), bits("b", CChar, 2), bits("c", CLongLong, 40)), "16/8 a@0+4:0+3 b@4+1:32+2 c@8+8:64+40"},
		{"nor in ms_struct", LinuxAMD64, mustStruct(t, "s", Attr{Dialect: MSDialect}, bits("a", CInt, 3), bits("b", CChar, 2)), "8/4 a@0+4:0+3 b@4+1:32+2"},
		{"gcc_struct on mingw", MinGWAMD64, mustStruct(t, "s", Attr{Dialect: SysVDialect}, bits("a", CInt, 3), bits("b", CChar, 2)), "4/4 a@0+4:0+3 b@0+1:3+2"},
		{"a bit-field follows a char", LinuxAMD64, mustStruct(t, "s", Attr{}, c, bits("a", CInt, 3)), "4/4 c@0+1 a@0+4:8+3"},
		{"a bit-field follows a char", MinGWAMD64, mustStruct(t, "s", Attr{}, c, bits("a", CInt, 3)), "8/4 c@0+1 a@4+4:32+3"},
		{"width 0 ends the unit", WASM32, mustStruct(t, "s", Attr{}, bits("a", CInt, 3), bits("", CInt, 0), bits("b", CInt, 5)), "8/4 a@0+4:0+3 @4+0:32+0 b@4+4:32+5"},
		{"unnamed does not align", LinuxAMD64, mustStruct(t, "s", Attr{}, c, bits("", CInt, 5)), "2/1 c@0+1 @1+1:8+5"},
		{"unnamed aligns in AAPCS64", LinuxARM64, mustStruct(t, "s", Attr{}, c, bits("", CInt, 5)), "4/4 c@0+1 @0+4:8+5"},
		{"unnamed does not align on Apple's", DarwinARM64, mustStruct(t, "s", Attr{}, c, bits("", CInt, 5)), "2/1 c@0+1 @1+1:8+5"},
		{"_Bool", WASM32, mustStruct(t, "s", Attr{}, bits("a", CBool, 1), bits("b", CBool, 1)), "1/1 a@0+1:0+1 b@0+1:1+1"},
		{"in a union", WASM32, mustUnion(t, "u", Attr{}, bits("a", CInt, 3), c), "4/4 a@0+4:0+3 c@0+1"},
		{"in a packed union", WASM32, mustUnion(t, "u", Attr{Packed: true}, bits("a", CInt, 3)), "1/1 a@0+1:0+3"},
		{"__int128", LinuxAMD64, mustStruct(t, "s", Attr{}, bits("a", CInt128, 100), bits("b", CInt128, 29)), "32/16 a@0+16:0+100 b@16+16:128+29"},
	}
	for _, tt := range tests {
		t.Run(tt.name+"/"+tt.abi.Name()+"/"+Define(tt.typ), func(t *testing.T) {
			l, err := tt.abi.Layout(tt.typ)
			require.NoError(t, err)
			assert.Equal(t, tt.want, offsets(l))
		})
	}
}

func TestLayoutErrors(t *testing.T) {
	huge := must(ArrayOf(CChar, 1<<59))
	inner := mustStruct(t, "inner", Attr{}, Field{Name: "o", Type: DeclareStruct("opaque")})
	outer := mustStruct(t, "outer", Attr{}, Field{Name: "in", Type: must(ArrayOf(inner, 2))})
	tests := []struct {
		abi  *ABI
		typ  Type
		is   error
		want string
	}{
		{WASM32, CVoid, ErrIncomplete, "dtype: layout wasm32: void: incomplete type"},
		{WASM32, must(NewFunc(nil, nil, false)), ErrIncomplete, "dtype: layout wasm32: void (void): incomplete type"},
		{WASM32, DeclareStruct("s"), ErrIncomplete, "dtype: layout wasm32: struct s: incomplete type"},
		{WASM32, must(FlexibleArrayOf(CInt)), ErrIncomplete, "dtype: layout wasm32: int []: incomplete type"},
		{WASM32, outer, ErrIncomplete, "dtype: layout wasm32 struct outer.in.o: struct opaque: incomplete type"},
		{WASM32, must(ArrayOf(CInt, 1<<29)), ErrOverflow, "dtype: layout wasm32: int [536870912]: type too large: 536870912 elements of 4 bytes"},
		{LinuxAMD64, must(ArrayOf(CInt, ^uint64(0))), ErrOverflow, "dtype: layout linux-amd64: int [18446744073709551615]: type too large: 18446744073709551615 elements of 4 bytes"},
		{LinuxAMD64, mustStruct(t, "s", Attr{}, Field{Name: "a", Type: huge}, Field{Name: "b", Type: huge}, Field{Name: "c", Type: CChar}), ErrOverflow,
			"dtype: layout linux-amd64 struct s.c: char: type too large: the member ends at byte 1152921504606846977"},
		{WASM32, mustStruct(t, "s", Attr{}, Field{Name: "a", Type: must(ArrayOf(CChar, 1<<31-1))}, Field{Name: "b", Type: CInt}), ErrOverflow,
			"dtype: layout wasm32 struct s.b: int: type too large: the member ends at byte 2147483652"},
		{WASM32, mustStruct(t, "s", Attr{Align: 16}, Field{Name: "a", Type: must(ArrayOf(CChar, 1<<31-1))}), ErrOverflow,
			"dtype: layout wasm32: struct s: type too large: 2147483648 bytes"},
		{WASM32, mustStruct(t, "s", Attr{}, bits("b", CLong, 40)), ErrInvalid, "dtype: layout wasm32 struct s.b: long: invalid type: bit-field of width 40 in 32 bits"},
		{WASM32, mustStruct(t, "s", Attr{Endian: BigEndian}, Field{Name: "p", Type: must(ArrayOf(PointerTo(CInt), 2))}), ErrNotSupported,
			"dtype: layout wasm32 struct s.p: int *[2]: not supported: pointer in a big-endian struct"},
		{WASM32, must(ArrayOf(must(NewNamedAligned("i16", CInt, 16)), 2)), ErrInvalid,
			"dtype: layout wasm32: i16 [2]: invalid type: element size 4 is no multiple of its alignment 16"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			_, err := tt.abi.Layout(tt.typ)
			assert.EqualError(t, err, tt.want)
			assert.ErrorIs(t, err, tt.is)
			var e *Error
			require.ErrorAs(t, err, &e)
			_, err = tt.abi.Size(tt.typ)
			assert.ErrorIs(t, err, tt.is)
		})
	}
	align, err := WASM32.Align(must(NewNamedAligned("s16", mustStruct(t, "s", Attr{}, Field{Name: "c", Type: CChar}), 16)))
	require.NoError(t, err)
	assert.EqualValues(t, 16, align)
}

func TestLayoutOfAlignedTypedef(t *testing.T) {
	s := mustStruct(t, "s", Attr{}, Field{Name: "i", Type: CInt})
	l, err := WASM32.Layout(must(NewNamedAligned("s1", s, 1)))
	require.NoError(t, err)
	assert.Equal(t, "4/1 i@0+4", offsets(l))
	l, err = WASM32.Layout(must(NewNamed("s2", must(NewNamedAligned("s16", s, 16)))))
	require.NoError(t, err)
	assert.Equal(t, "4/16 i@0+4", offsets(l))
	l, err = WASM32.Layout(s)
	require.NoError(t, err)
	assert.Equal(t, "4/4 i@0+4", offsets(l))
}

// A type has one layout on an ABI, whoever asks first.
func TestLayoutIsComputedOnce(t *testing.T) {
	s := mustStruct(t, "s", Attr{}, Field{Name: "i", Type: CInt})
	var wg sync.WaitGroup
	got := make([]*Layout, 16)
	for i := range got {
		wg.Go(func() { got[i], _ = WASM32.Layout(s) })
	}
	wg.Wait()
	for _, l := range got {
		assert.Same(t, got[0], l)
	}
}
