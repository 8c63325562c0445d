package memory

import (
	"fmt"
	"math"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

// Decode sets v, which must be settable, to the C object of type t whose bytes
// are data. Pointers in it are of space and valid as long as life; a nil life
// is the space's own. Numbers are checked against v's range and converted as
// [Encoder.Scalar] does the other way round. A Go string takes a char array up
// to its first NUL, or what a char pointer points to, and nothing from NULL.
// Where v is of type any it is set to what [DecodeAny] gives.
func Decode(v reflect.Value, t dtype.Type, data []byte, space Space, life *Lifetime) error {
	d, err := newDecoder(t, data, space, life)
	if err != nil {
		return err
	}
	return d.decode(v, t, data)
}

func (d *decoder) decode(v reflect.Value, t dtype.Type, data []byte) error {
	if !v.CanSet() {
		return asError("decode", t, fmt.Errorf("%w: Go %v cannot be set", ErrType, v.Type()))
	}
	k, err := codecFor(d.abi, v.Type(), t, false)
	if err == nil {
		err = k.decode(d, v, data)
	}
	return asError("decode", t, err)
}

// newDecoder also checks that data holds a whole object.
func newDecoder(t dtype.Type, data []byte, space Space, life *Lifetime) (*decoder, error) {
	d := &decoder{abi: space.ABI(), space: space, life: life}
	if life == nil {
		d.life = space.Lifetime()
	}
	size, err := d.abi.Size(t)
	switch {
	case err != nil:
		return nil, err
	case uint64(len(data)) < size:
		return nil, tooShort("decode", t, size, len(data))
	}
	return d, nil
}

// DecodeScalar is [Decode] for a scalar given as a canonical word, as
// [Encoder.Scalar] makes it.
func DecodeScalar(v reflect.Value, t dtype.Type, word uint64, space Space, life *Lifetime) error {
	s, ok := cScalar(space.ABI(), t)
	if !ok {
		return asError("decode", t, mismatch(v.Type(), t))
	}
	var data [8]byte
	s.store(data[:], false, word)
	return Decode(v, t, data[:], space, life)
}

// DecodeAny gives the C object of type t whose bytes are data as the Go value
// that is natural for it:
//
//	integers, enums        int8 … int64, uint8 … uint64, by size and sign
//	__int128               *big.Int
//	_Bool                  bool
//	float, double          float32, float64
//	long double            *big.Float, exact; a NaN is a float64
//	_Complex               complex64, complex128 (long double rounded)
//	struct                 Record
//	union                  Record of all its members
//	array                  []any
//	pointer                Pointer
//
// A flexible array has as many elements as data holds.
func DecodeAny(t dtype.Type, data []byte, space Space, life *Lifetime) (any, error) {
	d, err := newDecoder(t, data, space, life)
	if err != nil {
		return nil, err
	}
	x, err := d.natural(t, data, false)
	return x, asError("decode", t, err)
}

// natural decodes an object as DecodeAny says.
func (d *decoder) natural(t dtype.Type, data []byte, big bool) (any, error) {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Pointer:
		s, _ := cScalar(d.abi, t)
		return d.pointer(t, s.load(data, false)), nil
	case *dtype.Struct, *dtype.Union:
		ms, err := membersOf(d.abi, t)
		if err != nil {
			return nil, err
		}
		return d.record(ms, data)
	case *dtype.Array:
		return d.array(t, data, big)
	case *dtype.Vector:
		return d.array(t.Array(), data, big)
	}
	if s, ok := cScalar(d.abi, t); ok {
		return s.natural(s.load(data, big)), nil
	}
	g, err := d.wideType(t, data, big)
	if err != nil {
		return nil, err
	}
	k, err := codecFor(d.abi, g, t, big)
	if err != nil {
		return nil, err
	}
	v := reflect.New(g).Elem()
	err = k.decode(d, v, data)
	return v.Interface(), err
}

// wideType is the natural Go type of an arithmetic type wider than a word.
func (d *decoder) wideType(t dtype.Type, data []byte, big bool) (reflect.Type, error) {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Int:
		return bigIntType, nil
	case *dtype.Float:
		if loadLongDouble(d.abi.LongDouble(), inOrder(big, data)) == nil {
			return reflect.TypeFor[float64](), nil
		}
		return bigFltType, nil
	case *dtype.Complex:
		if t.Part() == dtype.CFloat {
			return reflect.TypeFor[complex64](), nil
		}
		return reflect.TypeFor[complex128](), nil
	}
	return nil, fmt.Errorf("%w: no Go value for %v", ErrType, t)
}

// natural is the word of a C scalar as the Go type of its size and sign.
func (s scalar) natural(w uint64) any {
	switch s.kind {
	case boolScalar:
		return w != 0
	case floatScalar:
		if s.bits == 32 {
			return math.Float32frombits(uint32(w))
		}
		return floatOf(w, s)
	case intScalar:
		switch s.bits {
		case 8:
			return int8(w)
		case 16:
			return int16(w)
		case 32:
			return int32(w)
		}
		return int64(w)
	}
	switch s.bits {
	case 8:
		return uint8(w)
	case 16:
		return uint16(w)
	case 32:
		return uint32(w)
	}
	return w
}

func (d *decoder) record(ms *members, data []byte) (Record, error) {
	r := make(Record, len(ms.list))
	for i := range ms.list {
		m := &ms.list[i]
		x, err := d.member(m, data)
		if err != nil {
			return nil, within(err, m.step())
		}
		r[i] = Member{m.name, x}
	}
	return r, nil
}

// member is a member of the record whose bytes are data.
func (d *decoder) member(m *member, data []byte) (any, error) {
	if m.bits.n > 0 {
		return m.naturalBits(d.abi, data), nil
	}
	off, n := m.extent(uint64(len(data)))
	return d.natural(m.typ, data[off:off+n], m.big)
}

// naturalBits is a bit-field's value as the Go type of its declared C type.
func (m *member) naturalBits(abi *dtype.ABI, data []byte) any {
	declared, _ := cScalar(abi, m.typ)
	return declared.natural(m.bitScalar(abi).canonical(loadBits(data, m.bits, m.big)))
}

func (d *decoder) array(t *dtype.Array, data []byte, big bool) (any, error) {
	size, err := d.abi.Size(t.Elem())
	if err != nil {
		return nil, err
	}
	n := t.Len()
	if t.Flexible() && size > 0 {
		n = uint64(len(data)) / size
	}
	if size == 0 && n > maxEmpty {
		return nil, fmt.Errorf("%w: %d elements of no size", ErrNotSupported, n)
	}
	s := make([]any, n)
	for i := range s {
		at := uint64(i) * size
		if s[i], err = d.natural(t.Elem(), data[at:at+size], big); err != nil {
			return nil, within(err, index(i))
		}
	}
	return s, nil
}
