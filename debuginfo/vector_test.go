package debuginfo

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// Vectors come out of the debug info as they went in, from every compiler.
func TestVectors(t *testing.T) {
	const c = `
typedef float v4 __attribute__((vector_size(16)));
struct s { char c; v4 v; unsigned char __attribute__((vector_size(8))) b; };
v4 add(v4 a, const v4 *b, struct s *s) { s->v = a; return a + *b; }
long long __attribute__((vector_size(16))) pair;
`
	eachToolchain(t, func(t *testing.T, tc toolchain) {
		info := tc.compile(t, "vec.c", c)
		f, err := info.Func("add")
		require.NoError(t, err)
		assert.Equal(t, "v4 add(v4 a, const v4 *b, struct s *s)", dtype.Declare(f.Type, f.Name))
		assert.Equal(t, "typedef float __attribute__((vector_size(16))) v4", dtype.Define(f.Type.Result()))
		s, err := info.Type("struct s")
		require.NoError(t, err)
		assert.Equal(t, "struct s { char c; v4 v; unsigned char __attribute__((vector_size(8))) b; }", dtype.Define(s))
		v, err := info.Var("pair")
		require.NoError(t, err)
		assert.Equal(t, "long long __attribute__((vector_size(16)))", v.Type.String())
	})
}
