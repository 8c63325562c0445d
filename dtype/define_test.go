package dtype

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDefineErrors(t *testing.T) {
	flex := must(FlexibleArrayOf(CInt))
	inner := mustStruct(t, "", Attr{}, Field{Name: "x", Type: CInt})
	f := func(name string, typ Type) Field { return Field{Name: name, Type: typ} }
	tests := []struct {
		union  bool
		attr   Attr
		fields []Field
		want   string
	}{
		{fields: []Field{f("a", nil)}, want: "dtype: define a: struct s: invalid type: no type"},
		{fields: []Field{f("a", CVoid)}, want: "dtype: define a: struct s: invalid type: a member of type void"},
		{fields: []Field{f("a", must(NewFunc(nil, nil, false)))}, want: "dtype: define a: struct s: invalid type: a member of type void (void)"},
		{fields: []Field{f("a", CInt), f("a", CInt)}, want: "dtype: define a: struct s: invalid type: two members of this name"},
		{fields: []Field{f("x", CInt), f("", inner)}, want: "dtype: define x: struct s: invalid type: two members of this name"},
		{fields: []Field{f("", CInt)}, want: "dtype: define: struct s: invalid type: unnamed member of type int"},
		{fields: []Field{f("", DeclareUnion("u"))}, want: "dtype: define: struct s: incomplete type: unnamed member of type union u"},
		{fields: []Field{f("a", flex)}, want: "dtype: define a: struct s: invalid type: a flexible array must be the last member of a struct and not its only one"},
		{fields: []Field{f("n", CInt), f("a", flex), f("z", CInt)}, want: "dtype: define a: struct s: invalid type: a flexible array must be the last member of a struct and not its only one"},
		{union: true, fields: []Field{f("n", CInt), f("a", flex)}, want: "dtype: define a: union s: invalid type: a flexible array must be the last member of a struct and not its only one"},
		{fields: []Field{bits("b", CFloat, 3)}, want: "dtype: define b: struct s: invalid type: a bit-field of type float"},
		{fields: []Field{bits("b", CInt, 33)}, want: "dtype: define b: struct s: invalid type: width 33 exceeds the 32 bits of int"},
		{fields: []Field{bits("b", CBool, 2)}, want: "dtype: define b: struct s: invalid type: width 2 exceeds the 1 bit of _Bool"},
		{fields: []Field{bits("b", CInt, 0)}, want: "dtype: define b: struct s: invalid type: a named bit-field of width 0"},
		{fields: []Field{{Name: "a", Type: CInt, Align: 3}}, want: "dtype: define a: struct s: invalid type: alignment 3 is no power of two up to 1<<28"},
		{attr: Attr{Align: 1 << 29}, want: "dtype: define: struct s: invalid type: alignment 536870912 is no power of two up to 1<<28"},
		{attr: Attr{Pack: 3}, want: "dtype: define: struct s: invalid type: #pragma pack(3), not 1, 2, 4, 8 or 16"},
		{attr: Attr{Endian: 9}, want: "dtype: define: struct s: invalid type: dialect 0, byte order 9"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			var err error
			if tt.union {
				_, err = NewUnionAttr("s", tt.attr, tt.fields...)
			} else {
				_, err = NewStructAttr("s", tt.attr, tt.fields...)
			}
			assert.EqualError(t, err, tt.want)
		})
	}
}

func TestDefineOnce(t *testing.T) {
	s := DeclareStruct("s")
	assert.False(t, s.Complete())
	assert.Nil(t, s.Fields())
	assert.Equal(t, Attr{}, s.Attr())
	require.NoError(t, s.Define(Attr{Packed: true}, Field{Name: "next", Type: PointerTo(s)}))
	assert.True(t, s.Complete())
	assert.Equal(t, Attr{Packed: true}, s.Attr())
	assert.EqualError(t, s.Define(Attr{}), "dtype: define: struct s: invalid type: defined twice")
}

// Structs that contain each other are refused by whichever is defined last.
func TestDefineCycles(t *testing.T) {
	s := DeclareStruct("s")
	assert.ErrorIs(t, s.Define(Attr{}, Field{Name: "s", Type: must(ArrayOf(s, 1))}), ErrInvalid)
	assert.ErrorIs(t, s.Define(Attr{}, Field{Type: s}), ErrInvalid)

	a, b := DeclareStruct("a"), DeclareUnion("b")
	var wg sync.WaitGroup
	errs := make([]error, 2)
	wg.Go(func() {
		errs[0] = a.Define(Attr{}, Field{Name: "b", Type: must(NewNamed("b_t", b))})
	})
	wg.Go(func() {
		errs[1] = b.Define(Attr{}, Field{Name: "a", Type: must(ArrayOf(a, 2))})
	})
	wg.Wait()
	assert.True(t, (errs[0] == nil) != (errs[1] == nil), "%v", errs)
}

func TestConstructorErrors(t *testing.T) {
	fn := must(NewFunc(nil, nil, false))
	flex := must(FlexibleArrayOf(CInt))
	err := func(_ any, err error) error { return err }
	tests := []struct {
		err  error
		want string
	}{
		{err(ArrayOf(nil, 1)), "dtype: array: invalid type: no element type"},
		{err(ArrayOf(CVoid, 1)), "dtype: array: void: invalid type: array of void"},
		{err(FlexibleArrayOf(fn)), "dtype: array: void (void): invalid type: array of void (void)"},
		{err(ArrayOf(flex, 2)), "dtype: array: int []: invalid type: array of arrays of unknown length"},
		{err(NewNamed("", CInt)), "dtype: typedef: invalid type: a typedef needs a name and a type"},
		{err(NewNamed("t", nil)), "dtype: typedef t: invalid type: a typedef needs a name and a type"},
		{err(NewNamedAligned("t", CInt, 5)), "dtype: typedef t: invalid type: alignment 5 is no power of two up to 1<<28"},
		{err(NewEnum("e", EnumConst{Name: "A", Value: 0}, EnumConst{Name: "A", Value: 1})), `dtype: enum e: invalid type: constant "A" is unnamed or repeated`},
		{err(NewEnumBase("e", nil)), "dtype: enum e: invalid type: no integer type"},
		{err(NewFunc(fn, nil, false)), "dtype: function: void (void): invalid type: result of type void (void)"},
		{err(NewFunc(flex, nil, false)), "dtype: function: int []: invalid type: result of type int []"},
		{err(NewFunc(nil, []Param{{Name: "x", Type: CVoid}}, false)), "dtype: function x: invalid type: parameter 1 of type void"},
		{err(NewFunc(nil, []Param{{Name: "x"}}, false)), "dtype: function x: invalid type: parameter 1 has no type"},
		{err(fn.WithArgs(CInt)), "dtype: call: void (void): invalid type: 1 arguments for 0 parameters"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			assert.EqualError(t, tt.err, tt.want)
			assert.ErrorIs(t, tt.err, ErrInvalid)
		})
	}
}
