package memory

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// Both wide formats of long double have 15 bits of exponent; the x87's shows
// the integer bit of its significand, IEEE's binary128 implies it.
const (
	longExpBias = 16383
	longExpMax  = 1<<15 - 1 // exponent of infinities and NaNs
)

// longPrecision is the number of significand bits, the integer bit included.
func longPrecision(f dtype.LongDoubleFormat) uint {
	if f == dtype.LongDoubleX87 {
		return 64
	}
	return 113
}

// loadLongDouble reads a long double of 16 bytes; nil is a NaN.
func loadLongDouble(f dtype.LongDoubleFormat, data []byte) *big.Float {
	lo, hi := binary.LittleEndian.Uint64(data), binary.LittleEndian.Uint64(data[8:])
	prec := longPrecision(f)
	var exp int
	var mant big.Int
	if f == dtype.LongDoubleX87 {
		exp = int(hi & longExpMax)
		neg := hi&(1<<15) != 0
		if exp == longExpMax && lo<<1 == 0 {
			return new(big.Float).SetInf(neg)
		}
		if exp != 0 && lo>>63 == 0 || exp == longExpMax {
			return nil // a NaN, or an encoding the processor takes for one
		}
		mant.SetUint64(lo)
		return longFloat(neg, exp, &mant, prec)
	}
	exp = int(hi >> 48 & longExpMax)
	neg := hi>>63 != 0
	fraction := hi & (1<<48 - 1)
	if exp == longExpMax {
		if fraction|lo == 0 {
			return new(big.Float).SetInf(neg)
		}
		return nil
	}
	if exp != 0 {
		fraction |= 1 << 48
	}
	mant.SetUint64(fraction)
	mant.Lsh(&mant, 64).Or(&mant, new(big.Int).SetUint64(lo))
	return longFloat(neg, exp, &mant, prec)
}

func longFloat(neg bool, exp int, mant *big.Int, prec uint) *big.Float {
	x := new(big.Float).SetPrec(prec).SetInt(mant)
	x.SetMantExp(x, max(exp, 1)-longExpBias-int(prec-1))
	if neg {
		x.Neg(x)
	}
	return x
}

// storeLongDouble writes x rounded to nearest, ties to even; nil is a NaN. A
// finite number that would become infinite is ErrRange.
func storeLongDouble(f dtype.LongDoubleFormat, data []byte, x *big.Float) error {
	if x == nil {
		putLong(f, data, false, longExpMax, new(big.Int).Lsh(big.NewInt(3), longPrecision(f)-2))
		return nil
	}
	prec := int(longPrecision(f))
	neg := x.Signbit()
	if x.IsInf() {
		putLong(f, data, neg, longExpMax, new(big.Int).Lsh(big.NewInt(1), uint(prec-1)))
		return nil
	}
	if x.Sign() == 0 {
		putLong(f, data, neg, 0, new(big.Int))
		return nil
	}
	// x is mant × 2^quantum, where subnormal numbers share the least quantum.
	quantum := max(x.MantExp(nil)-1, 1-longExpBias) - (prec - 1)
	mant := roundToInt(new(big.Float).SetMantExp(new(big.Float).Abs(x), -quantum))
	if mant.BitLen() > prec {
		mant.Rsh(mant, 1)
		quantum++
	}
	exp := 0
	if mant.BitLen() == prec {
		exp = quantum + prec - 1 + longExpBias
	}
	if exp >= longExpMax {
		return fmt.Errorf("%w: %v does not fit long double", ErrRange, x)
	}
	putLong(f, data, neg, exp, mant)
	return nil
}

// roundToInt is the integer nearest to y ≥ 0, ties to even.
func roundToInt(y *big.Float) *big.Int {
	if bits := y.MantExp(nil); bits > 0 {
		n, _ := y.SetMode(big.ToNearestEven).SetPrec(min(uint(bits), y.Prec())).Int(nil)
		return n
	}
	if y.Cmp(big.NewFloat(0.5)) > 0 {
		return big.NewInt(1)
	}
	return new(big.Int)
}

// putLong stores a long double whose significand mant has its integer bit.
func putLong(f dtype.LongDoubleFormat, data []byte, neg bool, exp int, mant *big.Int) {
	var b [16]byte
	mant.FillBytes(b[:])
	slices.Reverse(b[:])
	lo, hi := binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])
	sign := uint64(0)
	if neg {
		sign = 1
	}
	if f == dtype.LongDoubleX87 {
		hi = sign<<15 | uint64(exp)
	} else {
		hi = hi&(1<<48-1) | uint64(exp)<<48 | sign<<63
	}
	binary.LittleEndian.PutUint64(data, lo)
	binary.LittleEndian.PutUint64(data[8:], hi)
}

// bigFloatOf is f exactly; nil for a NaN.
func bigFloatOf(f float64) *big.Float {
	if math.IsNaN(f) {
		return nil
	}
	return big.NewFloat(f)
}

// float64Of is x rounded to nearest; nil is a NaN.
func float64Of(x *big.Float) float64 {
	if x == nil {
		return math.NaN()
	}
	f, _ := x.Float64()
	return f
}
