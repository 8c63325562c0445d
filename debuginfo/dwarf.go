package debuginfo

import (
	"errors"
	"fmt"
	"slices"
	"sort"
)

// dwarfData is the sections of a file's debug info and the units found there.
type dwarfData struct {
	// info is .debug_info, followed by .debug_types of DWARF 4 if there is
	// one: references into either need no telling apart.
	info     []byte
	infoSize int // size of .debug_info alone

	abbrev     []byte
	str        string // a string, so that names are parts of it
	lineStr    string
	strOffsets []byte
	addr       []byte
	ranges     []byte
	rnglists   []byte

	// Where the sections of a supplementary file begin, which follow those of
	// the file itself; 0 if there is none.
	supInfo                       int
	supAbbrev, supStr, supLineStr uint64

	units   []*unit // by offset
	sigs    map[uint64]int
	damaged error // the first reason why a unit was not read

	abbrevs map[abbrevKey]*abbrevTable
	// abbrevBudget bounds the bytes of .debug_abbrev parsed in all: tables
	// do not overlap, but a hostile file may start one at every byte.
	abbrevBudget int
}

type abbrevKey struct {
	off   uint64
	sizes formSizes
}

// readDWARF loads the sections of c, and those of its supplement if that is
// not nil, and walks the unit headers.
func readDWARF(c, sup container) (*dwarfData, error) {
	d := &dwarfData{sigs: map[uint64]int{}, abbrevs: map[abbrevKey]*abbrevTable{}}
	var str, lineStr, types []byte
	for _, s := range []struct {
		name string
		to   *[]byte
	}{
		{"info", &d.info}, {"types", &types}, {"abbrev", &d.abbrev},
		{"str", &str}, {"line_str", &lineStr}, {"str_offsets", &d.strOffsets},
		{"addr", &d.addr}, {"ranges", &d.ranges}, {"rnglists", &d.rnglists},
	} {
		var err error
		if *s.to, err = c.section(s.name); err != nil {
			return nil, err
		}
	}
	d.str, d.lineStr = string(str), string(lineStr)
	d.infoSize = len(d.info)
	if len(types) > 0 {
		d.info = append(d.info[:d.infoSize:d.infoSize], types...)
	}
	main := len(d.info)
	if sup != nil {
		if err := d.append(sup); err != nil {
			return nil, err
		}
	}
	d.abbrevBudget = 2*len(d.abbrev) + 1<<10
	d.readUnits(0, d.infoSize, unitCompile)
	d.readUnits(d.infoSize, main, unitType)
	d.readUnits(main, len(d.info), unitPartial)
	if len(d.units) == 0 {
		if d.damaged == nil {
			d.damage(0, errors.New("no unit"))
		}
		return nil, d.damaged
	}
	return d, nil
}

// append adds the sections of a supplementary file.
func (d *dwarfData) append(sup container) error {
	d.supInfo, d.supAbbrev = len(d.info), uint64(len(d.abbrev))
	d.supStr, d.supLineStr = uint64(len(d.str)), uint64(len(d.lineStr))
	for _, s := range []struct {
		name string
		add  func([]byte)
	}{
		{"info", func(b []byte) { d.info = slices.Concat(d.info, b) }},
		{"abbrev", func(b []byte) { d.abbrev = slices.Concat(d.abbrev, b) }},
		{"str", func(b []byte) { d.str += string(b) }},
		{"line_str", func(b []byte) { d.lineStr += string(b) }},
	} {
		b, err := sup.section(s.name)
		if err != nil {
			return err
		}
		s.add(b)
	}
	return nil
}

// damage keeps the first reason why something at off could not be read.
func (d *dwarfData) damage(off int, err error) {
	switch {
	case d.damaged != nil:
	case notSupported(err):
		d.damaged = err
	default:
		d.damaged = fmt.Errorf("%w: .debug_info+0x%x: %w", ErrMalformed, off, err)
	}
}

// unitAt is the unit holding the entry at off, or nil.
func (d *dwarfData) unitAt(off int) *unit {
	i := sort.Search(len(d.units), func(i int) bool { return d.units[i].end > off })
	if i < len(d.units) && off >= d.units[i].first {
		return d.units[i]
	}
	return nil
}

// table is the abbreviation table at off.
func (d *dwarfData) table(off uint64, sizes formSizes) (*abbrevTable, error) {
	key := abbrevKey{off, sizes}
	if t := d.abbrevs[key]; t != nil {
		return t, nil
	}
	if off >= uint64(len(d.abbrev)) {
		return nil, fmt.Errorf("abbreviations at 0x%x exceed the section's %d bytes", off, len(d.abbrev))
	}
	c := cursor{data: d.abbrev, pos: int(off)}
	t := parseAbbrevs(&c, sizes)
	if d.abbrevBudget -= c.pos - int(off); d.abbrevBudget < 0 {
		c.bad = true
	}
	if c.bad {
		return nil, fmt.Errorf("abbreviations at 0x%x are damaged", off)
	}
	d.abbrevs[key] = t
	return t, nil
}
