package memory

import (
	"encoding/binary"
	"math"
	"math/big"

	"github.com/wasmffi/wasmffi/dtype"
)

// A wideFormat does what needs more than Go's numbers: __int128 and the long
// double of 16 bytes of this format.
type wideFormat dtype.LongDoubleFormat

// A wideNumber is a number of any kind: an integer, or a float that math/big
// has no NaN for.
type wideNumber struct {
	isInt  bool
	lo, hi uint64 // two's complement
	minus  bool   // the integer is signed and negative
	f, im  *big.Float
}

func (w wideFormat) cast(dst []byte, to numKind, src []byte, from numKind) {
	for d, s := int(numSizes[to]), int(numSizes[from]); len(dst) > 0; dst, src = dst[d:], src[s:] {
		w.store(dst, to, w.load(src, from))
	}
}

func (w wideFormat) load(b []byte, k numKind) wideNumber {
	float := func(x float64) wideNumber { return wideNumber{f: bigFloatOf(x), im: new(big.Float)} }
	switch {
	case k == numF32:
		return float(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	case k == numF64:
		return float(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case k.complex():
		part := map[numKind]numKind{numC64: numF32, numC128: numF64, numCLong: numLong}[k]
		return wideNumber{f: w.load(b, part).f, im: w.load(b[k.part():], part).f}
	case k == numLong:
		return wideNumber{f: loadLongDouble(dtype.LongDoubleFormat(w), b), im: new(big.Float)}
	case k == numBool:
		return wideNumber{isInt: true, lo: uint64(b2u(b[0] != 0))}
	}
	n := wideNumber{isInt: true}
	if k.wide() {
		n.lo, n.hi = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	} else {
		n.lo = loadBytes(b[:numSizes[k]], false)
		if unused := 64 - 8*numSizes[k]; k.signed() {
			n.lo = uint64(int64(n.lo<<unused) >> unused)
			n.hi = uint64(int64(n.lo) >> 63)
		}
	}
	n.minus = k.signed() && int64(n.hi) < 0
	return n
}

func (w wideFormat) store(b []byte, k numKind, n wideNumber) {
	switch {
	case k.float():
		w.storeFloat(b, k, n.float())
	case k.complex():
		part := map[numKind]numKind{numC64: numF32, numC128: numF64, numCLong: numLong}[k]
		im := n.im
		if n.isInt {
			im = new(big.Float)
		}
		w.storeFloat(b, part, n.float())
		w.storeFloat(b[k.part():], part, im)
	case k == numBool:
		b[0] = b2u(n.nonZero())
	default:
		lo, hi := n.lo, n.hi
		if !n.isInt {
			lo, hi = truncate(n.f)
		}
		if k.wide() {
			binary.LittleEndian.PutUint64(b[8:], hi)
			binary.LittleEndian.PutUint64(b, lo)
		} else {
			storeBytes(b[:numSizes[k]], false, lo)
		}
	}
}

func (n wideNumber) nonZero() bool {
	if n.isInt {
		return n.lo|n.hi != 0
	}
	return n.f == nil || n.f.Sign() != 0 || n.im == nil || n.im.Sign() != 0
}

// float is the number as a float of any precision; nil for a NaN.
func (n wideNumber) float() *big.Float {
	if !n.isInt {
		return n.f
	}
	lo, hi := n.lo, n.hi
	if n.minus {
		lo, hi = -lo, ^hi
		if lo == 0 {
			hi++
		}
	}
	i := new(big.Int).SetUint64(hi)
	i.Lsh(i, 64).Or(i, new(big.Int).SetUint64(lo))
	f := new(big.Float).SetPrec(128).SetInt(i)
	if n.minus {
		f.Neg(f)
	}
	return f
}

func (w wideFormat) storeFloat(b []byte, k numKind, f *big.Float) {
	switch {
	case k == numF32:
		x := float32(math.NaN())
		if f != nil {
			x, _ = f.Float32()
		}
		binary.LittleEndian.PutUint32(b, math.Float32bits(x))
	case k == numF64:
		binary.LittleEndian.PutUint64(b, math.Float64bits(float64Of(f)))
	default:
		format := dtype.LongDoubleFormat(w)
		if storeLongDouble(format, b, f) != nil { // beyond its range
			_ = storeLongDouble(format, b, new(big.Float).SetInf(f.Signbit()))
		}
	}
}

// truncate is the integer part in two's complement. What 128 bits cannot hold
// becomes the least integer, as the processor's own conversions do.
func truncate(f *big.Float) (lo, hi uint64) {
	const least = 1 << 63
	if f == nil || f.IsInf() || f.MantExp(nil) > 128 {
		return 0, least
	}
	i, _ := f.Int(nil)
	var b [16]byte
	new(big.Int).Abs(i).FillBytes(b[:])
	hi, lo = binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
	if f.Signbit() {
		lo, hi = -lo, ^hi
		if lo == 0 {
			hi++
		}
	}
	return lo, hi
}

// arithmetic is one operation on two wide numbers of one kind.
func (w wideFormat) arithmetic(op Op, k numKind) loop2 {
	return func(dst, a, b []byte) {
		for size := int(numSizes[k]); len(dst) > 0; dst, a, b = dst[size:], a[size:], b[size:] {
			w.store(dst, k, w.apply(op, k, w.load(a, k), w.load(b, k)))
		}
	}
}

// compare is a comparison of two wide numbers of one kind.
func (w wideFormat) compare(op Op, k numKind) loop2 {
	return func(dst, a, b []byte) {
		size := int(numSizes[k])
		for i := range dst {
			x, y := w.load(a[i*size:], k), w.load(b[i*size:], k)
			order, comparable := x.cmp(y)
			dst[i] = b2u(op.holds(order, comparable))
		}
	}
}

// cmp orders two numbers; NaNs have no order. Complex numbers are ordered by
// their real parts first, as NumPy's are.
func (n wideNumber) cmp(m wideNumber) (order int, comparable bool) {
	x, y := n.float(), m.float()
	if x == nil || y == nil || !n.isInt && (n.im == nil || m.im == nil) {
		return 0, false
	}
	order = x.Cmp(y)
	if order == 0 && !n.isInt {
		order = n.im.Cmp(m.im)
	}
	return order, true
}

func (w wideFormat) apply(op Op, k numKind, a, b wideNumber) wideNumber {
	if op == Minimum || op == Maximum {
		order, comparable := a.cmp(b)
		switch {
		case !comparable:
			if a.f == nil || a.im == nil {
				return a
			}
			return b
		case (order <= 0) == (op == Minimum):
			return a
		}
		return b
	}
	if a.isInt {
		return int128Arithmetic(op, a, b)
	}
	prec := longPrecision(dtype.LongDoubleFormat(w))
	return wideNumber{f: floatArithmetic(op, prec, a.f, b.f), im: new(big.Float)}
}

// int128Arithmetic wraps around, as the processor does.
func int128Arithmetic(op Op, a, b wideNumber) wideNumber {
	whole := func(n wideNumber) *big.Int {
		i := new(big.Int).SetUint64(n.hi)
		return i.Lsh(i, 64).Or(i, new(big.Int).SetUint64(n.lo))
	}
	x, y := whole(a), whole(b)
	switch op {
	case Add:
		x.Add(x, y)
	case Sub:
		x.Sub(x, y)
	case Mul:
		x.Mul(x, y)
	}
	low := new(big.Int).SetUint64(math.MaxUint64)
	lo := new(big.Int).And(x, low).Uint64()
	hi := new(big.Int).And(x.Rsh(x, 64), low).Uint64()
	return wideNumber{isInt: true, lo: lo, hi: hi}
}

// floatArithmetic rounds to prec bits. What has no result is NaN, nil.
func floatArithmetic(op Op, prec uint, a, b *big.Float) (r *big.Float) {
	if a == nil || b == nil {
		return nil
	}
	defer func() {
		if e := recover(); e != nil {
			if _, nan := e.(big.ErrNaN); !nan {
				panic(e)
			}
			r = nil
		}
	}()
	r = new(big.Float).SetPrec(prec)
	switch op {
	case Add:
		return r.Add(a, b)
	case Sub:
		return r.Sub(a, b)
	case Mul:
		return r.Mul(a, b)
	}
	return r.Quo(a, b)
}
