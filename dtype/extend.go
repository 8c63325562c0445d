package dtype

import "fmt"

// ExtendStruct makes a struct of base's members followed by fields, as
//
//	class B(A): _fields_ = […]        # ctypes
//	struct B : A { … };               // C++
//	type B struct { A; … }            // Go, see FromGo
//
// do. The base is laid out as by itself: fields begin behind its padding, and
// no bit-field of theirs shares its bits. In C it is an anonymous first member,
// so that its members are reached directly, no name may come twice, and an
// address of the new struct is one of the base. The base must be complete, and
// stays as it is.
//
// A struct that refers to itself is declared first, and then defined with
// [Field]{Type: base} before its own fields.
func ExtendStruct(tag string, base Type, fields ...Field) (*Struct, error) {
	return ExtendStructAttr(tag, base, Attr{}, fields...)
}

// ExtendStructAttr is [ExtendStruct] with attributes, which speak of the new
// struct: packed or #pragma pack lower the alignment of the base in it, where
// ctypes' _pack_ leaves that of the whole (state Align to have it so).
func ExtendStructAttr(tag string, base Type, attr Attr, fields ...Field) (*Struct, error) {
	if _, ok := Resolve(base).(*Struct); !ok {
		err := fmt.Errorf("%w: the base is no struct", ErrInvalid)
		return nil, &Error{Op: "extend", Path: tag, Type: base, Err: err}
	}
	return NewStructAttr(tag, attr, append([]Field{{Type: Resolve(base)}}, fields...)...)
}
