package dtype

import (
	"fmt"
	"sync"
)

// defineMu is held while a definition is checked and installed: of several
// definitions that together make a struct contain itself, the last is refused.
var defineMu sync.Mutex

func (r *record) define(self Type, attr Attr, fields []Field) error {
	defineMu.Lock()
	defer defineMu.Unlock()
	fail := func(member string, err error) error {
		return &Error{Op: "define", Path: member, Type: self, Err: err}
	}
	if r.def.Load() != nil {
		return fail("", fmt.Errorf("%w: defined twice", ErrInvalid))
	}
	if err := checkAttr(attr); err != nil {
		return fail("", err)
	}
	seen := map[string]bool{}
	for i, f := range fields {
		if err := r.checkField(f); err != nil {
			return fail(f.Name, err)
		}
		if f.Type != nil && isFlexible(f.Type) && (isUnion(self) || i != len(fields)-1 || len(seen) == 0) {
			return fail(f.Name, fmt.Errorf("%w: a flexible array must be the last member of a struct and not its only one", ErrInvalid))
		}
		for _, name := range memberNames(f) {
			if seen[name] {
				return fail(name, fmt.Errorf("%w: two members of this name", ErrInvalid))
			}
			seen[name] = true
		}
	}
	r.def.Store(&definition{append([]Field(nil), fields...), attr})
	return nil
}

func checkAttr(attr Attr) error {
	switch attr.Pack {
	case 0, 1, 2, 4, 8, 16:
	default:
		return fmt.Errorf("%w: #pragma pack(%d), not 1, 2, 4, 8 or 16", ErrInvalid, attr.Pack)
	}
	if attr.Dialect > MSDialect || attr.Endian > BigEndian {
		return fmt.Errorf("%w: dialect %d, byte order %d", ErrInvalid, attr.Dialect, attr.Endian)
	}
	return checkAlign(attr.Align)
}

// checkField says why f can be no member of r, or nil.
func (r *record) checkField(f Field) error {
	if f.Type == nil {
		return fmt.Errorf("%w: no type", ErrInvalid)
	}
	if err := checkAlign(f.Align); err != nil {
		return err
	}
	if f.BitField {
		return checkBitField(f)
	}
	switch t := Resolve(f.Type).(type) {
	case *Void, *Func:
		return fmt.Errorf("%w: a member of type %v", ErrInvalid, f.Type)
	case *Struct, *Union:
		if f.Name == "" && !recordOf(t).Complete() && recordOf(t) != r {
			return fmt.Errorf("%w: unnamed member of type %v", ErrIncomplete, f.Type)
		}
		if f.Name == "" && statesAlign(f.Type) {
			return fmt.Errorf("%w: unnamed member of type %v, whose alignment C could not say there", ErrInvalid, f.Type)
		}
	default:
		if f.Name == "" {
			return fmt.Errorf("%w: unnamed member of type %v", ErrInvalid, f.Type)
		}
	}
	if contains(f.Type, r, map[*record]bool{}) {
		return fmt.Errorf("%w: the type contains itself", ErrInvalid)
	}
	return nil
}

// statesAlign reports whether a typedef name on the way to t's own type has an
// alignment.
func statesAlign(t Type) bool {
	n, ok := t.(*Named)
	return ok && (n.align != 0 || statesAlign(n.under))
}

// contains reports whether an object of type t holds one of type r.
func contains(t Type, r *record, seen map[*record]bool) bool {
	in := recordOf(elemOf(t))
	if in == nil || seen[in] {
		return false
	}
	if in == r {
		return true
	}
	seen[in] = true
	for _, f := range in.Fields() {
		if contains(f.Type, r, seen) {
			return true
		}
	}
	return false
}

// checkBitField says why f can be no bit-field, or nil. Widths against sizes
// that the ABI chooses are checked when the struct is laid out.
func checkBitField(f Field) error {
	switch t := Resolve(f.Type).(type) {
	case *Bool:
		if f.Bits > 1 {
			return fmt.Errorf("%w: width %d exceeds the 1 bit of _Bool", ErrInvalid, f.Bits)
		}
	case *Int:
		if t.size < sizeLong && uint(f.Bits) > 8*uint(t.size) {
			return fmt.Errorf("%w: width %d exceeds the %d bits of %v", ErrInvalid, f.Bits, 8*t.size, t)
		}
	case *Enum:
	default:
		return fmt.Errorf("%w: a bit-field of type %v", ErrInvalid, f.Type)
	}
	if f.Bits == 0 && f.Name != "" {
		return fmt.Errorf("%w: a named bit-field of width 0", ErrInvalid)
	}
	return nil
}

// memberNames lists the names that f brings into its record: its own, or those
// of an anonymous record's members.
func memberNames(f Field) []string {
	if f.Name != "" {
		return []string{f.Name}
	}
	var names []string
	for _, m := range Members(f.Type) {
		names = append(names, memberNames(m)...)
	}
	return names
}
