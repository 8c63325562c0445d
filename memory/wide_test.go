package memory

import (
	"math"
	"math/big"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// Numbers wider than a word, between every Go type that may hold them.
func TestWideNumbers(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	huge := new(big.Int).Lsh(big.NewInt(1), 100)
	longComplex := dtype.ComplexOf(dtype.CLongDouble)
	for _, tt := range []struct {
		c    dtype.Type
		v    any // stored
		want any // loaded as its own type
		err  string
	}{
		{c: dtype.CInt128, v: huge, want: huge},
		{c: dtype.CInt128, v: -5, want: int64(-5)},
		{c: dtype.CInt128, v: -5, want: int8(-5)},
		{c: dtype.CInt128, v: uint64(math.MaxUint64), want: uint64(math.MaxUint64)},
		{c: dtype.CInt128, v: true, want: uint8(1)},
		{c: dtype.CInt128, v: 200, want: int8(0), err: "load __int128: value out of range: 200 does not fit Go int8"},
		{c: dtype.CInt128, v: -1, want: uint64(0), err: "load __int128: value out of range: -1 does not fit Go uint64"},
		{c: dtype.CInt128, v: huge, want: 0.5, err: "load __int128: wrong type: Go float64 for C __int128"},
		{c: dtype.CInt128, v: (*big.Int)(nil), err: "store __int128: wrong type: Go *big.Int for C __int128"},
		{c: dtype.CLongDouble, v: 3, want: float32(3)},
		{c: dtype.CLongDouble, v: uint64(math.MaxUint64), want: 0x1p64},
		{c: dtype.CLongDouble, v: 0.1, want: dtype.LongDouble(0.1)},
		{c: dtype.CLongDouble, v: 1.5, want: big.NewFloat(1.5).SetPrec(64)},
		{c: dtype.CLongDouble, v: math.NaN(), want: big.NewFloat(0), err: "load long double: value out of range: NaN does not fit Go *big.Float"},
		{c: dtype.CLongDouble, v: 1.5, want: int64(0), err: "load long double: wrong type: Go int64 for C long double"},
		{c: dtype.CLongDouble, v: true, err: "store long double: wrong type: Go bool for C long double"},
		{c: dtype.CLongDouble, v: (*big.Float)(nil), err: "store long double: wrong type: Go *big.Float for C long double"},
		{c: longComplex, v: 1.5 + 2i, want: 1.5 + 2i},
		{c: longComplex, v: complex64(3i), want: complex64(3i)},
		{c: dtype.ComplexOf(dtype.CDouble), v: complex(1e300, 0), want: complex64(0), err: "load _Complex double: value out of range: (1e+300+0i) does not fit Go complex64"},
	} {
		v := must(arena.New(tt.c))(t)
		err := v.Store(tt.v)
		if tt.want == nil {
			assert.EqualError(t, err, "memory: "+tt.err)
			continue
		}
		require.NoError(t, err, "%T for %v", tt.v, tt.c)
		data := must(v.Bytes())(t)
		got := reflect.New(reflect.TypeOf(tt.want)).Elem()
		err = Decode(got, tt.c, data, arena.Space(), nil)
		if tt.err != "" {
			assert.ErrorContains(t, err, tt.err[len("load"):])
			continue
		}
		require.NoError(t, err, "%v as %T", tt.c, tt.want)
		assert.Equal(t, tt.want, got.Interface(), "%v", tt.c)
	}
	natural := must(must(arena.NewValue(longComplex, 1+2i))(t).Load())(t)
	assert.Equal(t, 1+2i, natural)
}

// A view of another ABI's memory is converted, value by value.
func TestViewAsValue(t *testing.T) {
	record := structOf(t, "rec", f("n", dtype.CLong), f("d", dtype.CDouble), f("p", dtype.PointerTo(dtype.CVoid)))
	src := must(arenaOn(t, dtype.LinuxAMD64).NewValue(record, Record{{"n", -3}, {"d", 1.5}}))(t)
	dst := must(arenaOn(t, dtype.WASM32).New(record))(t)
	require.NoError(t, dst.Store(src))
	assert.Equal(t, Record{{"n", int32(-3)}, {"d", 1.5}, {"p", Pointer{elem: dtype.CVoid}}}, must(dst.Load())(t))

	require.NoError(t, must(src.Field("p"))(t).Store(dtype.Addr(0x20)))
	assert.ErrorContains(t, dst.Store(src), "memory: store struct rec.p: wrong type: a pointer into another space")
	require.NoError(t, must(src.Field("n"))(t).Store(int64(1<<31)))
	require.NoError(t, must(src.Field("p"))(t).Store(nil))
	assert.EqualError(t, dst.Store(src), "memory: store struct rec.n: value out of range: 2147483648 does not fit long (-2147483648…2147483647)")
	assert.ErrorIs(t, dst.Store(View{}), ErrNull)
	_, err := Load[View](dst)
	assert.ErrorIs(t, err, ErrType)

	n := must(src.Field("n"))(t)
	assert.EqualError(t, must(dst.Field("n"))(t).Store(n), "memory: store struct rec.n: value out of range: 2147483648 does not fit long (-2147483648…2147483647)")
}

// A struct ends in a flexible array in every form of initialiser.
func TestFlexibleInitialisers(t *testing.T) {
	type flex struct {
		N int32
		A []int16
	}
	c := structOf(t, "flex", f("n", dtype.CInt), f("a", flexible(t, dtype.CShort)))
	for _, v := range []any{
		Record{{"n", 2}, {"a", []int{7, 8}}}, map[string]any{"n": 2, "a": []any{7, 8}}, []any{2, [2]int16{7, 8}}, flex{2, []int16{7, 8}}, &flex{2, []int16{7, 8}},
	} {
		if p, ok := v.(*flex); ok {
			v = *p
		}
		view := must(arenaOn(t, dtype.WASM32).NewValue(c, v))(t)
		assert.EqualValues(t, 8, view.Size(), "%T", v)
		assert.Equal(t, flex{2, []int16{7, 8}}, must(Load[flex](view))(t), "%T", v)
	}
	view := must(arenaOn(t, dtype.WASM32).NewValue(c, []any{2}))(t)
	assert.EqualValues(t, 4, view.Size())
}
