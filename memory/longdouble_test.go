package memory

import (
	"encoding/hex"
	"math"
	"math/big"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// The bytes are what gcc 12 (x87) and aarch64-linux-gnu-gcc 12 (binary128) made
// of `long double v = <number>;`.
func TestLongDouble(t *testing.T) {
	for _, tt := range []struct{ number, x87, quad string }{
		{"1", "0000000000000080ff3f000000000000", "0000000000000000000000000000ff3f"},
		{"-0", "00000000000000000080000000000000", "00000000000000000000000000000080"},
		{"0.1", "cdccccccccccccccfb3f000000000000", "9a99999999999999999999999999fb3f"},
		{"1.5e300", "e2a5c102306b598fe443000000000000", "1cda958f6a50c34b830560d6b21ee443"},
		{"1.18e4932", "257506688af1e7fdfe7f000000000000", "cd4e614fd1fa49ea0cd014e3cffbfe7f"},
		{"-123456789.123456789", "e7a65bf3a3a279eb19c0000000000000", "200849ccd758ce4db7e64745f3d619c0"},
		{"Inf", "0000000000000080ff7f000000000000", "0000000000000000000000000000ff7f"},
		{"-Inf", "0000000000000080ffff000000000000", "0000000000000000000000000000ffff"},
		// subnormal numbers
		{"1e-4940", "628e2763060000000000000000000000", "398fa07d6f37c41c4fc60c0000000000"},
		{"3.6e-4951", "01000000000000000000000000000000", "09a0b7bda6f901000000000000000000"},
		{"6.5e-4966", "00000000000000000000000000000000", "01000000000000000000000000000000"},
	} {
		x, _, err := big.ParseFloat(tt.number, 10, 200, big.ToNearestEven)
		require.NoError(t, err)
		for abi, want := range map[*dtype.ABI]string{dtype.LinuxAMD64: tt.x87, dtype.LinuxARM64: tt.quad, dtype.WASM32: tt.quad} {
			got, err := encodeValue(t, abi, dtype.CLongDouble, x)
			require.NoError(t, err)
			assert.Equal(t, want, hex.EncodeToString(got), "%s on %v", tt.number, abi)

			back, err := DecodeAny(dtype.CLongDouble, got, bufferOf(t, abi, 0), nil)
			require.NoError(t, err)
			again, err := encodeValue(t, abi, dtype.CLongDouble, back)
			require.NoError(t, err)
			assert.Equal(t, got, again, "%s on %v is decoded exactly", tt.number, abi)
		}
	}
}

// Rounding is to nearest, ties to even, also where it carries into the next
// power of two, and in subnormal numbers.
func TestLongDoubleRounds(t *testing.T) {
	pow := func(e int) *big.Float { return new(big.Float).SetMantExp(big.NewFloat(1), e) }
	sum := func(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(300).Add(x, y) }
	for _, tt := range []struct {
		name string
		x    *big.Float
		want *big.Float
	}{
		{"tie to even below", sum(pow(0), pow(-64)), pow(0)},
		{"above the tie", sum(sum(pow(0), pow(-64)), pow(-100)), sum(pow(0), pow(-63))},
		{"tie to even above", sum(sum(pow(0), pow(-63)), pow(-64)), sum(pow(0), pow(-62))},
		{"carry", sum(pow(1), new(big.Float).Neg(pow(-80))), pow(1)},
		{"half of the least", pow(-16446), new(big.Float)},
		{"above half of the least", sum(pow(-16446), pow(-16500)), pow(-16445)},
		{"far below the least", pow(-20000), new(big.Float)},
		{"subnormal to normal", sum(pow(-16382), new(big.Float).Neg(pow(-16447))), pow(-16382)},
	} {
		var data [16]byte
		require.NoError(t, storeLongDouble(dtype.LongDoubleX87, data[:], tt.x))
		got := loadLongDouble(dtype.LongDoubleX87, data[:])
		assert.Zero(t, tt.want.Cmp(got), "%s: %v, want %v", tt.name, got, tt.want)
	}
	_, err := encodeValue(t, dtype.LinuxAMD64, dtype.CLongDouble, pow(16384))
	assert.ErrorIs(t, err, ErrRange)
	_, err = encodeValue(t, dtype.LinuxAMD64, dtype.CLongDouble, sum(pow(16384), new(big.Float).Neg(pow(16300))))
	assert.ErrorIs(t, err, ErrRange, "rounds up to infinity")
}

func TestLongDoubleAsFloat64(t *testing.T) {
	for _, abi := range dtype.ABIs() {
		space := bufferOf(t, abi, 0)
		for _, x := range []float64{0, 1, -0.1, math.Inf(1), math.NaN(), math.MaxFloat64, math.SmallestNonzeroFloat64, math.Copysign(0, -1)} {
			data, err := encodeValue(t, abi, dtype.CLongDouble, dtype.LongDouble(x))
			require.NoError(t, err)
			var back dtype.LongDouble
			require.NoError(t, Decode(reflect.ValueOf(&back).Elem(), dtype.CLongDouble, data, space, nil))
			if math.IsNaN(x) {
				assert.True(t, math.IsNaN(float64(back)), "%v", abi)
				natural, err := DecodeAny(dtype.CLongDouble, data, space, nil)
				require.NoError(t, err)
				assert.IsType(t, float64(0), natural, "no *big.Float is a NaN")
				continue
			}
			assert.Equal(t, math.Float64bits(x), math.Float64bits(float64(back)), "%v on %v", x, abi)
		}
	}
	// An x87 number without its integer bit is none the processor takes.
	assert.Nil(t, loadLongDouble(dtype.LongDoubleX87, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0x3f, 0, 0, 0, 0, 0, 0}))
}
