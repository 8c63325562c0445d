package dtype

// A sysvPlacer follows the System V ABI (AMD64 supplement, 3.1.2 "Bit-Fields";
// AAPCS64, "Bit-fields"; BasicCABI.md for wasm32): a bit-field takes the next bit,
// unless it would then cross a boundary of its declared type; it shares bytes
// with whatever comes before and after.
type sysvPlacer struct {
	attr  Attr
	union bool
	// anonAlign: unnamed bit-fields align their struct as named ones do, an
	// AAPCS64 rule.
	anonAlign bool

	end   uint64 // first bit after what has been placed
	align uint64 // bytes
}

func (p *sysvPlacer) place(m member) uint64 {
	if m.BitField {
		return p.placeBits(m)
	}
	align := memberAlign(m, p.attr)
	at := p.next(alignUp(p.end, 8*align))
	p.end = max(p.end, at+8*m.size)
	p.align = max(p.align, align)
	return at
}

// next is where a struct's next member goes; a union's members are all at 0.
func (p *sysvPlacer) next(at uint64) uint64 {
	if p.union {
		return 0
	}
	return at
}

func (p *sysvPlacer) placeBits(m member) uint64 {
	width := uint64(m.Bits)
	align := m.align
	if (p.attr.Packed || m.Packed) && width != 0 {
		align = 1 // bit
	} else {
		align *= 8
	}
	align = max(align, 8*m.Align)
	if p.attr.Pack != 0 && width != 0 {
		if p.attr.Packed || m.Packed {
			align = 8 * min(max(m.align, m.Align), p.attr.Pack)
		} else {
			align = min(align, 8*p.attr.Pack)
		}
	}
	at := p.next(p.end)
	switch {
	case width == 0, p.attr.Pack == 0 && at%align+width > 8*m.size:
		at = alignUp(at, align)
	case m.Align != 0 && (p.attr.Pack == 0 || m.Align <= p.attr.Pack):
		at = alignUp(at, 8*m.Align)
	}
	p.end = max(p.end, at+width)
	if m.Name != "" || p.anonAlign {
		p.align = max(p.align, align/8)
	}
	return at
}

func (p *sysvPlacer) finish() (size, align, kept uint64) {
	align = max(p.align, p.attr.Align)
	return alignUp(p.end, 8*align) / 8, align, 0
}
