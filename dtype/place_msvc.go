package dtype

// An msvcPlacer follows Microsoft's compiler. A bit-field allocates a whole
// unit of its declared type, and following ones of a type of the same size
// share it. An alignment stated by aligned(n), on a member, its type or a type
// inside it, survives packing.
type msvcPlacer struct {
	attr  Attr
	union bool
	pack  uint64 // greatest alignment of members that state none; 0 if any

	end   uint64 // first bit after what has been placed, with its whole unit
	align uint64 // bytes
	kept  uint64 // bytes: the greatest alignment stated
	unit  uint64 // bits of the unit that the last bit-field is in; 0 if none
	free  uint64 // bits free at the end of that unit
}

func newMSVCPlacer(a *ABI, union bool, attr Attr) *msvcPlacer {
	p := &msvcPlacer{attr: attr, union: union, align: 1, kept: 1}
	switch {
	case attr.Packed:
		p.pack = 1
	case attr.Pack <= uint64(a.pointer): // greater ones are ignored
		p.pack = attr.Pack
	}
	return p
}

func (p *msvcPlacer) place(m member) uint64 {
	if m.BitField {
		return p.placeBits(m)
	}
	p.unit = 0
	return p.allocate(m)
}

// allocate places whole bytes.
func (p *msvcPlacer) allocate(m member) uint64 {
	align := p.memberAlign(m)
	if p.union {
		p.end = max(p.end, 8*m.size)
		if !m.BitField {
			p.align = max(p.align, align)
		}
		return 0
	}
	at := alignUp(p.end, 8*align)
	p.end = at + 8*m.size
	p.align = max(p.align, align)
	return at
}

func (p *msvcPlacer) memberAlign(m member) uint64 {
	align, stated := m.natural, max(m.Align, m.stated)
	if m.BitField {
		align = max(align, stated)
	} else {
		stated = max(stated, m.kept)
		p.kept = max(p.kept, stated)
	}
	if p.pack != 0 {
		align = min(align, p.pack)
	}
	if m.Packed {
		align = 1
	}
	return max(align, stated)
}

func (p *msvcPlacer) placeBits(m member) uint64 {
	width, unit := uint64(m.Bits), 8*m.size
	switch {
	case width == 0 && p.unit == 0: // ignored after what is no bit-field
		if p.union {
			return 0
		}
		return p.end
	case width == 0:
		p.unit = 0
		if !p.union {
			m.size = 0
		}
		return p.allocate(m)
	case !p.union && p.unit == unit && width <= p.free:
		p.free -= width
		return p.end - p.free - width
	}
	at := p.allocate(m)
	p.unit, p.free = unit, unit-width
	return at
}

// finish rounds the size up, but in packed structs only to what is stated. An
// empty struct has 4 bytes in C.
func (p *msvcPlacer) finish() (size, align, kept uint64) {
	kept = max(p.kept, p.attr.Align)
	whole := alignUp(p.end, 8*p.align) / 8
	align = max(p.align, kept)
	round := align
	if p.pack != 0 {
		round = min(round, p.pack)
	}
	size = alignUp(whole, max(round, kept))
	switch {
	case size == 0 && kept >= 4:
		size = align
	case size == 0:
		size = 4
	}
	return size, align, kept
}
