package dtype

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// polygon is a type with all that a path can go through.
func polygon(t testing.TB) *Struct {
	point := mustStruct(t, "point", Attr{}, Field{Name: "x", Type: CInt}, Field{Name: "y", Type: CInt})
	flags := mustStruct(t, "", Attr{}, bits("lo", CUInt, 3), bits("hi", CUInt, 5))
	anon := mustUnion(t, "", Attr{}, Field{Name: "u", Type: CDouble}, Field{Type: flags})
	return mustStruct(t, "poly", Attr{},
		Field{Name: "n", Type: CChar},
		Field{Name: "pts", Type: must(NewNamed("pts_t", mustArray(t, point, 3)))},
		Field{Name: "grid", Type: mustArray(t, mustArray(t, CShort, 2), 3)},
		Field{Type: anon},
		Field{Name: "flags", Type: flags},
		Field{Name: "tail", Type: must(FlexibleArrayOf(point))})
}

func TestFind(t *testing.T) {
	tests := []struct{ path, want string }{
		{"", "struct poly @0"},
		{"n", "char @0"},
		{".n", "char @0"},
		{"pts", "pts_t @4"},
		{"pts[2]", "struct point @20"},
		{"pts[2].y", "int @24"},
		{"pts[0x1].y", "int @16"},
		{"grid[1][1]", "short @34"},
		{"u", "double @40"},
		{"hi", "unsigned int @40 bits 323+5"},
		{"flags.hi", "unsigned int @48 bits 387+5"},
		{"tail", "struct point [] @52"},
		{"tail[10].y", "int @136"},
	}
	poly := polygon(t)
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			at, err := WASM32.Find(poly, tt.path)
			require.NoError(t, err)
			got := fmt.Sprintf("%v @%d", at.Type, at.Offset)
			if b := at.Bits; b != nil {
				got += fmt.Sprintf(" bits %d+%d", b.BitStart, b.Bits)
				assert.Equal(t, at.Offset, b.Offset)
			}
			assert.Equal(t, tt.want, got)
		})
	}
	at, err := WASM32.Find(must(ArrayOf(poly, 4)), "[3].flags.lo")
	require.NoError(t, err)
	assert.EqualValues(t, 3*56+48, at.Offset)
	assert.EqualValues(t, 8*(3*56+48), at.Bits.BitStart)
}

func TestFindErrors(t *testing.T) {
	tests := []struct {
		path string
		is   error
		want string
	}{
		{"z", ErrNoMember, "dtype: path struct poly.z: struct poly: no such member"},
		{"pts[3].y", ErrNoMember, "dtype: path struct poly.pts[3]: pts_t: no such member: the array has 3 elements"},
		{"pts[2].z.w", ErrNoMember, "dtype: path struct poly.pts[2].z: struct point: no such member"},
		{"pts[2]y", ErrNoMember, "dtype: path struct poly.pts[2]y: struct point: no such member: no . before it"},
		{"pts[-1]", ErrNoMember, "dtype: path struct poly.pts[-1]: pts_t: no such member: no index between [ and ]"},
		{"pts[1", ErrNoMember, "dtype: path struct poly.pts[1: pts_t: no such member: no index between [ and ]"},
		{"pts[]", ErrNoMember, "dtype: path struct poly.pts[]: pts_t: no such member: no index between [ and ]"},
		{"n.x", ErrNoMember, "dtype: path struct poly.n.x: char: no such member: not a struct or union"},
		{"n[0]", ErrNoMember, "dtype: path struct poly.n[0]: char: no such member: not an array"},
		{".", ErrNoMember, "dtype: path struct poly.: struct poly: no such member"},
		{"flags..hi", ErrNoMember, "dtype: path struct poly.flags.: struct { unsigned int lo: 3; unsigned int hi: 5; }: no such member"},
		{"tail[0xffffffff]", ErrOverflow, "dtype: path struct poly.tail[0xffffffff]: struct point []: type too large"},
		{"tail[0xfffffff]", ErrOverflow, "dtype: path struct poly.tail[0xfffffff]: struct point []: type too large: offset 2147483692"},
	}
	poly := polygon(t)
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			_, err := WASM32.Find(poly, tt.path)
			assert.EqualError(t, err, tt.want)
			assert.ErrorIs(t, err, tt.is)
		})
	}
	_, err := WASM32.Find(DeclareStruct("s"), "x")
	assert.EqualError(t, err, "dtype: path struct s.x: struct s: incomplete type")
	_, err = WASM32.Member(CInt, "x")
	assert.EqualError(t, err, "dtype: member x: int: no such member: not a struct or union")
	_, err = WASM32.Elem(must(ArrayOf(DeclareStruct("s"), 2)), 1)
	assert.ErrorIs(t, err, ErrIncomplete)
}

// A place that was found may be changed without changing the layout.
func TestFindCopies(t *testing.T) {
	s := mustStruct(t, "s", Attr{}, bits("b", CInt, 3))
	at, err := WASM32.Find(s, "b")
	require.NoError(t, err)
	at.Bits.BitStart = 99
	again, err := WASM32.Find(s, "b")
	require.NoError(t, err)
	assert.Zero(t, again.Bits.BitStart)
}
