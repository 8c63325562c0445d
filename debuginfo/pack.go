package debuginfo

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// pack makes the shape as a packed struct with unnamed bit-fields in every gap,
// which C has for any shape whose members follow one another. It says less
// about how the struct was written than a candidate that fits.
func (s *shape) pack(endian dtype.Endian) (*trial, error) {
	const maxPadding = 64 // fields: larger gaps come from alignment
	if s.union {
		return nil, errNoAttributes
	}
	t := &trial{shape: s, attr: dtype.Attr{Packed: true, Endian: endian, Dialect: s.packDialect()}}
	end, padding, natural := uint64(0), 0, uint64(1)
	fill := func(to uint64) bool {
		for end < to && padding < maxPadding {
			f := s.padding(8*s.size, to-end)
			t.fields = append(t.fields, f)
			end += uint64(f.Bits)
			padding++
		}
		return end == to
	}
	for _, m := range s.members {
		f := m.field
		bits := uint64(f.Bits)
		if !f.BitField {
			size, err := s.abi.Size(f.Type)
			if err != nil {
				return nil, err
			}
			align, err := s.abi.Align(f.Type)
			if err != nil {
				return nil, err
			}
			bits = 8 * size
			if m.start%(8*align) == 0 {
				natural = max(natural, align)
			}
		}
		if !fill(m.start) {
			return nil, fmt.Errorf("%w: member %s at bit %d", errNoAttributes, f.Name, m.start)
		}
		t.at = append(t.at, len(t.fields))
		t.fields = append(t.fields, f)
		end += bits
	}
	if !fill(8 * s.size) {
		return nil, errNoAttributes
	}
	// Packing took the alignment that members in their natural places give.
	if natural = max(natural, s.align); s.size%natural == 0 {
		t.attr.Align = natural
	}
	s.budget = 2 * len(t.fields)
	l, err := t.layout()
	if err != nil {
		return nil, err
	}
	if l.Size != s.size || t.firstWrong(l) >= 0 {
		return nil, errNoAttributes
	}
	return t, nil
}

// packDialect is the dialect whose packed bit-fields follow one another bit by
// bit.
func (s *shape) packDialect() dtype.Dialect {
	if s.abi == dtype.MinGWAMD64 || s.abi == dtype.WindowsAMD64 || s.abi == dtype.WindowsARM64 {
		return dtype.SysVDialect
	}
	return dtype.NativeDialect
}
