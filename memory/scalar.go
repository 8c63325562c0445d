package memory

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// A scalar is a scalar type, of C or of Go, as far as its values go. Values
// travel as canonical words: integers extended to 64 bits by their sign, the
// bits of a float in the low half, pointers extended with zeros. Every
// conversion between Go and C goes from one scalar to another.
type scalar struct {
	kind scalarKind
	// bits is the width: 1 for bools, less than the type's for bit-fields.
	bits uint8
	// anySign: the type's sign is the compiler's choice (char, wchar_t, enums),
	// so either sign's values of the same width are taken for its own.
	anySign bool
	// address: an integer that may hold a pointer (uintptr, dtype.Addr).
	address bool
}

type scalarKind uint8

const (
	boolScalar scalarKind = iota + 1
	intScalar
	uintScalar
	floatScalar
	pointerScalar
)

// cScalar is the scalar that a C type is, if it fits one word.
func cScalar(abi *dtype.ABI, t dtype.Type) (scalar, bool) {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Bool:
		return scalar{kind: boolScalar, bits: 1}, true
	case *dtype.Int:
		return intScalarOf(abi, t)
	case *dtype.Enum:
		s, ok := intScalarOf(abi, t.Base())
		s.anySign = true
		return s, ok
	case *dtype.Float:
		size, err := abi.Size(t)
		return scalar{kind: floatScalar, bits: uint8(8 * size)}, err == nil && size <= 8
	case *dtype.Pointer:
		return scalar{kind: pointerScalar, bits: uint8(8 * abi.PointerSize())}, true
	}
	return scalar{}, false
}

func intScalarOf(abi *dtype.ABI, t *dtype.Int) (scalar, bool) {
	size := abi.IntSize(t)
	s := scalar{kind: uintScalar, bits: uint8(8 * size), anySign: t == dtype.CChar || t == dtype.WCharT}
	if abi.Signed(t) {
		s.kind = intScalar
	}
	return s, size <= 8
}

var addrType = reflect.TypeFor[dtype.Addr]()

// goScalar is the scalar that a Go type is.
func goScalar(t reflect.Type) (scalar, bool) {
	switch k := t.Kind(); k {
	case reflect.Bool:
		return scalar{kind: boolScalar, bits: 1}, true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return scalar{kind: intScalar, bits: uint8(t.Bits())}, true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return scalar{kind: uintScalar, bits: uint8(t.Bits()), address: k == reflect.Uintptr || t == addrType}, true
	case reflect.Float32, reflect.Float64:
		return scalar{kind: floatScalar, bits: uint8(t.Bits())}, true
	}
	return scalar{}, false
}

// size is the number of bytes a scalar that is no bit-field takes in memory.
func (s scalar) size() uint64 { return (uint64(s.bits) + 7) / 8 }

// canonical extends the low bits of w to the scalar's word.
func (s scalar) canonical(w uint64) uint64 {
	unused := 64 - s.bits
	switch s.kind {
	case boolScalar:
		if w<<56 != 0 { // C may leave any byte in a _Bool
			return 1
		}
		return 0
	case intScalar:
		return uint64(int64(w<<unused) >> unused)
	}
	return w << unused >> unused
}

// load reads the word of the scalar at the start of data.
func (s scalar) load(data []byte, big bool) uint64 {
	return s.canonical(loadBytes(data[:s.size()], big))
}

// store writes the word of the scalar to the start of data.
func (s scalar) store(data []byte, big bool, w uint64) {
	storeBytes(data[:s.size()], big, w)
}

// loadBytes reads an unsigned integer of 1, 2, 4 or 8 bytes. Every ABI is
// little-endian; big is the order of members of records declared so.
func loadBytes(b []byte, big bool) uint64 {
	var order binary.ByteOrder = binary.LittleEndian
	if big {
		order = binary.BigEndian
	}
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(order.Uint16(b))
	case 4:
		return uint64(order.Uint32(b))
	}
	return order.Uint64(b)
}

func storeBytes(b []byte, big bool, w uint64) {
	var order binary.ByteOrder = binary.LittleEndian
	if big {
		order = binary.BigEndian
	}
	switch len(b) {
	case 1:
		b[0] = byte(w)
	case 2:
		order.PutUint16(b, uint16(w))
	case 4:
		order.PutUint32(b, uint32(w))
	default:
		order.PutUint64(b, w)
	}
}

// limits are the least and the greatest value of an integer scalar.
func (s scalar) limits() (lo int64, hi uint64) {
	switch {
	case s.kind == intScalar && s.anySign:
		return -1 << (s.bits - 1), math.MaxUint64 >> (64 - s.bits)
	case s.kind == intScalar:
		return -1 << (s.bits - 1), math.MaxUint64 >> (65 - s.bits)
	case s.anySign:
		return -1 << (s.bits - 1), math.MaxUint64 >> (64 - s.bits)
	}
	return 0, math.MaxUint64 >> (64 - s.bits)
}

// convert makes the word of one scalar that of another with the same value. It
// returns ErrType or ErrRange as they are.
func convert(w uint64, from, to scalar) (uint64, error) {
	switch {
	case from == to:
		return w, nil
	case from.kind == pointerScalar || to.kind == pointerScalar:
		if !from.mayPoint() || !to.mayPoint() {
			return 0, ErrType
		}
		return fit(w, false, to)
	case from.kind == floatScalar:
		if to.kind != floatScalar {
			return 0, ErrType
		}
		return convertFloat(w, from, to)
	case to.kind == floatScalar:
		if from.kind == boolScalar {
			return 0, ErrType
		}
		return intToFloat(w, from, to)
	case from.anySign && from.bits == to.bits:
		return to.canonical(w), nil
	}
	return fit(w, from.kind == intScalar, to)
}

func (s scalar) mayPoint() bool { return s.kind == pointerScalar || s.address }

// fit checks an integer against the range of the scalar to.
func fit(w uint64, isSigned bool, to scalar) (uint64, error) {
	lo, hi := to.limits()
	if isSigned && int64(w) < 0 {
		if int64(w) < lo {
			return 0, ErrRange
		}
	} else if w > hi {
		return 0, ErrRange
	}
	return to.canonical(w), nil
}

func convertFloat(w uint64, from, to scalar) (uint64, error) {
	f := floatOf(w, from)
	if to.bits == 64 {
		return math.Float64bits(f), nil
	}
	narrow := float32(f)
	if math.IsInf(float64(narrow), 0) && !math.IsInf(f, 0) {
		return 0, ErrRange
	}
	return uint64(math.Float32bits(narrow)), nil
}

func floatOf(w uint64, s scalar) float64 {
	if s.bits == 32 {
		return float64(math.Float32frombits(uint32(w)))
	}
	return math.Float64frombits(w)
}

// intToFloat converts integers that the float can hold exactly.
func intToFloat(w uint64, from, to scalar) (uint64, error) {
	neg := from.kind == intScalar && int64(w) < 0
	mag := w
	if neg {
		mag = -w
	}
	digits := uint64(1) << 53
	if to.bits == 32 {
		digits = 1 << 24
	}
	if low := mag & -mag; low != 0 && mag/low >= digits {
		return 0, ErrRange
	}
	f := float64(mag)
	if neg {
		f = -f
	}
	if to.bits == 32 {
		return uint64(math.Float32bits(float32(f))), nil
	}
	return math.Float64bits(f), nil
}

// format is a word as people write it.
func (s scalar) format(w uint64) string {
	switch s.kind {
	case boolScalar:
		return fmt.Sprint(w != 0)
	case intScalar:
		return fmt.Sprint(int64(w))
	case floatScalar:
		return fmt.Sprint(floatOf(w, s))
	case pointerScalar:
		return fmt.Sprintf("%#x", w)
	}
	return fmt.Sprint(w)
}

// convertError is what convert's error means for the value w of the scalar
// from, where source and target are the types: "Go int32", "C long".
func convertError(err error, w uint64, from, to scalar, source, target string) error {
	if err != ErrRange {
		return fmt.Errorf("%w: %s for %s", ErrType, source, target)
	}
	target = strings.TrimPrefix(target, "C ") // the value says enough
	if to.kind == floatScalar {
		return fmt.Errorf("%w: %s does not fit %s", ErrRange, from.format(w), target)
	}
	lo, hi := to.limits()
	return fmt.Errorf("%w: %s does not fit %s (%d…%d)", ErrRange, from.format(w), target, lo, hi)
}

// IsScalar reports whether a C type travels in one 64-bit word: _Bool, an
// integer of up to 64 bits, an enum, a pointer, float, double, and long double
// where it is double.
func IsScalar(abi *dtype.ABI, t dtype.Type) bool {
	_, ok := cScalar(abi, t)
	return ok
}

// ScalarWord reads the C scalar t at the start of data as a canonical word.
func ScalarWord(abi *dtype.ABI, t dtype.Type, data []byte) (uint64, error) {
	s, err := scalarIn(abi, t, data, "load")
	if err != nil {
		return 0, err
	}
	return s.load(data, false), nil
}

// PutScalar stores the low bytes of a word as the C scalar t at the start of
// data.
func PutScalar(abi *dtype.ABI, t dtype.Type, data []byte, word uint64) error {
	s, err := scalarIn(abi, t, data, "store")
	if err != nil {
		return err
	}
	s.store(data, false, word)
	return nil
}

func scalarIn(abi *dtype.ABI, t dtype.Type, data []byte, op string) (scalar, error) {
	s, ok := cScalar(abi, t)
	if !ok {
		return s, &Error{Op: op, Path: t.String(), Err: fmt.Errorf("%w: %v is no scalar of one word", ErrType, t)}
	}
	if uint64(len(data)) < s.size() {
		return s, tooShort(op, t, s.size(), len(data))
	}
	return s, nil
}

// tooShort is the error for data that does not hold a whole object.
func tooShort(op string, t dtype.Type, need uint64, have int) error {
	return &Error{Op: op, Path: t.String(), Err: fmt.Errorf("%w: %d bytes for a type of %d", ErrOutOfBounds, have, need)}
}
