package memory

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// A typeMaker makes C types out of bytes.
type typeMaker struct {
	data []byte
	tags int
	// exact says that every value bit of the type made survives a trip through
	// Go: not so the bytes of a _Bool, or the encodings of a long double.
	exact bool
}

func (m *typeMaker) next(n int) int {
	if len(m.data) == 0 {
		return 0
	}
	b := m.data[0]
	m.data = m.data[1:]
	return int(b) % n
}

func (m *typeMaker) make(depth int, plain bool) dtype.Type {
	kinds := 7
	if depth <= 0 {
		kinds = 4
	}
	switch m.next(kinds) {
	case 0, 1:
		all := dtype.Scalars()
		t := all[m.next(len(all))]
		if t == dtype.Type(dtype.CBool) || t == dtype.Type(dtype.CLongDouble) {
			m.exact = false
		}
		return t
	case 2:
		if plain { // no pointers in big-endian records
			return dtype.CInt
		}
		return dtype.PointerTo(dtype.CInt)
	case 3:
		if m.next(2) == 0 {
			return dtype.ComplexOf(dtype.CDouble)
		}
		e, _ := dtype.NewEnum("e", dtype.EnumConst{Name: "A", Value: int64(m.next(3)) - 1})
		return e
	case 4:
		elem := m.make(depth-1, plain)
		a, err := dtype.ArrayOf(elem, uint64(m.next(4)))
		if err != nil {
			return elem
		}
		return a
	case 5:
		attr := dtype.Attr{Packed: m.next(4) == 0}
		if m.next(4) == 0 && !plain {
			attr.Endian = dtype.BigEndian
		}
		s := dtype.DeclareStruct(m.tag())
		if s.Define(attr, m.fields(depth, plain || attr.Endian == dtype.BigEndian)...) != nil {
			return dtype.CChar
		}
		return s
	}
	u := dtype.DeclareUnion(m.tag())
	if u.Define(dtype.Attr{}, m.fields(depth, plain)...) != nil {
		return dtype.CChar
	}
	return u
}

func (m *typeMaker) tag() string {
	m.tags++
	return "t" + strconv.Itoa(m.tags)
}

func (m *typeMaker) fields(depth int, plain bool) []dtype.Field {
	var fields []dtype.Field
	for i := range m.next(4) + 1 {
		name := fmt.Sprintf("m%d_%d", m.tags, i)
		if m.next(4) == 0 {
			ints := []dtype.Type{dtype.CInt, dtype.CUChar, dtype.CULongLong, dtype.CShort}
			fields = append(fields, bitField(name, ints[m.next(4)], uint8(1+m.next(8))))
			continue
		}
		t := m.make(depth-1, plain)
		if isRecord(t) && m.next(3) == 0 {
			name = ""
		}
		fields = append(fields, f(name, t))
	}
	return fields
}

// valueBits marks the bits of an object that hold a value, by its layout.
func valueBits(t *testing.T, abi *dtype.ABI, c dtype.Type, big bool, mask []byte) {
	c = dtype.Resolve(c)
	l, err := abi.Layout(c)
	require.NoError(t, err)
	switch c := c.(type) {
	case *dtype.Array:
		size, err := abi.Size(c.Elem())
		require.NoError(t, err)
		for i := range c.Len() {
			valueBits(t, abi, c.Elem(), big, mask[i*size:])
		}
	case *dtype.Struct, *dtype.Union:
		for _, fl := range l.Fields {
			switch {
			case fl.BitField && fl.Name != "":
				for i := range uint64(fl.Bits) {
					bit := fl.BitStart + i
					if isBigEndian(c) {
						mask[bit/8] |= 0x80 >> (bit % 8)
					} else {
						mask[bit/8] |= 1 << (bit % 8)
					}
				}
			case !fl.BitField:
				valueBits(t, abi, fl.Type, isBigEndian(c), mask[fl.Offset:])
			}
		}
	default:
		for i := range l.Size {
			mask[i] = 0xff
		}
	}
}

// FuzzRoundTrip takes random bytes as an object of a random type, decodes it
// and encodes the Go value again: the same value bits come back, and views of
// every part agree with the whole.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{5, 0, 0, 3, 1, 0, 6, 2, 4, 0, 7, 2, 1}, []byte("some bytes to be taken for a C object, more than it needs"))
	f.Add([]byte{6, 3, 5, 1, 1, 2, 0, 9, 0, 30, 0, 31, 0, 32, 3, 3}, []byte("\x00\x01\xff\xfe\x80\x7f\x00\x00\xc0\xff\xff\x7f"))
	f.Add([]byte{4, 5, 0, 0, 3, 0, 1, 7, 0, 2, 2, 0, 3, 0, 3}, []byte{0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa})
	f.Fuzz(func(t *testing.T, typeBytes, dataBytes []byte) {
		for _, abi := range dtype.ABIs() {
			m := typeMaker{data: typeBytes, exact: true}
			c := m.make(3, false)
			size, err := abi.Size(c)
			if err != nil || size > 512 {
				continue // such as a long double in a big-endian struct
			}
			checkRoundTrip(t, abi, c, m.exact, size, dataBytes)
		}
	})
}

func checkRoundTrip(t *testing.T, abi *dtype.ABI, c dtype.Type, exact bool, size uint64, dataBytes []byte) {
	arena := NewArena(bufferOf(t, abi, size+64))
	v, err := arena.New(c)
	require.NoError(t, err)
	data := make([]byte, size)
	copy(data, dataBytes)
	require.NoError(t, v.Use(func(b []byte) error { copy(b, data); return nil }))

	x, err := DecodeAny(c, data, arena.Space(), arena.Lifetime())
	if err != nil {
		require.ErrorIs(t, err, ErrNotSupported, "%v on %v", c, abi)
		return
	}
	e := Encoder{ABI: abi}
	got := make([]byte, size)
	require.NoError(t, e.Value(got, -1, 0, reflect.ValueOf(x), c), "%v on %v", c, abi)
	require.Empty(t, e.Blocks)
	if exact {
		mask := make([]byte, size)
		valueBits(t, abi, c, false, mask)
		for i := range mask {
			mask[i] &= data[i]
		}
		if !bytes.Equal(mask, got) {
			t.Fatalf("%v on %v: of %x the value bits are %x, became %x", dtype.Define(c), abi, data, mask, got)
		}
	}
	again, err := DecodeAny(c, got, arena.Space(), arena.Lifetime())
	require.NoError(t, err)
	if exact {
		require.True(t, same(x, again), "%v and %v", x, again)
	}
	checkParts(t, v, x)
}

// checkParts loads every part of v by a view of its own, and stores it back.
func checkParts(t *testing.T, v View, whole any) {
	loaded, err := v.Load()
	require.NoError(t, err)
	require.True(t, same(whole, loaded), "%v: %v and %v", v.Path(), whole, loaded)
	switch whole := whole.(type) {
	case Record:
		for _, m := range whole {
			part, err := v.Field(m.Name)
			require.NoError(t, err)
			checkParts(t, part, m.Value)
		}
	case []any:
		for i, x := range whole {
			part, err := v.Index(uint64(i))
			require.NoError(t, err)
			checkParts(t, part, x)
		}
	case *big.Float, *big.Int, bool:
	default:
		if v.Type() == dtype.Type(dtype.CLongDouble) {
			return // a NaN, of which there are many
		}
		before, err := v.Bytes()
		require.NoError(t, err)
		require.NoError(t, v.Store(whole), "%v", v.Path())
		after, err := v.Bytes()
		require.NoError(t, err)
		require.Equal(t, before, after, "%v", v.Path())
	}
}

// same compares decoded values, NaNs by their bits.
func same(x, y any) bool {
	switch x := x.(type) {
	case Record:
		y := y.(Record)
		return slices.EqualFunc(x, y, func(a, b Member) bool { return a.Name == b.Name && same(a.Value, b.Value) })
	case []any:
		return slices.EqualFunc(x, y.([]any), same)
	case *big.Float:
		return x.Cmp(y.(*big.Float)) == 0
	case *big.Int:
		return x.Cmp(y.(*big.Int)) == 0
	case float64:
		return math.Float64bits(x) == math.Float64bits(y.(float64))
	case float32:
		return math.Float32bits(x) == math.Float32bits(y.(float32))
	case complex128:
		y := y.(complex128)
		return same(real(x), real(y)) && same(imag(x), imag(y))
	}
	return x == y
}
