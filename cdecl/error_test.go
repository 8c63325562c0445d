package cdecl_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ c, want string }{
		{"int f(int a);\nint g(foo x);", "cdecl: <decl>:2:7: unknown type name \"foo\"\n\tint g(foo x);"},
		{"foo *p;", "cdecl: <decl>:1:1: unknown type name \"foo\"\n\tfoo *p;"},
		{"foo;", "cdecl: <decl>:1:1: \"foo\" has no type\n\tfoo;"},
		{"unit32_t x;", "cdecl: <decl>:1:1: unknown type name \"unit32_t\"; did you mean uint32_t?\n\tunit32_t x;"},
		{"struct point { int x; }; int f(point p);", "cdecl: <decl>:1:32: unknown type name \"point\"; did you mean struct point?\n\tstruct point { int x; }; int f(point p);"},
		{"struct s {\n\tint a;\n\tconst foo *b;\n};", "cdecl: <decl>:3:8: unknown type name \"foo\"\n\t const foo *b;"},
		{"int f(foo);", "cdecl: <decl>:1:7: unknown type name \"foo\"\n\tint f(foo);"},
		{"static x;", "cdecl: <decl>:1:8: \"x\" has no type\n\tstatic x;"},
		{"int x y;", "cdecl: <decl>:1:7: unexpected \"y\", expected external declaration\n\tint x y;"},
		{"int x", "?"},
		{"enum", "cdecl: <decl>:1:1: unexpected \"enum\", expected enum specifier\n\tenum"},
		{"int f(int) int", "cdecl: <decl>:1:15: unexpected end of text, expected '{'\n\tint f(int) int"},
		{"int a[3;", "cdecl: <decl>:1:6: '[' is never closed\n\tint a[3;"},
		{"int a[3);", "cdecl: <decl>:1:8: ')' where ']' closes the '[' of line 1\n\tint a[3);"},
		{"}", "cdecl: <decl>:1:1: unmatched '}'\n\t}"},
		{"struct s { int a };int b;", "?"},
		{"struct s { int a = 3; };", "cdecl: <decl>:1:18: unexpected \"=\", expected ';'\n\tstruct s { int a = 3; };"},
		{"struct s { int a; int a; };", "cdecl: <decl>:1:23: struct s: a: invalid type: two members of this name\n\tstruct s { int a; int a; };"},
		{"struct s { struct s s; };", "cdecl: <decl>:1:21: member \"s\" of type struct s: incomplete type\n\tstruct s { struct s s; };"},
		{"struct t; struct s { struct t t; };", "cdecl: <decl>:1:31: member \"t\" of type struct t: incomplete type\n\tstruct t; struct s { struct t t; };"},
		{"struct s { int a : 33; };", "cdecl: <decl>:1:16: struct s: a: invalid type: width 33 exceeds the 32 bits of int\n\tstruct s { int a : 33; };"},
		{"struct s { int a : -1; };", "cdecl: <decl>:1:20: -1 is negative\n\tstruct s { int a : -1; };"},
		{"struct s { int a[N]; };", "cdecl: <decl>:1:17: array length: not a constant expression: \"N\" is not declared\n\tstruct s { int a[N]; };"},
		{"enum e { A = x };", "cdecl: <decl>:1:10: value of A: not a constant expression: \"x\" is not declared\n\tenum e { A = x };"},
		{"enum e { A = 0xffffffffffffffff, B };", "cdecl: <decl>:1:34: value of B exceeds every integer type\n\tenum e { A = 0xffffffffffffffff, B };"},
		{"enum e : unsigned char { A = 300 };", "cdecl: <decl>:1:1: enum e: invalid type: A = 300 does not fit unsigned char\n\tenum e : unsigned char { A = 300 };"},
		{"enum e { A = -1, B = 1ull << 63 };", "cdecl: <decl>:1:1: enum e: invalid type: no integer type holds both -1 and constants beyond INT64_MAX\n\tenum e { A = -1, B = 1ull << 63 };"},
		{"enum e x;", "cdecl: <decl>:1:1: enum e is not declared\n\tenum e x;"},
		{"struct s { int a; }; union s *u;", "cdecl: <decl>:1:22: union s: <decl>:1 declares it as struct s\n\tstruct s { int a; }; union s *u;"},
		{"struct s { int a; };\nstruct s { char a; };", "cdecl: <decl>:2:1: struct s is already defined in another way at <decl>:1\n\tstruct s { char a; };"},
		{"int f(int);\nint f(char);", "cdecl: <decl>:2:5: \"f\" is declared as \"int f(char)\" here and as \"int f(int)\" at <decl>:1\n\tint f(char);"},
		{"int f(void);\nint f(int);", "cdecl: <decl>:2:5: \"f\" is declared as \"int f(int)\" here and as \"int f(void)\" at <decl>:1\n\tint f(int);"},
		{"int f(int); enum { f };", "cdecl: <decl>:1:20: \"f\" is declared as something else at <decl>:1\n\tint f(int); enum { f };"},
		{"unsigned signed x;", "cdecl: <decl>:1:1: these type specifiers do not go together\n\tunsigned signed x;"},
		{"int struct s *x;", "cdecl: <decl>:1:1: two types in one declaration\n\tint struct s *x;"},
		{"int f(void)[3];", "cdecl: <decl>:1:6: dtype: function: int [3]: invalid type: result of type int [3]\n\tint f(void)[3];"},
		{"int x[2][];", "cdecl: <decl>:1:6: dtype: array: int []: invalid type: array of arrays of unknown length\n\tint x[2][];"},
		{"void x[2];", "cdecl: <decl>:1:7: dtype: array: void: invalid type: array of void\n\tvoid x[2];"},
		{"_Static_assert(sizeof(int) == 8, \"int is \" \"8\");", "cdecl: <decl>:1:1: static assertion failed on linux-amd64: int is 8\n\t_Static_assert(sizeof(int) == 8, \"int is \" \"8\");"},
		{"_Static_assert(1 == 2);", "cdecl: <decl>:1:16: static assertion failed on linux-amd64\n\t_Static_assert(1 == 2);"},
		{"struct s { int a; } __attribute__((aligned(3)));", "cdecl: <decl>:1:36: alignment 3 is no power of two\n\tstruct s { int a; } __attribute__((aligned(3)));"},
		{"struct s { int a; } __attribute__((aligned(x)));", "cdecl: <decl>:1:44: alignment is no constant\n\tstruct s { int a; } __attribute__((aligned(x)));"},
		{"#pragma\n# pragma /* that\nsays nothing */\nx y;", "cdecl: <decl>:4:1: unknown type name \"x\"\n\tx y;"},
		{"#pragma pack(3)\nint x;", "cdecl: <decl>:1:9: #pragma pack: 3 is none of 1, 2, 4, 8, 16\n\t#pragma pack(3)"},
		{"#error don't\nint x;", "cdecl: <decl>:1:2: don t\n\t#error don't"},
		{"#include <missing.h>", "cdecl: <decl>:1:10: include file not found: <missing.h>\n\t#include <missing.h>"},
		{"#if 1\nint x;\n", "?endif"},
		{"int x @ y;", "cdecl: <decl>:1:7: stray '@'\n\tint x @ y;"},
		{"#define A(x) x\nint y = A(1;\n", "cdecl: <decl>:2:9: unterminated argument list invoking macro \"A\"\n\tint y = A(1;"},
		{"int *;", "cdecl: <decl>:1:6: unexpected \";\" after '*'\n\tint *;"},
		{"int *const volatile", "cdecl: <decl>:1:5: unexpected end of text after '*'\n\tint *const volatile"},
		{"int *->;", "cdecl: <decl>:1:6: unexpected \"-\" after '*'\n\tint *->;"},
		{"int *__inline;", "cdecl: <decl>:1:6: unexpected \"__inline\" after '*'\n\tint *__inline;"},
		{"^\u07bf", "cdecl: <decl>:1:2: \"\\u07bf\" is no name\n\t^\u07bf"},
		{"char c = '", "cdecl: <decl>:1:10: constant is empty or not terminated\n\tchar c = '"},
		{"char *s = \"a\\\"", "cdecl: <decl>:1:11: constant is empty or not terminated\n\tchar *s = \"a\\\""},
		{"int x = ({ int y; y; });", "?"},
		{"#define A\n\"\\2#\"\\", "cdecl: <decl>:2:1: unexpected \"\\\"\\\\2#\\\"\", expected direct declarator\n\t\"\\2#\"\\"},
		{"int f(int a,);", "cdecl: <decl>:1:12: a parameter is missing after \",\"\n\tint f(int a,);"},
		{"int f(,int a);", "cdecl: <decl>:1:6: a parameter is missing after \"(\"\n\tint f(,int a);"},
		{"struct s { int a; } struct t { int c; };", "cdecl: <decl>:1:21: two types in one declaration; a semicolon may be missing before\n\tstruct s { int a; } struct t { int c; };"},
		{"struct s { int a; } x\nstruct t { int c; };", "cdecl: <decl>:2:1: unexpected \"struct\", expected external declaration\n\tstruct t { int c; };"},
		{"enum { A, B = A / 0 };", "cdecl: <decl>:1:11: value of B: not a constant expression: division by zero\n\tenum { A, B = A / 0 };"},
		{"int f(int a, int a);", "cdecl: <decl>:1:14: two parameters of the name \"a\"\n\tint f(int a, int a);"},
		{"typedef int t; typedef double t;", "cdecl: <decl>:1:31: \"t\" is declared as \"typedef double t\" here and as \"typedef int t\" at <decl>:1\n\ttypedef int t; typedef double t;"},
		{"void v;", "cdecl: <decl>:1:6: variable \"v\" of type void\n\tvoid v;"},
		{"struct s { int a; } __attribute__((packd));", "cdecl: <decl>:1:36: unknown attribute \"packd\"; did you mean packed?\n\tstruct s { int a; } __attribute__((packd));"},
		{"typedef int t __attribute__((__aligend__(8)));", "cdecl: <decl>:1:30: unknown attribute \"aligend\"; did you mean aligned?\n\ttypedef int t __attribute__((__aligend__(8)));"},
		{"struct s { _Alignas(1) _Alignas(2) int a; };", "cdecl: <decl>:1:12: _Alignas of 2, less than the 4 of int\n\tstruct s { _Alignas(1) _Alignas(2) int a; };"},
		{"struct s { _Alignas(8) int a : 3; };", "cdecl: <decl>:1:12: _Alignas on a bit-field\n\tstruct s { _Alignas(8) int a : 3; };"},
		{"typedef _Alignas(8) int t;", "cdecl: <decl>:1:9: _Alignas in a typedef; __attribute__((aligned)) is for types\n\ttypedef _Alignas(8) int t;"},
		{"int a[(int *)4];", "cdecl: <decl>:1:7: int * is no integer\n\tint a[(int *)4];"},
		{"int a;\nint b; /* int\nc;", "cdecl: <decl>:2: the comment is never closed\n\tint b; /* int"},
		{"__auto_type x = 1;", "cdecl: <decl>:1:1: __auto_type declares no type\n\t__auto_type x = 1;"},
	} {
		t.Run(tt.c, func(t *testing.T) {
			_, err := cdecl.Parse(tt.c, linux)
			if rest, ok := strings.CutPrefix(tt.want, "?"); ok {
				if rest != "" {
					assert.ErrorContains(t, err, rest)
				} else {
					assert.NoError(t, err)
				}
				return
			}
			assert.EqualError(t, err, tt.want)
			_, typed := errors.AsType[*cdecl.Error](err)
			assert.True(t, typed)
		})
	}
}

func TestMissingLibraryHeaders(t *testing.T) {
	_, err := cdecl.Parse("#include <stdio.h>", cdecl.Options{ABI: dtype.WindowsAMD64})
	assert.EqualError(t, err, "cdecl: <decl>:1:10: include file not found: <stdio.h>; this machine has no C library headers for windows-amd64\n\t#include <stdio.h>")
}

// Lines are those of the files as they are, through includes, conditionals,
// macros and comments.
func TestErrorPlaces(t *testing.T) {
	files := fstest.MapFS{
		"inc/good.h":  {Data: []byte("#ifndef GOOD\n#define GOOD\n/* two\n   lines */\n#define EMPTY\ntypedef int good;\n#endif\n")},
		"inc/bad.h":   {Data: []byte("#include \"good.h\"\n\n#if 0\nnot C, isn't it\n#elif defined GOOD && (1 + 1)\ngood a;\nbad   b;\n#endif\n")},
		"inc/macro.h": {Data: []byte("#define DECLARE(t, n) \\\n\tt n;\nDECLARE(int,\n  a)\n\nDECLARE(bad, b)\n")},
		"inc/loop.h":  {Data: []byte("#include \"loop.h\"\n")},
		"inc/pack.h":  {Data: []byte("#pragma once\n#pragma pack(push, 1)\nstruct packed { char c; int i; };\n#pragma pack(pop)\n")},
	}
	opts := linux
	opts.FS, opts.IncludeDirs = files, []string{"inc"}
	for _, tt := range []struct{ c, want string }{
		{"#include <good.h>\ngood x;\nbad y;", "cdecl: <decl>:3:1: unknown type name \"bad\"\n\tbad y;"},
		{"int x;\n#include \"bad.h\"\n", "cdecl: inc/bad.h:7:1: unknown type name \"bad\"\n\tbad   b;"},
		{"#include \"macro.h\"\n", "cdecl: inc/macro.h:6:9: unknown type name \"bad\"\n\tDECLARE(bad, b)"},
		{"#include \"loop.h\"\n", "cdecl: inc/loop.h:1: too many #includes: declarations exceed a limit"},
		{"/* a\nb */ #include <good.h>\nint /* c\nd */ x EMPTY;\n\nint    y  z;", "cdecl: <decl>:6:11: unexpected \"z\", expected external declaration\n\tint    y  z;"},
		{"#include <pack.h>\n#include <pack.h>\n#include <nope.h>\n", "cdecl: <decl>:3:10: include file not found: <nope.h>\n\t#include <nope.h>"},
	} {
		t.Run(tt.c, func(t *testing.T) {
			_, err := cdecl.Parse(tt.c, opts)
			require.Error(t, err)
			assert.Contains(t, err.Error(), tt.want)
		})
	}
	d, err := cdecl.Parse("#include <pack.h>\n#include <pack.h>\nstruct normal { char c; int i; };", opts)
	require.NoError(t, err)
	for name, want := range map[string]uint64{"struct packed": 5, "struct normal": 8} {
		typ, err := d.Type(name)
		require.NoError(t, err)
		size, err := dtype.LinuxAMD64.Size(typ)
		require.NoError(t, err)
		assert.Equal(t, want, size, name)
	}
	_, err = cdecl.ParseFile("inc/none.h", opts)
	assert.ErrorContains(t, err, "cdecl: reading declarations: open inc/none.h")
}

// Text made to exhaust time, memory or the stack is refused in time.
func TestLimits(t *testing.T) {
	rep := strings.Repeat
	var doubling, nesting strings.Builder
	doubling.WriteString("#define A0 x x x x x x x x\n")
	nesting.WriteString("#define P0 ((((((((\n#define Q0 ))))))))\n")
	for i := 1; i < 12; i++ {
		n, m := rep("ABCDEFGHIJKL"[i:i+1], 2), rep("ABCDEFGHIJKL"[i-1:i], 2)
		if i == 1 {
			m = "A0"
		}
		doubling.WriteString("#define " + n + rep(" "+m, 8) + "\n")
		p := m
		if i == 1 {
			p = "0"
		}
		nesting.WriteString("#define P" + n + rep(" P"+p, 4) + "\n#define Q" + n + rep(" Q"+p, 4) + "\n")
	}
	for name, c := range map[string]string{
		"brackets":     "int x = " + rep("(", 1000) + "1" + rep(")", 1000) + ";",
		"operators":    "int x[" + rep("!", 100_000) + "1];",
		"pointers":     "int " + rep("*", 100_000) + "p;",
		"conditionals": rep("#if 1\n", 10_000) + rep("#endif\n", 10_000),
		"macros":       doubling.String() + "int LL;",
		"#if macros":   nesting.String() + "#if PLL 1 QLL\n#endif\n",
		"#elif macros": nesting.String() + "#if 0\n#elif PLL 1 QLL\n#endif\n",
		"#if in call":  nesting.String() + "#define F(x) x\nF(\n#if PLL 1 QLL\n#endif\n)\n",
		"#if in open":  nesting.String() + "#define F(x) x\n#define O F(\nint x O\n#if PLL 1 QLL\n#endif\n);\n",
		"#if by paste": nesting.String() + "#define C(a, b) a##b\n#define E C(_Prag, ma)(\"once\")\n#if E + PLL 1 QLL\n#endif\n",
		"calls":        "#define F(x) x\nint x = " + rep("F(", 10_000) + "1" + rep(")", 10_000) + ";",
		"pack":         rep("_Pragma(\"pack(push, 1)\")\n", 20_000),
		"directive":    "#define X " + rep("x", 1<<17),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := cdecl.Parse(c, linux)
			require.Error(t, err)
			if name != "pack" {
				assert.ErrorIs(t, err, cdecl.ErrLimit, "%.300s", err)
			}
			assert.Less(t, len(err.Error()), 1000)
		})
	}
}
