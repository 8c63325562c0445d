package main

import (
	"github.com/wasmffi/wasmffi/dtype"
)

// A member is a named member of a struct or union as its values have it: the
// members of anonymous members are the outer record's own.
type member struct {
	dtype.FieldLayout      // Offset and BitStart are the outer record's
	big               bool // the member's scalars are big-endian
	// choices are the unions, this record or anonymous ones in it, that the
	// member is in, and which of their members it is or is in: no two members
	// that differ there can be given together.
	choices []choice
}

type choice struct{ union, branch int }

// membersOf are the named members of a struct or union type in order of
// declaration.
func membersOf(abi *dtype.ABI, t dtype.Type) ([]member, error) {
	f := flattener{abi: abi}
	err := f.record(t, 0, nil)
	return f.members, err
}

type flattener struct {
	abi     *dtype.ABI
	members []member
	unions  int // seen so far
}

func (f *flattener) record(t dtype.Type, offset uint64, choices []choice) error {
	l, err := f.abi.Layout(t)
	if err != nil {
		return err
	}
	union := -1
	if _, ok := dtype.Resolve(t).(*dtype.Union); ok {
		union = f.unions
		f.unions++
	}
	big := bigEndian(t)
	for i, at := range l.Fields {
		in := choices[:len(choices):len(choices)]
		if union >= 0 {
			in = append(in, choice{union, i})
		}
		at.Offset += offset
		at.BitStart += 8 * offset
		switch {
		case at.Name != "":
			f.members = append(f.members, member{at, big, in})
		case !at.BitField:
			if err := f.record(at.Type, at.Offset, in); err != nil {
				return err
			}
		}
	}
	return nil
}

// bigEndian reports whether a record states that its scalars are big-endian;
// every ABI is little-endian.
func bigEndian(t dtype.Type) bool {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Struct:
		return t.Attr().Endian == dtype.BigEndian
	case *dtype.Union:
		return t.Attr().Endian == dtype.BigEndian
	}
	return false
}

// first reports whether the member is one that a C initialiser without names
// reaches: of a union, only the first member can be.
func (m *member) first() bool {
	for _, c := range m.choices {
		if c.branch != 0 {
			return false
		}
	}
	return true
}

// excludes reports whether m and o are in different members of one union.
func (m *member) excludes(o *member) bool {
	for _, a := range m.choices {
		for _, b := range o.choices {
			if a.union == b.union && a.branch != b.branch {
				return true
			}
		}
	}
	return false
}

// flexible reports whether the member is a flexible array.
func (m *member) flexible() bool {
	a, ok := dtype.Resolve(m.Type).(*dtype.Array)
	return ok && a.Flexible()
}

// bitIndex is where bit i of a bit-field that starts at bit start is, counted
// from its least significant bit: which byte, and which bit of it. In a
// big-endian record bits are counted from the most significant one.
func bitIndex(start, width, i uint64, big bool) (at uint64, bit uint) {
	if big {
		at = start + width - 1 - i
		return at / 8, uint(7 - at%8)
	}
	at = start + i
	return at / 8, uint(at % 8)
}

// loadBits reads a bit-field of up to 128 bits.
func loadBits(data []byte, start, width uint64, big bool) (lo, hi uint64) {
	var words [2]uint64
	for i := range width {
		at, bit := bitIndex(start, width, i, big)
		words[i/64] |= uint64(data[at]>>bit&1) << (i % 64)
	}
	return words[0], words[1]
}

// storeBits writes a bit-field of up to 128 bits.
func storeBits(data []byte, start, width, lo, hi uint64, big bool) {
	words := [2]uint64{lo, hi}
	for i := range width {
		at, bit := bitIndex(start, width, i, big)
		data[at] = data[at]&^(1<<bit) | byte(words[i/64]>>(i%64)&1)<<bit
	}
}

// loadInt reads an integer of len(data) bytes, up to 16.
func loadInt(data []byte, big bool) (lo, hi uint64) {
	return loadBits(data, 0, 8*uint64(len(data)), big)
}

// storeInt writes an integer of len(data) bytes, up to 16.
func storeInt(data []byte, lo, hi uint64, big bool) {
	storeBits(data, 0, 8*uint64(len(data)), lo, hi, big)
}
