package memory

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// counting is an int [n…] array with elements 0, 1, 2 …
func counting(t testing.TB, shape ...int) Array {
	t.Helper()
	n := must(product(shape))(t)
	s := make([]int32, n)
	for i := range s {
		s[i] = int32(i)
	}
	space, err := NewBufferSpace(dtype.WASM32, 4*n+64)
	require.NoError(t, err)
	v := must(NewArena(space).NewOf(s))(t)
	return must(AsArray(v, shape...))(t)
}

func elements(t *testing.T, a Array) []int32 {
	t.Helper()
	s := make([]int32, a.Len())
	n, err := CopyTo(a, s)
	require.NoError(t, err)
	require.Equal(t, len(s), n)
	return s
}

func TestAsArray(t *testing.T) {
	arena := arenaOn(t, dtype.WASM32)
	grid := must(arena.New(arrayOf(t, arrayOf(t, dtype.CDouble, 4), 3)))(t)
	a := must(AsArray(grid))(t)
	assert.Equal(t, []int{3, 4}, a.Shape())
	assert.Equal(t, []int64{32, 8}, a.Strides())
	assert.Equal(t, dtype.Type(dtype.CDouble), a.Elem())
	assert.Equal(t, 12, a.Len())
	assert.Equal(t, 2, a.Dims())
	assert.Equal(t, grid.Addr(), a.Addr())
	assert.Equal(t, grid.Space(), a.Space())
	b := must(AsArray(grid, 2, 3, 2))(t)
	assert.Equal(t, []int64{48, 16, 8}, b.Strides())
	for _, shape := range [][]int{{11}, {3, 5}, {-3, -4}, {math.MaxInt, 12}, {0}} {
		_, err := AsArray(grid, shape...)
		assert.ErrorIs(t, err, ErrRange, "%v", shape)
	}
	_, err := AsArray(grid, 11)
	assert.EqualError(t, err, "memory: array double [3][4]: value out of range: 12 elements for shape [11]")
	one := must(AsArray(must(grid.At("[1][2]"))(t)))(t)
	assert.Zero(t, one.Dims())
	assert.Equal(t, 1, one.Len())
	assert.Equal(t, 0, must(AsArray(must(arena.NewArray(dtype.CInt, 0))(t)))(t).Len())
	p := must(arena.NewArray(dtype.CInt, 12))(t).Pointer() // a pointer and a shape
	rows := must(AsArray(must(p.Array())(t), 3, 4))(t)
	assert.Equal(t, []int{3, 4}, rows.Shape())
}

func TestArrayIndex(t *testing.T) {
	a := counting(t, 3, 4)
	e := must(a.At(1, 2))(t)
	assert.Equal(t, int32(6), must(Load[int32](e))(t))
	require.NoError(t, Store(e, 60))
	assert.Equal(t, []int32{4, 5, 60, 7}, elements(t, must(a.Index(1))(t)))
	assert.Equal(t, 0, must(a.Index(1, 2))(t).Dims())
	for _, index := range [][]int{{3, 0}, {0, 4}, {-1, 0}, {0, -1}} {
		_, err := a.At(index...)
		assert.ErrorIs(t, err, ErrOutOfBounds, "%v", index)
	}
	_, err := a.At(0, 4)
	assert.EqualError(t, err, "memory: index int32_t[3][4]: out of bounds: index 4 of axis 1 with 4 elements")
	_, err = a.At(1)
	assert.EqualError(t, err, "memory: index int32_t[3][4]: value out of range: 1 indexes for 2 axes")
	_, err = a.Index(0, 0, 0)
	assert.ErrorIs(t, err, ErrRange)
	_, err = a.Index(3)
	assert.ErrorIs(t, err, ErrOutOfBounds)
}

// Spans are Python's slices. The expected elements are what
// list(range(10))[start:stop:step] gives.
func TestSpan(t *testing.T) {
	a := counting(t, 10)
	for _, tt := range []struct {
		span Span
		want []int32
	}{
		{All, []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{Reverse, []int32{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}},
		{Range(2, 5, 1), []int32{2, 3, 4}},
		{Range(0, 10, 3), []int32{0, 3, 6, 9}},
		{Range(1, 9, 3), []int32{1, 4, 7}},
		{Range(-3, Open, 1), []int32{7, 8, 9}},
		{Range(Open, -7, 1), []int32{0, 1, 2}},
		{Range(5, Open, -2), []int32{5, 3, 1}},
		{Range(-1, 3, -3), []int32{9, 6}},
		{Range(9, 0, -4), []int32{9, 5, 1}},
		{Range(3, -11, -1), []int32{3, 2, 1, 0}},
		{Range(100, -100, -5), []int32{9, 4}},
		{Range(-100, 100, 5), []int32{0, 5}},
		{Range(5, 5, 1), []int32{}},
		{Range(5, 2, 1), []int32{}},
		{Range(2, 5, -1), []int32{}},
		{Range(20, 30, 1), []int32{}},
		{Range(3, Open, math.MaxInt), []int32{3}},
		{Range(3, Open, math.MinInt), []int32{3}},
		{Range(Open, Open, math.MaxInt), []int32{0}},
	} {
		b, err := a.Slice(tt.span)
		require.NoError(t, err)
		assert.Equal(t, tt.want, elements(t, b), "%+v", tt.span)
	}
	_, err := a.Slice(Range(0, 1, 0))
	assert.EqualError(t, err, "memory: slice int32_t[10]: value out of range: step 0")
	_, err = a.Slice(All, All)
	assert.ErrorIs(t, err, ErrRange)
}

func TestSliceAxes(t *testing.T) {
	a := counting(t, 3, 4)
	b := must(a.Slice(All, Range(3, 0, -1)))(t) // a[:, 3:0:-1]
	assert.Equal(t, []int32{3, 2, 1, 7, 6, 5, 11, 10, 9}, elements(t, b))
	assert.Equal(t, []int64{16, -4}, b.Strides())
	c := must(a.Slice(Reverse))(t)
	assert.Equal(t, []int32{8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3}, elements(t, c))
	assert.Equal(t, []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, elements(t, a), "a is as it was")
	require.NoError(t, Store(must(c.At(0, 0))(t), 80))
	assert.Equal(t, int32(80), must(Load[int32](must(a.At(2, 0))(t)))(t), "the bytes are the same")
	bytes := must(must(a.Slice(Range(0, 1, 1), Range(Open, Open, 2)))(t).ToBytes())(t)
	assert.Equal(t, []byte{0, 0, 0, 0, 2, 0, 0, 0}, bytes)
}

func TestTranspose(t *testing.T) {
	a := counting(t, 2, 3)
	assert.Equal(t, []int32{0, 3, 1, 4, 2, 5}, elements(t, must(a.Transpose())(t)))
	b := counting(t, 2, 3, 4)
	c := must(b.Transpose(2, 0, 1))(t)
	assert.Equal(t, []int{4, 2, 3}, c.Shape())
	assert.Equal(t, int32(1*12+2*4+3), must(Load[int32](must(c.At(3, 1, 2))(t)))(t))
	for _, axes := range [][]int{{0}, {0, 0, 1}, {0, 1, 3}, {0, 1, -1}, {0, 1, 2, 3}} {
		_, err := b.Transpose(axes...)
		assert.ErrorIs(t, err, ErrRange, "%v", axes)
	}
	assert.Zero(t, must(must(AsArray(must(arenaOn(t, dtype.WASM32).New(dtype.CInt))(t)))(t).Transpose())(t).Dims())
}

func TestNewArrayChecksExtent(t *testing.T) {
	v := must(arenaOn(t, dtype.WASM32).NewArray(dtype.CShort, 8))(t) // 16 bytes
	for _, tt := range []struct {
		offset  uint64
		shape   []int
		strides []int64
		ok      bool
	}{
		{0, []int{8}, []int64{2}, true},
		{0, []int{9}, []int64{2}, false},
		{2, []int{8}, []int64{2}, false},
		{14, []int{8}, []int64{-2}, true},
		{15, []int{8}, []int64{-2}, false},
		{12, []int{8}, []int64{-2}, false},
		{0, []int{1 << 30}, []int64{0}, true},
		{0, []int{2, 2}, []int64{12, 2}, true},
		{0, []int{2, 2}, []int64{14, 2}, false},
		{6, []int{3, 4}, []int64{-2, 2}, true},
		{4, []int{4, 2}, []int64{-2, 2}, false},
		{100, []int{0, 5}, []int64{1 << 40, 2}, true},
		{0, []int{math.MaxInt}, []int64{1 << 40}, false},
		{0, []int{3}, []int64{math.MinInt64}, false},
		{0, []int{1}, []int64{math.MinInt64}, true},
		{math.MaxUint64, []int{1}, []int64{2}, false},
		{0, []int{-1}, []int64{2}, false},
		{0, []int{2}, []int64{2, 2}, false},
		{0, []int{math.MaxInt, math.MaxInt, 8}, []int64{0, 0, 0}, false},
	} {
		_, err := NewArray(v, dtype.CShort, tt.offset, tt.shape, tt.strides)
		assert.Equal(t, tt.ok, err == nil, "%+v: %v", tt, err)
	}
	_, err := NewArray(v, dtype.CShort, 0, []int{9}, []int64{2})
	assert.EqualError(t, err, "memory: array short [8]: out of bounds: shape [9] with strides [2] from byte 0 in 16")
	repeated := must(NewArray(v, dtype.CShort, 0, []int{3}, []int64{0}))(t)
	assert.Equal(t, make([]byte, 6), must(repeated.ToBytes())(t))
	_, err = must(NewArray(v, dtype.CShort, 0, []int{1 << 30, 1 << 30}, []int64{0, 0}))(t).ToBytes()
	assert.ErrorIs(t, err, ErrNoMemory)
	flag := must(must(arenaOn(t, dtype.WASM32).New(structOf(t, "b", bitField("f", dtype.CInt, 3))))(t).Field("f"))(t)
	_, err = AsArray(flag)
	assert.ErrorIs(t, err, ErrType)
}

func TestArrayField(t *testing.T) {
	arena := arenaOn(t, dtype.WASM32)
	weather := structOf(t, "weather_data", f("timestamp", dtype.CInt), f("desc", arrayOf(t, dtype.CChar, 12)),
		f("grid", arrayOf(t, arrayOf(t, dtype.CShort, 2), 3)), bitField("wet", dtype.CUInt, 1))
	v := must(arena.NewValue(arrayOf(t, weather, 2), []Record{
		{{"timestamp", 5}, {"desc", "sunny"}, {"grid", [][]int{{1, 2}, {3}}}, {"wet", 0}},
		{{"timestamp", 6}, {"desc", "rain"}, {"wet", 1}}}))(t)
	a := must(AsArray(v))(t)
	stamps := must(a.Field("timestamp"))(t)
	assert.Equal(t, []int32{5, 6}, elements(t, stamps))
	desc := must(a.Field("desc"))(t)
	assert.Equal(t, []int{2}, desc.Shape(), "a char array is one text")
	texts := make([]string, 2)
	must(CopyTo(desc, texts))(t)
	assert.Equal(t, []string{"sunny", "rain"}, texts)
	grid := must(a.Field("grid"))(t)
	assert.Equal(t, []int{2, 3, 2}, grid.Shape())
	assert.Equal(t, int16(3), must(Load[int16](must(grid.At(0, 1, 0))(t)))(t))
	wet := must(a.Field("wet"))(t)
	assert.Equal(t, []int32{0, 1}, elements(t, wet))
	_, err := wet.ToBytes()
	assert.ErrorIs(t, err, ErrType)
	assert.ErrorIs(t, UseArray(wet, func(*Strided[uint32]) error { return nil }), ErrType)
	_, err = a.Field("nothing")
	assert.ErrorIs(t, err, dtype.ErrNoMember)
	_, err = stamps.Field("x")
	assert.ErrorIs(t, err, ErrType)
	at := must(must(a.Slice(Reverse))(t).At(0))(t)
	assert.Equal(t, "rain", must(Load[string](must(at.Field("desc"))(t)))(t))
}

func TestCopyTo(t *testing.T) {
	a := counting(t, 4)
	short := make([]int32, 3)
	_, err := CopyTo(a, short)
	assert.EqualError(t, err, "memory: copy int32_t[4]: value out of range: 4 elements into 3")
	floats := make([]float64, 5)
	assert.Equal(t, 4, must(CopyTo(a, floats))(t), "numbers are converted")
	assert.Equal(t, []float64{0, 1, 2, 3, 0}, floats)
	bytes := make([]int8, 4)
	require.NoError(t, Store(must(a.At(2))(t), 200))
	n, err := CopyTo(a, bytes)
	assert.ErrorIs(t, err, ErrRange)
	assert.Equal(t, 2, n)
}

func TestUseArray(t *testing.T) {
	a := must(must(counting(t, 3, 4).Slice(All, Reverse))(t).Transpose())(t)
	require.NoError(t, UseArray(a, func(s *Strided[int32]) error {
		assert.Equal(t, 4, s.Len(0))
		assert.Equal(t, 3, s.Len(1))
		assert.Equal(t, int32(7), *s.At2(0, 1))
		assert.Equal(t, int32(7), *s.At(0, 1))
		*s.At2(3, 2) = 80
		return nil
	}))
	assert.Equal(t, int32(80), must(Load[int32](must(a.At(3, 2))(t)))(t))
	line := must(a.Index(0))(t)
	require.NoError(t, UseArray(line, func(s *Strided[int32]) error {
		assert.Equal(t, int32(11), *s.At1(2))
		return nil
	}))
	mine := errors.New("mine")
	assert.Equal(t, mine, UseArray(line, func(*Strided[int32]) error { return mine }))

	for what, f := range map[string]func(s *Strided[int32]){
		"memory: use int32_t[4][3]: out of bounds: index 4 of axis 0 with 4 elements":  func(s *Strided[int32]) { s.At2(4, 0) },
		"memory: use int32_t[4][3]: out of bounds: index -1 of axis 1 with 3 elements": func(s *Strided[int32]) { s.At2(0, -1) },
		"memory: use int32_t[4][3]: out of bounds: index 3 of axis 1 with 3 elements":  func(s *Strided[int32]) { s.At(0, 3) },
		"memory: use int32_t[4][3]: value out of range: 1 indexes for 2 axes":          func(s *Strided[int32]) { s.At1(0) },
		"memory: use int32_t[4][3]: value out of range: 3 indexes for 2 axes":          func(s *Strided[int32]) { s.At(0, 0, 0) },
	} {
		assert.EqualError(t, UseArray(a, func(s *Strided[int32]) error { f(s); return nil }), what)
	}
	assert.ErrorContains(t, UseArray(line, func(s *Strided[int32]) error { s.At2(0, 0); return nil }), "2 indexes for 1 axes")
	assert.PanicsWithValue(t, "other", func() {
		_ = UseArray(line, func(*Strided[int32]) error { panic("other") })
	}, "other panics go on")
	require.NoError(t, line.life.Acquire(), "and the lease is given back")
	line.life.Release()

	assert.ErrorIs(t, UseArray(a, func(*Strided[int64]) error { return nil }), ErrType)
	v := must(arenaOn(t, dtype.WASM32).NewArray(dtype.CChar, 16))(t)
	odd := must(NewArray(v, dtype.CInt, 1, []int{3}, []int64{5}))(t)
	assert.EqualError(t, UseArray(odd, func(*Strided[int32]) error { return nil }), "memory: use int[3]: wrong type: Go int32 needs a multiple of 4")
	assert.Equal(t, []int32{0, 0, 0}, elements(t, odd), "what is not aligned can be copied")
	require.NoError(t, UseArray(must(a.Slice(Range(0, 0, 1)))(t), func(s *Strided[int32]) error {
		assert.Zero(t, s.Len(0))
		return nil
	}))
	var none Array
	assert.ErrorIs(t, UseArray(none, func(*Strided[int32]) error { return nil }), ErrNull)
	assert.Equal(t, "NULL array", none.String())
}

func TestArrayPrint(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	array := func(v any, shape ...int) Array {
		return must(AsArray(must(arena.NewOf(v))(t), shape...))(t)
	}
	for _, tt := range []struct {
		a    Array
		want string
	}{
		{array([]int32{1, -20, 3}), "[  1 -20   3]"},
		{array([]int32{1, 2, 3, 40}, 2, 2), "[[ 1  2]\n [ 3 40]]"},
		{counting(t, 2, 2, 2), "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]"},
		{array([]float64{1, 2.5, -3.25}), "[ 1.    2.5  -3.25]"},
		{array([]float64{1, 2}), "[1. 2.]"},
		{array([]float64{0.1, 1.0 / 3}), "[0.1        0.33333333]"},
		{array([]float32{0.1, 0.2}), "[0.1 0.2]"},
		{array([]float64{1e-5, 1}), "[1.e-05 1.e+00]"},
		{array([]float32{0x1p87, 1}), "[1.5474251e+26 1.0000000e+00]"}, // not the nearest digits, but those that tell it
		{array([]float32{0.1, 1e9}), "[1.e-01 1.e+09]"},
		{array([]float32{34071312}), "[34071312.]"},
		{array([]float64{1, 1000}), "[   1. 1000.]"},
		{array([]float64{1, 1001}), "[1.000e+00 1.001e+03]"},
		{array([]complex128{1, complex(-2.5, math.Inf(1))}), "[ 1.  +0.j -2.5+infj]"},
		{array([]float64{1.5, 1e10}), "[1.5e+00 1.0e+10]"},
		{array([]float64{math.NaN(), 1, math.Inf(-1)}), "[ nan   1. -inf]"},
		{array([]bool{true, false}), "[ True False]"},
		{array([]float64{0, 0}), "[0. 0.]"},
		{counting(t, 1001), "[   0    1    2 ...  998  999 1000]"},
		{counting(t, 30), "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n 24 25 26 27 28 29]"},
		{must(counting(t, 3).Slice(Range(0, 0, 1)))(t), "[]"},
		{must(counting(t, 3).Index(1))(t), "1"},
	} {
		assert.Equal(t, tt.want, tt.a.String())
	}
	big := counting(t, 100, 100).String()
	assert.Equal(t, `[[   0    1    2 ...   97   98   99]
 [ 100  101  102 ...  197  198  199]
 [ 200  201  202 ...  297  298  299]
 ...
 [9700 9701 9702 ... 9797 9798 9799]
 [9800 9801 9802 ... 9897 9898 9899]
 [9900 9901 9902 ... 9997 9998 9999]]`, big)
}
