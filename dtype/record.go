package dtype

import "sync/atomic"

// A Field is a member of a struct or union.
type Field struct {
	// Name is empty for an anonymous struct or union, whose members are
	// reached directly, and for an unnamed bit-field.
	Name string
	Type Type
	// Bits is the width of a bit-field; BitField tells a width of 0 from a
	// member that is none.
	BitField bool
	Bits     uint8
	// Align is the least alignment in bytes, from aligned(n); 0 if not given.
	Align uint64
	// Packed is __attribute__((packed)) on the member alone.
	Packed bool
	// Const tells that C declares the member const.
	Const bool
}

// Attr are the attributes of a whole struct or union.
type Attr struct {
	// Packed is __attribute__((packed)): members at alignment 1.
	Packed bool
	// Pack is #pragma pack(n): members at alignment n at most; 0 if not given.
	Pack uint64
	// Align is the least alignment in bytes, from aligned(n); 0 if not given.
	Align uint64
	// Dialect overrides the ABI's own way to lay out bit-fields.
	Dialect Dialect
	// Endian is the byte order of scalar members.
	Endian Endian
}

// A Dialect is a way to lay out structs: System V's or Microsoft's.
type Dialect uint8

const (
	NativeDialect Dialect = iota // as the ABI has it
	SysVDialect                  // __attribute__((gcc_struct))
	MSDialect                    // __attribute__((ms_struct))
)

// An Endian is a byte order.
type Endian uint8

const (
	NativeEndian Endian = iota // as the ABI has it
	LittleEndian
	BigEndian
)

// A Struct is a struct type.
type Struct struct{ record }

// A Union is a union type.
type Union struct{ record }

// record is what structs and unions share.
type record struct {
	tag string
	def atomic.Pointer[definition]
	// layouts caches one layout for each row of the ABI table, here so that it
	// lives exactly as long as the type.
	layouts [maxABIs]atomic.Pointer[Layout]
}

type definition struct {
	fields []Field
	attr   Attr
}

// NewStruct makes a complete struct. An empty tag makes it anonymous.
func NewStruct(tag string, fields ...Field) (*Struct, error) {
	return NewStructAttr(tag, Attr{}, fields...)
}

// NewStructAttr is [NewStruct] with attributes.
func NewStructAttr(tag string, attr Attr, fields ...Field) (*Struct, error) {
	t := DeclareStruct(tag)
	if err := t.Define(attr, fields...); err != nil {
		return nil, err
	}
	return t, nil
}

// NewUnion makes a complete union. An empty tag makes it anonymous.
func NewUnion(tag string, fields ...Field) (*Union, error) {
	return NewUnionAttr(tag, Attr{}, fields...)
}

// NewUnionAttr is [NewUnion] with attributes.
func NewUnionAttr(tag string, attr Attr, fields ...Field) (*Union, error) {
	t := DeclareUnion(tag)
	if err := t.Define(attr, fields...); err != nil {
		return nil, err
	}
	return t, nil
}

// DeclareStruct makes an incomplete struct, as "struct tag;" does. Pointers to
// it may be used at once; Define completes it.
func DeclareStruct(tag string) *Struct { return &Struct{record{tag: tag}} }

// DeclareUnion makes an incomplete union.
func DeclareUnion(tag string) *Union { return &Union{record{tag: tag}} }

// Define completes a declared struct. It can be done once.
func (t *Struct) Define(attr Attr, fields ...Field) error {
	return t.define(t, attr, fields)
}

// Define completes a declared union. It can be done once.
func (t *Union) Define(attr Attr, fields ...Field) error {
	return t.define(t, attr, fields)
}

// Tag is the name after struct or union; empty for an anonymous type.
func (r *record) Tag() string { return r.tag }

// Complete reports whether the members are known.
func (r *record) Complete() bool { return r.def.Load() != nil }

// Fields are the members in order of declaration; nil while incomplete. The
// slice must not be changed.
func (r *record) Fields() []Field {
	if d := r.def.Load(); d != nil {
		return d.fields
	}
	return nil
}

// Attr are the attributes the type was defined with.
func (r *record) Attr() Attr {
	if d := r.def.Load(); d != nil {
		return d.attr
	}
	return Attr{}
}

// recordOf is the record behind a struct or union type, or nil.
func recordOf(t Type) *record {
	switch t := Resolve(t).(type) {
	case *Struct:
		return &t.record
	case *Union:
		return &t.record
	}
	return nil
}

func isUnion(t Type) bool {
	_, ok := Resolve(t).(*Union)
	return ok
}

// Members are the fields of a struct or union type, nil for any other type.
func Members(t Type) []Field {
	if r := recordOf(t); r != nil {
		return r.Fields()
	}
	return nil
}
