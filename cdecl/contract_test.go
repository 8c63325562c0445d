package cdecl_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

// The rules that C text implies, and the type that is left of its arrays.
func TestContracts(t *testing.T) {
	d, err := cdecl.Parse("enum { K = 5 };\n#define M 7\nint g;", cdecl.Options{ABI: dtype.LinuxAMD64})
	require.NoError(t, err)
	for _, tt := range []struct{ c, sig, rules string }{
		{"double f(const double x[n], int n)", "double f(const double *x, int n)", "x[n]"},
		{"void f(int n, double x[static n])", "void f(int n, double *x)", "x[n]; x != NULL"},
		{"void f(double x[16])", "void f(double *x)", "x[16]"},
		{"void f(double x[static 16])", "void f(double *x)", "x[16]; x != NULL"},
		{"void f(int n, double x[2*n+1])", "void f(int n, double *x)", "x[2*n+1]"},
		{"void f(double [n], int n)", "void f(double *, int n)", "$1[n]"},
		{"void f(int (x)[n], int n)", "void f(int *x, int n)", "x[n]"},
		{"void f(char x[(size_t)n << 2], int n)", "void f(char *x, int n)", "x[n*4]"},
		{"void f(char x[n >> 1], int n)", "void f(char *x, int n)", "x[n/2]"},
		{"void f(double x[K*sizeof(int)+M])", "void f(double *x)", "x[27]"},
		{"void f(int K, int x[K])", "void f(int K, int *x)", "x[K]"},

		{"void f(const double m[r][c], int r, int c)", "void f(const double *m, int r, int c)", "m[r*c]"},
		{"void f(double m[r][4], int r)", "void f(double (*m)[4], int r)", "m[r]"},
		{"void f(double m[3][c], int c)", "void f(double *m, int c)", "m[3*c]"},
		{"void f(double m[r][4][c], int r, int c)", "void f(double *m, int r, int c)", "m[r*4*c]"},
		{"void f(int n, int m[n][n+1][2])", "void f(int n, int (*m)[2])", "m[n*(n+1)]"},
		{"void f(double m[][c], int c)", "void f(double *m, int c)", ""},
		{"void f(double (*x)[n], int n)", "void f(double (*x)[], int n)", ""},

		{"void f(double x[], int n)", "void f(double *x, int n)", ""},
		{"void f(double x[*])", "void f(double *x)", ""},
		{"void f(char x[n % 3], int n)", "void f(char *x, int n)", ""},
		{"void f(char x[(unsigned char)n], int n)", "void f(char *x, int n)", ""},
		{"void f(char x[g])", "void f(char *x)", ""},
		{"void f(char x[h(n)], int n)", "void f(char *x, int n)", ""},
		{"void f(void (*cb)(double x[n], int n))", "void f(void (*cb)(double *x, int n))", ""},

		{"void f(double *restrict a, double *restrict b)", "void f(double *a, double *b)", ""},
		{"void f(double a[restrict n], const double b[restrict n], int n)", "void f(double *a, const double *b, int n)", "a[n]; b[n]; disjoint(a, b)"},
		{"void f(_Out_writes_(n) double *restrict a, _In_reads_(n) const double *__restrict b, int n)", "void f(double *a, const double *b, int n)",
			"a[n]; a != NULL; b[n]; b != NULL; disjoint(a, b)"},
		{"void f(const double a[restrict n], const double b[const restrict static n], int n)", "void f(const double *a, const double *b, int n)", "a[n]; b[n]; b != NULL"},

		{"void f(int *, char *, int) __attribute__((nonnull(1, 2)))", "void f(int *, char *, int)", "$1 != NULL; $2 != NULL"},
		{"void f(int *, char *, int) __attribute__((__nonnull__))", "void f(int *, char *, int)", "$1 != NULL; $2 != NULL"},
		{"void f(int *p __attribute__((nonnull)), int *q)", "void f(int *p, int *q)", "p != NULL"},
		{"int printf(const char *, ...) __attribute__((nonnull(1, 2)))", "int printf(const char *, ...)", "$1 != NULL"},
		{"char *f(int *_Nonnull p, int *_Nonnull *q, int *_Nonnull a[3], int *_Nullable r)", "char *f(int *p, int **q, int **a, int *r)", "p != NULL; a[3]"},
		{"char *_Nonnull f(void)", "char *f(void)", "result != NULL"},
		{"void *f(int a, int b) __attribute__((alloc_size(1, 2), returns_nonnull))", "void *f(int a, int b)", "bytes(result, a*b); result != NULL"},
		{"long f(int, void *, unsigned long) __attribute__((__access__(__write_only__, 2, 3)))", "long f(int, void *, unsigned long)", "$2[$3]"},
		{"void f(int *p, int n) __attribute__((access(none, 1, 2), access(read_only, 1)))", "void f(int *p, int n)", ""},
		{"void f(const char *s) __attribute__((null_terminated_string_arg(1)))", "void f(const char *s)", "string(s)"},

		{"_Ret_writes_bytes_(n) void *f(_In_z_ const char *s, _Inout_updates_(n*2) int *q, _Out_writes_to_opt_(n, *m) int *z, int n, int *m)",
			"void *f(const char *s, int *q, int *z, int n, int *m)", "string(s); s != NULL; q[n*2]; q != NULL; z[n]; bytes(result, n); result != NULL"},
		{"void f(__in_ecount(n) int *p, __out_bcount_opt(4*n) int *q, int n)", "void f(int *p, int *q, int n)", "p[n]; p != NULL; bytes(q, 4*n)"},
		{"void f(_In_ int n, _In_opt_ int *p, _In_reads_or_z_(n) const char *s, _Out_writes_(_Inexpressible_(n)) int *q)", "void f(int n, int *p, const char *s, int *q)", "s != NULL; q != NULL"},
		{"void f([in] int *p, [out, size_is(n)] int *q, int n)", "void f(int *p, int *q, int n)", ""},
	} {
		name, f, err := d.Proto(tt.c)
		if !assert.NoError(t, err, tt.c) {
			continue
		}
		assert.Equal(t, tt.sig, dtype.Declare(f, name), tt.c)
		assert.Equal(t, tt.rules, f.Rules(), tt.c)
		for _, p := range f.Params() {
			assert.True(t, p.Contract == nil || p.Contract.Implied)
		}
		stated, err := f.WithContract(f.Rules())
		require.NoError(t, err, tt.c)
		assert.Equal(t, tt.rules, stated.Rules(), tt.c)
	}
}

func TestContractErrors(t *testing.T) {
	for src, want := range map[string]string{
		"void f(char x[m], int n);":                                     `:1:15: array length: "m" is neither a parameter nor declared`,
		"void f(char x[lenght], int length);":                           `did you mean length?`,
		"void f(char x[d], double d);":                                  ":1:15: array length: double d is no integer",
		"int a;\nvoid f(int *) __attribute__((nonnull(2)));":            ":2:30: nonnull(2): there is no parameter 2: the function has 1\n\tvoid f(int *) __attribute__((nonnull(2)));",
		"void f(int *) __attribute__((nonnull(x)));":                    `nonnull(x): "x" is no parameter's number`,
		"void f(int *, int) __attribute__((access(any, 1, 2)));":        "access is not access(mode, pointer, size)",
		"void f(int *, int) __attribute__((access(read_only, 2, 1)));":  "access(read_only, 2, 1): parameter 2 is no pointer but int",
		"void *f(int *) __attribute__((alloc_size(1)));":                "alloc_size(1): parameter 1 is no integer but int *",
		"void f(int n) __attribute__((null_terminated_string_arg(1)));": "parameter 1 is no pointer but int n",
	} {
		_, err := cdecl.Parse(src, cdecl.Options{})
		var e *cdecl.Error
		require.ErrorAs(t, err, &e, src)
		assert.ErrorContains(t, err, want)
	}
}

// Annotations that a header defines as nothing keep their lengths; IN and OUT say
// no more than a direction.
func TestContractMacros(t *testing.T) {
	d, err := cdecl.Parse(`
		#define _In_reads_(n)
		#define _Out_writes_bytes_(size)
		#define _In_opt_
		#define _Ret_notnull_
		#define IN
		_Ret_notnull_ char *f(_In_reads_(n+1) const int *p, _Out_writes_bytes_(n) void *q, _In_opt_ int *r, IN int *s, int n);`, cdecl.Options{})
	require.NoError(t, err)
	f, err := d.Func("f")
	require.NoError(t, err)
	assert.Equal(t, "p[n+1]; p != NULL; bytes(q, n); q != NULL; result != NULL", f.Rules())
	assert.Equal(t, []dtype.Direction{dtype.In, dtype.Out, dtype.In, dtype.In, dtype.Unstated},
		[]dtype.Direction{f.Params()[0].Dir, f.Params()[1].Dir, f.Params()[2].Dir, f.Params()[3].Dir, f.Params()[4].Dir})
}

// A function declared again keeps the rules of both that have any.
func TestContractRedeclared(t *testing.T) {
	for _, src := range []string{
		"int f(int *, int) __attribute__((nonnull)); int f(int *p, int n);",
		"int f(int *p, int n); int f(int *p, int n) __attribute__((nonnull));",
	} {
		d, err := cdecl.Parse(src, cdecl.Options{})
		require.NoError(t, err)
		f, err := d.Func("f")
		require.NoError(t, err)
		assert.Equal(t, "p != NULL", f.Rules(), src)
		assert.Equal(t, "int f(int *p, int n)", dtype.Declare(f, "f"))
	}
}
