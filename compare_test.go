package wasmffi_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

// typedLibrary is a fake whose debug info is C text.
type typedLibrary struct {
	*fakeLibrary
	decls *cdecl.Decls
}

func (l typedLibrary) TypeOf(s wasmffi.Symbol) (dtype.Type, error) { return l.decls.Func(s.Name) }
func (l typedLibrary) TypeNamed(n string) (dtype.Type, error)      { return l.decls.Type(n) }

func parseC(t testing.TB, abi *dtype.ABI, text string) *cdecl.Decls {
	t.Helper()
	d, err := cdecl.Parse(text, cdecl.Options{ABI: abi})
	require.NoError(t, err)
	return d
}

// TestDeclarations binds a declared prototype f to a library whose debug info
// has another.
func TestDeclarations(t *testing.T) {
	for _, c := range []struct {
		declared, actual string
		why              string // in the error; empty: they agree
	}{
		{"int f(int a);", "int f(int b);", ""},
		{"int f(int);", "int f(unsigned);", "parameter 1: int for unsigned int"},
		{"int f(long);", "int f(int);", "parameter 1: long for int"},
		{"double f(float);", "double f(double);", "parameter 1: float for double"},
		{"int f(int);", "int f(int, int);", "1 parameters for 2"},
		{"int f(int);", "int f(int, ...);", "one of them is variadic"},
		{"void f(int);", "int f(int);", ""},
		{"int f(int);", "void f(int);", "result: int for void"},
		{"void f(int);", "struct s { long a, b, c; }; struct s f(int);", "result: void for struct s"},
		{"void f(int);", "long double f(int);", "result: void for long double"},
		{"long long f(void);", "int f(void);", "result: long long for int"},
		{"int f(char *);", "int f(const unsigned char *);", ""},
		{"int f(short *);", "int f(const unsigned short *);", "parameter 1: pointer to short for unsigned short"},
		{"int f(void *);", "int f(struct secret *);", ""},
		{"int f(struct p *); struct p;", "struct p { int x; }; int f(struct p *);", ""},
		{"int f(int *);", "int f(double *);", "parameter 1: pointer to int for double"},
		{"int f(unsigned long);", "int f(void *);", ""},
		{"typedef int number; number f(number);", "int f(int);", ""},
		{"enum e { A }; int f(enum e);", "int f(int);", ""},
		{"struct p { double x, y; }; double f(struct p *);", "struct q { double a, b; }; double f(const struct q *);", ""},
		{"struct p { float x; double y; }; double f(struct p *);", "struct q { double a, b; }; double f(const struct q *);",
			"parameter 1: pointer to struct p.x for struct q.a: float for double"},
		{"struct p { char c; short s; } __attribute__((packed)); int f(struct p *);", "struct q { char c; short s; }; int f(struct q *);",
			"struct p.s at offset 1 for struct q.s at offset 2"},
		{"struct p { int a; }; int f(struct p);", "struct p { int a, b; }; int f(struct p);", "struct p.b has no counterpart in struct p"},
		{"struct n { struct n *next; int v; }; int f(struct n *);", "struct m { struct m *next; int w; }; int f(struct m *);", ""},
		{"struct n { struct n *next; int v; }; int f(struct n *);", "struct m { struct m *next; unsigned w; }; int f(struct m *);",
			"struct n.v for struct m.w: int for unsigned int"},
		{"int f(int (*)(int));", "int f(int (*)(int));", ""},
		{"int f(int (*)(int));", "int f(int (*)(double));", "parameter 1: pointer to parameter 1: int for double"},
		{"struct s { short a; unsigned char b : 8; }; int f(struct s *);", "struct s { short a; unsigned char b; }; int f(struct s *);", ""},
		{"int f(unsigned char);", "int f(signed char);", "parameter 1: unsigned char for signed char"},
		{"int f(_Bool *);", "int f(unsigned char *);", "parameter 1: pointer to _Bool for unsigned char"},
		{"typedef long number; int f(number);", "typedef unsigned char small; int f(small);", "parameter 1: number (long) for small (unsigned char)"},
		{"union u { int i; float f; }; int f(union u *);", "union v { float x; double d; int y; }; int f(union v *);", "union u of 4 bytes for union v of 8; declared union u { int i; float f; }; debug info has union v { float x; double d; int y; }"},
		{"union u { int i; double f; }; int f(union u);", "union v { float x; double d; int y; }; int f(union v);", ""},
		{"union u { long i; double f; }; int f(union u);", "union v { float x; double d; int i; }; int f(union v);", "union u.i for union v.i: long for int"},
		{"struct a { int x; }; struct b { long x; }; union u { struct a *p; struct b *q; }; int f(union u, struct a *);",
			"struct a { int x; }; struct b { long x; }; union u { struct b *q; struct a *p; }; int f(union u, struct b *);", "parameter 2: pointer to struct a.x for struct b.x: int for long"},
		{"struct b { int a : 3; }; int f(struct b *);", "struct b { unsigned a : 3; }; int f(struct b *);", "struct b.a for struct b.a: int for unsigned int"},
		{"struct b { unsigned a : 3; }; int f(struct b *);", "struct b { enum { A } a : 3; }; int f(struct b *);", ""},
		{"struct b { int a; } __attribute__((scalar_storage_order(\"big-endian\"))); int f(struct b *);", "struct b { int a; }; int f(struct b *);", "differ in byte order"},
		{"struct q { short c; struct q *n; }; struct p { int a; struct q q; }; int f(struct p *);", "struct q { int c; struct q *n; }; struct p { int a; struct q q; }; int f(struct p *);",
			"parameter 1: pointer to struct p.q for struct p.q: struct q.c for struct q.c: short for int; declared struct q { short c; struct q *n; }; debug info has struct q { int c; struct q *n; }"},
		{"struct b { unsigned a : 3, b : 5; }; int f(struct b *);", "struct b { unsigned a : 4, b : 4; }; int f(struct b *);",
			"struct b.a, bits 0+3, for struct b.a, bits 0+4"},
	} {
		t.Run(c.declared+" // "+c.actual, func(t *testing.T) {
			abi := dtype.LinuxAMD64
			lib := typedLibrary{
				newFake(t, abi, map[string]func(*wasmffi.Frame) error{"f": func(*wasmffi.Frame) error { return nil }}),
				parseC(t, abi, c.actual),
			}
			declared, err := parseC(t, abi, c.declared).Func("f")
			require.NoError(t, err)
			_, err = wasmffi.BindFunc(lib, "f", declared)
			if declared.Variadic() {
				return
			}
			if c.why == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, wasmffi.ErrSignature)
			require.ErrorContains(t, err, "wasmffi: bind fake f: signature mismatch: declared "+dtype.Declare(declared, "f")+"; debug info has ")
			require.ErrorContains(t, err, c.why)
		})
	}
}

func TestMismatchAsWarning(t *testing.T) {
	lib := typedLibrary{
		newFake(t, dtype.WASM32, map[string]func(*wasmffi.Frame) error{"f": echo}),
		parseC(t, dtype.WASM32, "unsigned f(unsigned);"),
	}
	var told error
	restore := wasmffi.SetMismatchHandler(func(err error) error { told = err; return nil })
	_, err := wasmffi.Bind[func(int32) int32](lib, "f")
	restore()
	require.NoError(t, err)
	require.ErrorIs(t, told, wasmffi.ErrSignature)
	other := errors.New("no")
	defer wasmffi.SetMismatchHandler(func(error) error { return other })()
	_, err = wasmffi.Bind[func(int32) int32](lib, "f")
	require.ErrorIs(t, err, other)
}
