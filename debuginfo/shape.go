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
var candidates = []dtype.Attr{{}, {Packed: true}, {Pack: 2}, {Pack: 4}, {Pack: 8}}

// dialects are tried last: bit-fields that they explain may also be explained
// by unnamed ones.
var dialects = []dtype.Attr{
	{Dialect: dtype.SysVDialect},
	{Dialect: dtype.MSDialect},
	{Dialect: dtype.SysVDialect, Packed: true},
	{Dialect: dtype.MSDialect, Packed: true},
}

// maxRepairs bounds the changes to the members of one struct.
const maxRepairs = 100

// solve gives fields and attributes whose layout on the ABI is the shape: the
// first of those with the fewest changes to members.
func (s *shape) solve() ([]dtype.Field, dtype.Attr, error) {
	s.budget = 1<<13 + 64*len(s.members)
	endian := dtype.NativeEndian
	if slices.ContainsFunc(s.members, func(m member) bool { return m.big }) {
		endian = dtype.BigEndian
		if slices.ContainsFunc(s.members, func(m member) bool { return m.field.BitField }) {
			return nil, dtype.Attr{}, fmt.Errorf("%w: big-endian bit-fields", dtype.ErrNotSupported)
		}
	}
	for _, attrs := range [][]dtype.Attr{candidates, dialects} {
		var best *trial
		fewest := maxRepairs + 1
		for _, attr := range attrs {
			attr.Endian = endian
			t := s.trial(attr)
			repairs, ok := t.run(fewest - 1)
			if t.err != nil {
				return nil, dtype.Attr{}, t.err
			}
			if ok {
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
	return nil, dtype.Attr{}, fmt.Errorf("%w: no attributes of C give its layout on %v", dtype.ErrNotSupported, s.abi)
}

// A trial is one candidate: the fields with what has been added to them.
type trial struct {
	*shape
	attr   dtype.Attr
	fields []dtype.Field
	at     []int // the field of each member; unnamed ones come between
	err    error // why no trial can succeed
}

func (s *shape) trial(attr dtype.Attr) *trial {
	t := &trial{shape: s, attr: attr}
	for i, m := range s.members {
		f := m.field
		f.Align = m.align
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
			t.err = err
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
		return nil, fmt.Errorf("%w: no attributes of C were found for its layout on %v", dtype.ErrNotSupported, t.abi)
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
	for ; !t.union; repairs++ {
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
		t.fields = append(t.fields, padding(min(32, 8*(t.size-l.Size))))
	}
	return repairs, false
}

// padding is an unnamed bit-field of a multiple of 8 bits.
func padding(width uint64) dtype.Field {
	return dtype.Field{Type: dtype.CInt, BitField: true, Bits: uint8(width)}
}

// repair changes the fields so that member i, which is laid out at bit got,
// comes to where it should be, or nearer.
func (t *trial) repair(i int, got uint64) bool {
	before := t.fields
	for _, change := range t.repairs(i, got) {
		t.fields = slices.Clone(before)
		shift := change(&t.fields, t.at[i])
		t.shift(i, shift)
		l, err := t.layout()
		if err == nil {
			now := start(l.Fields[t.at[i]])
			wrong := t.firstWrong(l)
			if now != got && (wrong < 0 || wrong > i || wrong == i && now > got && now < t.members[i].start) {
				return true
			}
		}
		t.shift(i, -shift)
	}
	t.fields = before
	return false
}

// shift moves the fields of members from i on by n places.
func (t *trial) shift(i, n int) {
	for j := i; j < len(t.at); j++ {
		t.at[j] += n
	}
}

// A change alters the field at an index, or inserts before it; it gives the
// number of fields inserted.
type change func(fields *[]dtype.Field, at int) int

// repairs lists what may explain that member i is not at bit got.
func (t *trial) repairs(i int, got uint64) (list []change) {
	want, isBits := t.members[i].start, t.members[i].field.BitField
	align := func(packed bool) {
		for n := uint64(2); !isBits && n <= maxAlign && want%(8*n) == 0; n *= 2 {
			list = append(list, func(f *[]dtype.Field, at int) int {
				(*f)[at].Packed, (*f)[at].Align = packed, n
				return 0
			})
		}
	}
	unnamed := func(typ dtype.Type, width uint64) {
		if width <= t.bitsOf(typ) {
			list = append(list, func(f *[]dtype.Field, at int) int {
				*f = slices.Insert(*f, at, dtype.Field{Type: typ, BitField: true, Bits: uint8(width)})
				return 1
			})
		}
	}
	if want < got {
		list = append(list, func(f *[]dtype.Field, at int) int { (*f)[at].Packed = true; return 0 })
		align(true)
		return list
	}
	gap := want - got
	switch typ := t.members[i].field.Type; {
	case isBits:
		unnamed(typ, 0)
		unnamed(typ, gap)
		unnamed(typ, t.bitsOf(typ))
	case i > 0 && t.members[i-1].field.BitField:
		unnamed(t.members[i-1].field.Type, 0)
	}
	align(false)
	unnamed(dtype.CInt, min(32, gap))
	return list
}

// maxAlign is the greatest alignment that is looked for: that of a page on any
// platform.
const maxAlign = 1 << 16

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
