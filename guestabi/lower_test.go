package guestabi_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
)

// cType is a type and the C declarations it needs.
type cType struct {
	dtype.Type
	decl string
}

func structOf(tag string, attr dtype.Attr, fields ...dtype.Field) cType {
	s, err := dtype.NewStructAttr(tag, attr, fields...)
	if err != nil {
		panic(err)
	}
	return cType{s, dtype.Define(s) + ";\n"}
}

func unionOf(tag string, fields ...dtype.Field) cType {
	u, err := dtype.NewUnion(tag, fields...)
	if err != nil {
		panic(err)
	}
	return cType{u, dtype.Define(u) + ";\n"}
}

func field(name string, t dtype.Type) dtype.Field { return dtype.Field{Name: name, Type: t} }

func bits(name string, t dtype.Type, n uint8) dtype.Field {
	return dtype.Field{Name: name, Type: t, BitField: true, Bits: n}
}

func array(t dtype.Type, n uint64) dtype.Type {
	a, err := dtype.ArrayOf(t, n)
	if err != nil {
		panic(err)
	}
	return a
}

func flexible(t dtype.Type) dtype.Type {
	a, err := dtype.FlexibleArrayOf(t)
	if err != nil {
		panic(err)
	}
	return a
}

// shapes are types of every kind that is passed in a way of its own.
func shapes() []cType {
	var ts []cType
	add := func(t cType) cType { ts = append(ts, t); return t }
	scalars := dtype.Scalars()
	for _, t := range scalars {
		add(cType{Type: t})
	}
	enum, err := dtype.NewEnum("color", dtype.EnumConst{Name: "red"}, dtype.EnumConst{Name: "blue", Value: 7})
	if err != nil {
		panic(err)
	}
	add(cType{enum, dtype.Define(enum) + ";\n"})
	add(cType{Type: dtype.PointerTo(dtype.CVoid)})
	add(cType{Type: dtype.PointerTo(mustFunc(dtype.CInt, dtype.CInt))})
	for _, f := range []*dtype.Float{dtype.CFloat, dtype.CDouble, dtype.CLongDouble} {
		add(cType{Type: dtype.ComplexOf(f)})
	}
	none := dtype.Attr{}
	for i, t := range scalars { // one member of each
		add(structOf(fmt.Sprintf("one%d", i), none, field("a", t)))
	}
	empty := add(structOf("empty", none))
	one := add(structOf("wrapped", none, field("a", dtype.CDouble)))
	two := add(structOf("two", none, field("a", dtype.CInt), field("b", dtype.CInt)))
	add(structOf("nested", none, field("w", one.Type), field("e", empty.Type)))
	add(structOf("mixed", none, field("c", dtype.CChar), field("d", dtype.CDouble)))
	add(structOf("big", none, field("a", array(dtype.CInt, 9))))
	add(structOf("array1", none, field("a", array(dtype.CFloat, 1))))
	add(structOf("array11", none, field("a", array(array(dtype.CShort, 1), 1))))
	add(structOf("array2", none, field("a", array(dtype.CInt, 2))))
	add(structOf("array0", none, field("a", dtype.CInt), field("z", array(dtype.CInt, 0))))
	add(structOf("flex", none, field("n", dtype.CInt), field("a", flexible(dtype.CChar))))
	add(structOf("aligned8", dtype.Attr{Align: 8}, field("a", dtype.CInt)))
	add(structOf("aligned4", dtype.Attr{Align: 4}, field("a", dtype.CInt)))
	add(structOf("packed", dtype.Attr{Packed: true}, field("c", dtype.CChar), field("i", dtype.CInt)))
	add(structOf("complex", none, field("a", dtype.ComplexOf(dtype.CFloat))))
	add(structOf("bit", none, bits("a", dtype.CInt, 3)))
	add(structOf("bits", none, bits("a", dtype.CInt, 3), bits("b", dtype.CInt, 5)))
	add(structOf("bitpad", none, bits("", dtype.CInt, 3), field("b", dtype.CInt)))
	add(structOf("bitgap", none, field("b", dtype.CInt), bits("", dtype.CInt, 0)))
	add(unionOf("single", field("a", dtype.CFloat)))
	add(unionOf("pair", field("a", dtype.CInt), field("b", dtype.CFloat)))
	add(unionOf("samepair", field("a", dtype.CInt), field("b", dtype.CInt)))
	add(unionOf("void_", field("e", empty.Type)))
	add(structOf("holder", none, field("t", two.Type)))
	for i, v := range []dtype.Type{vectorOf(dtype.CFloat, 4), vectorOf(dtype.CShort, 4), vectorOf(dtype.CDouble, 1), vectorOf(dtype.CLongLong, 2)} {
		add(cType{Type: v})
		add(structOf(fmt.Sprintf("vector%d", i), none, field("a", v)))
		add(structOf(fmt.Sprintf("vectors%d", i), none, field("a", v), field("b", v)))
	}
	return ts
}

func vectorOf(elem dtype.Type, lanes uint64) dtype.Type {
	v, err := dtype.VectorOf(elem, lanes)
	if err != nil {
		panic(err)
	}
	return v
}

func mustFunc(result dtype.Type, params ...dtype.Type) *dtype.Func {
	ps := make([]dtype.Param, len(params))
	for i, p := range params {
		ps[i].Type = p
	}
	f, err := dtype.NewFunc(result, ps, false)
	if err != nil {
		panic(err)
	}
	return f
}

// TestLowerAgainstClang compiles functions that take and return every shape and
// compares their wasm types.
func TestLowerAgainstClang(t *testing.T) {
	for _, tool := range []string{"clang", "wasm-ld"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("LEFT OUT: no %s to ask how C is lowered; install the Debian packages clang and lld", tool)
		}
	}
	var src strings.Builder
	src.WriteString("#include <stddef.h>\n#include <stdint.h>\ntypedef long ssize_t;\ntypedef uint_least16_t char16_t;\ntypedef uint_least32_t char32_t;\n")
	sigs := map[string]*dtype.Func{}
	for i, s := range shapes() {
		src.WriteString(s.decl)
		for j, sig := range []*dtype.Func{
			mustFunc(s.Type),
			mustFunc(dtype.CVoid, s.Type),
			mustFunc(s.Type, dtype.CInt, s.Type, dtype.CDouble, s.Type),
		} {
			name := fmt.Sprintf("f%d_%d", i, j)
			sigs[name] = sig
			params := "void"
			if n := len(sig.Params()); n > 0 {
				names := make([]string, n)
				for k, p := range sig.Params() {
					names[k] = dtype.Declare(p.Type, fmt.Sprintf("p%d", k))
				}
				params = strings.Join(names, ", ")
			}
			fmt.Fprintf(&src, "%s { __builtin_trap(); }\n", dtype.Declare(sig.Result(), name+"("+params+")"))
		}
	}
	variadic, err := dtype.NewFunc(dtype.CInt, []dtype.Param{{Type: dtype.PointerTo(dtype.CChar)}}, true)
	require.NoError(t, err)
	sigs["variadic"] = variadic
	src.WriteString("int variadic(char *p, ...) { __builtin_trap(); }\n")

	dir := t.TempDir()
	file, out := filepath.Join(dir, "lower.c"), filepath.Join(dir, "lower.wasm")
	require.NoError(t, os.WriteFile(file, []byte(src.String()), 0o600))
	cmd := exec.Command("clang", "--target=wasm32-unknown-unknown", "-nostdlib", "-ffreestanding", "-w", "-msimd128",
		"-Wl,--no-entry", "-Wl,--export-all", "-o", out, file)
	msg, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", msg, src.String())
	wasm, err := os.ReadFile(out)
	require.NoError(t, err)
	m, err := guestabi.Parse(wasm)
	require.NoError(t, err)
	for name, sig := range sigs {
		t.Run(dtype.Declare(sig, name), func(t *testing.T) {
			e, ok := m.Export(name)
			require.True(t, ok)
			want, _ := m.FuncType(e.Index)
			got, err := guestabi.Lower(sig)
			require.NoError(t, err)
			assert.Equal(t, want.String(), got.Type.String())
		})
	}
}

// place prints a lowering in one line.
func place(p guestabi.Place) string {
	how := [...]string{"nowhere", "value", "pair", "pointer", "vector"}[p.How]
	if p.Variadic {
		return fmt.Sprintf("%s @%d", how, p.Offset)
	}
	return fmt.Sprintf("%s %d", how, p.First)
}

func TestLower(t *testing.T) {
	two := structOf("two", dtype.Attr{}, field("a", dtype.CInt), field("b", dtype.CInt)).Type
	one := structOf("one", dtype.Attr{}, field("a", dtype.CChar)).Type
	empty := structOf("empty", dtype.Attr{}).Type
	tests := []struct {
		sig    *dtype.Func
		typ    string
		places string // parameters, then the result
	}{
		{mustFunc(dtype.CVoid), "() -> ()", "; nowhere -1"},
		{mustFunc(dtype.CChar, dtype.CShort, dtype.CLongLong), "(i32, i64) -> (i32)", "value 0, value 1; value -1"},
		{mustFunc(dtype.CLongDouble, dtype.CInt, dtype.CInt128), "(i32, i32, i64, i64) -> ()", "value 1, pair 2; pointer 0"},
		{mustFunc(two, two, one), "(i32, i32, i32) -> ()", "pointer 1, value 2; pointer 0"},
		{mustFunc(one, empty, dtype.CFloat), "(f32) -> (i32)", "nowhere -1, value 0; value -1"},
		{mustFunc(dtype.ComplexOf(dtype.CDouble)), "(i32) -> ()", "; pointer 0"},
		{mustFunc(vectorOf(dtype.CFloat, 2), vectorOf(dtype.CFloat, 4), dtype.CInt), "(v128, i32) -> (v128)", "vector 0, value 2; vector -1"},
	}
	describe := func(s *guestabi.Signature) string {
		var ps []string
		for _, p := range s.Params {
			ps = append(ps, place(p))
		}
		return strings.Join(ps, ", ") + "; " + place(s.Result)
	}
	for _, tt := range tests {
		t.Run(tt.sig.String(), func(t *testing.T) {
			s, err := guestabi.Lower(tt.sig)
			require.NoError(t, err)
			assert.Equal(t, tt.typ, s.Type.String())
			assert.Equal(t, tt.places, describe(s))
			assert.Nil(t, s.Buffer)
		})
	}

	t.Run("int (char *, ...)", func(t *testing.T) {
		sig, err := dtype.NewFunc(dtype.CInt, []dtype.Param{{Type: dtype.PointerTo(dtype.CChar)}}, true)
		require.NoError(t, err)
		s, err := guestabi.Lower(sig)
		require.NoError(t, err)
		assert.Equal(t, &guestabi.Buffer{First: 1, Align: 4}, s.Buffer, "always there")

		shape, err := sig.WithArgs(dtype.CChar, dtype.CFloat, two, one, dtype.CLongDouble, empty, dtype.CLongLong)
		require.NoError(t, err)
		s, err = guestabi.Lower(shape)
		require.NoError(t, err)
		assert.Equal(t, "(i32, i32) -> (i32)", s.Type.String())
		assert.Equal(t, "value 0, value @0, value @8, pointer @16, value @20, pair @32, nowhere @0, value @48; value -1", describe(s))
		assert.Equal(t, &guestabi.Buffer{First: 1, Size: 56, Align: 16}, s.Buffer)
	})

	// clang's callers pass nothing for these, but its va_arg steps over them.
	t.Run("variadic without a value", func(t *testing.T) {
		unnamed := structOf("unnamed", dtype.Attr{}, bits("", dtype.CInt, 19)).Type
		aligned := structOf("aligned", dtype.Attr{Align: 16}).Type
		sig, err := dtype.NewFunc(dtype.CInt, []dtype.Param{{Type: dtype.CInt}}, true)
		require.NoError(t, err)
		shape, err := sig.WithArgs(unnamed, dtype.CInt, aligned, dtype.CInt)
		require.NoError(t, err)
		s, err := guestabi.Lower(shape)
		require.NoError(t, err)
		assert.Equal(t, "value 0, nowhere @0, value @4, nowhere @0, value @16; value -1", describe(s))
	})

	t.Run("bit-field alone", func(t *testing.T) {
		s, err := guestabi.Lower(mustFunc(structOf("bit", dtype.Attr{}, bits("a", dtype.CBool, 1)).Type, structOf("whole", dtype.Attr{}, field("a", dtype.CBool)).Type))
		require.NoError(t, err)
		assert.True(t, s.Result.BitField)
		assert.False(t, s.Params[0].BitField)
	})

	t.Run("vector of 32 bytes", func(t *testing.T) {
		_, err := guestabi.Lower(mustFunc(dtype.CVoid, vectorOf(dtype.CFloat, 8)))
		require.ErrorIs(t, err, dtype.ErrNotSupported)
		assert.ErrorContains(t, err, "only vectors of 8 and 16 bytes")
	})

	t.Run("incomplete type", func(t *testing.T) {
		_, err := guestabi.Lower(mustFunc(dtype.CVoid, dtype.DeclareStruct("later")))
		require.ErrorIs(t, err, dtype.ErrIncomplete)
		assert.EqualError(t, err, "parameter 1: dtype: layout wasm32: struct later: incomplete type")
	})
}
