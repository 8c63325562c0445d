package debuginfo

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// roundTrips are definitions as dtype.Define prints them: compiled, their
// debug info must give the same text again.
var roundTrips = []struct {
	name string // for Info.Type
	text string
	not  []*dtype.ABI // where C lays it out by other means, or has no such type
}{
	{"struct ints", "struct ints { char c; signed char sc; unsigned char uc; short s; unsigned short us; int i; unsigned int ui; long l; unsigned long ul; long long ll; unsigned long long ull; }", nil},
	{"struct vectors", "struct vectors { char c; float __attribute__((vector_size(16))) f; long long __attribute__((vector_size(16))) l[2]; unsigned char __attribute__((vector_size(8))) *b; }", nil},
	{"struct wide", "struct wide { __int128 a; unsigned __int128 b; }", nil},
	{"struct floats", "struct floats { _Bool b; float f; double d; long double ld; }", nil},
	{"struct complexes", "struct complexes { _Complex float f; _Complex double d; _Complex long double ld; }", []*dtype.ABI{dtype.DarwinARM64}},
	{"struct pointers", "struct pointers { void *v; const void *cv; char **pp; const char *const *argv; int (*array)[4]; struct opaque *o; }", nil},
	{"struct funcs", "struct funcs { void (*none)(void); int (*cmp)(const void *, const void *); int (*print)(const char *, ...); void (*(*get)(int))(double); }", nil},
	{"struct arrays", "struct arrays { int a[3]; double m[2][4][5]; char *names[8]; char empty[0]; short tail; }", nil},
	{"struct flexible", "struct flexible { unsigned int n; double data[]; }", nil},
	{"struct list", "struct list { struct list *next; struct list *prev; int value; }", nil},
	{"struct parent", "struct parent { struct child *first; int n; }; struct child { struct parent *up; struct child *next; }", nil},
	{"struct nested", "struct nested { struct { int x; int y; } pos; union { int i; float f; } u; int last; }", nil},
	{"struct anonymous", "struct anonymous { int kind; union { int i; struct { short lo; short hi; }; }; }", nil},
	{"struct empty", "struct empty { }", nil},
	{"struct constant", "struct constant { const int id; const char *const name; const double v[2]; }", nil},
	{"union word", "union word { unsigned int u; float f; unsigned char b[4]; }", nil},
	{"union bits", "union bits { int a: 5; unsigned int b: 9; char c; }", nil},
	{"enum color", "enum color { RED, GREEN, BLUE = 10, NEXT }", nil},
	{"enum sign", "enum sign { MINUS = -1, ZERO, PLUS }", nil},
	{"enum big", "enum big { W0, W1 = 4294967296 }", nil},
	{"enum huge", "enum huge { V0 = 18446744073709551615ull, V1 = 9223372036854775808ull, V2 = 0, V3 }", nil},
	{"enum deep", "enum deep { U0 = -9223372036854775807 - 1, U1 = 9223372036854775807 }", nil},
	{"point_t", "typedef struct { int x; int y; } point_t", nil},
	{"callback", "typedef int (*callback)(void *, int)", nil},
	{"vec", "typedef double vec[3]", nil},
	{"struct bitfields", "struct bitfields { unsigned int a: 3; int b: 7; _Bool c: 1; unsigned short d: 9; long long e: 40; }", nil},
	{"struct unnamed", "struct unnamed { int a: 3; int : 5; int b: 4; int : 0; int c: 6; }", []*dtype.ABI{dtype.MinGWAMD64}},
	{"struct after", "struct after { int a: 3; int : 0; char c; char d; }", []*dtype.ABI{dtype.MinGWAMD64}},
	{"struct enumbits", "struct enumbits { enum color c: 4; enum sign s: 3; int rest; }", nil},
	{"struct packed", "struct __attribute__((packed)) packed { char c; int i; double d; }", nil},
	{"struct packedbits", "struct __attribute__((packed)) packedbits { char c; unsigned int q: 5; int r: 30; short s; }", []*dtype.ABI{dtype.MinGWAMD64}},
	{"struct pack2", `_Pragma("pack(push, 2)") struct pack2 { char c; int i; double d; }; _Pragma("pack(pop)")`, nil},
	{"struct pack4", `_Pragma("pack(push, 4)") struct pack4 { char c; double d; short s; }; _Pragma("pack(pop)")`, nil},
	{"struct aligned", "struct __attribute__((aligned(32))) aligned { int a; char c; }", nil},
	{"struct alignedmember", "struct alignedmember { char c; int i __attribute__((aligned(16))); char d; }", nil},
	{"struct packedmember", "struct packedmember { char c; int i __attribute__((packed)); long long l; }", nil},
	{"struct inner", "struct inner { struct __attribute__((packed)) { char c; int i; } p; short s; }", nil},
}

// TestRoundTrip compiles all definitions with every compiler. A variable of
// each type keeps it in the debug info.
func TestRoundTrip(t *testing.T) {
	var c strings.Builder
	for i, r := range roundTrips {
		c.WriteString(r.text + ";\n" + r.name + " *use" + string(rune('a'+i/26)) + string(rune('a'+i%26)) + ";\n")
	}
	eachToolchain(t, func(t *testing.T, tc toolchain) {
		info := tc.compile(t, "types.c", c.String())
		for _, r := range roundTrips {
			if slices.Contains(r.not, tc.abi) {
				continue
			}
			want, _, _ := strings.Cut(r.text, "; struct child")
			typ, err := info.Type(r.name)
			if assert.NoError(t, err, r.text) {
				assert.Equal(t, want, dtype.Define(typ))
			}
		}
	})
}

// clang tells a typedef's alignment in DWARF 5 only; the offsets are right
// without.
func TestAlignedTypedef(t *testing.T) {
	const c = `
typedef int aint __attribute__((aligned(16)));
typedef double low __attribute__((aligned(4)));
struct s { char c; aint a; low d; } s;`
	for _, tc := range []toolchain{gcc, arm64, clang, wasm} {
		for _, version := range []string{"-gdwarf-4", "-gdwarf-5"} {
			t.Run(tc.name+version, func(t *testing.T) {
				tc := tc
				tc.command += " -g " + version
				info := tc.compile(t, "aligned.c", c)
				typ, err := info.Type("struct s")
				require.NoError(t, err)
				l, err := tc.abi.Layout(typ)
				require.NoError(t, err)
				assert.Equal(t, []uint64{0, 16, 20, 32}, []uint64{l.Fields[0].Offset, l.Fields[1].Offset, l.Fields[2].Offset, l.Size})
				if tc.name == "gcc" || version == "-gdwarf-5" {
					assert.Equal(t, "struct s { char c; aint a; low d; }", dtype.Define(typ))
					aint, err := info.Type("aint")
					require.NoError(t, err)
					assert.Equal(t, "typedef int aint __attribute__((aligned(16)))", dtype.Define(aint))
				}
			})
		}
	}
}

// TestTypedefNames checks that typedef names stay, but for those that are
// dtype's own, and that qualifiers other than const go.
func TestTypedefNames(t *testing.T) {
	const c = `
typedef unsigned char uint8_t;
typedef int __int32_t;
typedef __int32_t int32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __WCHAR_TYPE__ wchar_t;
typedef __CHAR16_TYPE__ char16_t;
typedef float int16_t; /* not what it says */
typedef int myint;
typedef const char *cstring;
typedef const struct node cnode;
struct node {
	uint8_t a; int32_t b; uint64_t c; size_t d; ptrdiff_t e; wchar_t f; char16_t g;
	int16_t h; myint i; cstring j; cnode *k; volatile int l; char *restrict m; _Atomic int n;
} node;`
	eachToolchain(t, func(t *testing.T, tc toolchain) {
		info := tc.compile(t, "names.c", c)
		typ, err := info.Type("struct node")
		require.NoError(t, err)
		assert.Equal(t, "struct node { uint8_t a; int32_t b; uint64_t c; size_t d; ptrdiff_t e; wchar_t f; char16_t g;"+
			" int16_t h; myint i; cstring j; const cnode *k; int l; char *m; int n; }", dtype.Define(typ))
		fields := dtype.Members(typ)
		for i, want := range []dtype.Type{dtype.Uint8, dtype.Int32, dtype.Uint64, dtype.SizeT, dtype.PtrDiffT, dtype.WCharT, dtype.Char16T} {
			assert.Same(t, want, fields[i].Type)
		}
		assert.Same(t, dtype.CFloat, dtype.Resolve(fields[7].Type))
	})
}

// With type units, entries refer to types by signature.
func TestTypeUnits(t *testing.T) {
	const c = `
struct inner { int a; double b; };
enum e { A, B };
struct outer { struct inner in; struct outer *next; enum e e; } outer;
int f(struct outer *o, enum e e) { return o->in.a + e; }`
	for _, flags := range []string{"-gdwarf-4", "-gdwarf-5", "-gdwarf-5 -O2 -flto", "-gdwarf-4 -gdwarf64", "-gdwarf-5 -gdwarf64"} {
		t.Run(flags, func(t *testing.T) {
			tc := gcc
			tc.command += " -g -fdebug-types-section " + flags
			info := tc.compile(t, "units.c", c)
			f, err := info.Func("f")
			require.NoError(t, err)
			assert.Equal(t, "int f(struct outer *o, enum e e)", dtype.Declare(f.Type, f.Name))
			assert.Contains(t, f.File, "units.c")
			assert.Equal(t, "struct outer { struct inner in; struct outer *next; enum e e; }",
				dtype.Define(f.Type.Params()[0].Type.(*dtype.Pointer).Elem()))
			typ, err := info.Type("struct inner")
			require.NoError(t, err)
			assert.Equal(t, "struct inner { int a; double b; }", dtype.Define(typ))
		})
	}
}
