package cdecl

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// errNotConstant: an expression has no value before the program runs.
var errNotConstant = errors.New("not a constant expression")

// An operand is what an expression is: its type, and its value if it has one
// when C is compiled.
type operand struct {
	typ  dtype.Type
	kind operandKind
	u    uint64 // an integer, sign-extended to 64 bits, or an address
	f    float64
	s    string
}

type operandKind uint8

const (
	isUnknown operandKind = iota
	isInt                 // integers and pointers
	isFloat
	isString
	isObject // what is stored at address u, as in ((struct s *)0)->member
)

// value is the constant as Go has it.
func (o operand) value(abi *dtype.ABI) any {
	switch o.kind {
	case isFloat:
		return o.f
	case isString:
		return o.s
	}
	if o.u > math.MaxInt64 && !signed(abi, o.typ) {
		return o.u
	}
	return int64(o.u)
}

// int is the integer type of an integer operand.
func (o operand) int() *dtype.Int {
	if t, ok := dtype.Resolve(o.typ).(*dtype.Int); ok {
		return t
	}
	return dtype.CInt
}

// integer is the type whose values t has: itself, an enum's integer type,
// uintptr_t for pointers, nil for what has no integer values.
func integer(abi *dtype.ABI, t dtype.Type) *dtype.Int {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Int:
		return t
	case *dtype.Enum:
		return abi.EnumBase(t)
	case *dtype.Bool:
		return dtype.CUChar
	case *dtype.Pointer:
		return dtype.UIntPtrT
	}
	return nil
}

func signed(abi *dtype.ABI, t dtype.Type) bool {
	i := integer(abi, t)
	return i != nil && abi.Signed(i)
}

// promoted is t after C's integer promotions (C11 6.3.1.1).
func promoted(abi *dtype.ABI, t dtype.Type) dtype.Type {
	switch dtype.Resolve(t).(type) {
	case *dtype.Int, *dtype.Enum, *dtype.Bool:
		i := integer(abi, t)
		if abi.IntSize(i) < 4 {
			return dtype.CInt
		}
		return i
	}
	return t
}

// common is the type of x op y (C11 6.3.1.8), nil if they have none.
func common(abi *dtype.ABI, x, y dtype.Type) dtype.Type {
	x, y = promoted(abi, dtype.Resolve(x)), promoted(abi, dtype.Resolve(y))
	fx, isFx := x.(*dtype.Float)
	fy, isFy := y.(*dtype.Float)
	switch {
	case isFx && isFy:
		if fx == dtype.CLongDouble || fy == dtype.CFloat {
			return fx
		}
		return fy
	case isFx:
		return fx
	case isFy:
		return fy
	}
	ix, okx := x.(*dtype.Int)
	iy, oky := y.(*dtype.Int)
	switch {
	case !okx || !oky:
		return nil
	case abi.IntSize(ix) > abi.IntSize(iy), abi.IntSize(ix) == abi.IntSize(iy) && !abi.Signed(ix):
		return ix
	}
	return iy
}

// convert is o as a value of type t.
func (r *reader) convert(o operand, t dtype.Type) (operand, error) {
	out := operand{typ: t}
	if o.kind == isString {
		out.kind = isUnknown // an address
		return out, nil
	}
	switch u := dtype.Resolve(t).(type) {
	case *dtype.Bool:
		out.kind = isInt
		if o.kind == isFloat && o.f != 0 || o.kind == isInt && o.u != 0 {
			out.u = 1
		}
	case *dtype.Float:
		out.kind = isFloat
		out.f = o.f
		if o.kind == isInt {
			if out.f = float64(o.u); signed(r.abi, o.typ) {
				out.f = float64(int64(o.u))
			}
		}
		if u == dtype.CFloat {
			out.f = float64(float32(out.f))
		}
	default:
		i := integer(r.abi, t)
		if i == nil || r.abi.IntSize(i) > 8 {
			return out, nil
		}
		out.kind, out.u = isInt, o.u
		if o.kind == isFloat {
			if !(o.f > -1<<63-1 && o.f < 1<<64) {
				return out, fmt.Errorf("%w: %g is no %v", errNotConstant, o.f, t)
			}
			if out.u = uint64(int64(o.f)); o.f >= 1<<63 {
				out.u = uint64(o.f)
			}
		}
		out.u = r.wrap(out.u, i)
	}
	if o.kind == isUnknown || o.kind == isObject {
		out.kind = isUnknown
	}
	return out, nil
}

// wrap reduces u to the width of t and extends it by its sign.
func (r *reader) wrap(u uint64, t *dtype.Int) uint64 {
	bits := 8 * r.abi.IntSize(t)
	if bits >= 64 {
		return u
	}
	shift := 64 - bits
	if r.abi.Signed(t) {
		return uint64(int64(u<<shift) >> shift)
	}
	return u << shift >> shift
}

// increment is the value of the enumerator after one of value o.
func (r *reader) increment(o operand) (operand, error) {
	next := o.u + 1
	if signed(r.abi, o.typ) && int64(next) > int64(o.u) || !signed(r.abi, o.typ) && next != 0 {
		o.u = next
		if r.wrap(next, o.int()) == next {
			return o, nil
		}
	} else if next == 0 {
		return o, errNotConstant
	}
	o.u, o.typ = next, dtype.CULongLong
	for _, t := range []*dtype.Int{dtype.CUInt, dtype.CLongLong} {
		if r.wrap(next, t) == next && next>>63 == 0 {
			o.typ = t
			break
		}
	}
	return o, nil
}

// intLiteral is the value and type of an integer constant (C11 6.4.4.1).
func (r *reader) intLiteral(s string) (operand, error) {
	digits := strings.TrimRight(s, "uUlLzZ")
	suffix := strings.ToLower(s[len(digits):])
	digits = strings.ReplaceAll(digits, "'", "")
	if len(digits) > 1 && digits[0] == '0' && isDigit(digits[1]) {
		digits = "0o" + digits[1:]
	}
	u, err := strconv.ParseUint(digits, 0, 64)
	if err != nil || strings.Contains(digits, "_") {
		return operand{}, fmt.Errorf("%w: %s", errNotConstant, s)
	}
	decimal := digits[0] != '0'
	unsigned := strings.Contains(suffix, "u")
	longs := strings.Count(suffix, "l")
	ladder := []struct {
		t     *dtype.Int
		longs int
	}{{dtype.CInt, 0}, {dtype.CUInt, 0}, {dtype.CLong, 1}, {dtype.CULong, 1}, {dtype.CLongLong, 2}, {dtype.CULongLong, 2}}
	for _, step := range ladder {
		isSigned := r.abi.Signed(step.t)
		if step.longs < longs || isSigned && unsigned || !isSigned && !unsigned && decimal {
			continue
		}
		if r.wrap(u, step.t) == u && (!isSigned || u>>63 == 0) {
			return operand{typ: step.t, kind: isInt, u: u}, nil
		}
	}
	return operand{typ: dtype.CULongLong, kind: isInt, u: u}, nil
}

func floatLiteral(s string) (operand, error) {
	t := dtype.CDouble
	digits := strings.TrimRight(s, "lL")
	if digits != s {
		t = dtype.CLongDouble
	}
	if hex := strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X"); !hex || strings.ContainsAny(s, "pP") {
		if d := strings.TrimRight(digits, "fF"); d != digits {
			digits, t = d, dtype.CFloat
		}
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return operand{}, fmt.Errorf("%w: %s", errNotConstant, s)
	}
	if t == dtype.CFloat {
		f = float64(float32(f))
	}
	return operand{typ: t, kind: isFloat, f: f}, nil
}

// charLiteral is the value of a character constant; more than one character
// is gcc's big-endian int.
func (r *reader) charLiteral(s string) (operand, error) {
	wide := s[0] != '\''
	text, err := unquote([]byte(s))
	if err != nil || text == "" {
		return operand{}, fmt.Errorf("%w: %s", errNotConstant, s)
	}
	o := operand{typ: dtype.CInt, kind: isInt}
	switch {
	case wide:
		o.typ = map[byte]dtype.Type{'L': dtype.WCharT, 'u': dtype.Char16T, 'U': dtype.Char32T}[s[0]]
		o.u = uint64([]rune(text)[0])
	case len(text) == 1:
		o.u = r.wrap(uint64(text[0]), dtype.CChar)
	default:
		for i := range len(text) {
			o.u = o.u<<8 | uint64(text[i])
		}
		o.u = r.wrap(o.u, dtype.CInt)
	}
	return o, nil
}

// unquote is the bytes of a string or character constant.
func unquote(lit []byte) (string, error) {
	i := 0
	for i < len(lit) && lit[i] != '"' && lit[i] != '\'' {
		i++
	}
	if i+2 > len(lit) || lit[len(lit)-1] != lit[i] {
		return "", errors.New("constant is not terminated")
	}
	s := lit[i+1 : len(lit)-1]
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			return "", errors.New("constant ends in a backslash")
		}
		n := 0
		switch c := s[i]; c {
		case 'x':
			n, i = digitsOf(s, i+1, 16, len(s))
			b.WriteByte(byte(n))
		case 'u', 'U':
			n, i = digitsOf(s, i+1, 16, map[byte]int{'u': 4, 'U': 8}[c])
			b.WriteRune(rune(n))
		case '0', '1', '2', '3', '4', '5', '6', '7':
			n, i = digitsOf(s, i, 8, 3)
			b.WriteByte(byte(n))
		default:
			if k := strings.IndexByte("abfnrtve", c); k >= 0 {
				c = "\a\b\f\n\r\t\v\x1b"[k]
			}
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// digitsOf reads up to most digits from i on and gives the index of the last.
func digitsOf(s []byte, i, base, most int) (n, last int) {
	for k := 0; k < most && i < len(s); k++ {
		d, err := strconv.ParseUint(string(s[i]), base, 8)
		if err != nil {
			break
		}
		n = (n*base + int(d)) & math.MaxInt32
		i++
	}
	return n, i - 1
}
