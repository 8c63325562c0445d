package dtype

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFuncParameters(t *testing.T) {
	callback := must(NewFunc(CInt, nil, false))
	buf := must(NewNamed("buf_t", must(ArrayOf(CChar, 8))))
	f, err := NewFunc(nil, []Param{{Name: "b", Type: buf, Dir: Out}, {Name: "cb", Type: callback, Dir: In}}, false)
	require.NoError(t, err)
	assert.Equal(t, "void (char *b, int (*cb)(void))", f.String())
	assert.Equal(t, Out, f.Params()[0].Dir)
	assert.Same(t, CVoid, f.Result())
	assert.False(t, f.Variadic())
	assert.Equal(t, 2, f.Fixed())
}

func TestWithArgs(t *testing.T) {
	printf := must(NewFunc(CInt, []Param{{Name: "fmt", Type: PointerToConst(CChar)}}, true))
	call, err := printf.WithArgs(CFloat, CChar, CLongLong, must(ArrayOf(CInt, 2)))
	require.NoError(t, err)
	var got []string
	for _, p := range call.Params() {
		got = append(got, p.Type.String())
	}
	assert.Equal(t, []string{"const char *", "double", "int", "long long", "int *"}, got)
	assert.Equal(t, 1, call.Fixed())
	assert.True(t, call.Variadic())
	assert.Equal(t, printf.String(), call.String())

	again, err := call.WithArgs(CBool)
	require.NoError(t, err)
	assert.Len(t, again.Params(), 2, "the arguments of the first call are not kept")

	_, err = printf.WithArgs(nil)
	assert.EqualError(t, err, "dtype: function: invalid type: parameter 2 has no type")
}

func TestPromote(t *testing.T) {
	fn := must(NewFunc(nil, nil, false))
	tiny := must(NewEnumBase("tiny", CUChar, EnumConst{Name: "T", Value: 0}))
	plain := must(NewEnum("plain", EnumConst{Name: "P", Value: 0}))
	tests := []struct {
		from Type
		want string
	}{
		{CBool, "int"}, {CChar, "int"}, {CUShort, "int"}, {Int16, "int"}, {CInt, "int"}, {CUInt, "unsigned int"},
		{CLong, "long"}, {CFloat, "double"}, {CDouble, "double"}, {CLongDouble, "long double"},
		{ComplexOf(CFloat), "_Complex float"}, {tiny, "int"}, {plain, "enum plain"},
		{must(NewNamed("byte", CUChar)), "int"}, {must(NewNamed("id", CLong)), "id"},
		{must(ArrayOf(CShort, 2)), "short *"}, {fn, "void (*)(void)"}, {PointerTo(CChar), "char *"},
		{DeclareStruct("s"), "struct s"}, {DeclareUnion("u"), "union u"}, {CVoid, "void"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, Promote(tt.from).String(), "%v", tt.from)
	}
}
