package dtype

import "fmt"

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
}

// NewEnum makes an enumerated type. Its integer type is the one C compilers
// choose: unsigned int, int when a constant is negative, and the 64-bit one
// of the same sign when a constant needs it.
func NewEnum(tag string, consts ...EnumConst) (*Enum, error) {
	base := CUInt
	var lo, hi int64
	for _, c := range consts {
		lo, hi = min(lo, c.Value), max(hi, c.Value)
	}
	switch {
	case lo < 0 && (lo < -1<<31 || hi > 1<<31-1):
		base = CLongLong
	case lo < 0:
		base = CInt
	case hi > 1<<32-1:
		base = CULongLong
	}
	return newEnum(tag, base, false, consts)
}

// NewEnumBase makes an enumerated type over a stated integer type.
func NewEnumBase(tag string, base *Int, consts ...EnumConst) (*Enum, error) {
	if base == nil {
		return nil, &Error{Op: "enum", Path: tag, Err: fmt.Errorf("%w: no integer type", ErrInvalid)}
	}
	return newEnum(tag, base, true, consts)
}

func newEnum(tag string, base *Int, fixed bool, consts []EnumConst) (*Enum, error) {
	seen := map[string]bool{}
	for _, c := range consts {
		if c.Name == "" || seen[c.Name] {
			return nil, &Error{Op: "enum", Path: tag, Err: fmt.Errorf("%w: constant %q is unnamed or repeated", ErrInvalid, c.Name)}
		}
		seen[c.Name] = true
	}
	return &Enum{tag: tag, base: base, fixed: fixed, consts: append([]EnumConst(nil), consts...)}, nil
}

// Tag is the name after enum; empty for an anonymous type.
func (t *Enum) Tag() string { return t.tag }

// Base is the integer type that holds the values, on ABIs other than
// Microsoft's; see [ABI.EnumBase].
func (t *Enum) Base() *Int { return t.base }

// Consts are the constants in order of declaration. The slice must not be
// changed.
func (t *Enum) Consts() []EnumConst { return t.consts }
