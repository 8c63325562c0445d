package dtype

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Constants of any 64-bit value keep it, and take the integer type that C
// compilers give the enum.
func TestEnumBeyondInt64(t *testing.T) {
	e := must(NewEnum("e", UnsignedConst("A", math.MaxUint64), EnumConst{Name: "B", Value: 0}, UnsignedConst("C", 1<<63), EnumConst{Name: "D", Value: 1}))
	assert.Equal(t, CULongLong, e.Base())
	assert.Equal(t, "enum e { A = 18446744073709551615ull, B = 0, C = 9223372036854775808ull, D = 1 }", Define(e))
	again := must(NewEnum("e", EnumConst{Name: "A", Value: -1, Unsigned: true}, EnumConst{Name: "B", Unsigned: true}, UnsignedConst("C", 1<<63), EnumConst{Name: "D", Value: 1}))
	assert.True(t, Identical(e, again))
	negative := must(NewEnum("e", EnumConst{Name: "A", Value: -1}, EnumConst{Name: "B"}, UnsignedConst("C", 1), EnumConst{Name: "D", Value: 1}))
	assert.False(t, Identical(e, negative))
	assert.Equal(t, CInt, negative.Base())
}

func TestEnumErrors(t *testing.T) {
	_, err := NewEnum("e", EnumConst{Name: "A", Value: -1}, UnsignedConst("B", 1<<63))
	assert.EqualError(t, err, "dtype: enum e: invalid type: no integer type holds both -1 and constants beyond INT64_MAX")
	for _, tt := range []struct {
		base *Int
		c    EnumConst
		fits bool
	}{
		{CUChar, EnumConst{Name: "A", Value: 255}, true},
		{CUChar, EnumConst{Name: "A", Value: 256}, false},
		{CUChar, EnumConst{Name: "A", Value: -1}, false},
		{CSChar, EnumConst{Name: "A", Value: -128}, true},
		{CSChar, EnumConst{Name: "A", Value: 128}, false},
		{CChar, EnumConst{Name: "A", Value: 255}, true}, // where char is unsigned
		{CChar, EnumConst{Name: "A", Value: -128}, true},
		{CChar, EnumConst{Name: "A", Value: 256}, false},
		{CLongLong, UnsignedConst("A", 1<<63), false},
		{CULongLong, UnsignedConst("A", 1<<63), true},
		{CULong, UnsignedConst("A", 1<<63), true},
		{CInt128, UnsignedConst("A", 1<<63), true},
		{CUInt128, EnumConst{Name: "A", Value: -1}, false},
	} {
		_, err := NewEnumBase("e", tt.base, tt.c)
		if tt.fits {
			assert.NoError(t, err, "%v %v", tt.base, tt.c)
			continue
		}
		require.ErrorIs(t, err, ErrInvalid, "%v %v", tt.base, tt.c)
		assert.ErrorContains(t, err, "does not fit "+tt.base.Name())
	}
}
