package dtype

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExtendStruct(t *testing.T) {
	a := must(NewStruct("A", Field{Name: "d", Type: CDouble}, Field{Name: "c", Type: CChar}))
	b := must(ExtendStruct("B", a, Field{Name: "e", Type: CChar}, bits("f", CUInt, 3)))
	c := must(ExtendStruct("C", must(NewNamed("b_t", b)), Field{Name: "n", Type: CInt}))
	l, err := LinuxAMD64.Layout(b)
	require.NoError(t, err)
	assert.Equal(t, "24/8 @0+16 e@16+1 f@16+4:136+3", offsets(l), "behind the base's padding")
	assert.Equal(t, "struct C { struct { struct { double d; char c; }; char e; unsigned int f: 3; }; int n; }", Define(c))
	at, err := LinuxAMD64.Find(c, "c")
	require.NoError(t, err)
	assert.EqualValues(t, 8, at.Offset)

	// Without members of its own it has the base's layout.
	same := must(ExtendStruct("D", a))
	assert.True(t, LinuxAMD64.LayoutEqual(must(LinuxAMD64.Member(same, "d")).Type, CDouble))
	l, err = LinuxAMD64.Layout(same)
	require.NoError(t, err)
	assert.Equal(t, "16/8 @0+16", offsets(l))

	// What C reads back has no tag inside.
	again := must(NewStruct("D", Field{Type: must(NewStruct("", a.Fields()...))}))
	assert.True(t, Identical(same, again))
	assert.False(t, Identical(same, must(NewStruct("D", Field{Type: must(NewUnion("", a.Fields()...))}))))

	packed := must(ExtendStructAttr("P", a, Attr{Pack: 1}, Field{Name: "e", Type: CChar}))
	l, err = LinuxAMD64.Layout(packed)
	require.NoError(t, err)
	assert.Equal(t, "17/1 @0+16 e@16+1", offsets(l))
}

func TestExtendStructErrors(t *testing.T) {
	a := must(NewStruct("A", Field{Name: "x", Type: CInt}))
	for _, tt := range []struct {
		base   Type
		fields []Field
		is     error
		want   string
	}{
		{nil, nil, ErrInvalid, "dtype: extend B: invalid type: the base is no struct"},
		{CInt, nil, ErrInvalid, "dtype: extend B: int: invalid type: the base is no struct"},
		{must(NewUnion("U", Field{Name: "x", Type: CInt})), nil, ErrInvalid, "dtype: extend B: union U: invalid type: the base is no struct"},
		{DeclareStruct("A"), nil, ErrIncomplete, "dtype: define: struct B: incomplete type: unnamed member of type struct A"},
		{a, []Field{{Name: "x", Type: CInt}}, ErrInvalid, "dtype: define x: struct B: invalid type: two members of this name"},
	} {
		_, err := ExtendStruct("B", tt.base, tt.fields...)
		require.ErrorIs(t, err, tt.is)
		assert.EqualError(t, err, tt.want)
	}
	_, err := NewStruct("S", Field{Type: must(NewNamedAligned("a16", a, 16))})
	assert.ErrorIs(t, err, ErrInvalid)

	// A definition is final, and a struct cannot extend itself.
	assert.ErrorIs(t, a.Define(Attr{}, Field{Name: "y", Type: CInt}), ErrInvalid)
	self := DeclareStruct("self")
	assert.ErrorIs(t, self.Define(Attr{}, Field{Type: self}), ErrInvalid)
	node := DeclareStruct("node")
	require.NoError(t, node.Define(Attr{}, Field{Type: a}, Field{Name: "next", Type: PointerTo(node)}))
	assert.Equal(t, "struct node { struct { int x; }; struct node *next; }", Define(node))
}

// An extended struct lies as ctypes lays out a class with a base: random chains
// of three, their members' offsets, bits, sizes and alignments.
func TestExtendAgainstCtypes(t *testing.T) {
	abi := hostOf(t)
	names := map[string]Type{
		"c_byte": CSChar, "c_ubyte": CUChar, "c_char": CChar, "c_short": CShort, "c_int": CInt, "c_long": CLong, "c_longlong": CLongLong,
		"c_float": CFloat, "c_double": CDouble, "c_longdouble": CLongDouble, "c_void_p": PointerTo(CVoid), "c_bool": CBool, "c_wchar": WCharT,
	}
	type field struct {
		Name, Type  string
		Count, Bits int
	}
	type class struct {
		Base, Pack int
		Fields     []field
	}
	const script = `
import sys, json
from ctypes import *
made, out = [], []
for c in json.load(sys.stdin):
    d = {"_fields_": [(f["Name"], (getattr(__import__("ctypes"), f["Type"]) * f["Count"] if f["Count"] else getattr(__import__("ctypes"), f["Type"])))
        + ((f["Bits"],) if f["Bits"] else ()) for f in c["Fields"] or []]}
    if c["Pack"]: d["_pack_"] = c["Pack"]
    k = type("K", (made[c["Base"]] if c["Base"] >= 0 else Structure,), d)
    made.append(k)
    at = {}
    for base in k.__mro__:
        for f in getattr(base, "_fields_", []):
            d = getattr(k, f[0])
            at[f[0]] = [d.offset, d.size & 0xffff, d.size >> 16] if len(f) == 3 else [d.offset, 0, 0]
    out.append({"Size": sizeof(k), "Align": alignment(k), "At": at})
print(json.dumps(out))
`
	seed := layoutSeed(t)
	rnd := rand.New(rand.NewPCG(seed, 1))
	kinds := []string{"c_byte", "c_ubyte", "c_char", "c_short", "c_int", "c_long", "c_longlong", "c_float", "c_double", "c_longdouble", "c_void_p", "c_bool", "c_wchar"}
	var classes []class
	var types []*Struct
	for i := range int(envNumber(t, "WASMFFI_LAYOUTS", 300)) {
		c := class{Base: i%3 - 1}
		if c.Base = i - 1; i%3 == 0 {
			c.Base = -1
		} else if i%3 == 2 && rnd.IntN(4) == 0 { // a class inherits _pack_, a type does not
			c.Pack = 1 << rnd.IntN(4)
		}
		var fields []Field
		add := func(f field) {
			f.Name = fmt.Sprintf("f%d_%d", i, len(c.Fields))
			c.Fields = append(c.Fields, f)
			typ := names[f.Type]
			if f.Count > 0 {
				typ = must(ArrayOf(typ, uint64(f.Count)))
			}
			fields = append(fields, Field{Name: f.Name, Type: typ, BitField: f.Bits > 0, Bits: uint8(f.Bits)})
		}
		// ctypes lays out bit-fields as C does where they have units of their
		// type for themselves.
		bitFields := func() {
			for range rnd.IntN(4) {
				add(field{Type: "c_int", Bits: 1 + rnd.IntN(31)})
			}
			add(field{Type: "c_int"})
		}
		if c.Base >= 0 && c.Pack == 0 && must(abi.Align(types[c.Base])) >= 4 {
			bitFields()
		}
		for range rnd.IntN(5) {
			f := field{Type: kinds[rnd.IntN(len(kinds))]}
			if rnd.IntN(4) == 0 {
				f.Count = 1 + rnd.IntN(4)
			}
			add(f)
			if f.Type == "c_int" && c.Pack == 0 && rnd.IntN(2) == 0 {
				bitFields()
			}
		}
		classes = append(classes, c)
		if c.Base < 0 {
			types = append(types, must(NewStruct(fmt.Sprintf("s%d", i), fields...)))
			continue
		}
		base := types[c.Base]
		attr := Attr{Pack: uint64(c.Pack)}
		if c.Pack != 0 {
			attr.Align = must(abi.Align(base))
		}
		types = append(types, must(ExtendStructAttr(fmt.Sprintf("s%d", i), base, attr, fields...)))
	}
	var answers []struct {
		Size, Align uint64
		At          map[string][3]uint64
	}
	python(t, "ctypes", "python3", script, classes, &answers)
	require.Len(t, answers, len(types))
	for i, a := range answers {
		l, err := abi.Layout(types[i])
		require.NoError(t, err)
		require.Equal(t, [2]uint64{a.Size, a.Align}, [2]uint64{l.Size, l.Align}, "%s", Define(types[i]))
		for name, at := range a.At {
			p, err := abi.Find(types[i], name)
			require.NoError(t, err)
			if p.Bits == nil {
				require.Equal(t, at[0], p.Offset, "%s: %s", Define(types[i]), name)
			} else {
				require.Equal(t, [2]uint64{8*at[0] + at[1], at[2]}, [2]uint64{p.Bits.BitStart, uint64(p.Bits.Bits)}, "%s: %s", Define(types[i]), name)
			}
		}
	}
}

// Embedding is extending.
func TestEmbeddedIsExtended(t *testing.T) {
	type A struct {
		D float64 `c:"d"`
		C int8    `c:"c"`
	}
	type B struct {
		A
		E int8 `c:"e"`
	}
	got, err := FromGo(reflect.TypeFor[B]())
	require.NoError(t, err)
	base, err := FromGo(reflect.TypeFor[A]())
	require.NoError(t, err)
	want := must(ExtendStruct("B", base, Field{Name: "e", Type: Int8}))
	assert.True(t, Identical(want, got))
	assert.NoError(t, LinuxAMD64.MatchGo(reflect.TypeFor[B](), want))
}
