package debuginfo

// A span is the code from low up to high, which is not part of it.
type span struct{ low, high uint64 }

// spans gives the code that belongs to e, its entry point first. What the
// linker removed has none: its addresses are 0, or the greatest ones.
func (e *entry) spans() []span {
	var all []span
	if e.has(hasRanges) {
		all = e.unit.rangeList(e.rangesKind, e.rangesAt)
	} else if e.has(hasLowPC) {
		all = []span{{e.lowPC, max(e.highPC, e.lowPC+1)}}
	}
	live := all[:0]
	for _, s := range all {
		if s.low < s.high && !e.unit.removed(s.low) {
			live = append(live, s)
		}
	}
	return live
}

// removed reports whether an address stands for code that was removed. GNU ld
// writes 0 there (1 in range lists), LLVM's linkers -1 or -2.
func (u *unit) removed(addr uint64) bool {
	last := uint64(1)<<(8*u.sizes.address-1)<<1 - 1
	return addr <= 1 || addr >= last-1
}

// maxSpans bounds the length of one range list: many entries may refer to it.
const maxSpans = 1 << 10

// rangeList reads .debug_ranges (DWARF 4) or .debug_rnglists (DWARF 5).
func (u *unit) rangeList(kind valueKind, at uint64) []span {
	if u.version < 5 {
		return u.ranges4(at)
	}
	if kind == valueIndex {
		c := cursor{}
		at = u.rnglistsBase + c.indexed(u.data.rnglists, u.rnglistsBase, at, u.sizes.offset)
		if c.bad {
			return nil
		}
	}
	return u.ranges5(at)
}

func (u *unit) ranges4(at uint64) (list []span) {
	size := uint64(u.sizes.address)
	last := uint64(1)<<(8*size-1)<<1 - 1
	base := u.lowPC
	c := cursor{data: u.data.ranges}
	c.take(at)
	for len(list) < maxSpans {
		low, high := c.uint(size), c.uint(size)
		switch {
		case c.bad, low == 0 && high == 0:
			return list
		case low == last:
			base = high
		default:
			list = append(list, span{base + low, base + high})
		}
	}
	return list
}

// Entries of range lists: DWARF 5 section 7.25.
const (
	rleEndOfList    = 0x00
	rleBaseAddressx = 0x01
	rleStartxEndx   = 0x02
	rleStartxLength = 0x03
	rleOffsetPair   = 0x04
	rleBaseAddress  = 0x05
	rleStartEnd     = 0x06
	rleStartLength  = 0x07
)

func (u *unit) ranges5(at uint64) (list []span) {
	size := uint64(u.sizes.address)
	base := u.lowPC
	c := cursor{data: u.data.rnglists}
	c.take(at)
	for range maxSpans {
		var s span
		switch c.u8() {
		case rleBaseAddressx:
			base = u.addrx(&c, c.uleb()).n
			continue
		case rleStartxEndx:
			s.low = u.addrx(&c, c.uleb()).n
			s.high = u.addrx(&c, c.uleb()).n
		case rleStartxLength:
			s.low = u.addrx(&c, c.uleb()).n
			s.high = s.low + c.uleb()
		case rleOffsetPair:
			s.low = base + c.uleb()
			s.high = base + c.uleb()
		case rleBaseAddress:
			base = c.uint(size)
			continue
		case rleStartEnd:
			s.low, s.high = c.uint(size), c.uint(size)
		case rleStartLength:
			s.low = c.uint(size)
			s.high = s.low + c.uleb()
		case rleEndOfList:
			return list
		default: // of unknown size
			return list
		}
		if c.bad {
			return list
		}
		list = append(list, s)
	}
	return list
}
