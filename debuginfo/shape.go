package debuginfo

import (
	"fmt"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// A shape is where debug info says that the members of a struct or union are.
// DWARF does not say why: neither packed nor #pragma pack nor unnamed
// bit-fields are in it. solve finds C that explains the shape, by laying out
// candidates with dtype until one has every member where it is.
type shape struct {
	abi     *dtype.ABI
	union   bool
	size    uint64 // in bytes
	align   uint64 // from aligned(n), 0 if not given
	members []member
	budget  int // members that may still be laid out, in all trials
}

// candidates are the attributes of a whole struct to try, the plainest first.
var candidates = []dtype.Attr{{}, {Packed: true}, {Pack: 1}, {Pack: 2}, {Pack: 4}, {Pack: 8}}

// dialects are tried when no candidate fits: what they explain of bit-fields,
// unnamed ones mostly explain too.
var dialects = []dtype.Attr{{Dialect: dtype.SysVDialect}, {Dialect: dtype.MSDialect}}

// maxRepairs bounds the changes to the members of one struct.
const maxRepairs = 100

var errNoAttributes = fmt.Errorf("%w: no attributes of C give its layout", dtype.ErrNotSupported)

// solve gives fields and attributes whose layout on the ABI is the shape: the
// first of those with the fewest changes to members, or else a packed struct
// with every gap filled.
func (s *shape) solve() ([]dtype.Field, dtype.Attr, error) {
	var endian dtype.Endian
	if slices.ContainsFunc(s.members, func(m member) bool { return m.big }) {
		endian = dtype.BigEndian
		if slices.ContainsFunc(s.members, func(m member) bool { return m.field.BitField }) {
			return nil, dtype.Attr{}, fmt.Errorf("%w: big-endian bit-fields", dtype.ErrNotSupported)
		}
	}
	for _, attrs := range [][]dtype.Attr{candidates, dialects} {
		s.budget = 1<<12 + 64*len(s.members)
		var best *trial
		fewest := maxRepairs + 1
		for _, attr := range attrs {
			attr.Endian = endian
			t := s.trial(attr)
			if repairs, ok := t.run(fewest - 1); ok {
				best, fewest = t, repairs
			}
			if fewest == 0 {
				break
			}
		}
		if best != nil {
			return best.fields, best.attr, nil
		}
	}
	t, err := s.pack(endian)
	if err != nil {
		return nil, dtype.Attr{}, err
	}
	return t.fields, t.attr, nil
}

// A trial is one candidate: the fields with what has been added to them. What
// is anonymous gets no attributes: there C takes them for the type's.
type trial struct {
	*shape
	attr   dtype.Attr
	fields []dtype.Field
	at     []int // the field of each member; unnamed ones come between
}

func (s *shape) trial(attr dtype.Attr) *trial {
	t := &trial{shape: s, attr: attr}
	for i, m := range s.members {
		f := m.field
		if align, err := s.abi.Align(f.Type); f.Name != "" && err == nil && align != m.align {
			f.Align = m.align // else the type says so itself
		}
		if a, ok := dtype.Resolve(f.Type).(*dtype.Array); ok && a.Flexible() && (s.union || i != len(s.members)-1) {
			// GNU C has them anywhere, where they take no space.
			if zero, err := dtype.ArrayOf(a.Elem(), 0); err == nil {
				f.Type = zero
			}
		}
		t.fields = append(t.fields, f)
		t.at = append(t.at, i)
	}
	return t
}

// run lays the candidate out and repairs the first member that is out of
// place, until all are in place. It gives the number of repairs, of which it
// makes at most limit.
func (t *trial) run(limit int) (repairs int, ok bool) {
	for {
		l, err := t.layout()
		if err != nil {
			return repairs, false
		}
		i := t.firstWrong(l)
		if i < 0 {
			n, ok := t.fit(l, limit-repairs)
			return repairs + n, ok
		}
		if repairs == limit || !t.repair(i, start(l.Fields[t.at[i]])) {
			return repairs, false
		}
		repairs++
	}
}

func (t *trial) layout() (*dtype.Layout, error) {
	if t.budget -= len(t.fields) + 1; t.budget < 0 {
		return nil, errNoAttributes
	}
	if t.union {
		u, err := dtype.NewUnionAttr("", t.attr, t.fields...)
		if err != nil {
			return nil, err
		}
		return t.abi.Layout(u)
	}
	s, err := dtype.NewStructAttr("", t.attr, t.fields...)
	if err != nil {
		return nil, err
	}
	return t.abi.Layout(s)
}

// start is the first bit of a member.
func start(f dtype.FieldLayout) uint64 {
	if f.BitField {
		return f.BitStart
	}
	return 8 * f.Offset
}

// firstWrong is the first member that the layout has elsewhere, or -1.
func (t *trial) firstWrong(l *dtype.Layout) int {
	for i, m := range t.members {
		if start(l.Fields[t.at[i]]) != m.start {
			return i
		}
	}
	return -1
}

// fit makes size and alignment of a layout right whose members are in place:
// by aligned(n) on the whole, or else by up to limit unnamed bit-fields at the
// end, whose number it gives.
func (t *trial) fit(l *dtype.Layout, limit int) (repairs int, ok bool) {
	if l.Align < t.align {
		t.attr.Align = t.align
	}
	attr := t.attr
	for ; t.attr.Align <= t.size; t.attr.Align = 2 * max(l.Align, t.attr.Align) {
		var err error
		if l, err = t.layout(); err != nil || l.Size > t.size {
			break
		}
		if l.Size == t.size {
			return 0, t.firstWrong(l) < 0
		}
	}
	t.attr = attr
	for ; ; repairs++ {
		l, err := t.layout()
		if err != nil || l.Size > t.size {
			return repairs, false
		}
		if l.Size == t.size {
			return repairs, t.firstWrong(l) < 0
		}
		if repairs >= limit {
			return repairs, false
		}
		t.fields = append(t.fields, t.padding(8*t.size, 8*(t.size-l.Size)))
	}
}

// padding is an unnamed bit-field of at most 64 bits that brings a union to
// size, or fills part of a gap in a struct.
func (s *shape) padding(size, gap uint64) dtype.Field {
	switch {
	case !s.union:
		return dtype.Field{Type: dtype.CUInt, BitField: true, Bits: uint8(min(32, gap))}
	case size <= 32:
		return dtype.Field{Type: dtype.CUInt, BitField: true, Bits: uint8(size)}
	}
	return dtype.Field{Type: dtype.CULongLong, BitField: true, Bits: uint8(min(64, size))}
}

// bitsOf is the greatest width of a bit-field of a type.
func (t *trial) bitsOf(typ dtype.Type) uint64 {
	if _, ok := dtype.Resolve(typ).(*dtype.Bool); ok {
		return 1
	}
	size, err := t.abi.Size(typ)
	if err != nil {
		return 0
	}
	return 8 * size
}
