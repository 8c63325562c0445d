package debuginfo

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// Two files that agree on little: what is static in one is external in the
// other, and what is opaque in one is complete in the other.
const (
	funcsC = `
struct opaque;
struct clash { int a; };
typedef int (*cmp)(const void *, const void *);
typedef int binary(int, int);

struct opaque *make(void);
extern int imported(const char *s, double d);
struct clash clash_a;
int counter = 3;
static unsigned hidden = 4;
const char *const names[2] = {"a", "b"};
extern int later[];
int later[3] = {1, 2, 3};

static int helper(int x) { return x + hidden; }
static inline int square(int x) { return x * x; }

int scalars(signed char c, unsigned short s, long l, unsigned long long u, float f, _Bool b) { return c + s + l + u + f + b + helper(c); }
void nothing(void) { counter++; hidden++; }
int count(const char *fmt, ...) { return fmt[0] + square(counter); }
void sort(void *base, unsigned n, cmp f, binary g) { f(base, base); g(n, n); }
int sum(int m[][3], const int row[restrict 4], int n) { return m[0][n] + row[0] + names[0][0]; }
int *pick(struct opaque *o, struct opaque **out) { *out = o; return later; }
int import(int n) { return imported("x", n); }
int old(a, b) char a; float b; { return a + (int)b; }
int noproto() { return imported("y", 1); }
int (*handler(int n))(int, int) { return n ? 0 : helper; }
struct pair { long a, b; } swap(struct pair p) { struct pair q = {p.b, p.a}; return q; }
`
	otherC = `
struct opaque { int id; double weight; };
struct clash { char c; };
struct clash clash_b;
static int counter = 5;
int helper(int x) { return x - counter; }
struct opaque *make(void) { static struct opaque o; o.id = counter++; return &o; }
`
)

func TestFuncs(t *testing.T) {
	eachToolchain(t, func(t *testing.T, tc toolchain) {
		tc.command += " -O1 -w"
		info := tc.compile(t, "funcs.c", funcsC, "other.c", otherC)
		for name, want := range map[string]string{
			"scalars": "int scalars(signed char c, unsigned short s, long l, unsigned long long u, float f, _Bool b)",
			"nothing": "void nothing(void)",
			"count":   "int count(const char *fmt, ...)",
			"sort":    "void sort(void *base, unsigned int n, cmp f, binary *g)",
			"sum":     "int sum(int (*m)[3], const int *row, int n)",
			"pick":    "int *pick(struct opaque *o, struct opaque **out)",
			"old":     "int old(int a, double b)",
			"noproto": "int noproto(void)",
			"handler": "int (*handler(int n))(int, int)",
			"swap":    "struct pair swap(struct pair p)",
			"make":    "struct opaque *make(void)",
		} {
			f, err := info.Func(name)
			require.NoError(t, err, name)
			assert.Equal(t, want, dtype.Declare(f.Type, f.Name))
			assert.True(t, f.External, name)
			assert.NotZero(t, f.Addr, name)
			assert.NotZero(t, f.Line, name)
			assert.Contains(t, f.File, ".c", name)
			at, err := info.FuncAt(f.Addr)
			require.NoError(t, err, name)
			assert.Same(t, f, at)
			frames, err := info.Line(f.Addr)
			require.NoError(t, err, name)
			assert.Equal(t, Frame{Func: name, File: f.File, Line: f.Line, Column: frames[0].Column}, frames[0])
		}

		helper, err := info.Func("helper")
		require.NoError(t, err)
		assert.True(t, helper.External, "the static one is not found by name")
		assert.Contains(t, helper.File, "other.c")

		pick, err := info.Func("pick")
		require.NoError(t, err)
		opaque := pick.Type.Params()[0].Type.(*dtype.Pointer).Elem()
		assert.Equal(t, "struct opaque { int id; double weight; }", dtype.Define(opaque), "completed from the other file")

		for _, err := range info.Funcs() {
			assert.NoError(t, err)
		}
	})
}

// Since gcc 11 and clang 14, DWARF 5 tells the type of functions that are
// called and not defined.
func TestImportedFunc(t *testing.T) {
	for _, tc := range []toolchain{gcc, clang, arm64, wasm} {
		t.Run(tc.name, func(t *testing.T) {
			tc.command += " -g -gdwarf-5 -O1"
			info := tc.compile(t, "import.c", "extern int imported(const char *s, double d); int import(int n) { return 1 + imported(\"x\", n); }")
			f, err := info.Func("imported")
			require.NoError(t, err)
			assert.Equal(t, "int imported(const char *, double)", dtype.Declare(f.Type, f.Name))
			assert.Zero(t, f.Addr)
			for f := range info.Funcs() {
				assert.NotEqual(t, "imported", f.Name)
			}
		})
	}
}

func TestAliases(t *testing.T) {
	const c = `
int __impl(int n) { return n + 1; }
int alias(int) __attribute__((alias("__impl")));
double alias2(void) { return 1; }
int __var[2] = {1, 2};
extern int var[2] __attribute__((alias("__var")));
extern int weak[2] __attribute__((weak, alias("__var")));`
	for _, tc := range []toolchain{gcc, clang, arm64} {
		t.Run(tc.name, func(t *testing.T) {
			tc.command += " -g"
			info := tc.compile(t, "alias.c", c)
			impl, err := info.Func("__impl")
			require.NoError(t, err)
			f, err := info.Func("alias")
			require.NoError(t, err)
			assert.Same(t, impl, f)
			for _, name := range []string{"var", "weak"} {
				v, err := info.Var(name)
				require.NoError(t, err)
				assert.Equal(t, "__var", v.Name)
				assert.Equal(t, "int __var[2]", dtype.Declare(v.Type, v.Name))
			}
		})
	}
}

// Without types in the debug info, no function is taken for void f(void).
func TestLinesOnly(t *testing.T) {
	const c = "static int g; int f(int a) { return a + g++; }\nvoid p(void) { g++; }"
	for _, tc := range []toolchain{gcc, clang} {
		t.Run(tc.name, func(t *testing.T) {
			tc.command += " -g1"
			info := tc.compile(t, "g1.c", c)
			_, err := info.Func("f")
			assert.ErrorIs(t, err, ErrNotFound)
			if tc.name == "gcc" { // clang leaves out even the function
				assert.ErrorContains(t, err, "compiled without types")
			}
		})
	}
}

func TestVars(t *testing.T) {
	eachToolchain(t, func(t *testing.T, tc toolchain) {
		tc.command += " -w"
		info := tc.compile(t, "funcs.c", funcsC, "other.c", otherC)
		for name, want := range map[string]string{
			"counter": "int counter",
			"hidden":  "unsigned int hidden",
			"names":   "char *names[2]",
			"later":   "int later[3]",
		} {
			v, err := info.Var(name)
			require.NoError(t, err, name)
			if name == "names" {
				want = "const " + want
				assert.True(t, v.Const, "the pointers are const too")
			}
			assert.Equal(t, want, dtype.Declare(v.Type, v.Name))
			assert.Equal(t, name != "hidden", v.External)
			assert.NotZero(t, v.Addr, name)
			assert.Contains(t, v.File, "funcs.c")
		}
	})
}

// gcc for arm64 does not say where thread-local variables are.
func TestThreadLocal(t *testing.T) {
	eachToolchain(t, func(t *testing.T, tc toolchain) {
		if tc.name == "arm64" {
			return
		}
		info := tc.compile(t, "tls.c", "_Thread_local int mine = 3; int *where(void) { return &mine; }")
		v, err := info.Var("mine")
		require.NoError(t, err)
		assert.True(t, v.ThreadLocal)
		assert.Zero(t, v.Addr)
		assert.Equal(t, dtype.CInt, v.Type)
	})
}

// Structs of one name that differ are kept apart: none completes a third
// file's opaque one.
func TestAmbiguousTag(t *testing.T) {
	info := func() *Info {
		tc := gcc
		tc.command += " -g"
		return tc.compile(t, "a.c", "struct s { int a; }; int fa(struct s *p) { return p->a; }",
			"b.c", "struct s { char *b; int c; }; int fb(struct s *p) { return p->c; }",
			"c.c", "struct s; struct s *fc(struct s *p) { return p; }")
	}()
	for name, want := range map[string]string{
		"fa": "struct s { int a; }", "fb": "struct s { char *b; int c; }", "fc": "struct s",
	} {
		f, err := info.Func(name)
		require.NoError(t, err)
		assert.Equal(t, want, dtype.Define(f.Type.Params()[0].Type.(*dtype.Pointer).Elem()), name)
	}
	typ, err := info.Type("struct s")
	require.NoError(t, err)
	assert.Equal(t, "struct s { int a; }", dtype.Define(typ))
}

// A struct of a header is one type, whichever file it is met in.
func TestSharedType(t *testing.T) {
	const h = "struct p { struct q *q; enum e { A, B } e; struct { int x; } in; }; struct q { struct p p; };\n"
	tc := gcc
	tc.command += " -g"
	info := tc.compile(t, "a.c", h+"int fa(struct p *p) { return p->q->p.in.x; }", "b.c", h+"int fb(struct p *p, enum e e) { return p->e == e; }")
	fa, err := info.Func("fa")
	require.NoError(t, err)
	fb, err := info.Func("fb")
	require.NoError(t, err)
	p := fa.Type.Params()[0].Type.(*dtype.Pointer).Elem()
	assert.Same(t, p, fb.Type.Params()[0].Type.(*dtype.Pointer).Elem())
	assert.Same(t, dtype.Members(p)[1].Type, fb.Type.Params()[1].Type)
}

func TestSplitDWARF(t *testing.T) {
	for _, version := range []string{"-gdwarf-4", "-gdwarf-5"} {
		tc := gcc
		tc.command += " -gsplit-dwarf " + version
		info := tc.compile(t, "split.c", "int f(int n) { return n; }")
		_, err := info.Func("f")
		assert.ErrorIs(t, err, dtype.ErrNotSupported)
		assert.ErrorContains(t, err, "debug info in .dwo files (-gsplit-dwarf)")
	}
}

// A library in C++ offers C what it declares extern "C". Its own names are not
// taken for C's.
func TestCPlusPlus(t *testing.T) {
	const cc = `
extern "C" {
struct point { double x, y; };
typedef struct handle handle;
int shared_name(int n);
}
struct plain { int a; static int count; int sum() const { return a; } };
class Widget { public: Widget(int n) : n(n) {} ~Widget() { n = 0; } virtual int area() { return n; } int n; };
struct handle { Widget w; };
namespace inner {
struct point { char c; };
int hidden(int n) { return n + 1; }
extern "C" int in_namespace(const char *s, bool b, wchar_t w) { return s[0] + b + w; }
int area(int n) { return n; }
}
int area(Widget &w) { return w.area(); }
static int helper(int n) { return n * 2; }
int inner_counter = 3;
extern "C" double dist(const struct point *a, struct point &b, int (*f)(int, ...)) { return a->x + b.y + helper(f(1)); }
extern "C" handle *make(int n) { return new handle{Widget(n)}; }
extern "C" void drop(handle *h) { delete h; }
extern "C" int by_value(struct plain p) { return p.sum(); }
extern "C" int not_trivial(Widget w) { return w.n; }
extern "C" int none() { return 1; }
enum color { RED, GREEN = 5 };
extern "C" enum color paint(enum color c) { return c; }
int Template(int n) { return inner::hidden(n) + inner::area(n); }`
	for _, tc := range []toolchain{gcc, clang} {
		for _, version := range []string{"-gdwarf-4", "-gdwarf-5", "-gdwarf-5 -O2"} {
			t.Run(tc.name+version, func(t *testing.T) {
				tc := tc
				tc.command += " -g " + version
				info := tc.compile(t, "c.c", "struct point { double x, y; }; int shared_name(int n) { return n; } double norm(const struct point *p) { return p->x; }", "cc.cc", cc)
				for name, want := range map[string]string{
					"shared_name":  "int shared_name(int n)",
					"dist":         "double dist(const struct point *a, struct point *b, int (*f)(int, ...))",
					"in_namespace": "int in_namespace(const char *, _Bool, wchar_t)",
					"make":         "handle *make(int n)",
					"drop":         "void drop(handle *h)",
					"by_value":     "int by_value(struct plain p)",
					"none":         "int none(void)",
					"paint":        "enum color paint(enum color c)",
					"norm":         "double norm(const struct point *p)",
				} {
					f, err := info.Func(name)
					require.NoError(t, err, name)
					assert.Equal(t, want, strings.NewReplacer("*s,", "*,", "_Bool b", "_Bool", "wchar_t w", "wchar_t").Replace(dtype.Declare(f.Type, f.Name)))
					assert.NotZero(t, f.Addr)
					frames, err := info.Line(f.Addr)
					require.NoError(t, err, name)
					assert.Equal(t, name, frames[len(frames)-1].Func)
				}
				for _, name := range []string{"area", "hidden", "sum", "Widget", "Template"} {
					_, err := info.Func(name)
					assert.ErrorIs(t, err, ErrNotFound, name)
				}
				_, err := info.Func("not_trivial")
				assert.ErrorIs(t, err, dtype.ErrNotSupported)
				assert.ErrorContains(t, err, "not_trivial: parameter 1: not supported: struct Widget by value, which has a constructor or destructor")
				typ, err := info.Type("struct point")
				require.NoError(t, err)
				assert.Equal(t, "struct point { double x; double y; }", dtype.Define(typ))
				typ, err = info.Type("struct plain")
				require.NoError(t, err)
				assert.Equal(t, "struct plain { int a; }", dtype.Define(typ))
				v, err := info.Var("inner_counter")
				require.NoError(t, err)
				assert.Equal(t, "int inner_counter", dtype.Declare(v.Type, v.Name))
				for f, err := range info.Funcs() {
					if f.Name != "not_trivial" {
						require.NoError(t, err)
					}
					assert.Contains(t, []string{"by_value", "dist", "drop", "helper", "in_namespace", "make", "none", "norm", "not_trivial", "paint", "shared_name"}, f.Name)
				}
			})
		}
	}
}

// What C has and dtype has not.
func TestNotSupported(t *testing.T) {
	const c = `
typedef _Float128 quad;
struct vec { quad v; };
union tagged { struct vec v; int i; };
quad byvalue(quad a) { return a; }
float bypointer(const quad *a, struct vec *s) { return *a + s->v; }
struct holder { struct vec *p; int n; } holder;
int useunion(union tagged *u) { return u->i; }`
	tc := gcc
	tc.command += " -g"
	info := tc.compile(t, "vec.c", c)
	_, err := info.Func("byvalue")
	assert.ErrorIs(t, err, dtype.ErrNotSupported)
	assert.ErrorContains(t, err, `byvalue: result: not supported: base type "_Float128" of 16 bytes with encoding 4`)
	_, err = info.Type("union tagged")
	assert.ErrorIs(t, err, dtype.ErrNotSupported)
	assert.ErrorContains(t, err, `union tagged: member v: struct vec: member v: not supported: base type "_Float128" of 16 bytes with encoding 4`)

	f, err := info.Func("bypointer")
	require.NoError(t, err)
	assert.Equal(t, "float bypointer(const void *a, struct vec *s)", dtype.Declare(f.Type, f.Name))
	holder, err := info.Type("struct holder")
	require.NoError(t, err)
	assert.Equal(t, "struct holder { struct vec *p; int n; }", dtype.Define(holder))
}
