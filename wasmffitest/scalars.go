package wasmffitest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func scalars(t *testing.T, b Backend) {
	lib := b.open(t)
	t.Run("int add(int, int)", func(t *testing.T) {
		add := bind[func(int32, int32) int32](t, lib, "add")
		require.EqualValues(t, 5, add(2, 3))
		require.EqualValues(t, -1, add(math.MaxInt32, math.MinInt32))
	})
	t.Run("double dist2(double, double, double, double)", func(t *testing.T) {
		require.Equal(t, 25.0, bind[func(ax, ay, bx, by float64) float64](t, lib, "dist2")(0, 0, 3, 4))
	})
	t.Run("float half(float)", func(t *testing.T) {
		require.Equal(t, float32(0.75), bind[func(float32) float32](t, lib, "half")(1.5))
	})
	t.Run("_Bool negate(_Bool)", func(t *testing.T) {
		negate := bind[func(bool) bool](t, lib, "negate")
		require.False(t, negate(true))
		require.True(t, negate(false))
	})
	t.Run("narrow integers are extended", func(t *testing.T) {
		require.Equal(t, int8(-128), bind[func(int8) int8](t, lib, "neg_schar")(-128))
		require.Equal(t, int8(127), bind[func(int8) int8](t, lib, "neg_schar")(-127))
		require.Equal(t, uint8(0), bind[func(uint8) uint8](t, lib, "inc_uchar")(255))
		require.Equal(t, int16(-7), bind[func(int16) int16](t, lib, "neg_short")(7))
		require.Equal(t, uint16(0), bind[func(uint16) uint16](t, lib, "inc_ushort")(65535))
		require.Equal(t, uint32(0), bind[func(uint32) uint32](t, lib, "inc_uint")(math.MaxUint32))
		pickBool := bind[func(bool) int32](t, lib, "pick_bool")
		require.EqualValues(t, 10, pickBool(false))
		require.EqualValues(t, 20, pickBool(true))
		pickSChar := bind[func(int8) int32](t, lib, "pick_schar")
		for i := int8(-1); i <= 1; i++ {
			require.EqualValues(t, i+2, pickSChar(i))
		}
	})
	t.Run("64-bit integers are exact", func(t *testing.T) {
		require.Equal(t, int64(math.MaxInt64), bind[func(int64) int64](t, lib, "neg_longlong")(-math.MaxInt64))
		require.Equal(t, uint64(math.MaxUint64), bind[func(uint64) uint64](t, lib, "inc_ulonglong")(math.MaxUint64-1))
	})
	t.Run("types the ABI sizes", func(t *testing.T) {
		require.Equal(t, dtype.Long(-9), bind[func(dtype.Long) dtype.Long](t, lib, "neg_long")(9))
		require.Equal(t, dtype.ULong(10), bind[func(dtype.ULong) dtype.ULong](t, lib, "inc_ulong")(9))
		require.Equal(t, dtype.Size(6), bind[func(dtype.Size) dtype.Size](t, lib, "twice")(3))
		require.Equal(t, dtype.WChar('é'), bind[func(dtype.WChar) dtype.WChar](t, lib, "same_wchar")('é'))
		require.Equal(t, dtype.Char('x'), bind[func(dtype.Char) dtype.Char](t, lib, "same_char")('x'))
		require.Equal(t, dtype.Addr(0xfedc), bind[func(dtype.Addr) dtype.Addr](t, lib, "same_pointer")(0xfedc))
		long := bind[func(dtype.Long) (dtype.Long, error)](t, lib, "neg_long")
		size, err := lib.Space().ABI().Size(dtype.CLong)
		require.NoError(t, err)
		got, err := long(1 << 40)
		if size == 4 {
			require.ErrorIs(t, err, memory.ErrRange)
			require.ErrorContains(t, err, "neg_long: arg 1: value out of range: 1099511627776 does not fit long (-2147483648…2147483647)")
		} else {
			require.NoError(t, err)
			require.Equal(t, dtype.Long(-1<<40), got)
		}
	})
	t.Run("named Go types", func(t *testing.T) {
		type color uint32
		next := bind[func(color) color](t, lib, "next_color")
		require.Equal(t, color(5), next(0))
		require.Equal(t, color(6), next(5))
	})
	t.Run("a parameter of every kind", func(t *testing.T) {
		mix := bind[func(int8, uint8, int16, uint16, int32, uint32, int64, uint64, float32, float64) int64](t, lib, "mix")
		require.Equal(t, int64(-1+2-3+4-5+6-7+8+9+10), mix(-1, 2, -3, 4, -5, 6, -7, 8, 9.5, 10.5))
	})
	t.Run("more parameters than registers", func(t *testing.T) {
		sum := bind[func(a, b, c, d, e, f, g, h, i, j, k, l int32) int32](t, lib, "sum12")
		require.EqualValues(t, 650, sum(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))
		fsum := bind[func(a float64, b float32, c float64, d float32, e float64, f float32, g float64, h float32, i float64, j float32, k float64, l float32) float64](t, lib, "fsum12")
		require.Equal(t, 650.0, fsum(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))
	})
	t.Run("void nothing(void)", func(t *testing.T) { bind[func()](t, lib, "nothing")() })
	t.Run("generic forms", func(t *testing.T) {
		add, err := wasmffi.Bind2[int32, int32, int32](lib, "add", nil)
		require.NoError(t, err)
		require.EqualValues(t, 7, add.Call(3, 4))
		dist, err := wasmffi.Bind4[float64, float64, float64, float64, float64](lib, "dist2", nil)
		require.NoError(t, err)
		require.Equal(t, 2.0, dist.Call(0, 0, 1, 1))
		none, err := wasmffi.Bind0[wasmffi.Void](lib, "nothing", nil)
		require.NoError(t, err)
		none.Call()
		drop, err := wasmffi.Bind2[int32, int32, wasmffi.Void](lib, "add", intIntInt(t))
		require.NoError(t, err)
		drop.Call(1, 2)
	})
	t.Run("declared types check Go's ranges", func(t *testing.T) {
		add, err := wasmffi.BindAs[func(int, int) (int, error)](lib, "add", intIntInt(t))
		require.NoError(t, err)
		got, err := add(1, -3)
		require.NoError(t, err)
		require.Equal(t, -2, got)
		_, err = add(1, math.MaxInt32+1)
		require.ErrorIs(t, err, memory.ErrRange)
		require.EqualError(t, err, "wasmffi: call "+lib.Name()+" add: arg 2: value out of range: 2147483648 does not fit int (-2147483648…2147483647)")
		wide, err := wasmffi.Bind2[int64, uint64, int32](lib, "add", intIntInt(t))
		require.NoError(t, err)
		_, err = wide.CallContext(nil, 0, 1<<31)
		require.ErrorIs(t, err, memory.ErrRange)
		_, err = wide.CallContext(nil, math.MinInt32-1, 0)
		require.ErrorIs(t, err, memory.ErrRange)
		require.EqualValues(t, -1, wide.Call(-2, 1))
	})
}

func fn(t testing.TB, result dtype.Type, params ...dtype.Type) *dtype.Func {
	t.Helper()
	var ps []dtype.Param
	for _, p := range params {
		ps = append(ps, dtype.Param{Type: p})
	}
	f, err := dtype.NewFunc(result, ps, false)
	require.NoError(t, err)
	return f
}

func intIntInt(t testing.TB) *dtype.Func { return fn(t, dtype.CInt, dtype.CInt, dtype.CInt) }
