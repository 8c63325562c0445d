package native

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// A shape is a C value as a calling convention sees it: its extent and the
// scalars in it. A scalar is a shape of one part.
type shape struct {
	size, align uint64
	// natural is the alignment without an aligned(n) of the outermost type,
	// which AAPCS64 goes by (section 6.8.2, rule B.6).
	natural   uint64
	aggregate bool // struct or union
	complex   bool
	signed    bool // a scalar integer to be sign-extended
	boolean   bool
	parts     []part
	// groups are the aggregates inside, each as the range of its parts: a
	// convention may decide about each by itself.
	groups []group
}

// A group is the parts of an aggregate from index first up to end.
type group struct{ first, end int }

// A part is a scalar in a shape. Offset, size and alignment are in bytes.
type part struct {
	off, size uint64
	align     uint64 // 1 for a bit-field, which may straddle its type's
	class     class
}

// A class is what decides the kind of register a scalar travels in.
type class uint8

const (
	integerClass class = iota // integers, pointers, enums, _Bool
	floatClass                // float, double
	x87Class                  // 80-bit long double
	quadClass                 // binary128 long double
	vectorClass               // a SIMD vector of 8 bytes or more
	doubleClass               // a SIMD vector of one double, which System V has in memory
	emptyClass                // an array without elements, of size 0
)

// partsLimit is the size beyond which every convention passes an aggregate in
// memory whatever is in it: four quads, the largest homogeneous aggregate.
const partsLimit = 64

// shapeOf computes the shape of a complete object type. Void gives a shape of
// size 0.
func shapeOf(abi *dtype.ABI, t dtype.Type) (shape, error) {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Void:
		return shape{align: 1, natural: 1}, nil
	case *dtype.Struct, *dtype.Union:
		l, err := abi.Layout(t)
		if err != nil {
			return shape{}, err
		}
		s := shape{size: l.Size, align: l.Align, natural: naturalAlign(abi, t, l), aggregate: true}
		if s.size <= partsLimit {
			err = s.addParts(abi, t, 0)
		}
		return s, err
	}
	size, err := abi.Size(t)
	if err != nil {
		return shape{}, err
	}
	align, err := abi.Align(t)
	if err != nil {
		return shape{}, err
	}
	s := shape{size: size, align: align, natural: align}
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Int:
		s.signed = abi.Signed(t)
	case *dtype.Enum:
		s.signed = abi.Signed(t.Base())
	case *dtype.Bool:
		s.boolean = true
	case *dtype.Complex:
		s.complex = true
	case *dtype.Pointer, *dtype.Float, *dtype.Vector:
	default:
		return shape{}, fmt.Errorf("%w: %v by value", dtype.ErrNotSupported, t)
	}
	return s, s.addParts(abi, t, 0)
}

// naturalAlign is the alignment that the members of a struct or union give it.
func naturalAlign(abi *dtype.ABI, t dtype.Type, l *dtype.Layout) uint64 {
	attr := t.(interface{ Attr() dtype.Attr }).Attr()
	if attr.Align == 0 {
		return l.Align
	}
	natural := uint64(1)
	for _, f := range l.Fields {
		a, err := abi.Align(f.Type)
		if err != nil || f.Packed || attr.Packed {
			a = 1
		}
		a = max(a, f.Align)
		if attr.Pack != 0 {
			a = min(a, attr.Pack)
		}
		natural = max(natural, a)
	}
	return natural
}

// addParts adds the scalars of t, which is at off of the value.
func (s *shape) addParts(abi *dtype.ABI, t dtype.Type, off uint64) error {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Struct, *dtype.Union:
		l, err := abi.Layout(t)
		if err != nil {
			return err
		}
		first := len(s.parts)
		for _, f := range l.Fields {
			if f.BitField {
				s.addBits(f, off)
			} else if err := s.addParts(abi, f.Type, off+f.Offset); err != nil {
				return err
			}
		}
		s.groups = append(s.groups, group{first, len(s.parts)})
		return nil
	case *dtype.Array:
		size, err := abi.Size(t.Elem())
		if err != nil {
			return err
		}
		if t.Len() == 0 {
			return s.addNone(abi, t, off)
		}
		if size == 0 {
			return s.addParts(abi, t.Elem(), off)
		}
		for i := range min(t.Len(), partsLimit) {
			if err := s.addParts(abi, t.Elem(), off+i*size); err != nil {
				return err
			}
		}
		return nil
	case *dtype.Complex:
		size, err := abi.Size(t.Part())
		if err != nil {
			return err
		}
		if err := s.addScalar(abi, t.Part(), off); err != nil {
			return err
		}
		return s.addScalar(abi, t.Part(), off+size)
	default:
		return s.addScalar(abi, t, off)
	}
}

// addNone adds an array without elements. It has no value, but conventions do
// not pass it over: at an offset that its elements could not have it makes
// System V's aggregates unaligned, and it ends a homogeneous aggregate.
func (s *shape) addNone(abi *dtype.ABI, t *dtype.Array, off uint64) error {
	p := part{off: off, align: 1, class: emptyClass}
	if !t.Flexible() {
		var err error
		if p.align, err = abi.Align(t.Elem()); err != nil {
			return err
		}
	}
	s.parts = append(s.parts, p)
	return nil
}

// addBits adds the bytes that a bit-field has bits in. An unnamed one has no
// value and so no class.
func (s *shape) addBits(f dtype.FieldLayout, off uint64) {
	if f.Name == "" || f.Bits == 0 {
		return
	}
	first := f.BitStart / 8
	last := (f.BitStart + uint64(f.Bits) - 1) / 8
	s.parts = append(s.parts, part{off: off + first, size: last - first + 1, align: 1, class: integerClass})
}

func (s *shape) addScalar(abi *dtype.ABI, t dtype.Type, off uint64) error {
	size, err := abi.Size(t)
	if err != nil {
		return err
	}
	p := part{off: off, size: size, align: size}
	switch t := t.(type) {
	case *dtype.Int, *dtype.Enum, *dtype.Bool, *dtype.Pointer:
	case *dtype.Float:
		p.class = floatClass
		if size == 16 {
			p.class = quadClass
			if abi.LongDouble() == dtype.LongDoubleX87 {
				p.class = x87Class
			}
		}
	case *dtype.Vector:
		if p.class, err = vectorClassOf(abi, t, size); err != nil {
			return err
		}
		if p.align, err = abi.Align(t); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%w: %v by value", dtype.ErrNotSupported, t)
	}
	s.parts = append(s.parts, p)
	return nil
}

// scalar reports whether the shape is a single integer, pointer or float of at
// most one word.
func (s *shape) scalar() bool { return !s.aggregate && !s.complex && s.size <= 8 && s.size > 0 }

// homogeneous returns the element of a homogeneous floating-point aggregate
// and how many of it there are: one to four scalars of one floating type with
// nothing between them (AAPCS64, section 5.9.5.1).
func (s *shape) homogeneous() (elem part, n uint64, ok bool) {
	if len(s.parts) == 0 {
		return part{}, 0, false
	}
	elem = s.parts[0]
	if elem.class == integerClass || elem.class == emptyClass || elem.size > 16 || s.size%elem.size != 0 {
		return part{}, 0, false
	}
	n = s.size / elem.size
	if n > 4 {
		return part{}, 0, false
	}
	var covered uint64 // members of a union repeat offsets
	for _, p := range s.parts {
		if p.class.register() != elem.class.register() || p.size != elem.size || p.off%elem.size != 0 {
			return part{}, 0, false
		}
		covered |= 1 << (p.off / elem.size)
	}
	return elem, n, covered == 1<<n-1
}
