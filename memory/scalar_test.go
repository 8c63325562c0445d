package memory

import (
	"encoding/binary"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

func f32(f float32) uint64 { return uint64(math.Float32bits(f)) }
func f64(f float64) uint64 { return math.Float64bits(f) }
func neg(i int64) uint64   { return uint64(i) }

type myInt int32

func TestScalar(t *testing.T) {
	enum, err := dtype.NewEnum("color", dtype.EnumConst{Name: "RED", Value: 1})
	require.NoError(t, err)
	typedef, err := dtype.NewNamed("id_t", dtype.CUShort)
	require.NoError(t, err)
	charPtr := dtype.PointerTo(dtype.CChar)
	for _, tt := range []struct {
		c    dtype.Type
		v    any
		want uint64
		err  string // of ErrRange or ErrType
	}{
		{c: dtype.CInt, v: 7, want: 7},
		{c: dtype.CInt, v: -7, want: neg(-7)},
		{c: dtype.CInt, v: uint8(200), want: 200},
		{c: dtype.CInt, v: myInt(-3), want: neg(-3)},
		{c: dtype.CInt, v: math.MaxInt32, want: math.MaxInt32},
		{c: dtype.CInt, v: int64(math.MaxInt32 + 1), err: "value out of range: 2147483648 does not fit int (-2147483648…2147483647)"},
		{c: dtype.CInt, v: true, want: 1},
		{c: dtype.CInt, v: 1.0, err: "wrong type: Go float64 for C int"},
		{c: dtype.CInt, v: "1", err: "wrong type: Go string for C int"},
		{c: dtype.CInt, v: nil, err: "wrong type: nil for C int"},
		{c: dtype.CUChar, v: 300, err: "value out of range: 300 does not fit unsigned char (0…255)"},
		{c: dtype.CUChar, v: -1, err: "value out of range: -1 does not fit unsigned char (0…255)"},
		{c: dtype.CUInt, v: -1, err: "value out of range: -1 does not fit unsigned int (0…4294967295)"},
		{c: dtype.CULongLong, v: uint64(math.MaxUint64), want: math.MaxUint64},
		{c: dtype.CLongLong, v: uint64(math.MaxUint64), err: "value out of range: 18446744073709551615 does not fit long long (-9223372036854775808…9223372036854775807)"},
		{c: dtype.CLong, v: dtype.Long(1 << 31), err: "value out of range: 2147483648 does not fit long (-2147483648…2147483647)"},
		{c: typedef, v: 1 << 16, err: "value out of range: 65536 does not fit id_t (0…65535)"},
		// The sign of char and of enums is the compiler's choice.
		{c: dtype.CChar, v: byte(200), want: neg(200 - 256)},
		{c: dtype.CChar, v: -56, want: neg(-56)},
		{c: dtype.CChar, v: dtype.Char('é'), want: neg(0xe9 - 256)},
		{c: dtype.CChar, v: 256, err: "value out of range: 256 does not fit char (-128…255)"},
		{c: dtype.CSChar, v: byte(200), err: "value out of range: 200 does not fit signed char (-128…127)"},
		{c: enum, v: int32(-1), want: math.MaxUint32},
		{c: enum, v: int64(1 << 32), err: "value out of range: 4294967296 does not fit enum color (-2147483648…4294967295)"},
		{c: dtype.CBool, v: true, want: 1},
		{c: dtype.CBool, v: 1, want: 1},
		{c: dtype.CBool, v: 2, err: "value out of range: 2 does not fit _Bool (0…1)"},
		{c: dtype.CFloat, v: 0.1, want: f32(0.1)},
		{c: dtype.CFloat, v: float32(1.5), want: f32(1.5)},
		{c: dtype.CFloat, v: 1e300, err: "value out of range: 1e+300 does not fit float"},
		{c: dtype.CFloat, v: math.Inf(-1), want: f32(float32(math.Inf(-1)))},
		{c: dtype.CFloat, v: 1 << 24, want: f32(1 << 24)},
		{c: dtype.CFloat, v: 1<<24 + 1, err: "value out of range: 16777217 does not fit float"},
		{c: dtype.CDouble, v: float32(0.5), want: f64(0.5)},
		{c: dtype.CDouble, v: -3, want: f64(-3)},
		{c: dtype.CDouble, v: int64(math.MinInt64), want: f64(math.MinInt64)},
		{c: dtype.CDouble, v: int64(math.MaxInt64), err: "value out of range: 9223372036854775807 does not fit double"},
		{c: dtype.CDouble, v: true, err: "wrong type: Go bool for C double"},
		{c: charPtr, v: nil, want: 0},
		{c: charPtr, v: uintptr(0x1234), want: 0x1234},
		{c: charPtr, v: dtype.Addr(0xffffffff), want: 0xffffffff},
		{c: charPtr, v: dtype.Addr(0x100000000), err: "value out of range: 4294967296 does not fit char * (0…4294967295)"},
		{c: charPtr, v: uint64(1), err: "wrong type: Go uint64 for C char *"},
		{c: charPtr, v: 0, err: "wrong type: Go int for C char *"},
		{c: dtype.UIntPtrT, v: uintptr(5), want: 5},
		{c: dtype.CLongDouble, v: 1.0, err: "wrong type: Go float64 for C long double"},
	} {
		e := Encoder{ABI: dtype.WASM32}
		w, err := e.Scalar(reflect.ValueOf(tt.v), tt.c)
		if tt.err != "" {
			assert.EqualError(t, err, "memory: encode: "+tt.err, "%T for %v", tt.v, tt.c)
			want := ErrType
			if strings.HasPrefix(tt.err, ErrRange.Error()) {
				want = ErrRange
			}
			assert.ErrorIs(t, err, want)
			var typed *Error
			assert.ErrorAs(t, err, &typed)
			continue
		}
		if assert.NoError(t, err, "%T for %v", tt.v, tt.c) {
			assert.Equal(t, tt.want, w, "%T(%v) for %v", tt.v, tt.v, tt.c)
		}
	}
}

// A word decodes into any Go type that holds the value, else it is an error.
func TestDecodeScalar(t *testing.T) {
	space, err := NewBufferSpace(dtype.LinuxAMD64, 64)
	require.NoError(t, err)
	for _, tt := range []struct {
		c    dtype.Type
		word uint64
		want any
		err  string
	}{
		{c: dtype.CInt, word: neg(-5), want: int32(-5)},
		{c: dtype.CInt, word: neg(-5), want: int64(-5)},
		{c: dtype.CInt, word: neg(-5), want: int8(-5)},
		{c: dtype.CInt, word: 128, want: int8(0), err: "value out of range: 128 does not fit Go int8 (-128…127)"},
		{c: dtype.CInt, word: neg(-1), want: uint64(0), err: "value out of range: -1 does not fit Go uint64 (0…18446744073709551615)"},
		{c: dtype.CInt, word: 1, want: true},
		{c: dtype.CInt, word: 2, want: false, err: "value out of range: 2 does not fit Go bool (0…1)"},
		{c: dtype.CBool, word: 1, want: true},
		{c: dtype.CBool, word: 1, want: int16(1)},
		{c: dtype.CChar, word: neg(-1), want: byte(255)},
		{c: dtype.CFloat, word: f32(0.5), want: 0.5},
		{c: dtype.CDouble, word: f64(0.1), want: float32(0.1)},
		{c: dtype.CDouble, word: f64(1e300), want: float32(0), err: "value out of range: 1e+300 does not fit Go float32"},
		{c: dtype.CDouble, word: f64(1), want: int32(0), err: "wrong type: C double for Go int32"},
		{c: dtype.CLong, word: 7, want: dtype.Long(7)},
		{c: dtype.PointerTo(dtype.CInt), word: 0x7f123456, want: uintptr(0x7f123456)},
		{c: dtype.PointerTo(dtype.CInt), word: 0x7fff12345678, want: dtype.Addr(0x7fff12345678)},
		{c: dtype.PointerTo(dtype.CInt), word: 1, want: uint64(0), err: "wrong type: Go uint64 for C int *"},
		{c: dtype.PointerTo(dtype.CInt), word: 16, want: NewPointer(space, nil, 16, dtype.CInt, 0)},
		{c: dtype.PointerTo(dtype.CInt), word: 16, want: Ptr[int32]{NewPointer(space, nil, 16, dtype.CInt, 0)}},
	} {
		v := reflect.New(reflect.TypeOf(tt.want)).Elem()
		err := DecodeScalar(v, tt.c, tt.word, space, nil)
		if tt.err != "" {
			assert.EqualError(t, err, "memory: decode "+tt.c.String()+": "+tt.err)
			continue
		}
		if assert.NoError(t, err, "%v to %T", tt.c, tt.want) {
			assert.Equal(t, tt.want, v.Interface(), "%v to %T", tt.c, tt.want)
		}
	}
}

// Words are extended by the sign of the C type, whatever that is on the ABI.
func TestScalarWord(t *testing.T) {
	ff := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	for _, abi := range dtype.ABIs() {
		for _, c := range append(dtype.Scalars(), dtype.PointerTo(dtype.CVoid)) {
			size, err := abi.Size(c)
			require.NoError(t, err)
			if size > 8 {
				assert.False(t, IsScalar(abi, c), "%v on %v", c, abi)
				_, err := ScalarWord(abi, c, make([]byte, 16))
				assert.ErrorIs(t, err, ErrType, "%v on %v", c, abi)
				continue
			}
			require.True(t, IsScalar(abi, c), "%v on %v", c, abi)
			w, err := ScalarWord(abi, c, ff)
			require.NoError(t, err)
			want := uint64(math.MaxUint64) >> (64 - 8*size)
			switch c := c.(type) {
			case *dtype.Int:
				if abi.Signed(c) {
					want = math.MaxUint64
				}
			case *dtype.Bool:
				want = 1
			}
			assert.Equal(t, want, w, "%v on %v", c, abi)

			data := make([]byte, 9)
			require.NoError(t, PutScalar(abi, c, data, w))
			var all [8]byte
			binary.LittleEndian.PutUint64(all[:], w)
			assert.Equal(t, all[:size], data[:size], "%v on %v", c, abi)
			assert.Zero(t, data[size], "%v on %v: byte after it", c, abi)
		}
	}
	_, err := ScalarWord(dtype.WASM32, dtype.CInt, ff[:3])
	assert.EqualError(t, err, "memory: load int: out of bounds: 3 bytes for a type of 4")
	assert.ErrorIs(t, PutScalar(dtype.WASM32, dtype.CInt, ff[:3], 0), ErrOutOfBounds)
}

// What C leaves in a _Bool is 0 or not.
func TestBoolBytes(t *testing.T) {
	for b := range 256 {
		w, err := ScalarWord(dtype.WASM32, dtype.CBool, []byte{byte(b)})
		require.NoError(t, err)
		assert.Equal(t, b != 0, w == 1, "byte %d", b)
	}
}
