package cdecl_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

// What dtype prints of a type, cdecl reads as an identical one.
func TestRoundTrip(t *testing.T) {
	for _, src := range []string{
		"struct s { int a; char *b, c[3][4]; const int d; struct s *next; };",
		"struct s { unsigned a : 3; int : 0; unsigned b : 4; _Bool c : 1; unsigned long long d : 40; };",
		"struct s { char c; int i; } __attribute__((packed));",
		"struct s { char c; int i; } __attribute__((packed, aligned(2)));",
		"struct s { char c; int i __attribute__((packed)); int j __attribute__((aligned(16))); };",
		"struct s { char c; int i : 5 __attribute__((aligned(8))); };",
		"struct s { char c; int i; } __attribute__((ms_struct));",
		"struct s { char c; int i; } __attribute__((gcc_struct));",
		`struct s { char c; int i; } __attribute__((scalar_storage_order("big-endian")));`,
		"#pragma pack(2)\nstruct s { char c; int i; };",
		"struct s { int n; struct { char a; union { int b; float c; }; }; double tail[]; };",
		"union u { int i; float f; struct { short lo, hi; } parts; };",
		"union u { int i; } __attribute__((packed));",
		"enum e { A, B = 5, C, D = -1 };",
		"enum e : unsigned char { A, B };",
		"enum e { A = 0xffffffffffffffffull, B = 0, C = 1ull << 63 };",
		"enum e { A = -0x7fffffffffffffffll - 1, B = 0x7fffffffffffffffll, C = 0x7fffffff, D };",
		"enum e { A } __attribute__((packed));",
		"typedef int (*t)(const char *, ...);",
		"typedef struct { int x; } t;",
		"typedef const char *const *t[3];",
		"typedef int (*(*t)(void (*)(int)))[2];",
		"typedef _Complex float t;",
		"typedef int t __attribute__((aligned(16)));",
	} {
		t.Run(src, func(t *testing.T) {
			first := parse(t, src)
			printed := ""
			for x := range first.All(cdecl.Tag, cdecl.Typedef) {
				printed += dtype.Define(x.Type) + ";\n"
			}
			second := parse(t, printed)
			n := 0
			for x := range first.All(cdecl.Tag, cdecl.Typedef) {
				again, err := second.Type(x.Name)
				require.NoError(t, err, printed)
				assert.True(t, dtype.Identical(x.Type, again), "%s\nread back as\n%s", printed, dtype.Define(again))
				n++
			}
			assert.NotZero(t, n)
		})
	}
}

// Type names read back as they are printed.
func TestRoundTripNames(t *testing.T) {
	d := parse(t, "struct s { int a; }; typedef struct s *ptr;")
	for _, name := range []string{
		"int", "unsigned long long", "char [64]", "const char *", "char *const *", "int (*)(int)", "int (*(*)(int))(int)", "int (*[3])(void)",
		"struct s", "ptr", "ptr [2]", "const struct s *", "void (*)(struct s, ...)", "int (*)[3]", "int32_t *", "_Complex double", "struct { int a; }",
	} {
		t.Run(name, func(t *testing.T) {
			typ, err := d.Type(name)
			require.NoError(t, err)
			assert.Equal(t, name, typ.String())
		})
	}
}

// Struct layouts follow #pragma pack wherever it may stand.
func TestPragmaState(t *testing.T) {
	d := parse(t, strings.Join([]string{
		`_Pragma("pack(push, 1)") struct a { char c; int i; }; _Pragma("pack(pop)")`,
		"struct b { char c; int i; };",
		"__pragma(pack(push, 2)) struct c { char c; int i; }; __pragma(pack(pop))",
		"typedef _Pragma(\"pack(1)\") struct { char c; int i; } _Pragma(\"pack()\") d;",
		`_Pragma("ms_struct on") struct e { char c; int i : 3; }; _Pragma("ms_struct reset")`,
		`_Pragma("scalar_storage_order big-endian") struct f { int i; }; _Pragma("scalar_storage_order default")`,
		`_Pragma("GCC diagnostic ignored \"-Wpacked\"") struct g { char c; int i; };`,
	}, "\n"))
	for name, want := range map[string]dtype.Attr{
		"struct a": {Pack: 1}, "struct b": {}, "struct c": {Pack: 2}, "d": {Pack: 1},
		"struct e": {Dialect: dtype.MSDialect}, "struct f": {Endian: dtype.BigEndian}, "struct g": {},
	} {
		typ, err := d.Type(name)
		require.NoError(t, err)
		assert.Equal(t, want, dtype.Resolve(typ).(*dtype.Struct).Attr(), name)
	}
}
