package memory

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// The codecs of C's arithmetic types that are wider than a word. Their bytes
// are little-endian; in a big-endian record they are reversed as a whole.

// A longDoubleCodec is for long double in 16 bytes.
type longDoubleCodec struct {
	g      reflect.Type
	c      dtype.Type
	format dtype.LongDoubleFormat
	big    bool
}

func newLongDoubleCodec(key codecKey) (codec, error) {
	if _, ok := goScalar(key.g); !ok && key.g != bigFltType {
		return nil, mismatch(key.g, key.c)
	}
	return longDoubleCodec{key.g, key.c, key.abi.LongDouble(), key.big}, nil
}

func (k longDoubleCodec) encode(_ *Encoder, at place, v reflect.Value) error {
	x, err := k.value(v)
	if err != nil {
		return err
	}
	err = storeLongDouble(k.format, at.data, x)
	reverseIf(k.big, at.data)
	return err
}

// value is a Go number exactly; nil for a NaN.
func (k longDoubleCodec) value(v reflect.Value) (*big.Float, error) {
	switch {
	case k.g == bigFltType && !v.IsNil():
		return v.Interface().(*big.Float), nil
	case v.CanInt():
		return new(big.Float).SetInt64(v.Int()), nil
	case v.CanUint():
		return new(big.Float).SetUint64(v.Uint()), nil
	case v.CanFloat():
		return bigFloatOf(v.Float()), nil
	}
	return nil, mismatch(k.g, k.c)
}

func (k longDoubleCodec) decode(_ *decoder, v reflect.Value, data []byte) error {
	x := loadLongDouble(k.format, inOrder(k.big, data))
	switch {
	case k.g == bigFltType && x == nil:
		return fmt.Errorf("%w: NaN does not fit Go %v", ErrRange, k.g)
	case k.g == bigFltType:
		v.Set(reflect.ValueOf(x))
	case v.CanFloat():
		v.SetFloat(float64Of(x))
	default:
		return mismatch(k.g, k.c)
	}
	return nil
}

// An int128Codec is for __int128 and unsigned __int128.
type int128Codec struct {
	g      reflect.Type
	c      dtype.Type
	signed bool
	big    bool
}

func newInt128Codec(key codecKey) (codec, error) {
	if s, ok := goScalar(key.g); key.g != bigIntType && (!ok || s.kind == floatScalar) {
		return nil, mismatch(key.g, key.c)
	}
	return int128Codec{key.g, key.c, key.abi.Signed(key.c.(*dtype.Int)), key.big}, nil
}

func (k int128Codec) encode(_ *Encoder, at place, v reflect.Value) error {
	x := new(big.Int)
	switch {
	case k.g == bigIntType && v.IsNil():
		return mismatch(k.g, k.c)
	case k.g == bigIntType:
		x = v.Interface().(*big.Int)
	case v.CanInt():
		x.SetInt64(v.Int())
	default:
		x.SetUint64(goWord(v))
	}
	lo, bits := new(big.Int), uint(128)
	if k.signed {
		bits = 127
		lo.Lsh(big.NewInt(-1), bits)
	}
	end := new(big.Int).Lsh(big.NewInt(1), bits)
	if x.Cmp(lo) < 0 || x.Cmp(end) >= 0 {
		return fmt.Errorf("%w: %v does not fit %v (%v…%v)", ErrRange, x, k.c, lo, end.Sub(end, big.NewInt(1)))
	}
	if x.Sign() < 0 {
		x = new(big.Int).Add(x, end.Lsh(end, 1))
	}
	x.FillBytes(at.data)
	reverseIf(!k.big, at.data)
	return nil
}

func (k int128Codec) decode(_ *decoder, v reflect.Value, data []byte) error {
	b := slices.Clone(data)
	reverseIf(!k.big, b)
	x := new(big.Int).SetBytes(b)
	if k.signed && x.Bit(127) != 0 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	switch {
	case k.g == bigIntType:
		v.Set(reflect.ValueOf(x))
		return nil
	case v.CanInt() && x.IsInt64() && !v.OverflowInt(x.Int64()):
		v.SetInt(x.Int64())
		return nil
	case v.CanUint() && x.IsUint64() && !v.OverflowUint(x.Uint64()):
		v.SetUint(x.Uint64())
		return nil
	}
	return fmt.Errorf("%w: %v does not fit Go %v", ErrRange, x, k.g)
}

// A complexCodec is for the complex types: two floats, the real part first.
type complexCodec struct {
	part codec // between float64 and the part's C type
	size uint64
}

func newComplexCodec(key codecKey, c *dtype.Complex, size uint64) (codec, error) {
	if k := key.g.Kind(); k != reflect.Complex64 && k != reflect.Complex128 {
		return nil, mismatch(key.g, c)
	}
	part, err := codecFor(key.abi, reflect.TypeFor[float64](), c.Part(), key.big)
	return complexCodec{part, size / 2}, err
}

func (k complexCodec) encode(e *Encoder, at place, v reflect.Value) error {
	for i, x := range []float64{real(v.Complex()), imag(v.Complex())} {
		if err := k.part.encode(e, at.part(uint64(i)*k.size, k.size), reflect.ValueOf(x)); err != nil {
			return err
		}
	}
	return nil
}

func (k complexCodec) decode(d *decoder, v reflect.Value, data []byte) error {
	var x [2]float64
	for i := range x {
		at := uint64(i) * k.size
		if err := k.part.decode(d, reflect.ValueOf(&x[i]).Elem(), data[at:at+k.size]); err != nil {
			return err
		}
	}
	z := complex(x[0], x[1])
	if v.OverflowComplex(z) {
		return fmt.Errorf("%w: %v does not fit Go %v", ErrRange, z, v.Type())
	}
	v.SetComplex(z)
	return nil
}

func reverseIf(yes bool, b []byte) {
	if yes {
		slices.Reverse(b)
	}
}

// inOrder is b, or its bytes in reverse.
func inOrder(reverse bool, b []byte) []byte {
	if reverse {
		b = slices.Clone(b)
		slices.Reverse(b)
	}
	return b
}
