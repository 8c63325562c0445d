package wasmffi

import (
	"fmt"
	"math"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A Scalar is a Go type that fills one C scalar without allocation: booleans,
// integers and floats, and the named types of package dtype ([dtype.Long],
// [dtype.Addr] …).
type Scalar interface {
	~bool | ~int8 | ~int16 | ~int32 | ~int64 | ~int |
		~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uint | ~uintptr |
		~float32 | ~float64
}

// Void is the result type of a C function without one, in the generic forms.
type Void struct{}

// A Result is what the generic forms may return.
type Result interface{ Scalar | Void }

// A scalarConv converts between the bits of a Go scalar and a frame's word.
type scalarConv struct {
	shift uint8 // sign extension of the Go value: left, then right, by this much
	op    convOp
	lo    int64  // least value, for signed sources
	hi    uint64 // greatest value
	from  reflect.Type
	to    dtype.Type
	// signed is how convChar extends its 8 bits.
	signed bool
}

type convOp uint8

const (
	convNone     convOp = iota
	convSigned          // check a signed source against lo and hi
	convUnsigned        // check an unsigned source against hi
	convBool            // anything but 0 is true
	convWiden           // float → double
	convNarrow          // double → float
	convChar            // C's plain char: its 8 bits, whatever their sign
)

// argConv is how a Go scalar of type g becomes the C scalar c, or an error
// wrapping ErrType if it never can.
func argConv(abi *dtype.ABI, g reflect.Type, c dtype.Type) (scalarConv, error) {
	conv := scalarConv{from: g, to: c}
	kind := g.Kind()
	goSigned := kind >= reflect.Int && kind <= reflect.Int64
	if goSigned {
		conv.shift = uint8(64 - g.Bits())
	}
	switch {
	case kind == reflect.Bool || isGoInt(kind):
		lo, hi, ok := intRange(abi, c)
		if !ok {
			return conv, typeMismatch(g, c)
		}
		if _, isPtr := dtype.Resolve(c).(*dtype.Pointer); isPtr && !isAddress(g) {
			return conv, typeMismatch(g, c)
		}
		conv.lo, conv.hi = lo, hi
		switch {
		case kind == reflect.Bool:
		case dtype.Resolve(c) == dtype.CChar:
			// Both 'é' as a byte and -23 are the same char in C.
			conv.op, conv.lo, conv.hi, conv.signed = convChar, math.MinInt8, math.MaxUint8, abi.Signed(dtype.CChar)
		case goSigned:
			if -1<<(g.Bits()-1) < lo || uint64(1)<<(g.Bits()-1)-1 > hi {
				conv.op = convSigned
			}
		case math.MaxUint64>>(64-g.Bits()) > hi:
			conv.op = convUnsigned
		}
		return conv, nil
	case kind == reflect.Float32 || kind == reflect.Float64:
		size, ok := floatWord(abi, c)
		switch {
		case !ok:
			return conv, typeMismatch(g, c)
		case kind == reflect.Float32 && size == 8:
			conv.op = convWiden
		case kind == reflect.Float64 && size == 4:
			conv.op = convNarrow
		}
		return conv, nil
	}
	return conv, typeMismatch(g, c)
}

// resultConv is how the C scalar c becomes a Go scalar of type g.
func resultConv(abi *dtype.ABI, c dtype.Type, g reflect.Type) (scalarConv, error) {
	conv := scalarConv{from: g, to: c}
	kind := g.Kind()
	switch {
	case kind == reflect.Bool:
		if dtype.Resolve(c) != dtype.CBool {
			return conv, typeMismatch(g, c)
		}
		conv.op = convBool
		return conv, nil
	case isGoInt(kind):
		lo, hi, ok := intRange(abi, c)
		if !ok {
			return conv, typeMismatch(g, c)
		}
		if _, isPtr := dtype.Resolve(c).(*dtype.Pointer); isPtr && !isAddress(g) {
			return conv, typeMismatch(g, c)
		}
		gLo, gHi := goRange(g)
		conv.lo, conv.hi = gLo, gHi
		if dtype.Resolve(c) == dtype.CChar && g.Size() == 1 {
			conv.op, conv.lo, conv.hi, conv.signed = convChar, math.MinInt8, math.MaxUint8, kind == reflect.Int8
			return conv, nil
		}
		if lo < gLo || hi > gHi {
			conv.op = convUnsigned
			if lo < 0 {
				conv.op = convSigned
			}
		}
		return conv, nil
	case kind == reflect.Float64 || kind == reflect.Float32:
		size, ok := floatWord(abi, c)
		switch {
		case !ok, size > uint64(g.Size()):
			return conv, typeMismatch(g, c)
		case size < uint64(g.Size()):
			conv.op = convWiden
		}
		return conv, nil
	}
	return conv, typeMismatch(g, c)
}

// convert applies a conversion that is more than moving bits.
func (c *scalarConv) convert(w uint64) (uint64, error) {
	switch c.op {
	case convSigned:
		if v := int64(w); v < c.lo || v >= 0 && uint64(v) > c.hi {
			return 0, outOfRange(fmt.Sprint(v), c.to, c.lo, c.hi)
		}
	case convUnsigned:
		if w > c.hi {
			return 0, outOfRange(fmt.Sprint(w), c.to, c.lo, c.hi)
		}
	case convChar:
		if v := int64(w); v < c.lo || v > int64(c.hi) {
			return 0, outOfRange(fmt.Sprint(v), c.to, c.lo, c.hi)
		}
		if c.signed {
			return uint64(int64(int8(w))), nil
		}
		return uint64(uint8(w)), nil
	case convBool:
		if w != 0 {
			return 1, nil
		}
	case convWiden:
		return math.Float64bits(float64(math.Float32frombits(uint32(w)))), nil
	case convNarrow:
		return uint64(math.Float32bits(float32(math.Float64frombits(w)))), nil
	}
	return w, nil
}

func isGoInt(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Uintptr }

// isAddress reports whether a Go integer type may stand for a C pointer.
func isAddress(g reflect.Type) bool {
	return g.Kind() == reflect.Uintptr || g == reflect.TypeFor[dtype.Addr]()
}

func goRange(g reflect.Type) (lo int64, hi uint64) {
	if g.Kind() <= reflect.Int64 {
		return -1 << (g.Bits() - 1), 1<<(g.Bits()-1) - 1
	}
	return 0, math.MaxUint64 >> (64 - g.Bits())
}

// intRange is the range of a C type that is passed as an integer of one word.
func intRange(abi *dtype.ABI, c dtype.Type) (lo int64, hi uint64, ok bool) {
	switch t := dtype.Resolve(c).(type) {
	case *dtype.Bool:
		return 0, 1, true
	case *dtype.Enum:
		return intRange(abi, t.Base())
	case *dtype.Pointer:
		return 0, abi.MaxAddress(), true
	case *dtype.Int:
		bits := 8 * abi.IntSize(t)
		switch {
		case bits > 64:
			return 0, 0, false
		case abi.Signed(t):
			return -1 << (bits - 1), 1<<(bits-1) - 1, true
		}
		return 0, math.MaxUint64 >> (64 - bits), true
	}
	return 0, 0, false
}

// floatWord is the size of a C type that is passed as a float of one word.
func floatWord(abi *dtype.ABI, c dtype.Type) (size uint64, ok bool) {
	if _, isFloat := dtype.Resolve(c).(*dtype.Float); !isFloat {
		return 0, false
	}
	size, err := abi.Size(c)
	return size, err == nil && size <= 8
}

func typeMismatch(g reflect.Type, c dtype.Type) error {
	return fmt.Errorf("%w: Go %v for C %v", memory.ErrType, g, c)
}

func outOfRange(v string, c dtype.Type, lo int64, hi uint64) error {
	return fmt.Errorf("%w: %s does not fit %v (%d…%d)", memory.ErrRange, v, c, lo, hi)
}
