package memory

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// A member is a named member of a struct or union, where it is in memory.
// Members of anonymous members count as the outer record's own.
type member struct {
	name   string
	typ    dtype.Type
	offset uint64
	size   uint64   // 0 for a flexible array: as much as there is
	bits   bitRange // n is 0 unless it is a bit-field; counted from the record's start
	big    bool     // scalars in it are big-endian
	index  int      // in the record's own fields
}

// members are the named members of a record in order of declaration.
type members struct {
	list   []member
	byName map[string]int
}

type membersKey struct {
	abi *dtype.ABI
	t   dtype.Type
}

var membersCache cache[membersKey, *members]

// membersOf looks up or computes the members of a struct or union type; nil if
// t is neither.
func membersOf(abi *dtype.ABI, t dtype.Type) (*members, error) {
	t = dtype.Resolve(t)
	if !isRecord(t) {
		return nil, nil
	}
	return membersCache.get(membersKey{abi, t}, computeMembers)
}

func isRecord(t dtype.Type) bool {
	switch dtype.Resolve(t).(type) {
	case *dtype.Struct, *dtype.Union:
		return true
	}
	return false
}

// isBigEndian reports whether a record's own scalars are big-endian. Every ABI
// is little-endian.
func isBigEndian(t dtype.Type) bool {
	switch t := t.(type) {
	case *dtype.Struct:
		return t.Attr().Endian == dtype.BigEndian
	case *dtype.Union:
		return t.Attr().Endian == dtype.BigEndian
	}
	return false
}

func computeMembers(key membersKey) (*members, error) {
	l, err := key.abi.Layout(key.t)
	if err != nil {
		return nil, err
	}
	ms := &members{byName: map[string]int{}}
	for i, f := range l.Fields {
		switch {
		case f.Name != "":
			m := memberAt(f, isBigEndian(key.t))
			m.index = i
			ms.byName[f.Name] = len(ms.list)
			ms.list = append(ms.list, m)
		case isRecord(f.Type):
			inner, err := membersOf(key.abi, f.Type)
			if err != nil {
				return nil, err
			}
			for _, m := range inner.list {
				m.offset += f.Offset
				m.bits.first += 8 * f.Offset
				m.index = i
				ms.byName[m.name] = len(ms.list)
				ms.list = append(ms.list, m)
			}
		}
	}
	return ms, nil
}

// memberAt is a field of a laid-out record. The byte order of a record holds
// for its scalars and arrays of them, not for records in it, which have their
// own (GCC manual, scalar_storage_order).
func memberAt(f dtype.FieldLayout, big bool) member {
	m := member{name: f.Name, typ: f.Type, offset: f.Offset, size: f.Size, big: big && hasByteOrder(f.Type)}
	if f.BitField {
		m.bits = bitRange{f.BitStart, f.Bits}
	}
	return m
}

// hasByteOrder reports whether a type is a scalar or an array of them.
func hasByteOrder(t dtype.Type) bool {
	for {
		a, ok := dtype.Resolve(t).(*dtype.Array)
		if !ok {
			return !isRecord(t)
		}
		t = a.Elem()
	}
}

// find is the member of this name.
func (ms *members) find(t dtype.Type, name string) (*member, error) {
	if ms == nil {
		return nil, fmt.Errorf("%w: %v has no members", ErrType, t)
	}
	i, ok := ms.byName[name]
	if !ok {
		return nil, fmt.Errorf("%w: no member %q in %v", dtype.ErrNoMember, name, t)
	}
	return &ms.list[i], nil
}
