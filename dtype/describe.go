package dtype

import "fmt"

// A Description is the layout of a type on one ABI, for people and programs to
// read. As JSON it is what `wasmffi layout --json` prints; its String is C with
// offsets, sizes and holes beside each member.
type Description struct {
	Type string `json:"type"`
	ABI  string `json:"abi"`
	// Size, Align and Padding are in bytes. Padding counts the bytes of the
	// struct itself that belong to no member; a byte that holds any bit of a
	// bit-field belongs to it.
	Size    uint64 `json:"size"`
	Align   uint64 `json:"align"`
	Padding uint64 `json:"padding"`
	// Fields are the members of a struct or union, unnamed bit-fields included;
	// nil for any other type.
	Fields []FieldDescription `json:"fields,omitzero"`

	union bool
}

// A FieldDescription is a member within a [Description]. Offsets and BitStart
// count from the start of the type described, also in nested Fields.
type FieldDescription struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Offset uint64 `json:"offset"`
	Size   uint64 `json:"size"`
	// BitStart and BitWidth are set for a bit-field; see [FieldLayout].
	BitStart *uint64 `json:"bit_start,omitempty"`
	BitWidth *uint64 `json:"bit_width,omitempty"`
	// Fields are the members of a member that is a struct or union.
	Fields []FieldDescription `json:"fields,omitzero"`

	decl  string // in C, without the members
	union bool
}

// maxDescribed bounds a description: types from debug info may nest to sizes
// that no object has.
const maxDescribed = 1 << 18

// Describe lays t out and describes it. Types without a tag are called by
// their keyword alone.
func (a *ABI) Describe(t Type) (*Description, error) {
	l, err := a.Layout(t)
	if err != nil {
		return nil, err
	}
	d := &Description{Type: typeName(t), ABI: a.name, Size: l.Size, Align: l.Align}
	if recordOf(t) == nil {
		return d, nil
	}
	d.Padding, d.union = padding(l), isUnion(t)
	room := maxDescribed
	d.Fields, err = a.describeFields(l, 0, &room)
	if err != nil {
		return nil, &Error{Op: "describe", Type: t, Err: err}
	}
	return d, nil
}

func (a *ABI) describeFields(l *Layout, base uint64, room *int) ([]FieldDescription, error) {
	if *room -= len(l.Fields); *room < 0 {
		return nil, fmt.Errorf("%w: more than %d nested members", ErrOverflow, maxDescribed)
	}
	fields := make([]FieldDescription, len(l.Fields))
	for i, f := range l.Fields {
		d := FieldDescription{Name: f.Name, Type: typeName(f.Type), Offset: base + f.Offset, Size: f.Size, decl: memberDecl(f.Field), union: isUnion(f.Type)}
		if f.BitField {
			start, width := 8*base+f.BitStart, uint64(f.Bits)
			d.BitStart, d.BitWidth = &start, &width
		}
		if recordOf(f.Type) != nil {
			inner, err := a.Layout(f.Type)
			if err == nil {
				d.Fields, err = a.describeFields(inner, d.Offset, room)
			}
			if err != nil {
				return nil, err
			}
		}
		fields[i] = d
	}
	return fields, nil
}

// memberDecl is a member's declaration with types without a tag given by
// their keyword, and that of a struct by its name alone.
func memberDecl(f Field) string {
	p := newPrinter()
	p.brief = true
	switch {
	case recordOf(f.Type) != nil:
		return f.Name
	case f.BitField && f.Name == "":
		return fmt.Sprintf("%s : %d", p.declare(f.Type, "", f.Const), f.Bits)
	case f.BitField:
		return fmt.Sprintf("%s : %d", p.declare(f.Type, f.Name, f.Const), f.Bits)
	}
	return p.declare(f.Type, f.Name, f.Const)
}

// padding counts the bytes of a struct or union that belong to no member.
// Members are in order of their offsets.
func padding(l *Layout) uint64 {
	n, end := uint64(0), uint64(0)
	for _, f := range l.Fields {
		start, stop := f.bytes()
		if start > end {
			n += start - end
		}
		end = max(end, stop)
	}
	return n + l.Size - min(l.Size, end)
}

// bytes are the first byte of a member and the one after its last; of a
// bit-field, those that hold its bits.
func (f *FieldLayout) bytes() (start, end uint64) {
	if !f.BitField {
		return f.Offset, f.Offset + f.Size
	}
	return f.BitStart / 8, (f.BitStart + uint64(f.Bits) + 7) / 8
}
