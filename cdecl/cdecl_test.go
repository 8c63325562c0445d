package cdecl_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

var linux = cdecl.Options{ABI: dtype.LinuxAMD64, SystemIncludeDirs: []string{}}

func parse(t *testing.T, src string) *cdecl.Decls {
	t.Helper()
	d, err := cdecl.Parse(src, linux)
	require.NoError(t, err)
	return d
}

// Each declaration is read and written back as C.
func TestDeclarators(t *testing.T) {
	for _, tt := range []struct{ c, want string }{
		{"int f(void)", ""},
		{"int f()", "int f(void)"},
		{"double cos(double)", ""},
		{"int printf(const char *fmt, ...)", ""},
		{"void f(...)", ""},
		{"char *const *volatile f(void)", "char *const *f(void)"},
		{"const char *strchr(const char *s, int c)", ""},
		{"void f(const char *const *argv)", "void f(const char *const *argv)"},
		{"int *f(int a[], const int b[3], int c[2][3], int d[static 4], int e[const restrict static 2], int g[*])",
			"int *f(int *a, const int *b, int (*c)[3], int *d, int *e, int *g)"},
		{"void f(int n, double m[n][n], int (*p)[n])", "void f(int n, double *m, int (*p)[])"},
		{"void f(int [3], char *[], int (*)[3], int [static 3])", "void f(int *, char **, int (*)[3], int *)"},
		{"void f(int g(int), int (h)(int), int (*i)(int), int (int), int (*)(int))",
			"void f(int (*g)(int), int (*h)(int), int (*i)(int), int (*)(int), int (*)(int))"},
		{"void (*signal(int sig, void (*handler)(int)))(int)", ""},
		{"int (*(*f(void))[3])(char)", ""},
		{"void f(int (*(*g)(int))(char))", ""},
		{"void f(int a, int (*(*)(int))(char), int (*(**const h)(int))[2], char b)", "void f(int a, int (*(*)(int))(char), int (*(**h)(int))[2], char b)"},
		{"void f(int (*(*g)(int (*(*)(void))(void)))(char))", ""},
		{"int f(register const int a, volatile int b)", "int f(int a, int b)"},
		{"static inline int f(int a) { return a + 1; }", "int f(int a)"},
		{"extern inline __attribute__((always_inline)) int f(int a) { if (a) { return 1; } return '}'; }", "int f(int a)"},
		{"typedef int fn(char *, ...); fn f", "int f(char *, ...)"},
		{"void f(int a[sizeof(struct { char c[3]; })], char (*b)[2 * 3])", "void f(int *a, char (*b)[6])"},
		{"_Noreturn void f(int)", "void f(int)"},
		{"__declspec(dllexport) int __stdcall f(int __attribute__((unused)) a, char *__restrict b)", "int f(int a, char *b)"},
		{`int f(int a) __asm__("g") __attribute__((nothrow, nonnull(1)))`, "int f(int a)"},
		{"[[nodiscard]] int f([[maybe_unused]] int a)", "int f(int a)"},
		{`extern "C" int f(int)`, "int f(int)"},
		{"__extension__ long long f(void)", "long long f(void)"},
		{"int (f)(int)", "int f(int)"},
		{"unsigned char f(signed, unsigned, long, long long unsigned, short int, long double)",
			"unsigned char f(int, unsigned int, long, unsigned long long, short, long double)"},
		{"_Complex double f(float _Complex, long double _Complex)", "_Complex double f(_Complex float, _Complex long double)"},
		{"__int128 f(unsigned __int128, __uint128_t, __int128_t)", "__int128 f(unsigned __int128, unsigned __int128, __int128)"},
		{"_Float64 f(_Float32, _Float64x)", "double f(float, long double)"},
		{"__int64 f(unsigned __int64, __int32, __int8)", "long long f(unsigned long long, int, char)"},
		{"bool f(_Bool)", "_Bool f(_Bool)"},
		{"size_t f(ssize_t, int8_t, uint64_t, intptr_t, wchar_t, char16_t, ptrdiff_t)", ""},
		{"intmax_t f(uint_fast16_t, int_least32_t)", ""},
		{"typeof(int) f(__typeof__(char *) a, typeof(sizeof(int)) b)", "int f(char *a, size_t b)"},
		{"_Atomic int f(_Atomic(long) a)", "int f(long a)"},
		{"struct s *f(struct s s, union u *u)", ""},
		{"void f(va_list ap)", "void f(struct __va_list_tag *ap)"},
		{"int f(enum { A, B } x)", "int f(enum { A, B } x)"},
		{"int f(a, b, c, d) char a; float b; int *c[3]; { return a; }", "int f(int a, double b, int **c, int d)"},
		{"char *(*f(a))(int) short a; { return 0; }", "char *(*f(int a))(int)"},
		{"int f(int a __attribute__((mode(DI))), long b)", "int f(long long a, long b)"},
		{"__float80 f(void)", "long double f(void)"},
		{"typedef enum late late; late f(enum late *p); enum late { A, B }", "late f(enum late *p)"},
	} {
		t.Run(tt.c, func(t *testing.T) {
			if tt.want == "" {
				tt.want = tt.c
			}
			c := tt.c
			if !strings.HasSuffix(c, "}") {
				c += ";"
			}
			d, err := cdecl.Parse(c, linux)
			if msg, bad := strings.CutPrefix(tt.want, "?"); bad {
				require.ErrorContains(t, err, msg)
				return
			}
			require.NoError(t, err)
			var names []string
			for x := range d.All(cdecl.Function) {
				names = append(names, dtype.Declare(x.Type, x.Name))
			}
			assert.Equal(t, []string{tt.want}, names)
		})
	}
}

func TestTypesByName(t *testing.T) {
	d := parse(t, `
		typedef struct point { int x, y; } point_t;
		union u { int i; }; enum e { E };
		#define LENGTH 4
		#define PTR(t) t *
		int variable;`)
	for _, tt := range []struct{ name, want string }{
		{"int", "int"},
		{"unsigned", "unsigned int"},
		{"struct point", "struct point"},
		{" struct  point ", "struct point"},
		{"point_t", "point_t"},
		{"union u", "union u"},
		{"enum e", "enum e"},
		{"char[64]", "char [64]"},
		{"char [2 * LENGTH][sizeof(point_t)]", "char [8][8]"},
		{"PTR(const char)", "const char *"},
		{"int (*)(int)", "int (*)(int)"},
		{"int (*(*)(int))(int)", "int (*(*)(int))(int)"},
		{"const point_t *const *", "const point_t *const *"},
		{"struct { char c; int i; }", "struct { char c; int i; }"},
		{"struct unknown *", "struct unknown *"},
		{"size_t", "size_t"},
		{"uint8_t[3]", "uint8_t [3]"},
		{"void", "void"},
		{"void *", "void *"},
		{"long double", "long double"},
		{"__SIZE_TYPE__", "unsigned long"},
		{"typeof(variable)", "int"},
		{"int // comment", "int"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			typ, err := d.Type(tt.name)
			require.NoError(t, err)
			assert.Equal(t, tt.want, typ.String())
			again, err := d.Type(tt.name)
			require.NoError(t, err)
			assert.Same(t, typ, again, "one name has one type")
		})
	}
	for _, tt := range []struct{ name, want string }{
		{"struct pont", "cdecl: no struct pont; did you mean struct point?"},
		{"pont_t", `cdecl: no type "pont_t"; did you mean point_t?`},
		{"point", `cdecl: no type "point"; did you mean struct point?`},
		{"union point", "cdecl: no union point"},
		{"variable", `cdecl: no type "variable": it is declared as a variable`},
		{"variable *", "cdecl: <type>:1:11: unexpected"},
		{"sizeof(int)", "cdecl: <type>:1:1: not a type"},
		{"int), y = sizeof(int", "cdecl: <type>:1:1: not a type"},
		{"int); int z = sizeof(int", "cdecl: <type>:1:1: not a type"},
		{"int) + sizeof(char", "cdecl: <type>:1:1: not a type"},
		{"3", "cdecl: <type>:1:1: not a type"},
		{"", "cdecl: <type>:1:1:"},
		{"int x", "cdecl: <type>:1:5: unexpected \"x\""},
		{"char[-1]", "cdecl: <type>:1:6: -1 is negative"},
		{"#define", "cdecl: <type>:1:1: stray '#'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := d.Type(tt.name)
			require.Error(t, err)
			assert.Contains(t, err.Error(), tt.want)
		})
	}
}

// The names of C's standard headers are dtype's own types, wherever they are
// declared, unless the text makes them something else.
func TestFixedTypes(t *testing.T) {
	for _, src := range []string{
		"",
		"#include <stdint.h>\n#include <stddef.h>\n#include <stdbool.h>\n",
		"typedef signed int int32_t; typedef unsigned long size_t; typedef int wchar_t; typedef _Bool bool;",
		"typedef int __i; typedef __i int32_t;",
	} {
		d := parse(t, src)
		for name, want := range map[string]dtype.Type{
			"int32_t": dtype.Int32, "uint8_t": dtype.Uint8, "size_t": dtype.SizeT, "ssize_t": dtype.SSizeT,
			"intptr_t": dtype.IntPtrT, "wchar_t": dtype.WCharT, "bool": dtype.CBool, "char32_t": dtype.Char32T,
		} {
			typ, err := d.Type(name)
			require.NoError(t, err)
			assert.Same(t, want, typ, "%s after %q", name, src)
		}
	}
	d := parse(t, "typedef long int32_t; typedef unsigned char bool;")
	typ, err := d.Type("int32_t")
	require.NoError(t, err)
	assert.Equal(t, dtype.CLong, dtype.Resolve(typ))
	typ, err = d.Type("bool")
	require.NoError(t, err)
	assert.Equal(t, dtype.CUChar, dtype.Resolve(typ))
}

func TestRecursiveTypes(t *testing.T) {
	d := parse(t, `
		typedef struct node node;
		typedef node *list;
		struct edge;
		struct node { node *next; struct edge *edges; list self; };
		struct edge { struct node *to; };
		typedef struct opaque opaque;
		opaque *open(const char *);`)
	typ, err := d.Type("node")
	require.NoError(t, err)
	n := dtype.Resolve(typ).(*dtype.Struct)
	require.True(t, n.Complete())
	next := n.Fields()[0].Type.(*dtype.Pointer).Elem()
	assert.Same(t, typ, next, "the member points to the typedef itself")
	edge := n.Fields()[1].Type.(*dtype.Pointer).Elem().(*dtype.Struct)
	assert.Same(t, n, edge.Fields()[0].Type.(*dtype.Pointer).Elem())
	f, err := d.Func("open")
	require.NoError(t, err)
	_, err = dtype.LinuxAMD64.Size(f.Result().(*dtype.Pointer).Elem())
	assert.ErrorIs(t, err, dtype.ErrIncomplete)
}

func TestConstants(t *testing.T) {
	d := parse(t, `
		enum { FIRST, SECOND = 5, THIRD, NEGATIVE = -3, AFTER, BIG = 0x7fffffff, BIGGER };
		#define INT 42
		#define HEX 0xFFu
		#define LONG (1L << 40)
		#define MAX 18446744073709551615ULL
		#define SUM (INT + SECOND)
		#define SIZE sizeof(struct s)
		#define FLOAT 1.5e3f
		#define PI 3.14159
		#define STRING "a\tb" "c"
		#define CHAR 'x'
		#define NOT !INT
		#define TERNARY (INT > 3 ? -1 : 1)
		#define CAST ((unsigned char)-1)
		#define FUNCTION(x) x
		#define CALL f()
		#define TYPE int
		#define NOTHING
		#define NUL ((void *)0)
		#define REDEFINED 1
		#undef REDEFINED
		#define REDEFINED 2
		#define GONE 1
		#undef GONE
		#if 0
		#define SKIPPED 1
		#endif
		struct s { char c; int i; } __attribute__((packed));`)
	want := map[string]any{
		"FIRST": int64(0), "SECOND": int64(5), "THIRD": int64(6), "NEGATIVE": int64(-3), "AFTER": int64(-2),
		"BIG": int64(0x7fffffff), "BIGGER": int64(0x80000000),
		"INT": int64(42), "HEX": int64(255), "LONG": int64(1) << 40, "MAX": ^uint64(0), "SUM": int64(47), "SIZE": int64(5),
		"FLOAT": 1500.0, "PI": 3.14159, "STRING": "a\tbc", "CHAR": int64('x'), "NOT": int64(0), "TERNARY": int64(-1), "CAST": int64(255),
		"REDEFINED": int64(2),
	}
	got := map[string]any{}
	for x := range d.All(cdecl.Constant) {
		got[x.Name] = x.Value
		c, err := d.Const(x.Name)
		require.NoError(t, err)
		assert.Equal(t, x, c)
	}
	assert.Equal(t, want, got)

	_, err := d.Const("SECONT")
	assert.EqualError(t, err, `cdecl: no constant "SECONT"; did you mean SECOND?`)
	_, err = d.Const("CALL")
	assert.EqualError(t, err, "cdecl: macro CALL is no constant expression")
}

func TestDecls(t *testing.T) {
	d := parse(t, `
		struct point { int x, y; };
		typedef struct point point_t;
		extern const point_t origin;
		static int hidden;
		point_t mirror(point_t p) __asm__("mirror$2");
		static inline int twice(int n) { return 2 * n; }
		enum { N = 3 };`)
	type brief struct {
		name   string
		kind   cdecl.Kind
		symbol string
		flags  [2]bool // static, const
		line   int
	}
	var got []brief
	for x := range d.All() {
		got = append(got, brief{x.Name, x.Kind, x.Symbol, [2]bool{x.Static, x.Const}, x.Line})
	}
	assert.Equal(t, []brief{
		{"struct point", cdecl.Tag, "", [2]bool{}, 2},
		{"point_t", cdecl.Typedef, "", [2]bool{}, 3},
		{"origin", cdecl.Variable, "", [2]bool{false, true}, 4},
		{"hidden", cdecl.Variable, "", [2]bool{true, false}, 5},
		{"mirror", cdecl.Function, "mirror$2", [2]bool{}, 6},
		{"twice", cdecl.Function, "", [2]bool{true, false}, 7},
		{"N", cdecl.Constant, "", [2]bool{}, 8},
	}, got)

	typ, err := d.Var("origin")
	require.NoError(t, err)
	assert.Equal(t, "point_t", typ.String())
	_, err = d.Func("miror")
	assert.EqualError(t, err, `cdecl: no function "miror"; did you mean mirror?`)
	_, err = d.Func("origin")
	assert.EqualError(t, err, `cdecl: <decl>:4: no function "origin": origin is declared as a variable`)
	_, err = d.Var("xyz")
	assert.EqualError(t, err, `cdecl: no variable "xyz"`)
	assert.Len(t, slices.Collect(d.All(cdecl.Function, cdecl.Variable)), 4)
}

func TestSourcesTogether(t *testing.T) {
	d, err := cdecl.ParseAll([]cdecl.Source{
		{Text: "typedef int number;\n#define TWICE(x) (2 * (x))\n"},
		{Path: "second.h", Text: "struct pair { number a[TWICE(2)]; };\n"},
		{Text: "number sum(struct pair *p);"},
	}, linux)
	require.NoError(t, err)
	f, err := d.Func("sum")
	require.NoError(t, err)
	assert.Equal(t, "number sum(struct pair *p)", dtype.Declare(f, "sum"))
	typ, err := d.Type("struct pair")
	require.NoError(t, err)
	assert.Equal(t, "struct pair { number a[4]; }", dtype.Define(typ))

	_, err = cdecl.ParseAll([]cdecl.Source{{Text: "int a;"}, {Text: "foo b;"}}, linux)
	assert.ErrorContains(t, err, `cdecl: <decl 2>:1:1: unknown type name "foo"`)
}

// What a function's body says is not taken for what follows it.
func TestBodies(t *testing.T) {
	d := parse(t, `
		static int f(void) { int x __attribute__((aligned(16), mode(QI))); asm volatile("nop" : "=r"(x)); return x; }
		typedef int number;
		int g(void) { asm("symbol"); }
		int h(number n);
		static int y = ({ int z __attribute__((vector_size(16))); z; });
		struct s { number n; };`)
	typ, err := d.Type("number")
	require.NoError(t, err)
	assert.Zero(t, typ.(*dtype.Named).Align())
	assert.Equal(t, dtype.CInt, dtype.Resolve(typ))
	for x := range d.All() {
		assert.Empty(t, x.Symbol, x.Name)
	}
	_, err = d.Var("y")
	assert.NoError(t, err)
}

func TestDefines(t *testing.T) {
	opts := linux
	opts.Defines = map[string]string{"N": "3", "T(x)": "x *", "EMPTY": ""}
	d, err := cdecl.Parse("EMPTY T(char) a[N];", opts)
	require.NoError(t, err)
	typ, err := d.Var("a")
	require.NoError(t, err)
	assert.Equal(t, "char *[3]", typ.String())
}

// The same declaration may be made again, as headers do.
func TestRedeclaration(t *testing.T) {
	for _, c := range []string{
		"struct s { int a; }; struct s { int a; };",
		"typedef int t; typedef int t;",
		"int f(int); int f(int a);",
		"int f(); int f(int a);",
		"extern int x[]; int x[3];",
		"void *g(size_t); void *g(unsigned long n);",
		"enum e { A }; enum e { A };",
		"typedef struct s s; typedef struct s s; struct s; struct s { int a; };",
		"#define N 1\n#define N 1\n",
	} {
		t.Run(c, func(t *testing.T) {
			_, err := cdecl.Parse(c, linux)
			assert.NoError(t, err)
		})
	}
	d := parse(t, "int f(int); int f(int a);")
	f, err := d.Func("f")
	require.NoError(t, err)
	assert.Equal(t, "a", f.Params()[0].Name, "the declaration that says more wins")
	d = parse(t, "int f(int a); int f(); extern int x[]; int x[3];")
	f, err = d.Func("f")
	require.NoError(t, err)
	assert.Len(t, f.Params(), 1)
	typ, err := d.Var("x")
	require.NoError(t, err)
	assert.Equal(t, "int [3]", typ.String())
}

// What no ABI here has spoils only what is built on it.
func TestUnsupported(t *testing.T) {
	d := parse(t, `
		typedef float vec __attribute__((vector_size(12)));
		vec add(vec a, vec b);
		struct holder { int a; vec v; };
		struct outer { struct holder h; };
		int use(struct holder *h);
		_Float16 half(void);
		_Decimal64 money(void);
		_Float128 quad(void);
		unsigned _BitInt(7) bits(_BitInt(128) *p);
		_Atomic struct { int a, b; } atomic;
		int fine(int);`)
	for _, name := range []string{"add", "half", "money", "quad", "bits"} {
		_, err := d.Func(name)
		assert.ErrorIs(t, err, dtype.ErrNotSupported, name)
	}
	for _, name := range []string{"vec", "struct holder", "struct outer", "vec *"} {
		_, err := d.Type(name)
		assert.ErrorIs(t, err, dtype.ErrNotSupported, name)
	}
	_, err := d.Func("use")
	assert.NoError(t, err, "a pointer to it works")
	_, err = d.Func("fine")
	assert.NoError(t, err)
	_, err = d.Func("half")
	assert.EqualError(t, err, "cdecl: <decl>:7:3: half-precision floats: not supported on linux-amd64\n\t  _Float16 half(void);")
	for x := range d.All(cdecl.Function) {
		assert.Contains(t, []string{"use", "fine"}, x.Name)
	}
}

func TestTransparentUnion(t *testing.T) {
	d := parse(t, `
		typedef union { int *i; const char *s; } arg __attribute__((transparent_union));
		union __attribute__((transparent_union)) other { long l; void *p; };
		void f(arg a, union other b, arg *c);`)
	f, err := d.Func("f")
	require.NoError(t, err)
	assert.Equal(t, "void f(int *a, long b, arg *c)", dtype.Declare(f, "f"))
}

// The sizes are those that gcc, mingw's gcc and clang give, the compilers' own
// stddef.h included.
func TestMaxAlign(t *testing.T) {
	for name, want := range map[string]uint64{
		"linux-amd64": 32, "linux-arm64": 32, "mingw-amd64": 32, "wasm32": 32, "emscripten32": 24,
		"windows-amd64": 8, "windows-arm64": 8, "darwin-amd64": 16, "darwin-arm64": 8,
	} {
		abi, ok := dtype.ABIByName(name)
		require.True(t, ok, name)
		decls, err := cdecl.Parse("#include <stddef.h>", cdecl.Options{ABI: abi})
		require.NoError(t, err, name)
		typ, err := decls.Type("max_align_t")
		require.NoError(t, err, name)
		size, err := abi.Size(typ)
		require.NoError(t, err, name)
		assert.Equal(t, want, size, name)
	}
}

func TestDigraphs(t *testing.T) {
	decls, err := cdecl.Parse("%:define N 3\n%:define CAT(a, b) a%:%:b\nstruct s <% int CAT(x, y)<:N:>; %>;\nchar *text = \"<:%>\";", cdecl.Options{})
	require.NoError(t, err)
	s, err := decls.Type("struct s")
	require.NoError(t, err)
	assert.Equal(t, "struct s { int xy[3]; }", dtype.Define(s))
}
