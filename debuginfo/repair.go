package debuginfo

import (
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

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
	m := t.members[i]
	want, isBits := m.start, m.field.BitField
	align := func(packed bool) {
		for n := uint64(2); !isBits && m.field.Name != "" && n <= maxAlign && want%(8*n) == 0; n *= 2 {
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
		if m.field.Name != "" {
			list = append(list, func(f *[]dtype.Field, at int) int { (*f)[at].Packed = true; return 0 })
		}
		list = append(list, func(f *[]dtype.Field, at int) int { (*f)[at].Align = 0; return 0 })
		align(true)
		return list
	}
	gap := want - got
	switch typ := m.field.Type; {
	case isBits:
		unnamed(typ, 0)
		unnamed(typ, gap)
		unnamed(typ, t.bitsOf(typ))
	case i > 0 && t.members[i-1].field.BitField:
		unnamed(t.members[i-1].field.Type, 0)
	}
	align(false)
	unnamed(dtype.CUInt, min(32, gap))
	return list
}

// maxAlign is the greatest alignment that is looked for: that of a page on any
// platform.
const maxAlign = 1 << 16
