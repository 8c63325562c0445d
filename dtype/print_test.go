package dtype

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDeclare(t *testing.T) {
	cmp := must(NewFunc(CInt, []Param{{Name: "a", Type: PointerToConst(CVoid)}, {Type: PointerToConst(CVoid)}}, false))
	thunk := must(NewFunc(CVoid, nil, false))
	getter := must(NewFunc(PointerTo(thunk), []Param{{Name: "n", Type: CInt}}, false))
	matrix := must(ArrayOf(must(ArrayOf(CFloat, 3)), 2))
	printf := must(NewFunc(CInt, []Param{{Name: "fmt", Type: PointerToConst(CChar)}}, true))
	point := must(NewStruct("point", Field{Name: "x", Type: CInt}))
	name := must(NewNamed("name_t", must(ArrayOf(CChar, 8))))
	anon := must(NewStruct("", Field{Name: "x", Type: CInt}))
	tests := []struct {
		typ        Type
		typeName   string
		declared   string
		definition string
	}{
		{CVoid, "void", "void v", "void"},
		{CBool, "_Bool", "_Bool v", "_Bool"},
		{CULongLong, "unsigned long long", "unsigned long long v", "unsigned long long"},
		{ComplexOf(CLongDouble), "_Complex long double", "_Complex long double v", "_Complex long double"},
		{ComplexOf(nil), "_Complex double", "_Complex double v", "_Complex double"},
		{PointerTo(nil), "void *", "void *v", "void *"},
		{PointerToConst(PointerToConst(CChar)), "const char *const *", "const char *const *v", "const char *const *"},
		{PointerTo(cmp), "int (*)(const void *a, const void *)", "int (*v)(const void *a, const void *)", "int (*)(const void *a, const void *)"},
		{PointerToConst(PointerTo(thunk)), "void (*const *)(void)", "void (*const *v)(void)", "void (*const *)(void)"},
		{PointerToConst(must(ArrayOf(PointerTo(thunk), 4))), "void (*const (*)[4])(void)", "void (*const (*v)[4])(void)", "void (*const (*)[4])(void)"},
		{must(ArrayOf(PointerTo(thunk), 4)), "void (*[4])(void)", "void (*v[4])(void)", "void (*[4])(void)"},
		{getter, "void (*(int n))(void)", "void (*v(int n))(void)", "void (*(int n))(void)"},
		{PointerTo(getter), "void (*(*)(int n))(void)", "void (*(*v)(int n))(void)", "void (*(*)(int n))(void)"},
		{matrix, "float [2][3]", "float v[2][3]", "float [2][3]"},
		{PointerToConst(matrix), "const float (*)[2][3]", "const float (*v)[2][3]", "const float (*)[2][3]"},
		{must(FlexibleArrayOf(PointerTo(CInt))), "int *[]", "int *v[]", "int *[]"},
		{printf, "int (const char *fmt, ...)", "int v(const char *fmt, ...)", "int (const char *fmt, ...)"},
		{must(NewFunc(nil, nil, true)), "void (...)", "void v(...)", "void (...)"},
		{PointerTo(point), "struct point *", "struct point *v", "struct point *"},
		{point, "struct point", "struct point v", "struct point { int x; }"},
		{DeclareUnion("u"), "union u", "union u v", "union u"},
		{PointerToConst(name), "const name_t *", "const name_t *v", "const name_t *"},
		{name, "name_t", "name_t v", "typedef char name_t[8]"},
		{must(NewNamedAligned("a16", CInt, 16)), "a16", "a16 v", "typedef int a16 __attribute__((aligned(16)))"},
		{PointerTo(anon), "struct { int x; } *", "struct { int x; } *v", "struct { int x; } *"},
		{must(NewEnum("e", EnumConst{Name: "A", Value: 0}, EnumConst{Name: "B", Value: 5}, EnumConst{Name: "C", Value: 6})), "enum e", "enum e v", "enum e { A, B = 5, C }"},
		{must(NewEnumBase("", Uint8, EnumConst{Name: "A", Value: 1})), "enum : uint8_t { A = 1 }", "enum : uint8_t { A = 1 } v", "enum : uint8_t { A = 1 }"},
	}
	for _, tt := range tests {
		t.Run(tt.typeName, func(t *testing.T) {
			assert.Equal(t, tt.typeName, tt.typ.String())
			assert.Equal(t, tt.declared, Declare(tt.typ, "v"))
			assert.Equal(t, tt.definition, Define(tt.typ))
		})
	}
}

func TestDefineAttributes(t *testing.T) {
	inner := mustStruct(t, "", Attr{}, Field{Name: "l", Type: CLong})
	tagged := mustStruct(t, "in", Attr{Packed: true}, Field{Name: "l", Type: CLong})
	tests := []struct{ got, want string }{
		{Define(mustStruct(t, "s", Attr{Packed: true, Align: 8, Dialect: MSDialect},
			Field{Name: "c", Type: CChar, Const: true},
			Field{Name: "b", Type: CUInt, BitField: true, Bits: 3, Packed: true, Align: 4},
			Field{Type: CInt, BitField: true})),
			"struct __attribute__((packed)) __attribute__((aligned(8))) __attribute__((ms_struct)) s { " +
				"const char c; unsigned int b: 3 __attribute__((packed)) __attribute__((aligned(4))); int : 0; }"},
		{Define(mustUnion(t, "u", Attr{Endian: BigEndian, Dialect: SysVDialect}, Field{Name: "i", Type: CInt})),
			`union __attribute__((gcc_struct)) __attribute__((scalar_storage_order("big-endian"))) u { int i; }`},
		{Define(mustStruct(t, "s", Attr{Pack: 2}, Field{Name: "in", Type: inner})),
			`_Pragma("pack(push, 2)") struct s { _Pragma("pack(push, 0)") struct { long l; } in; _Pragma("pack(pop)"); }; _Pragma("pack(pop)")`},
		{Define(mustStruct(t, "s", Attr{}, Field{Type: tagged}, Field{Name: "p", Type: PointerTo(tagged)})),
			"struct s { struct __attribute__((packed)) { long l; }; struct in *p; }"},
		{Define(must(NewNamed("t", mustStruct(t, "", Attr{Pack: 1}, Field{Name: "l", Type: CLong})))),
			`_Pragma("pack(push, 1)") typedef struct { long l; } t; _Pragma("pack(pop)")`},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, tt.got)
	}
}

// The compiler takes back what String and Declare print, as the same type.
func TestStringsCompile(t *testing.T) {
	g := newTypeGen(WASM32, rand.Uint64())
	g.start()
	for range 40 {
		g.record()
	}
	var src strings.Builder
	src.WriteString(prelude)
	for _, d := range g.defs {
		fmt.Fprintf(&src, "%s;\n", Define(d))
	}
	for i := range 200 {
		typ := g.memberType(3)
		if inlined(typ) != nil {
			continue // each mention would define another type
		}
		name := fmt.Sprintf("v%d", i)
		fmt.Fprintf(&src, "extern %s;\n_Static_assert(__builtin_types_compatible_p(__typeof__(%s), %v), \"%s\");\n", Declare(typ, name), name, typ, typ)
		fmt.Fprintf(&src, "extern %s;\n", Declare(PointerToConst(typ), "p"+name))
	}
	clangFor(WASM32).compile(t, src.String())
}

// Types that C cannot spell, and texts without bound, end.
func TestPrintingEnds(t *testing.T) {
	loop := DeclareStruct("")
	assert.NoError(t, loop.Define(Attr{}, Field{Name: "next", Type: PointerTo(loop)}))
	assert.Equal(t, "struct { struct { ... } *next; }", loop.String())

	deep := mustStruct(t, "", Attr{}, Field{Name: "c", Type: CChar})
	for range 60 {
		deep = mustStruct(t, "", Attr{}, Field{Name: "a", Type: PointerTo(deep)}, Field{Name: "b", Type: PointerTo(deep)})
	}
	assert.Less(t, len(deep.String()), 1<<20)
}
