package dtype

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// variants has a value of every variant of Type.
func variants(t testing.TB) []Type {
	enum := must(NewEnum("e", EnumConst{Name: "A", Value: 0}))
	return []Type{
		CVoid, CBool, CInt, CDouble, ComplexOf(CDouble), must(VectorOf(CFloat, 4)), PointerTo(CInt), must(ArrayOf(CInt, 2)),
		mustStruct(t, "s", Attr{}, Field{Name: "i", Type: CInt}), mustUnion(t, "u", Attr{}, Field{Name: "i", Type: CInt}),
		enum, must(NewFunc(CInt, nil, false)), must(NewNamed("t", CInt)),
	}
}

// alien is a Type from nowhere: every switch must say so.
type alien struct{}

func (alien) String() string { return "alien" }
func (alien) sealed()        {}

// Every variant goes through every switch over types.
func TestEveryVariant(t *testing.T) {
	kinds := map[string]bool{}
	all := variants(t)
	for _, v := range all {
		kinds[reflect.TypeOf(v).Elem().Name()] = true
		t.Run(fmt.Sprintf("%T", v), func(t *testing.T) {
			_, isVoid := v.(*Void)
			_, isFunc := v.(*Func)
			sized := !isVoid && !isFunc

			assert.NotEmpty(t, v.String())
			assert.NotEmpty(t, Define(v))
			assert.NotEmpty(t, Declare(v, "v"))
			assert.NotEmpty(t, typeName(v))
			assert.NotNil(t, Resolve(v))
			assert.NotNil(t, Promote(v))
			for _, w := range all {
				assert.Equal(t, v == w, Identical(v, w), "%v, %v", v, w)
				Equivalent(v, w)
				WASM32.LayoutEqual(v, w)
			}
			assert.True(t, Identical(PointerTo(v), PointerTo(v)))

			l, err := WASM32.Layout(v)
			assert.Equal(t, sized, err == nil, "%v", err)
			assert.NotErrorIs(t, err, ErrInvalid)
			if sized {
				assert.NotZero(t, l.Size)
			}
			_, err = WASM32.Describe(v)
			assert.Equal(t, sized, err == nil)
			_, err = ArrayOf(v, 2)
			assert.Equal(t, sized, err == nil)
			_, err = NewStruct("x", Field{Name: "m", Type: v})
			assert.Equal(t, sized, err == nil)
			_, err = NewStruct("x", bits("m", v, 1))
			switch Resolve(v).(type) {
			case *Bool, *Int, *Enum:
				assert.NoError(t, err)
			default:
				assert.ErrorIs(t, err, ErrInvalid)
			}
			_, err = NewFunc(nil, []Param{{Type: v}}, false)
			assert.Equal(t, !isVoid, err == nil)
			assert.Error(t, WASM32.MatchGo(reflect.TypeFor[string](), v))
		})
	}
	assert.Len(t, kinds, 13, "variants of Type")
}

// No type at all is an error like any other.
func TestNoType(t *testing.T) {
	_, err := WASM32.Layout(nil)
	assert.ErrorIs(t, err, ErrInvalid)
	_, err = WASM32.Find(nil, "x.y")
	assert.EqualError(t, err, "dtype: path (no type).x: no such member: not a struct or union")
	_, err = WASM32.NumPy(nil)
	assert.ErrorIs(t, err, ErrInvalid)
	_, err = WASM32.Describe(nil)
	assert.ErrorIs(t, err, ErrInvalid)
	_, err = FromGo(nil)
	assert.ErrorIs(t, err, ErrInvalid)
	assert.ErrorIs(t, WASM32.MatchGo(nil, CInt), ErrMismatch)
	assert.ErrorIs(t, WASM32.MatchGo(reflect.TypeFor[int32](), nil), ErrInvalid)
	_, err = VectorOf(nil, 4)
	assert.ErrorIs(t, err, ErrInvalid)
	assert.Equal(t, "(no type)", Define(nil))
	assert.Equal(t, "(no type) x", Declare(nil, "x"))
	assert.False(t, Identical(nil, CInt))
}

func TestAlienType(t *testing.T) {
	for _, v := range []Type{alien{}, must(ArrayOf(alien{}, 2)), must(NewNamed("t", alien{})), mustStruct(t, "s", Attr{}, Field{Name: "a", Type: alien{}})} {
		_, err := WASM32.Layout(v)
		require.ErrorIs(t, err, ErrInvalid)
		assert.ErrorContains(t, err, "unknown kind dtype.alien")
		assert.ErrorIs(t, WASM32.MatchGo(reflect.TypeFor[int32](), v), ErrInvalid)
	}
	assert.False(t, Identical(alien{}, CInt))
	_, err := NewStruct("s", bits("b", alien{}, 1))
	assert.ErrorIs(t, err, ErrInvalid)
}
