package cdecl_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

func TestVectors(t *testing.T) {
	d := parse(t, `
		typedef float v4 __attribute__((vector_size(16)));
		typedef long long __m128i __attribute__ ((__vector_size__ (16), __may_alias__));
		typedef float __m128_u __attribute__ ((__vector_size__ (4 * sizeof(float)), __aligned__ (1)));
		typedef double __attribute__((ext_vector_type(2))) d2;
		typedef __typeof__(int __attribute__((vector_size(16)))) u4 __attribute__((aligned(4)));
		typedef long lanes __attribute__((vector_size(16)));
		typedef float *pv __attribute__((vector_size(8)));
		struct s { char c; v4 v; int __attribute__((vector_size(8))) i, *p; v4 (*f)(int __attribute__((vector_size(32))) x); };
		v4 add(v4 a, const v4 *b, short __attribute__((vector_size(16))) c, int n);
		void plain(int n, float __attribute__((vector_size(16))));
		_Static_assert(sizeof(struct s) == 64, "size");
		_Static_assert(sizeof(float __attribute__((vector_size(32)))) == 32, "type name");
		_Static_assert(sizeof(__m128i) == 16 && _Alignof(__m128_u) == 1 && sizeof(d2) == 16, "typedefs");`)
	for name, want := range map[string]string{
		"v4":       "typedef float __attribute__((vector_size(16))) v4",
		"__m128i":  "typedef long long __attribute__((vector_size(16))) __m128i",
		"__m128_u": "typedef __typeof__(float __attribute__((vector_size(16)))) __m128_u __attribute__((aligned(1)))",
		"u4":       "typedef __typeof__(int __attribute__((vector_size(16)))) u4 __attribute__((aligned(4)))",
		"d2":       "typedef double __attribute__((vector_size(16))) d2",
		"lanes":    "typedef long __attribute__((vector_size(2 * sizeof(long)))) lanes",
		"pv":       "typedef float __attribute__((vector_size(8))) *pv",
		"struct s": "struct s { char c; v4 v; int __attribute__((vector_size(8))) i; int __attribute__((vector_size(8))) *p; v4 (*f)(int __attribute__((vector_size(32))) x); }",
	} {
		typ, err := d.Type(name)
		require.NoError(t, err, name)
		assert.Equal(t, want, dtype.Define(typ))
	}
	for name, want := range map[string]string{
		"add":   "v4 add(v4 a, const v4 *b, short __attribute__((vector_size(16))) c, int n)",
		"plain": "void plain(int n, float __attribute__((vector_size(16))))",
	} {
		f, err := d.Func(name)
		require.NoError(t, err, name)
		assert.Equal(t, want, dtype.Declare(f, name))
	}
	typ, err := d.Type("float __attribute__((vector_size(16))) *[3]")
	require.NoError(t, err)
	assert.Equal(t, "float __attribute__((vector_size(16))) *[3]", typ.String())
	name, f, err := d.Proto("void g(v4 *x, double __attribute__((vector_size(16))) y)")
	require.NoError(t, err)
	assert.Equal(t, "void g(v4 *x, double __attribute__((vector_size(16))) y)", dtype.Declare(f, name))
}

func TestVectorErrors(t *testing.T) {
	for text, want := range map[string]string{
		"typedef float v __attribute__((vector_size(10)));":                  "vector of 10 bytes is not of whole elements of 4",
		"typedef float v __attribute__((vector_size));":                      "vector_size needs a number",
		"typedef float v __attribute__((vector_size(x)));":                   "x",
		"int x; typedef float v __attribute__((vector_size(x)));":            "vector_size of no constant",
		"typedef float v __attribute__((vector_size(-16)));":                 "lanes",
		"typedef _Bool v __attribute__((vector_size(16)));":                  "vector of _Bool",
		"struct s; typedef struct s v __attribute__((vector_size(16)));":     "vector of struct s",
		"typedef void v __attribute__((vector_size(16)));":                   "vector of void",
		"typedef float v __attribute__((vector_size(0)));":                   "0 lanes",
		"typedef float v __attribute__((vector_size(1ull << 50)));":          "lanes",
		"typedef float v __attribute__((ext_vector_type(3)));":               "vector of 3 lanes",
		"typedef float v __attribute__((neon_polyvector_type(2)));":          "vector of polynomials",
		"typedef float (__attribute__((vector_size(16))) *v);":               "vector_size: not supported inside a declarator",
		"typedef struct { float (__attribute__((vector_size(16))) *p); } v;": "vector_size: not supported inside a declarator",
		"typedef float v __attribute__((vector_size(16), vector_size(8)));":  "vector of",
	} {
		d, err := cdecl.Parse(text, linux)
		if err == nil {
			_, err = d.Type("v")
		}
		require.Error(t, err, text)
		assert.ErrorContains(t, err, want, text)
		var e *cdecl.Error
		assert.ErrorAs(t, err, &e, text)
	}
}
