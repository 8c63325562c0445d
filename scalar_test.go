package wasmffi_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// echo copies its argument's word to the result, as "T f(T x) { return x; }".
func echo(f *wasmffi.Frame) error { f.Words[1] = f.Words[0]; return nil }

func sigOf(t testing.TB, result dtype.Type, params ...dtype.Type) *dtype.Func {
	t.Helper()
	var ps []dtype.Param
	for _, p := range params {
		ps = append(ps, dtype.Param{Type: p})
	}
	f, err := dtype.NewFunc(result, ps, false)
	require.NoError(t, err)
	return f
}

// checkInts sends interesting values of a Go integer type through every C
// integer type on every ABI: what fits comes back the same, what does not is
// ErrRange.
func checkInts[T interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uint
}](t *testing.T, toBig func(T) *big.Int) {
	for _, abi := range dtype.ABIs() {
		lib := newFake(t, abi, map[string]func(*wasmffi.Frame) error{"echo": echo})
		for _, c := range dtype.Scalars() {
			ct, ok := c.(*dtype.Int)
			if !ok || abi.IntSize(ct) > 8 || ct == dtype.CChar {
				continue
			}
			f, err := wasmffi.Bind1[T, T](lib, "echo", sigOf(t, c, c))
			require.NoError(t, err)
			bits := uint(8 * abi.IntSize(ct))
			lo, hi := new(big.Int), new(big.Int).Lsh(big.NewInt(1), bits)
			if abi.Signed(ct) {
				hi.Rsh(hi, 1)
				lo.Neg(hi)
			}
			for _, x := range interesting[T]() {
				v := toBig(x)
				fits := v.Cmp(lo) >= 0 && v.Cmp(hi) < 0
				got, err := f.CallContext(nil, x)
				if !fits {
					require.ErrorIs(t, err, memory.ErrRange, "%s %v: %v", abi, c, x)
					continue
				}
				require.NoError(t, err, "%s %v: %v", abi, c, x)
				require.Equal(t, x, got, "%s %v", abi, c)
			}
		}
	}
}

func interesting[T interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uint
}]() []T {
	var xs []T
	for shift := range 64 {
		for d := range int64(3) {
			p := int64(1) << shift
			xs = append(xs, T(p+d-1), T(-p+d-1))
		}
	}
	slices.Sort(xs)
	return slices.Compact(xs)
}

func TestScalarIntegers(t *testing.T) {
	t.Run("int8", func(t *testing.T) { checkInts(t, func(x int8) *big.Int { return big.NewInt(int64(x)) }) })
	t.Run("int16", func(t *testing.T) { checkInts(t, func(x int16) *big.Int { return big.NewInt(int64(x)) }) })
	t.Run("int32", func(t *testing.T) { checkInts(t, func(x int32) *big.Int { return big.NewInt(int64(x)) }) })
	t.Run("int64", func(t *testing.T) { checkInts(t, func(x int64) *big.Int { return big.NewInt(x) }) })
	t.Run("int", func(t *testing.T) { checkInts(t, func(x int) *big.Int { return big.NewInt(int64(x)) }) })
	t.Run("uint8", func(t *testing.T) { checkInts(t, func(x uint8) *big.Int { return new(big.Int).SetUint64(uint64(x)) }) })
	t.Run("uint16", func(t *testing.T) { checkInts(t, func(x uint16) *big.Int { return new(big.Int).SetUint64(uint64(x)) }) })
	t.Run("uint32", func(t *testing.T) { checkInts(t, func(x uint32) *big.Int { return new(big.Int).SetUint64(uint64(x)) }) })
	t.Run("uint64", func(t *testing.T) { checkInts(t, func(x uint64) *big.Int { return new(big.Int).SetUint64(x) }) })
	t.Run("uint", func(t *testing.T) { checkInts(t, func(x uint) *big.Int { return new(big.Int).SetUint64(uint64(x)) }) })
}

// A word is extended by C's sign, whatever Go's type is: that is what callees
// rely on.
func TestWordsAreCanonical(t *testing.T) {
	var got uint64
	lib := newFake(t, dtype.LinuxAMD64, map[string]func(*wasmffi.Frame) error{"f": func(f *wasmffi.Frame) error {
		got = f.Words[0]
		return nil
	}})
	send := func(c dtype.Type, x any) uint64 {
		f, err := wasmffi.BindFunc(lib, "f", sigOf(t, dtype.CVoid, c))
		require.NoError(t, err)
		_, err = f.Call(nil, x)
		require.NoError(t, err)
		return got
	}
	require.Equal(t, uint64(math.MaxUint64), send(dtype.CInt, -1))
	require.Equal(t, uint64(0xffffffffffffff80), send(dtype.CSChar, -128))
	require.Equal(t, uint64(200), send(dtype.CUChar, 200))
	require.Equal(t, uint64(math.MaxUint32), send(dtype.CUInt, uint64(math.MaxUint32)))
	require.Equal(t, uint64(1), send(dtype.CBool, true))
	require.Equal(t, uint64(math.Float32bits(1.5)), send(dtype.CFloat, 1.5))
	require.Equal(t, math.Float64bits(1.5), send(dtype.CDouble, float32(1.5)))
	require.Equal(t, math.Float64bits(3), send(dtype.CDouble, 3))
}

// Plain char is 8 bits: a byte and an int8 of the same bits are the same char,
// whether the ABI's char has a sign or not.
func TestChar(t *testing.T) {
	for _, abi := range []*dtype.ABI{dtype.LinuxAMD64, dtype.LinuxARM64} {
		lib := newFake(t, abi, map[string]func(*wasmffi.Frame) error{"echo": echo})
		sig := sigOf(t, dtype.CChar, dtype.CChar)
		char, err := wasmffi.Bind1[dtype.Char, dtype.Char](lib, "echo", sig)
		require.NoError(t, err)
		small, err := wasmffi.Bind1[int8, int8](lib, "echo", sig)
		require.NoError(t, err)
		wide, err := wasmffi.Bind1[int32, int32](lib, "echo", sig)
		require.NoError(t, err)
		for b := range 256 {
			require.Equal(t, dtype.Char(b), char.Call(dtype.Char(b)))
			require.Equal(t, int8(b), small.Call(int8(b)))
			want := int32(uint8(b))
			if abi.Signed(dtype.CChar) {
				want = int32(int8(b))
			}
			require.Equal(t, want, wide.Call(int32(b)))
		}
		for _, bad := range []int32{-129, 256} {
			_, err := wide.CallContext(nil, bad)
			require.ErrorIs(t, err, memory.ErrRange)
		}
	}
}

func TestScalarFloats(t *testing.T) {
	lib := newFake(t, dtype.WASM32, map[string]func(*wasmffi.Frame) error{"echo": echo})
	narrow, err := wasmffi.Bind1[float64, float64](lib, "echo", sigOf(t, dtype.CFloat, dtype.CFloat))
	require.NoError(t, err)
	wide, err := wasmffi.Bind1[float32, float64](lib, "echo", sigOf(t, dtype.CDouble, dtype.CDouble))
	require.NoError(t, err)
	for range 1000 {
		x := rand.NormFloat64() * 1e10
		require.Equal(t, float64(float32(x)), narrow.Call(x), "rounded to float")
		require.Equal(t, float64(float32(x)), wide.Call(float32(x)))
	}
	require.True(t, math.IsNaN(narrow.Call(math.NaN())))
	require.Equal(t, math.Inf(-1), wide.Call(float32(math.Inf(-1))))
	_, err = wasmffi.Bind1[float64, float32](lib, "echo", sigOf(t, dtype.CDouble, dtype.CDouble))
	require.ErrorIs(t, err, memory.ErrType, "a double result would lose digits")
	_, err = wasmffi.Bind1[int32, int32](lib, "echo", sigOf(t, dtype.CDouble, dtype.CDouble))
	require.ErrorIs(t, err, memory.ErrType)
}

// C that returns 2 for _Bool must not make an invalid Go bool.
func TestBoolResult(t *testing.T) {
	lib := newFake(t, dtype.WASM32, map[string]func(*wasmffi.Frame) error{"f": func(f *wasmffi.Frame) error {
		f.Words[0] = 2
		return nil
	}})
	f, err := wasmffi.Bind0[bool](lib, "f", nil)
	require.NoError(t, err)
	require.True(t, f.Call() == true)
}

func TestUnboundForm(t *testing.T) {
	var f wasmffi.Func1[int32, int32]
	_, err := f.CallContext(nil, 1)
	require.EqualError(t, err, "wasmffi: call: the function was not bound")
}

func TestScalarCallsDoNotAllocate(t *testing.T) {
	lib := newFake(t, dtype.LinuxAMD64, map[string]func(*wasmffi.Frame) error{"f": func(f *wasmffi.Frame) error {
		f.Words[2] = f.Words[0]
		return nil
	}})
	form, err := wasmffi.Bind2[float64, float64, float64](lib, "f", nil)
	require.NoError(t, err)
	bound, err := wasmffi.Bind[func(float64, float64) float64](lib, "f")
	require.NoError(t, err)
	checked, err := wasmffi.Bind2[int64, int64, int64](lib, "f", sigOf(t, dtype.CInt, dtype.CInt, dtype.CInt))
	require.NoError(t, err)
	for name, call := range map[string]func(){
		"form":    func() { form.Call(1, 2) },
		"bound":   func() { bound(1, 2) },
		"checked": func() { checked.Call(1, 2) },
	} {
		require.Zero(t, testing.AllocsPerRun(100, call), name)
	}
}
