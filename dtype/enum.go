package dtype

import (
	"fmt"
	"math"
)

// An Enum is an enumerated type.
type Enum struct {
	tag    string
	base   *Int
	fixed  bool // base was stated
	consts []EnumConst
}

// An EnumConst is an enumeration constant.
type EnumConst struct {
	Name  string
	Value int64
	// Unsigned says that Value holds the bits of an unsigned number. Only
	// constants beyond INT64_MAX need it; see [UnsignedConst].
	Unsigned bool
}

// UnsignedConst is a constant of any unsigned value.
func UnsignedConst(name string, value uint64) EnumConst {
	return EnumConst{Name: name, Value: int64(value), Unsigned: value > math.MaxInt64}
}

// beyond reports whether the constant is greater than INT64_MAX.
func (c EnumConst) beyond() bool { return c.Unsigned && c.Value < 0 }

// NewEnum makes an enumerated type. Its integer type is the one C compilers
// choose: unsigned int, int when a constant is negative, and the 64-bit one
// of the same sign when a constant needs it.
func NewEnum(tag string, consts ...EnumConst) (*Enum, error) {
	base := CUInt
	var lo, hi int64
	beyond := false
	for _, c := range consts {
		if c.beyond() {
			beyond = true
		} else {
			lo, hi = min(lo, c.Value), max(hi, c.Value)
		}
	}
	switch {
	case lo < 0 && beyond:
		return nil, enumError(tag, "no integer type holds both %d and constants beyond INT64_MAX", lo)
	case lo < 0 && (lo < -1<<31 || hi > 1<<31-1):
		base = CLongLong
	case lo < 0:
		base = CInt
	case hi > 1<<32-1, beyond:
		base = CULongLong
	}
	return newEnum(tag, base, false, consts)
}

// NewEnumBase makes an enumerated type over a stated integer type, which must
// hold the constants.
func NewEnumBase(tag string, base *Int, consts ...EnumConst) (*Enum, error) {
	if base == nil {
		return nil, enumError(tag, "no integer type")
	}
	for _, c := range consts {
		if !base.holds(c) {
			return nil, enumError(tag, "%s does not fit %v", c.definition(), base)
		}
	}
	return newEnum(tag, base, true, consts)
}

// holds reports whether a constant fits an integer type, as large as it is
// anywhere.
func (t *Int) holds(c EnumConst) bool {
	bits := 64
	if t.size < 8 {
		bits = 8 * int(t.size)
	}
	fitsSigned := !c.beyond() && c.Value >= math.MinInt64>>(64-bits) && c.Value <= math.MaxInt64>>(64-bits)
	fitsUnsigned := (c.Value >= 0 || c.beyond()) && uint64(c.Value) <= math.MaxUint64>>(64-bits)
	switch {
	case t.size == 16 && t.sign == signed:
		return true
	case t.sign == signed:
		return fitsSigned
	case t.sign == unsigned:
		return fitsUnsigned
	}
	return fitsSigned || fitsUnsigned
}

func newEnum(tag string, base *Int, fixed bool, consts []EnumConst) (*Enum, error) {
	seen := map[string]bool{}
	own := make([]EnumConst, len(consts))
	for i, c := range consts {
		if c.Name == "" || seen[c.Name] {
			return nil, enumError(tag, "constant %q is unnamed or repeated", c.Name)
		}
		seen[c.Name] = true
		c.Unsigned = c.beyond() // so that equal values compare equal
		own[i] = c
	}
	return &Enum{tag: tag, base: base, fixed: fixed, consts: own}, nil
}

func enumError(tag, format string, args ...any) error {
	return &Error{Op: "enum", Path: tag, Err: fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...)}
}

// definition is the constant in C with its value.
func (c EnumConst) definition() string {
	switch {
	case c.beyond():
		return fmt.Sprintf("%s = %dull", c.Name, uint64(c.Value))
	case c.Value == math.MinInt64: // C has no literal of it
		return fmt.Sprintf("%s = %d - 1", c.Name, c.Value+1)
	}
	return fmt.Sprintf("%s = %d", c.Name, c.Value)
}

// follows reports whether C gives the constant this value by itself after
// prev. gcc goes on in the type of the constant before, an int mostly.
func (c EnumConst) follows(prev EnumConst) bool {
	return !c.beyond() && !prev.beyond() && prev.Value < math.MaxInt32 && c.Value == prev.Value+1
}

// Tag is the name after enum; empty for an anonymous type.
func (t *Enum) Tag() string { return t.tag }

// Base is the integer type that holds the values, on ABIs other than
// Microsoft's; see [ABI.EnumBase].
func (t *Enum) Base() *Int { return t.base }

// Consts are the constants in order of declaration. The slice must not be
// changed.
func (t *Enum) Consts() []EnumConst { return t.consts }
