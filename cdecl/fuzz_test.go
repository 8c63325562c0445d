package cdecl_test

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

// hermetic options give a fuzzed text no way to the machine's files.
var hermetic = cdecl.Options{ABI: dtype.WASM32, FS: fstest.MapFS{"a.h": {Data: []byte("#include \"a.h\"\nint a;\n")}}, IncludeDirs: []string{"."}}

// seeds are texts that show the grammar to the fuzzer.
var seeds = []string{
	threeStructs,
	"typedef struct x x; struct x { x *next; const char *s[3]; int (*f)(int, ...); unsigned b : 3, : 0; };",
	"#define A(x, ...) x ## __VA_ARGS__\n#if defined A && (1 + 2) * 3 > sizeof\nint A(a, b)[2];\n#elif 1\n#else\n#endif\n",
	"#include \"a.h\"\n#include <stdint.h>\n#pragma pack(push, 1)\nstruct s { char c; int i; };\n#pragma pack(pop)\n",
	"struct __attribute__((packed, aligned(1 << 3))) s { char c; _Alignas(16) int i; } __attribute__((ms_struct));",
	"enum e { A, B = sizeof(int[3]), C = 'x', D = 1.5 > 1, E = (int)-1u >> 3, F = A ? B : C } x;",
	"int (*(*f(int (*(*g)(int))(char), int[static 3], int n, int m[n][n]))(void))[3] { return ({ int x; x; }); }",
	"_Static_assert(sizeof(((struct s *)0)->m) == 4, \"a\" \"b\"); _Static_assert(1); int f(a, b) int a; {}",
	"extern \"C\" { typeof(int) a; _Complex double z; __int128 q; int f(void) __asm__(\"g\"); } _Pragma(\"pack(2)\") [[x]] __declspec(align(4)) int v;",
	"#define _In_reads_(n)\nvoid *f(_In_reads_(n + 1) int *restrict p, double x[static 2*n], char m[n][sizeof(int)<<1], int n) __attribute__((nonnull(1), access(read_only, 1, 4), alloc_size(4)));",
	"int *const volatile", "int x = (", "struct {", "'", "\"\\", "#if (", "L'a' u8\"x\" 0x1p3 1e+5 0b1 'ab' @",
}

// endless makes a text whose parse never ends a failure that names it.
func endless(text string) (done func()) {
	timer := time.AfterFunc(time.Minute, func() { panic(fmt.Sprintf("parsing never ends: %q", text)) })
	return func() { timer.Stop() }
}

// Whatever the text, parsing ends, does not crash, and what it gives can be
// used.
func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		defer endless(src)()
		d, err := cdecl.Parse(src, hermetic)
		if err != nil {
			_ = err.Error()
			return
		}
		for x := range d.All() {
			if x.Type == nil {
				t.Fatalf("%s %s has no type", x.Kind, x.Name)
			}
			_ = dtype.Define(x.Type)
			_, _ = dtype.WASM32.Layout(x.Type)
			if _, err := d.Type(x.Name); x.Kind&(cdecl.Typedef|cdecl.Tag) != 0 && err != nil {
				t.Fatalf("%s %s: %v", x.Kind, x.Name, err)
			}
		}
	})
}

// Prototypes and type names are short texts from outside.
func FuzzNames(f *testing.F) {
	d, err := cdecl.Parse(threeStructs+"\n#define M(x) x[2]\n#define N 3\n", hermetic)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range append(seeds, "double cos(double)", "char[64]", "int (*)(int)", "point_t *M(N)", "int) + sizeof(char") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		defer endless(text)()
		if name, fn, err := d.Proto(text); err == nil && (name == "" || fn == nil) {
			t.Fatalf("%q declares nothing without an error", text)
		}
		if typ, err := d.Type(text); err == nil && typ == nil {
			t.Fatalf("%q is no type without an error", text)
		}
	})
}
