package debuginfo

import (
	"debug/dwarf"
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// A unit is a compilation, partial or type unit: what the compiler made of one
// source file, or of one type.
type unit struct {
	data    *dwarfData
	off     int // its header
	first   int // its first entry
	end     int // the first byte after it
	version uint16
	sizes   formSizes
	abbrevs *abbrevTable
	lang    uint64

	// Bases of the unit's parts of other sections, 0 if it has none; none
	// begins at 0, where a header is.
	strOffsetsBase, addrBase, rnglistsBase uint64
	lowPC                                  uint64 // what range lists are relative to
	hasLines                               bool
	linesAt                                uint64 // in .debug_line
	compDir                                string
	hasTypes                               bool // of no use to callers without: -g1
	// supplement units are those of the supplementary file, imported those that
	// this library's units import.
	supplement, imported bool

	lines lineTable
}

// Unit types of DWARF 5 section 7.5.1.
const (
	unitCompile      = 0x01
	unitType         = 0x02
	unitPartial      = 0x03
	unitSkeleton     = 0x04
	unitSplitCompile = 0x05
	unitSplitType    = 0x06
)

// readUnits finds the units between two offsets of info. The kind is that of
// units before DWARF 5, which does not say: of partial units, those of a
// supplementary file. A unit that cannot be read is left out and noted as
// damage.
func (d *dwarfData) readUnits(off, end int, kind uint8) {
	for off < end {
		next, err := d.readUnit(off, end, kind)
		if err != nil {
			d.damage(off, err)
		}
		if next <= off {
			return
		}
		off = next
	}
}

// readUnit reads the unit at off and gives the offset of the next, 0 if that
// is not known.
func (d *dwarfData) readUnit(off, end int, kind uint8) (next int, err error) {
	u := &unit{data: d, off: off, supplement: kind == unitPartial}
	c := cursor{data: d.info[:end], pos: off}
	length := c.uint(4)
	u.sizes.offset = 4
	if length == 0xffffffff {
		length = c.uint(8)
		u.sizes.offset = 8
	}
	if c.bad || length > uint64(end-c.pos) {
		return 0, fmt.Errorf("unit of %d bytes exceeds the section", length)
	}
	u.end = c.pos + int(length)
	c.data = d.info[:u.end]

	u.version = uint16(c.uint(2))
	if u.version < 2 || u.version > 5 {
		return u.end, fmt.Errorf("DWARF version %d", u.version)
	}
	var abbrevOff uint64
	if u.version >= 5 {
		kind = c.u8()
		u.sizes.address = c.u8()
		abbrevOff = c.uint(uint64(u.sizes.offset))
	} else {
		abbrevOff = c.uint(uint64(u.sizes.offset))
		u.sizes.address = c.u8()
	}
	if u.sizes.address != 4 && u.sizes.address != 8 {
		return u.end, fmt.Errorf("addresses of %d bytes", u.sizes.address)
	}
	u.sizes.refAddr = u.sizes.offset
	if u.version == 2 {
		u.sizes.refAddr = u.sizes.address
	}
	if u.supplement {
		abbrevOff += d.supAbbrev
	}
	switch kind {
	case unitType, unitSplitType:
		sig := c.uint(8)
		typeOff := c.uint(uint64(u.sizes.offset))
		if typeOff < length {
			d.sigs[sig] = off + int(typeOff)
		}
	case unitSkeleton, unitSplitCompile:
		c.take(8) // the id that ties a skeleton to its split unit
	}
	u.first = c.pos
	if c.bad || u.first >= u.end {
		return u.end, fmt.Errorf("unit header is cut short")
	}
	if u.abbrevs, err = d.table(abbrevOff, u.sizes); err != nil {
		return u.end, err
	}
	if err := u.readRoot(); err != nil {
		return u.end, err
	}
	d.units = append(d.units, u)
	return u.end, nil
}

// readRoot takes from the unit's own entry what other entries need to be read.
// It is read twice: its addresses may come before the base they need.
func (u *unit) readRoot() error {
	var e entry
	for range 2 {
		if !u.entry(u.first, &e) {
			return fmt.Errorf("the unit's entry is damaged")
		}
		u.lang = e.language
		u.strOffsetsBase = e.strOffsetsBase
		u.addrBase = e.addrBase
		u.rnglistsBase = e.rnglistsBase
		u.lowPC = e.lowPC
		u.hasLines, u.linesAt = e.has(hasStmtList) && !u.supplement, e.stmtList
		u.compDir = e.compDir
		if e.split {
			return fmt.Errorf("%w: debug info in .dwo files (-gsplit-dwarf)", dtype.ErrNotSupported)
		}
	}
	return nil
}

// Languages of DWARF 5 section 7.12 that are C or C++, and those of DWARF 6.
const (
	langC89 = 0x01
	langC   = 0x02
	langC99 = 0x0c
	langC11 = 0x1d
	langC17 = 0x2c
	langC23 = 0x3e

	langCPP   = 0x04
	langCPP03 = 0x19
	langCPP11 = 0x1a
	langCPP14 = 0x21
	langCPP17 = 0x2a
	langCPP20 = 0x2b
	langCPP23 = 0x3a
)

// isC reports whether the unit was written in C. Units split off by dwz name
// no language.
func (u *unit) isC() bool {
	switch u.lang {
	case langC89, langC, langC99, langC11, langC17, langC23, 0:
		return true
	}
	return false
}

// isCPP reports whether the unit was written in C++, where functions always
// have prototypes, and those that C can call by name no linkage name.
func (u *unit) isCPP() bool {
	switch u.lang {
	case langCPP, langCPP03, langCPP11, langCPP14, langCPP17, langCPP20, langCPP23:
		return true
	}
	return false
}

// skip passes over the attributes of an entry and gives the offset after them
// and its abbreviation, which is nil for the entry that ends a list of
// children. It reports false when the unit is damaged.
func (u *unit) skip(off int) (after int, a *abbrev, sibling int, ok bool) {
	c := cursor{data: u.data.info[:u.end], pos: off}
	code := c.uleb()
	if code == 0 {
		return c.pos, nil, 0, !c.bad
	}
	if a = u.abbrevs.get(code); a == nil {
		return 0, nil, 0, false
	}
	if a.fixed >= 0 && !a.children {
		c.take(uint64(a.fixed))
		return c.pos, a, 0, !c.bad
	}
	for _, s := range a.attrs {
		if s.attr == dwarf.AttrSibling {
			sibling = int(u.value(&c, s.form, s.value).n)
		} else if n := u.sizes.of(s.form); n >= 0 {
			c.take(uint64(n))
		} else {
			u.value(&c, s.form, s.value)
		}
	}
	return c.pos, a, sibling, !c.bad
}

// skipChildren gives the offset after the children of an entry, whose
// attributes end at off. A sibling attribute leads there at once; it must lead
// forward, so that a walk ends.
func (u *unit) skipChildren(off, sibling int) (int, bool) {
	if sibling > off && sibling <= u.end {
		return sibling, true
	}
	for depth := 1; depth > 0; {
		after, a, sibling, ok := u.skip(off)
		switch {
		case !ok:
			return 0, false
		case a == nil:
			depth--
		case a.children && sibling > after && sibling <= u.end:
			after = sibling
		case a.children:
			depth++
		}
		off = after
	}
	return off, true
}
