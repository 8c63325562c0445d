package siggen

import (
	"encoding/binary"
	"math"

	"github.com/wasmffi/wasmffi/dtype"
)

// A Value is a random C object.
type Value struct {
	Type dtype.Type
	// bytes are the object's, mask those bits of them that mean something. The
	// others are noise, which need not arrive.
	bytes, mask []byte
	at          uint64 // among the values of the batch
	// exact: Go has a value for it (a complex number of long doubles may have
	// too many digits for a complex128).
	exact bool
	// canonical: a scalar of one word, extended by its type's sign.
	canonical bool
}

func (g *Generator) newValue(t dtype.Type) Value {
	v := Value{Type: t}
	if dtype.Resolve(t) == dtype.CVoid {
		return v
	}
	size := must(g.abi.Size(t))
	v.exact = !isComplexLong(t) || g.chance(50)
	v.bytes, v.mask = make([]byte, size), make([]byte, size)
	for i := range v.bytes {
		v.bytes[i] = byte(g.rnd.Uint32())
	}
	g.fill(&v, t, 0)
	switch dtype.Resolve(t).(type) {
	case *dtype.Bool, *dtype.Int, *dtype.Enum, *dtype.Pointer, *dtype.Float:
		v.canonical = size <= 8
	}
	return v
}

// fill gives the object of type t at off a value.
func (g *Generator) fill(v *Value, t dtype.Type, off uint64) {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Struct:
		for _, f := range must(g.abi.Layout(t)).Fields {
			g.member(v, f, off)
		}
		return
	case *dtype.Union:
		// One member has a value, and the padding in it has none.
		if fs := must(g.abi.Layout(t)).Fields; len(fs) > 0 {
			g.member(v, pick(g, fs...), off)
		}
		return
	case *dtype.Vector:
		g.fill(v, t.Array(), off)
		return
	case *dtype.Array:
		size := must(g.abi.Size(t.Elem()))
		for i := range t.Len() {
			g.fill(v, t.Elem(), off+i*size)
		}
		return
	case *dtype.Complex:
		size := must(g.abi.Size(t.Part()))
		g.fill(v, t.Part(), off)
		g.fill(v, t.Part(), off+size)
		return
	case *dtype.Bool:
		v.bytes[off] &= 1
	case *dtype.Float:
		g.float(v, t, off)
		return
	}
	for i := range must(g.abi.Size(t)) {
		v.mask[off+i] = 0xff
	}
}

func (g *Generator) member(v *Value, f dtype.FieldLayout, off uint64) {
	if !f.BitField {
		g.fill(v, f.Type, off+f.Offset)
		return
	}
	if f.Name == "" {
		return
	}
	for i := range uint64(f.Bits) {
		bit := 8*off + f.BitStart + i
		v.mask[bit/8] |= 1 << (bit % 8)
	}
}

// float makes the bytes at off a finite number.
func (g *Generator) float(v *Value, t *dtype.Float, off uint64) {
	size := must(g.abi.Size(t))
	at, mask := v.bytes[off:off+size], v.mask[off:off+size]
	for i := range mask {
		mask[i] = 0xff
	}
	x87 := size == 16 && g.abi.LongDouble() == dtype.LongDoubleX87
	if x87 {
		clear(mask[10:])
	}
	switch {
	case size < 16:
		at[size-1] &^= 0x40 // an exponent that is neither infinity's nor NaN's
	case v.exact && isComplexLong(v.Type):
		storeLongDouble(at, x87, math.Float64bits(g.rnd.NormFloat64()))
	case x87:
		at[7] |= 0x80 // the integer bit of a normal number
		at[9] = at[9]&^0x40 | 0x20
	default:
		at[15] &^= 0x40
	}
}

// storeLongDouble stores a normal number given as binary64.
func storeLongDouble(at []byte, x87 bool, bits uint64) {
	sign, exponent, fraction := bits>>63, bits>>52&0x7ff+16383-1023, bits<<12
	if x87 {
		binary.LittleEndian.PutUint64(at, 1<<63|fraction>>1)
		binary.LittleEndian.PutUint16(at[8:], uint16(sign<<15|exponent))
		return
	}
	binary.LittleEndian.PutUint64(at, fraction<<48)
	binary.LittleEndian.PutUint64(at[8:], sign<<63|exponent<<48|fraction>>16)
}

// isComplexLong reports whether a value is, or holds, a complex number wider
// than Go's.
func isComplexLong(t dtype.Type) bool {
	return holds(t, func(t dtype.Type) bool {
		c, ok := t.(*dtype.Complex)
		return ok && c.Part() == dtype.CLongDouble
	})
}

// holds reports whether a type or one inside it has a property.
func holds(t dtype.Type, has func(dtype.Type) bool) bool {
	t = dtype.Resolve(t)
	if has(t) {
		return true
	}
	if a, ok := t.(*dtype.Array); ok {
		return holds(a.Elem(), has)
	}
	for _, f := range dtype.Members(t) {
		if holds(f.Type, has) {
			return true
		}
	}
	return false
}

// words are the value as a frame holds it. What is beyond the object in the
// last word is noise.
func (v *Value) words(abi *dtype.ABI) []uint64 {
	data := make([]byte, (len(v.bytes)+7)/8*8)
	for i := copy(data, v.bytes); i < len(data); i++ {
		data[i] = 0xa5
		if v.canonical {
			data[i] = v.extension(abi)
		}
	}
	words := make([]uint64, len(data)/8)
	for i := range words {
		words[i] = binary.LittleEndian.Uint64(data[8*i:])
	}
	return words
}

// extension is the byte that extends a canonical scalar.
func (v *Value) extension(abi *dtype.ABI) byte {
	signed := false
	switch t := dtype.Resolve(v.Type).(type) {
	case *dtype.Int:
		signed = abi.Signed(t)
	case *dtype.Enum:
		signed = abi.Signed(abi.EnumBase(t))
	}
	if signed && v.bytes[len(v.bytes)-1]&0x80 != 0 {
		return 0xff
	}
	return 0
}

// arrived reports whether the words of a frame hold the value.
func (v *Value) arrived(words []uint64, abi *dtype.ABI) bool {
	if v.canonical {
		return words[0] == v.words(abi)[0]
	}
	for i, b := range v.bytes {
		if (byte(words[i/8]>>(i%8*8))^b)&v.mask[i] != 0 {
			return false
		}
	}
	return true
}
