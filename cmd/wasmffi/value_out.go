package main

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// show appends the C object of type t in data as JSON. Pointers to scratch
// memory are shown as what they point to, those to characters as strings where
// there is one, others as addresses. flexible is the length of the flexible
// array that the object ends in.
func (s *scratch) show(b []byte, t dtype.Type, data []byte, bigEnd bool, flexible uint64) ([]byte, error) {
	switch r := dtype.Resolve(t).(type) {
	case *dtype.Bool, *dtype.Int, *dtype.Enum:
		lo, hi := loadInt(data, bigEnd)
		return s.showInt(b, t, lo, hi, 8*uint(len(data))), nil
	case *dtype.Float:
		return s.showFloat(b, data, bigEnd)
	case *dtype.Complex:
		half := len(data) / 2
		b, err := s.showFloat(append(b, '['), data[:half], bigEnd)
		if err != nil {
			return nil, err
		}
		b, err = s.showFloat(append(b, ','), data[half:], bigEnd)
		return append(b, ']'), err
	case *dtype.Pointer:
		addr, _ := loadInt(data, false)
		return s.showPointer(b, r, addr)
	case *dtype.Array:
		n := r.Len()
		if r.Flexible() {
			n = flexible
		}
		if dtype.Resolve(r.Elem()) == dtype.CChar {
			// Whole but for the NULs at its end, so that it reads back the same.
			return appendString(b, string(bytes.TrimRight(data[:n], "\x00"))), nil
		}
		return s.showElems(b, r.Elem(), data, n, bigEnd)
	case *dtype.Vector:
		return s.showElems(b, r.Elem(), data, r.Lanes(), bigEnd)
	case *dtype.Struct, *dtype.Union:
		return s.showRecord(b, t, data, flexible)
	}
	return nil, fmt.Errorf("%w: a value of type %v", memory.ErrNotSupported, t)
}

// showInt appends an integer of so many bits.
func (s *scratch) showInt(b []byte, t dtype.Type, lo, hi uint64, bits uint) []byte {
	signed := false
	switch r := dtype.Resolve(t).(type) {
	case *dtype.Bool:
		return strconv.AppendBool(b, lo != 0)
	case *dtype.Int:
		signed = s.abi().Signed(r)
	case *dtype.Enum:
		signed = s.abi().Signed(s.abi().EnumBase(r))
	}
	n := fromBits(lo, hi, bits, signed)
	if r := dtype.Resolve(t); r == dtype.CInt128 || r == dtype.CUInt128 {
		return append(n.Append(append(b, '"'), 10), '"')
	}
	return n.Append(b, 10)
}

func (s *scratch) showFloat(b, data []byte, bigEnd bool) ([]byte, error) {
	lo, _ := loadInt(data, bigEnd)
	switch len(data) {
	case 4:
		return appendFloat(b, float64(math.Float32frombits(uint32(lo))), 32), nil
	case 8:
		return appendFloat(b, math.Float64frombits(lo), 64), nil
	}
	if bigEnd {
		data = slices.Clone(data)
		slices.Reverse(data)
	}
	x, err := memory.DecodeAny(dtype.CLongDouble, data, s.space, nil)
	if err != nil {
		return nil, err
	}
	if x, ok := x.(*big.Float); ok {
		return appendBigFloat(b, x), nil
	}
	return appendFloat(b, math.NaN(), 64), nil
}

func (s *scratch) showElems(b []byte, elem dtype.Type, data []byte, n uint64, bigEnd bool) ([]byte, error) {
	size, err := s.abi().Size(elem)
	if err != nil {
		return nil, err
	}
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = s.show(b, elem, data[i*size:(i+1)*size], bigEnd, 0); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func (s *scratch) showRecord(b []byte, t dtype.Type, data []byte, flexible uint64) ([]byte, error) {
	members, err := membersOf(s.abi(), t)
	if err != nil {
		return nil, err
	}
	b = append(b, '{')
	for i, m := range members {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, m.Name), ':')
		if m.BitField {
			lo, hi := loadBits(data, m.BitStart, uint64(m.Bits), m.big)
			b = s.showInt(b, m.Type, lo, hi, uint(m.Bits))
			continue
		}
		end := m.Offset + m.Size
		if m.flexible() {
			end = uint64(len(data))
		}
		if b, err = s.show(b, m.Type, data[m.Offset:end], m.big, flexible); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// showPointer appends what a pointer points to, or its address.
func (s *scratch) showPointer(b []byte, t *dtype.Pointer, addr uint64) ([]byte, error) {
	if addr == 0 {
		return append(b, "null"...), nil
	}
	if o, ok := s.placed[addr]; ok {
		return s.showObject(b, o)
	}
	if isTextPointer(t) {
		size, err := s.abi().Size(t.Elem())
		if err != nil {
			return nil, err
		}
		if text, ok := s.textAt(addr, int(size)); ok {
			return appendString(b, text), nil
		}
	}
	return strconv.AppendUint(b, addr, 10), nil
}

// showObject appends the present value of an object in scratch memory.
func (s *scratch) showObject(b []byte, o *object) ([]byte, error) {
	data := make([]byte, o.size)
	if len(data) > 0 {
		if err := s.space.ReadAt(data, o.addr); err != nil {
			return nil, err
		}
	}
	switch {
	case !o.many:
		return s.show(b, o.typ, data, false, o.flexible)
	case o.text:
		size, err := s.abi().Size(o.typ)
		if err != nil {
			return nil, err
		}
		n := indexNUL(data, int(size))
		return appendString(b, textOf(data[:n], int(size))), nil
	case dtype.Resolve(o.typ) == dtype.CChar:
		return appendString(b, string(bytes.TrimRight(data, "\x00"))), nil
	}
	return s.showElems(b, o.typ, data, o.n, false)
}
