package dtype

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Sizes and alignments of vectors on every ABI, by its compiler.
func TestVectorsAgainstCompiler(t *testing.T) {
	check := func(t *testing.T, abi *ABI, c compiler) {
		var src strings.Builder
		src.WriteString(prelude)
		for i, elem := range Scalars() {
			if elem == CBool {
				continue
			}
			for lanes := uint64(1); lanes <= 4096; lanes *= 2 {
				v := must(VectorOf(elem, lanes))
				s := mustStruct(t, fmt.Sprintf("s%d_%d", i, lanes), Attr{}, Field{Name: "c", Type: CChar}, Field{Name: "v", Type: v})
				at, err := abi.Find(s, "v")
				require.NoError(t, err)
				l, err := abi.Layout(v)
				require.NoError(t, err)
				fmt.Fprintf(&src, "_Static_assert(sizeof(%v) == %d && %s(%v) == %d, \"%v\");\n", v, l.Size, c.alignof(), v, l.Align, v)
				fmt.Fprintf(&src, "%s; _Static_assert(__builtin_offsetof(%v, v) == %d, \"in a struct: %v\");\n", Define(s), s, at.Offset, v)
			}
		}
		c.compile(t, src.String())
	}
	for _, abi := range ABIs() {
		t.Run(abi.Name(), func(t *testing.T) { check(t, abi, clangFor(abi)) })
	}
	for abi, gcc := range map[*ABI]compiler{LinuxAMD64: gccAMD64, LinuxARM64: gccARM64, MinGWAMD64: gccMinGW} {
		t.Run(abi.Name()+"/gcc", func(t *testing.T) { check(t, abi, gcc) })
	}
}

// String and Declare are what compilers take back as the same type.
func TestVectorPrints(t *testing.T) {
	v4 := must(VectorOf(CFloat, 4))
	long2 := must(VectorOf(CLong, 2))
	named := must(NewNamed("v4", v4))
	for want, typ := range map[string]Type{
		"float __attribute__((vector_size(16))) v":                            v4,
		"long __attribute__((vector_size(2 * sizeof(long)))) v":               long2,
		"const float __attribute__((vector_size(16))) *v":                     PointerToConst(v4),
		"float __attribute__((vector_size(16))) v[3]":                         must(ArrayOf(v4, 3)),
		"int32_t __attribute__((vector_size(8))) v":                           must(VectorOf(Int32, 2)),
		"float __attribute__((vector_size(16))) v(const v4 *p, v4)":           must(NewFunc(v4, []Param{{Name: "p", Type: PointerToConst(named)}, {Type: named}}, false)),
		"float __attribute__((vector_size(16))) (*v)(const v4 *p, v4)":        PointerTo(must(NewFunc(v4, []Param{{Name: "p", Type: PointerToConst(named)}, {Type: named}}, false))),
		"long double __attribute__((vector_size(2 * sizeof(long double)))) v": must(VectorOf(CLongDouble, 2)),
	} {
		assert.Equal(t, want, Declare(typ, "v"))
		for _, c := range []compiler{clangFor(LinuxAMD64), gccAMD64} {
			c.compile(t, fmt.Sprintf("%s%s;\nextern %s;\n_Static_assert(__builtin_types_compatible_p(__typeof__(v), %v), \"\");\n", prelude, Define(named), want, typ))
		}
	}
	assert.Equal(t, "typedef float __attribute__((vector_size(16))) v4", Define(named))
	assert.Equal(t, "typedef __typeof__(float __attribute__((vector_size(16)))) u4 __attribute__((aligned(4)))", Define(must(NewNamedAligned("u4", v4, 4))))
	assert.Equal(t, "__typeof__(float __attribute__((vector_size(16)))) v[2][0]", Declare(must(ArrayOf(must(ArrayOf(v4, 0)), 2)), "v"))
}

func TestVectorErrors(t *testing.T) {
	for _, tt := range []struct {
		elem  Type
		lanes uint64
		want  string
	}{
		{nil, 4, "dtype: vector: invalid type: no element type"},
		{CBool, 4, "dtype: vector: _Bool: invalid type: vector of _Bool"},
		{PointerTo(CInt), 4, "dtype: vector: int *: invalid type: vector of int *"},
		{must(VectorOf(CFloat, 4)), 4, "invalid type: vector of float __attribute__((vector_size(16)))"},
		{must(NewEnum("e", EnumConst{Name: "A", Value: 0})), 4, "invalid type: vector of enum e"},
		{CFloat, 0, "invalid type: 0 lanes, not a power of two up to 1<<30"},
		{CFloat, 3, "invalid type: 3 lanes, not a power of two up to 1<<30"},
		{CFloat, 1 << 31, "invalid type: 2147483648 lanes, not a power of two up to 1<<30"},
	} {
		_, err := VectorOf(tt.elem, tt.lanes)
		require.ErrorIs(t, err, ErrInvalid)
		assert.ErrorContains(t, err, tt.want)
	}
	_, err := WASM32.Layout(must(VectorOf(CDouble, 1<<29)))
	assert.ErrorIs(t, err, ErrOverflow)
	_, err = WASM32.Layout(mustStruct(t, "s", Attr{Endian: BigEndian}, Field{Name: "v", Type: must(VectorOf(CFloat, 4))}))
	assert.EqualError(t, err, "dtype: layout wasm32 struct s.v: float __attribute__((vector_size(16))): not supported: vector in a big-endian struct")
}

func TestVectorIdentity(t *testing.T) {
	v4, other := must(VectorOf(CFloat, 4)), must(VectorOf(CFloat, 4))
	assert.True(t, Identical(v4, other))
	assert.False(t, Identical(v4, must(VectorOf(CFloat, 2))))
	assert.False(t, Identical(v4, v4.Array()))
	assert.False(t, WASM32.LayoutEqual(v4, v4.Array()))
	longs, ints := must(VectorOf(CLong, 4)), must(VectorOf(CInt, 4))
	assert.False(t, Equivalent(longs, ints))
	assert.True(t, WASM32.LayoutEqual(longs, ints))
	assert.False(t, LinuxAMD64.LayoutEqual(longs, ints))
	assert.True(t, Equivalent(v4, must(NewNamed("v4", must(VectorOf(must(NewNamed("f", CFloat)), 4))))))
}

func TestVectorLanes(t *testing.T) {
	s := mustStruct(t, "s", Attr{}, Field{Name: "c", Type: CChar}, Field{Name: "v", Type: must(VectorOf(CFloat, 4))})
	at, err := LinuxAMD64.Find(s, "v[3]")
	require.NoError(t, err)
	assert.Equal(t, Place{Type: CFloat, Offset: 28}, at)
	_, err = LinuxAMD64.Find(s, "v[4]")
	assert.ErrorIs(t, err, ErrNoMember)

	d, err := LinuxAMD64.Describe(s)
	require.NoError(t, err)
	assert.Equal(t, "float __attribute__((vector_size(16)))", d.Fields[1].Type)
}

func TestVectorForGoAndNumPy(t *testing.T) {
	loose := must(NewNamedAligned("loose", must(VectorOf(CFloat, 4)), 4))
	assert.NoError(t, LinuxAMD64.MatchGo(reflect.TypeFor[[4]float32](), loose))
	assert.ErrorContains(t, LinuxAMD64.MatchGo(reflect.TypeFor[[4]float32](), must(VectorOf(CFloat, 4))), "alignment 4 in Go, 16 in C")
	assert.ErrorContains(t, LinuxAMD64.MatchGo(reflect.TypeFor[[3]float32](), loose), "3 elements in Go, 4 in C")
	assert.ErrorContains(t, LinuxAMD64.MatchGo(reflect.TypeFor[[4]int32](), loose), "no Go int32")

	for _, tt := range []struct {
		typ           Type
		numpy, buffer string
	}{
		{must(VectorOf(CFloat, 4)), "(4,)<f4", "(4)<f"},
		{must(ArrayOf(must(VectorOf(CShort, 8)), 3)), "(3,8)<i2", "(3,8)<h"},
		{must(VectorOf(CChar, 16)), "(16,)|i1", "(16)b"}, // numbers, not text
		{must(VectorOf(Char32T, 4)), "(4,)<u4", "(4)<I"},
	} {
		got, err := LinuxAMD64.NumPy(tt.typ)
		require.NoError(t, err)
		assert.Equal(t, tt.numpy, got)
		got, err = LinuxAMD64.BufferFormat(tt.typ)
		require.NoError(t, err)
		assert.Equal(t, tt.buffer, got)
	}
}
