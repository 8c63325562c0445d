package dtype

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// An item is what a dtype or buffer format describes: a C type and, since C's
// scalars have no byte order of their own, that order.
type item struct {
	typ Type
	big bool // scalars of several bytes are big-endian
	// align is the alignment that NumPy gives it in an aligned record: that of
	// its fields, wherever they are; 0 for that of the type.
	align uint64
}

// An itemField is a field of a structured item, at an offset in bytes.
type itemField struct {
	item
	name   string
	offset uint64
}

// itemRecord makes a struct of fields, in order of their offsets, of size bytes
// in all. The struct is one that C lays out so by itself, or else a packed one
// with members named _pad for the holes. Fields that all lie at 0 make a union.
// Where byte orders differ, big-endian fields are members of unnamed
// big-endian structs.
func (a *ABI) itemRecord(fields []itemField, size uint64) (Type, error) {
	slices.SortStableFunc(fields, func(x, y itemField) int { return cmp.Compare(x.offset, y.offset) })
	attr, members, err := orderMembers(fields)
	if err != nil {
		return nil, err
	}
	if len(fields) > 1 && fields[len(fields)-1].offset == 0 {
		return a.itemUnion(attr, members, fields, size)
	}
	if t, err := NewStructAttr("", attr, members...); err == nil && a.isLaidOut(t, fields, size) {
		return t, nil
	}
	attr.Packed = true
	var padded []Field
	end := uint64(0)
	pad := func(to uint64) {
		if to > end {
			padded = append(padded, padMember(to-end, len(padded), fields))
		}
	}
	for i, f := range fields {
		if f.offset < end {
			return nil, fmt.Errorf("%w: field %s at %d overlaps what ends at %d", ErrNotSupported, f.name, f.offset, end)
		}
		n, err := a.Size(f.typ)
		if err != nil {
			return nil, err
		}
		pad(f.offset)
		padded = append(padded, members[i])
		end = f.offset + n
	}
	if end > size {
		return nil, fmt.Errorf("%w: fields end at %d, item size is %d", ErrInvalid, end, size)
	}
	pad(size)
	t, err := NewStructAttr("", attr, padded...)
	if err == nil && !a.isLaidOut(t, nil, size) {
		err = fmt.Errorf("%w: C has no struct with these offsets", ErrNotSupported)
	}
	return t, err
}

func (a *ABI) itemUnion(attr Attr, members []Field, fields []itemField, size uint64) (Type, error) {
	t, err := NewUnionAttr("", attr, members...)
	if err == nil && a.isLaidOut(t, nil, size) {
		return t, nil
	}
	attr.Packed = true
	t, err = NewUnionAttr("", attr, append(members, padMember(size, len(members), fields))...)
	if err == nil && !a.isLaidOut(t, nil, size) {
		err = fmt.Errorf("%w: members are larger than the item size %d", ErrInvalid, size)
	}
	return t, err
}

// isLaidOut reports whether t has this size and its members these offsets.
func (a *ABI) isLaidOut(t Type, fields []itemField, size uint64) bool {
	l, err := a.Layout(t)
	if err != nil || l.Size != size {
		return false
	}
	for i, f := range fields {
		if l.Fields[i].Offset != f.offset {
			return false
		}
	}
	return true
}

// orderMembers gives the members and the byte order of their struct.
func orderMembers(fields []itemField) (attr Attr, members []Field, err error) {
	little, big := false, false
	for _, f := range fields {
		big = big || f.big
		little = little || !f.big && recordOf(elemOf(f.typ)) == nil && !isByte(f.typ)
	}
	if big && !little {
		attr.Endian = BigEndian
	}
	for _, f := range fields {
		m := Field{Name: f.name, Type: f.typ}
		if f.big && little {
			s, err := NewStructAttr("", Attr{Endian: BigEndian, Packed: true}, m)
			if err != nil {
				return Attr{}, nil, err
			}
			m = Field{Type: s}
		}
		members = append(members, m)
	}
	return attr, members, nil
}

// isByte reports whether t, or the elements of t, have one byte and so no
// order of bytes.
func isByte(t Type) bool {
	switch e := elemOf(t).(type) {
	case *Vector:
		return isByte(e.elem)
	case *Bool:
		return true
	case *Int:
		return e.size == 1
	}
	return false
}

// items lists the fields of a struct or union by name, those of unnamed
// members among them, without padding.
func (a *ABI) items(t Type, base uint64) ([]itemField, error) {
	l, err := a.Layout(t)
	if err != nil {
		return nil, err
	}
	var fields []itemField
	for _, f := range l.Fields {
		switch {
		case f.BitField && f.Name == "":
		case f.BitField:
			return nil, fmt.Errorf("%w: bit-field %s", ErrNotSupported, f.Name)
		case f.Name == "":
			inner, err := a.items(f.Type, base+f.Offset)
			if err != nil {
				return nil, err
			}
			fields = append(fields, inner...)
		case !isPad(f.Field):
			big := recordOf(t).Attr().Endian == BigEndian
			fields = append(fields, itemField{item{typ: f.Type, big: big}, f.Name, base + f.Offset})
		}
		if len(fields) > maxDescribed {
			return nil, fmt.Errorf("%w: more than %d nested members", ErrOverflow, maxDescribed)
		}
	}
	return fields, nil
}

// isPad reports whether a member only fills a hole: bytes named _pad and a
// number.
func isPad(f Field) bool {
	n, ok := strings.CutPrefix(f.Name, "_pad")
	_, array := Resolve(f.Type).(*Array)
	return ok && n != "" && strings.Trim(n, "0123456789") == "" && array && isByte(f.Type)
}

// padMember is a member of n bytes that fills a hole, called _pad and a number that
// no other member has.
func padMember(n uint64, number int, others []itemField) Field {
	name := fmt.Sprintf("_pad%d", number)
	for slices.ContainsFunc(others, func(f itemField) bool { return f.name == name }) {
		number += len(others) + 1
		name = fmt.Sprintf("_pad%d", number)
	}
	return Field{Name: name, Type: &Array{elem: CChar, n: n}}
}

// dims are the lengths of an array of any dimensions, outermost first, and its
// element type.
func (a *ABI) dims(t Type) (shape []uint64, elem Type) {
	for {
		switch arr := Resolve(t).(type) {
		case *Array:
			shape, t = append(shape, arr.n), arr.elem
		case *Vector:
			return append(shape, arr.lanes), a.laneOf(arr)
		default:
			return shape, arr
		}
	}
}

// laneOf is the element type of a vector, whose characters are no text.
func (a *ABI) laneOf(t *Vector) Type {
	switch e := Resolve(t.elem).(type) {
	case *Int:
		switch {
		case e == Char32T:
			return Uint32
		case e == CChar && a.Signed(e):
			return CSChar
		case e == CChar:
			return CUChar
		}
	}
	return Resolve(t.elem)
}

// maxItemText bounds the descriptions that are read, whose nested arrays and
// structs cost more than their text.
const maxItemText = 1 << 16

func checkItemText(s string) error {
	if len(s) > maxItemText {
		return fmt.Errorf("%w: %d bytes of description, %d allowed", ErrOverflow, len(s), maxItemText)
	}
	return nil
}

// arrayOf is elem[shape[0]][shape[1]]….
func arrayOf(elem Type, shape []uint64) (Type, error) {
	t := elem
	for _, n := range slices.Backward(shape) {
		arr, err := ArrayOf(t, n)
		if err != nil {
			return nil, err
		}
		t = arr
	}
	return t, nil
}

// shapeText is a shape as Python writes it: "(2,3)", "(4,)".
func shapeText(shape []uint64) string {
	var b strings.Builder
	for i, n := range shape {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, n)
	}
	if len(shape) == 1 {
		b.WriteByte(',')
	}
	return "(" + b.String() + ")"
}
