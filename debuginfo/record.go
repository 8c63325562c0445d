package debuginfo

import (
	"debug/dwarf"
	"errors"
	"fmt"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// A record is a struct or union on its way from an entry to a type.
type record struct {
	entry *entry
	decl  dtype.Type // *dtype.Struct or *dtype.Union
	state recordState
	err   error // why it stays incomplete
	// transparent tells of a union that is passed like its first member. gcc
	// leaves the members out of one of restrict pointers, such as glibc's
	// __SOCKADDR_ARG, and C has no other reason for a union without any.
	transparent bool
	// special tells of a C++ class that is passed by reference, or may be: it
	// has a constructor or destructor of its own.
	special bool
}

type recordState uint8

const (
	unread  recordState = iota // its members have not been read
	reading                    // they are being read
	done                       // for better or worse
)

// declare makes the struct or union of e, which pointers may refer to at once.
// One without a tag is also defined at once: nothing that it contains can refer
// to it.
func (d *decoder) declare(e *entry, depth int) (*ctype, error) {
	r := &record{entry: e, transparent: e.tag == dwarf.TagUnionType && !e.children && e.byteSize == d.abi.PointerSize()}
	if e.tag == dwarf.TagUnionType {
		r.decl = dtype.DeclareUnion(e.name)
	} else {
		r.decl = dtype.DeclareStruct(e.name)
	}
	r.special = e.unit.isCPP() && e.hasSpecial()
	c := &ctype{t: r.decl, weight: 2, record: r}
	switch {
	case e.declaration:
		r.state = done
	case e.name != "":
		d.pending = append(d.pending, r)
	default:
		c.weight = d.define(r, depth)
		if r.err != nil {
			return nil, r.err
		}
	}
	return c, nil
}

// hasSpecial reports whether a class declares a constructor or destructor.
func (e *entry) hasSpecial() bool {
	found := false
	err := e.eachChild(func(c *entry) error {
		found = found || c.tag == dwarf.TagSubprogram && (c.name == e.name || strings.HasPrefix(c.name, "~"))
		return nil
	})
	return found || err != nil
}

// finish defines what pointers led to. A struct that cannot be expressed stays
// incomplete and keeps the reason.
func (d *decoder) finish() {
	for len(d.pending) > 0 {
		last := len(d.pending) - 1
		r := d.pending[last]
		d.pending = d.pending[:last]
		d.define(r, 0)
	}
}

// define reads the members of r and completes its type. It gives the number of
// words it takes to spell them.
func (d *decoder) define(r *record, depth int) (weight int) {
	if r.state != unread {
		return 0
	}
	r.state = reading
	members, weight, err := d.members(r.entry, depth+1)
	if err == nil {
		err = d.install(r, members)
	}
	if err != nil {
		r.err = fmt.Errorf("%s: %w", tagOf(r.entry), err)
	}
	r.state = done
	r.entry = nil
	return weight
}

func (d *decoder) install(r *record, members []member) error {
	_, isUnion := r.decl.(*dtype.Union)
	s := shape{abi: d.abi, union: isUnion, size: r.entry.byteSize, align: r.entry.alignment, members: members}
	fields, attr, err := s.solve()
	if err != nil {
		return err
	}
	if isUnion {
		return r.decl.(*dtype.Union).Define(attr, fields...)
	}
	return r.decl.(*dtype.Struct).Define(attr, fields...)
}

// A member is what debug info says about a member of a struct or union.
type member struct {
	field dtype.Field // without derived attributes
	// start is the member's first bit, counted from the record's first, bit 0
	// being the least significant of byte 0.
	start uint64
	align uint64 // from aligned(n) on the member; 0 if not given
	big   bool   // scalars of the big byte order
}

// members reads the members of e. What they contain by value is defined first.
func (d *decoder) members(e *entry, depth int) (list []member, weight int, err error) {
	err = e.eachChild(func(c *entry) error {
		switch {
		case c.tag == dwarf.TagInheritance:
			return fmt.Errorf("%w: a base class", dtype.ErrNotSupported)
		case c.tag != dwarf.TagMember, c.declaration: // C++'s static members
			return nil
		}
		t, err := d.decode(c.typ, depth)
		if err == nil {
			err = d.settle(t.record, depth)
		}
		if err != nil {
			return fmt.Errorf("member %s: %w", c.name, err)
		}
		if weight += t.weight + 1; weight > maxWeight {
			return fmt.Errorf("%w: more than %d words to spell the members", ErrMalformed, maxWeight)
		}
		m := member{
			field: dtype.Field{Name: c.name, Type: t.t, Const: t.isConst},
			align: c.alignment, big: t.bigEndian,
		}
		if err := m.place(c, d.abi); err != nil {
			return fmt.Errorf("member %s: %w", c.name, err)
		}
		if len(list) > 0 && e.tag == dwarf.TagStructType {
			m.straddle(&list[len(list)-1], d.abi)
		}
		list = append(list, m)
		return nil
	})
	return list, weight, err
}

// straddle makes m a bit-field again that clang describes as none, since it is
// as wide as its type, but that begins within the last byte of the bit-field
// before it.
func (m *member) straddle(before *member, abi *dtype.ABI) {
	end := before.start + uint64(before.field.Bits)
	if m.field.BitField || !before.field.BitField || end%8 == 0 || m.start != end&^7 {
		return
	}
	if size, err := abi.Size(m.field.Type); err == nil && size <= 8 {
		m.field.BitField, m.field.Bits = true, uint8(8*size)
		m.start = end
	}
}

// settle defines a struct or union that another contains by value.
func (d *decoder) settle(r *record, depth int) error {
	switch {
	case r == nil:
		return nil
	case r.state == reading:
		return fmt.Errorf("%w: %s contains itself", ErrMalformed, tagOf(r.entry))
	case depth > maxDepth:
		return fmt.Errorf("%w: structs nest deeper than %d", ErrMalformed, maxDepth)
	}
	d.define(r, depth)
	return r.err
}

// place finds the member's first bit. Before DWARF 4 a bit-field was given by
// its storage unit and the bits that follow it there, counted from the most
// significant; clang writes that to this day for DWARF 4.
func (m *member) place(c *entry, abi *dtype.ABI) error {
	const maxOffset = 1 << 60 // so that a count of bits does not overflow
	if c.memberOffset > maxOffset/8 || c.dataBitOffset > maxOffset {
		return fmt.Errorf("%w: offset %d", ErrMalformed, max(c.memberOffset, c.dataBitOffset))
	}
	m.start = 8 * c.memberOffset
	if !c.has(hasBitSize) {
		return nil
	}
	if c.bitSize > 128 {
		return fmt.Errorf("%w: bit-field of %d bits", ErrMalformed, c.bitSize)
	}
	m.field.BitField, m.field.Bits = true, uint8(c.bitSize)
	if !c.has(hasBitOffset) {
		m.start += c.dataBitOffset
		return nil
	}
	unit := c.byteSize
	if !c.has(hasByteSize) {
		var err error
		if unit, err = abi.Size(m.field.Type); err != nil {
			return err
		}
	}
	// In packed structs a bit-field may go past its unit, and the bits that
	// follow it there be less than none.
	start := int64(m.start) + 8*int64(unit) - int64(c.bitOffset) - int64(c.bitSize)
	if unit > 16 || start < 0 || start > maxOffset {
		return fmt.Errorf("%w: bit-field at bit %d of %d bytes", ErrMalformed, int64(c.bitOffset), unit)
	}
	m.start = uint64(start)
	return nil
}

// tagOf names a struct or union in messages.
func tagOf(e *entry) string {
	kind := "struct"
	if e.tag == dwarf.TagUnionType {
		kind = "union"
	}
	if e.name == "" {
		return kind + " without a tag"
	}
	return kind + " " + e.name
}

// notSupported reports whether err is about what dtype cannot express, rather
// than about a damaged file.
func notSupported(err error) bool {
	return errors.Is(err, dtype.ErrNotSupported) && !errors.Is(err, ErrMalformed)
}
