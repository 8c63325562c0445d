package dtype

// An msStructPlacer follows ms_struct, gcc's and clang's imitation of
// Microsoft's rules, which mingw uses: a bit-field allocates a whole unit of
// its declared type, and following ones of a type of the same size share it.
// It differs from Microsoft's own compiler where attributes are concerned.
type msStructPlacer struct {
	attr  Attr
	union bool

	end   uint64 // first bit after what has been placed, with its whole unit
	size  uint64 // greatest end so far: a width of 0 may end a unit early
	align uint64 // bytes
	unit  uint64 // bits of the unit that the last bit-field is in; 0 if none
	free  uint64 // bits free at the end of that unit
}

func (p *msStructPlacer) place(m member) uint64 {
	if m.BitField {
		return p.placeBits(m)
	}
	p.unit, p.free = 0, 0
	// Fundamental types align to their size, whatever the ABI says of long
	// double, but not in a flexible array.
	if !isFlexible(m.Type) {
		m.align = max(m.align, m.scalar)
	}
	align := memberAlign(m, p.attr)
	at := uint64(0)
	if !p.union {
		at = alignUp(p.end, 8*align)
	}
	p.end = at + 8*m.size
	p.size = max(p.size, p.end)
	p.align = max(p.align, align)
	return at
}

func (p *msStructPlacer) placeBits(m member) uint64 {
	width, unit := uint64(m.Bits), 8*m.size
	if p.union {
		return p.placeInUnion(width, unit)
	}
	align := unit
	if p.unit != unit || p.free < width {
		if p.unit == 0 && width == 0 {
			align = 8 // ignored after what is no bit-field
		}
		p.unit, p.free = 0, 0
	}
	align = max(align, 8*m.Align)
	if width != 0 {
		align = 8 * capAlign(align/8, p.attr)
	}
	at := p.end - p.free
	switch {
	case width == 0:
		at = alignUp(at, align)
		p.end, p.unit, p.free = at, 0, 0
	case p.free == 0: // a new unit
		at = alignUp(at, align)
		p.end, p.unit, p.free = at+unit, unit, unit-width
	default:
		p.free -= width
	}
	p.size = max(p.size, p.end)
	p.align = max(p.align, align/8)
	return at
}

// placeInUnion takes a whole unit, and a byte for a width of 0. Alignments
// count for nothing.
func (p *msStructPlacer) placeInUnion(width, unit uint64) uint64 {
	if width == 0 {
		unit = 8
	}
	p.size = max(p.size, unit)
	return 0
}

func (p *msStructPlacer) finish() (size, align, kept uint64) {
	align = max(p.align, p.attr.Align)
	return alignUp(p.size, 8*align) / 8, align, 0
}
