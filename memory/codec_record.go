package memory

import (
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

// A memberCodec converts a member of a record, given the whole record.
type memberCodec struct {
	member
	inner codec // of the member by itself; nil for a bit-field
	field scalarCodec
}

func newMemberCodec(abi *dtype.ABI, g reflect.Type, m member) (memberCodec, error) {
	if m.bits.n == 0 {
		inner, err := codecFor(abi, g, m.typ, m.big)
		return memberCodec{member: m, inner: inner}, within(err, m.step())
	}
	gs, ok := goScalar(g)
	if !ok && g.Kind() != reflect.Interface {
		return memberCodec{}, within(mismatch(g, m.typ), m.step())
	}
	return memberCodec{member: m, field: scalarCodec{g: gs, c: m.bitScalar(abi), gType: g, cType: m.typ, width: m.bits.n}}, nil
}

// bitScalar is the scalar that a bit-field holds.
func (m *member) bitScalar(abi *dtype.ABI) scalar {
	s, _ := cScalar(abi, m.typ)
	s.bits = m.bits.n
	return s
}

// step is the member in a path.
func (m *member) step() string {
	if m.name == "" {
		return ""
	}
	return "." + m.name
}

// extent is the member's part of a record's bytes.
func (m *member) extent(record uint64) (off, n uint64) {
	if a, ok := dtype.Resolve(m.typ).(*dtype.Array); ok && a.Flexible() {
		return m.offset, record - m.offset
	}
	return m.offset, m.size
}

func (k memberCodec) encode(e *Encoder, at place, v reflect.Value) error {
	if k.bits.n == 0 {
		return within(k.inner.encode(e, at.part(k.extent(uint64(len(at.data)))), v), k.step())
	}
	f, v, err := k.bitField(v)
	if err != nil {
		return within(err, k.step())
	}
	w, err := f.word(v)
	if err != nil {
		return within(err, k.step())
	}
	storeBits(at.data, k.bits, k.big, w)
	return nil
}

func (k memberCodec) decode(d *decoder, v reflect.Value, data []byte) error {
	if k.bits.n == 0 {
		off, n := k.extent(uint64(len(data)))
		return within(k.inner.decode(d, v, data[off:off+n]), k.step())
	}
	if v.Kind() == reflect.Interface {
		v.Set(reflect.ValueOf(k.naturalBits(d.abi, data)))
		return nil
	}
	w := k.field.c.canonical(loadBits(data, k.bits, k.big))
	return within(k.field.setWord(v, w), k.step())
}

// bitField is the codec of a bit-field for the value v, whose static type may
// be any.
func (k memberCodec) bitField(v reflect.Value) (scalarCodec, reflect.Value, error) {
	f := k.field
	if v.Kind() != reflect.Interface {
		return f, v, nil
	}
	if v = v.Elem(); !v.IsValid() {
		return f, v, noValue(k.typ)
	}
	var ok bool
	if f.g, ok = goScalar(v.Type()); !ok {
		return f, v, mismatch(v.Type(), k.typ)
	}
	f.gType = v.Type()
	return f, v, nil
}

// A structCodec is for a Go struct and a C struct, paired field by field.
type structCodec struct{ fields []structField }

type structField struct {
	index int // in the Go struct
	codec memberCodec
}

func newStructCodec(key codecKey, c *dtype.Struct) (codec, error) {
	pairs, err := dtype.PairFields(key.g, c)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrType, err)
	}
	l, err := key.abi.Layout(c)
	if err != nil {
		return nil, err
	}
	k := structCodec{}
	for _, p := range pairs {
		f := key.g.Field(p.Go)
		if f.Name == "_" {
			continue
		}
		mc, err := newMemberCodec(key.abi, f.Type, memberAt(l.Fields[p.C], isBigEndian(c)))
		if err != nil {
			return nil, err
		}
		k.fields = append(k.fields, structField{p.Go, mc})
	}
	return k, nil
}

func (k structCodec) encode(e *Encoder, at place, v reflect.Value) error {
	v = addressable(v)
	for i := range k.fields {
		f := &k.fields[i]
		if err := f.codec.encode(e, at, settable(v.Field(f.index))); err != nil {
			return err
		}
	}
	return nil
}

func (k structCodec) decode(d *decoder, v reflect.Value, data []byte) error {
	for i := range k.fields {
		f := &k.fields[i]
		if err := f.codec.decode(d, settable(v.Field(f.index)), data); err != nil {
			return err
		}
	}
	return nil
}

// A recordCodec is for the Go values that say at run time which members of a
// struct or union they have: a Record or a map by name, a slice by position.
type recordCodec struct {
	g       reflect.Type
	c       dtype.Type
	members *members
}

func newRecordCodec(key codecKey) (codec, error) {
	g := key.g
	if g.Kind() != reflect.Slice && (g.Kind() != reflect.Map || g.Key().Kind() != reflect.String) {
		return nil, mismatch(g, key.c)
	}
	ms, err := membersOf(key.abi, key.c)
	return recordCodec{g, key.c, ms}, err
}

func (k recordCodec) encode(e *Encoder, at place, v reflect.Value) error {
	switch {
	case k.g == recordType:
		for _, m := range v.Interface().(Record) {
			if err := k.encodeNamed(e, at, m.Name, reflect.ValueOf(&m.Value).Elem()); err != nil {
				return err
			}
		}
		return nil
	case k.g.Kind() == reflect.Map:
		if _, isUnion := k.c.(*dtype.Union); isUnion && v.Len() > 1 {
			return fmt.Errorf("%w: %d members of a union in a map, which has no order", ErrType, v.Len())
		}
		for it := v.MapRange(); it.Next(); {
			if err := k.encodeNamed(e, at, it.Key().String(), it.Value()); err != nil {
				return err
			}
		}
		return nil
	}
	list := k.members.list
	if _, isUnion := k.c.(*dtype.Union); isUnion {
		list = list[:min(1, len(list))]
	}
	if v.Len() > len(list) {
		return tooMany(v.Len(), uint64(len(list)))
	}
	for i := range v.Len() {
		if err := k.encodeMember(e, at, list[i], v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (k recordCodec) encodeNamed(e *Encoder, at place, name string, v reflect.Value) error {
	m, err := k.members.find(k.c, name)
	if err != nil {
		return err
	}
	return k.encodeMember(e, at, *m, v)
}

func (k recordCodec) encodeMember(e *Encoder, at place, m member, v reflect.Value) error {
	mc, err := newMemberCodec(e.ABI, v.Type(), m)
	if err != nil {
		return err
	}
	return mc.encode(e, at, v)
}

func (k recordCodec) decode(d *decoder, v reflect.Value, data []byte) error {
	r, err := d.record(k.members, data)
	if err != nil {
		return err
	}
	switch x := v.Addr().Interface().(type) {
	case *Record:
		*x = r
	case *map[string]any:
		m := make(map[string]any, len(r))
		for _, member := range r {
			m[member.Name] = member.Value
		}
		*x = m
	default:
		return mismatch(k.g, k.c)
	}
	return nil
}

// tooMany is C's complaint about int a[3] = {1, 2, 3, 4}.
func tooMany(have int, room uint64) error {
	return fmt.Errorf("%w: too many initialisers: %d for %d", ErrRange, have, room)
}
