package main

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// put writes a JSON value as the C object of type t that dst is, whose bytes
// are zero so far. What pointers in it point to is placed in the scratch
// memory. bigEnd says that the record it is in has big-endian scalars.
func (s *scratch) put(dst []byte, t dtype.Type, v value, bigEnd bool) error {
	switch r := dtype.Resolve(t).(type) {
	case *dtype.Bool, *dtype.Int, *dtype.Enum:
		n, err := s.integral(t, v, 8*uint(len(dst)))
		if err != nil {
			return err
		}
		lo, hi := lowBits(n)
		storeInt(dst, lo, hi, bigEnd)
		return nil
	case *dtype.Float:
		return s.putFloat(dst, r, v, bigEnd)
	case *dtype.Complex:
		return s.putComplex(dst, r, v, bigEnd)
	case *dtype.Pointer:
		addr, err := s.pointer(r, v)
		if err == nil {
			storeInt(dst, addr, 0, false)
		}
		return err
	case *dtype.Array:
		return s.putArray(dst, r, v, bigEnd)
	case *dtype.Vector:
		return s.putArray(dst, r.Array(), v, bigEnd)
	case *dtype.Struct, *dtype.Union:
		return s.putRecord(dst, t, v)
	}
	return fmt.Errorf("%w: a value of type %v", memory.ErrNotSupported, t)
}

// integral reads a value for a _Bool, an integer or an enum of so many bits.
func (s *scratch) integral(t dtype.Type, v value, bits uint) (*big.Int, error) {
	signed := false
	switch r := dtype.Resolve(t).(type) {
	case *dtype.Bool:
		switch v.kind {
		case falseValue:
			return new(big.Int), nil
		case trueValue:
			return big.NewInt(1), nil
		}
		bits = 1
	case *dtype.Int:
		signed = s.abi().Signed(r)
		if r == dtype.CInt128 || r == dtype.CUInt128 {
			v = withoutQuotes(v)
		}
	case *dtype.Enum:
		for _, c := range r.Consts() {
			if v.kind == stringValue && v.text == c.Name {
				if c.Unsigned {
					return new(big.Int).SetUint64(uint64(c.Value)), nil
				}
				return big.NewInt(c.Value), nil
			}
		}
		signed = s.abi().Signed(s.abi().EnumBase(r))
	}
	n, err := integer(v)
	if err != nil {
		return nil, fmt.Errorf("%w: %v for %v", memory.ErrType, v, t)
	}
	return n, checkRange(n, bits, signed, t)
}

// withoutQuotes is the number in a string of decimal digits, the form of
// integers that JSON readers would round.
func withoutQuotes(v value) value {
	if v.kind == stringValue && strings.Trim(v.text, "-0123456789") == "" {
		v.kind = numberValue
	}
	return v
}

func (s *scratch) putFloat(dst []byte, t *dtype.Float, v value, bigEnd bool) error {
	switch len(dst) {
	case 4:
		f, err := float(v, 32, t)
		storeInt(dst, uint64(math.Float32bits(float32(f))), 0, bigEnd)
		return err
	case 8:
		f, err := float(v, 64, t)
		storeInt(dst, math.Float64bits(f), 0, bigEnd)
		return err
	}
	x, err := longDouble(v, s.abi().LongDouble())
	if err != nil {
		return err
	}
	in := reflect.ValueOf(math.NaN())
	if x != nil {
		in = reflect.ValueOf(x)
	}
	enc := memory.Encoder{ABI: s.abi()}
	if err := enc.Value(dst, -1, 0, in, dtype.CLongDouble); err != nil {
		return fmt.Errorf("%w: %v does not fit %v", memory.ErrRange, v, t)
	}
	if bigEnd {
		slices.Reverse(dst)
	}
	return nil
}

func (s *scratch) putComplex(dst []byte, t *dtype.Complex, v value, bigEnd bool) error {
	if v.kind != arrayValue || len(v.elems) != 2 {
		return fmt.Errorf("%w: %v for %v, which is [re, im]", memory.ErrType, v, t)
	}
	half := len(dst) / 2
	if err := s.putFloat(dst[:half], t.Part(), v.elems[0], bigEnd); err != nil {
		return err
	}
	return s.putFloat(dst[half:], t.Part(), v.elems[1], bigEnd)
}

func (s *scratch) putArray(dst []byte, t *dtype.Array, v value, bigEnd bool) error {
	size, err := s.abi().Size(t.Elem())
	if err != nil {
		return err
	}
	n := t.Len()
	if t.Flexible() && size != 0 {
		n = uint64(len(dst)) / size // what objectSize has made room for
	}
	if v.kind == stringValue {
		units, err := s.stringUnits(t.Elem(), v.text)
		if err != nil {
			return err
		}
		if uint64(len(units)) > size*n {
			return fmt.Errorf("%w: a string of %d for %v", memory.ErrRange, uint64(len(units))/size, t)
		}
		copy(dst, units)
		return nil
	}
	if v.kind != arrayValue {
		return fmt.Errorf("%w: %v for %v", memory.ErrType, v, t)
	}
	if uint64(len(v.elems)) > n {
		return fmt.Errorf("%w: %d elements for %v", memory.ErrRange, len(v.elems), t)
	}
	for i, e := range v.elems {
		at := uint64(i) * size
		if err := s.put(dst[at:at+size], t.Elem(), e, bigEnd); err != nil {
			return within(fmt.Sprintf("[%d]", i), err)
		}
	}
	return nil
}

// flexibleLen is how many elements a flexible array needs for a value.
func flexibleLen(v value) uint64 {
	if v.kind == stringValue {
		return uint64(len(v.text)) + 1
	}
	return uint64(len(v.elems))
}

// stringUnits are the bytes of a string as an array of elem, without a NUL.
func (s *scratch) stringUnits(elem dtype.Type, text string) ([]byte, error) {
	switch r := dtype.Resolve(elem).(type) {
	case *dtype.Int:
		if s.abi().IntSize(r) == 1 {
			return []byte(text), nil
		}
		if r == dtype.WCharT {
			return wideBytes(text, int(s.abi().IntSize(r))), nil
		}
	}
	return nil, fmt.Errorf("%w: a string for an array of %v", memory.ErrType, elem)
}

// putRecord writes an object by member names, or an array by position as in a
// C initialiser.
func (s *scratch) putRecord(dst []byte, t dtype.Type, v value) error {
	members, err := membersOf(s.abi(), t)
	if err != nil {
		return err
	}
	_, isUnion := dtype.Resolve(t).(*dtype.Union)
	switch {
	case v.kind == objectValue && isUnion && len(v.members) == 0 && len(members) > 0:
		return fmt.Errorf("%w: no member given for %v", memory.ErrType, t)
	case v.kind == objectValue:
		return s.putNamed(dst, t, members, v)
	case v.kind == arrayValue && !isUnion:
		return s.putPositional(dst, t, members, v)
	}
	return fmt.Errorf("%w: %v for %v", memory.ErrType, v, t)
}

func (s *scratch) putNamed(dst []byte, t dtype.Type, members []member, v value) error {
	var given []*member
	for i, name := range v.members {
		at := slices.IndexFunc(members, func(m member) bool { return m.Name == name })
		if at < 0 {
			return noMember(t, members, name)
		}
		m := &members[at]
		for _, o := range given {
			if o == m {
				return fmt.Errorf("%w: %v.%s is given twice", memory.ErrType, t, name)
			}
			if m.excludes(o) {
				return fmt.Errorf("%w: %s and %s are members of one union, which holds one of them", memory.ErrType, o.Name, name)
			}
		}
		given = append(given, m)
		if err := s.putMember(dst, m, v.elems[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *scratch) putPositional(dst []byte, t dtype.Type, members []member, v value) error {
	members = slices.DeleteFunc(members, func(m member) bool { return !m.first() })
	if len(v.elems) > len(members) {
		return fmt.Errorf("%w: %d values for the %d members of %v", memory.ErrRange, len(v.elems), len(members), t)
	}
	for i, e := range v.elems {
		if err := s.putMember(dst, &members[i], e); err != nil {
			return err
		}
	}
	return nil
}

func (s *scratch) putMember(dst []byte, m *member, v value) error {
	if m.BitField {
		n, err := s.integral(m.Type, v, uint(m.Bits))
		if err != nil {
			return within("."+m.Name, err)
		}
		lo, hi := lowBits(n)
		storeBits(dst, m.BitStart, uint64(m.Bits), lo, hi, m.big)
		return nil
	}
	end := m.Offset + m.Size
	if m.flexible() {
		end = uint64(len(dst))
	}
	return within("."+m.Name, s.put(dst[m.Offset:end], m.Type, v, m.big))
}

func noMember(t dtype.Type, members []member, name string) error {
	near := wasmffi.NearMatches(name, func(yield func(string) bool) {
		for _, m := range members {
			if !yield(m.Name) {
				return
			}
		}
	})
	if len(near) > 0 {
		return fmt.Errorf("%w: no member %q in %v; did you mean %s?", dtype.ErrNoMember, name, t, strings.Join(near, ", "))
	}
	return fmt.Errorf("%w: no member %q in %v", dtype.ErrNoMember, name, t)
}

// objectSize is the size of an object of type t with a value: its type's, and
// more if it ends in a flexible array, which then has so many elements.
func (s *scratch) objectSize(t dtype.Type, v value) (size, flexible uint64, err error) {
	size, err = s.abi().Size(t)
	if err != nil || len(dtype.Members(t)) == 0 {
		return size, 0, err
	}
	members, err := membersOf(s.abi(), t)
	if err != nil || len(members) == 0 || !members[len(members)-1].flexible() {
		return size, 0, err
	}
	last := &members[len(members)-1]
	tail, given := v.member(last.Name)
	if v.kind == arrayValue && len(v.elems) == len(members) {
		tail, given = v.elems[len(members)-1], true
	}
	if !given {
		return size, 0, nil
	}
	elem, err := s.abi().Size(dtype.Resolve(last.Type).(*dtype.Array).Elem())
	flexible = flexibleLen(tail)
	return max(size, last.Offset+elem*flexible), flexible, err
}
