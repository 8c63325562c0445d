package memory

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wasmffi/wasmffi/dtype"
)

// An arrayCodec is for C arrays: Go arrays of the same length, and slices of at
// most that, the rest being zero.
type arrayCodec struct {
	g        reflect.Type
	c        *dtype.Array
	elem     codec
	elemSize uint64
	copies   bool // encoding an element only copies its bytes
}

func newArrayCodec(key codecKey, c *dtype.Array) (codec, error) {
	abi, g := key.abi, key.g
	switch g.Kind() {
	case reflect.String:
		if size := charSize(abi, c.Elem()); size != 0 {
			return charsCodec{size, key.big && size > 1}, nil
		}
		return nil, mismatch(g, c)
	case reflect.Array:
		if !c.Flexible() && uint64(g.Len()) != c.Len() {
			return nil, mismatch(g, c)
		}
	case reflect.Slice:
	default:
		return nil, mismatch(g, c)
	}
	elem, err := codecFor(abi, g.Elem(), c.Elem(), key.big)
	if err != nil {
		return nil, within(err, "[0]")
	}
	size, err := abi.Size(c.Elem())
	return arrayCodec{g, c, elem, size, copies(abi, g.Elem(), c.Elem(), elem)}, err
}

// copies reports whether a codec only copies bytes.
func copies(abi *dtype.ABI, g reflect.Type, c dtype.Type, k codec) bool {
	switch k := k.(type) {
	case copyCodec:
		return true
	case scalarCodec:
		return (!k.big || k.c.size() == 1) && abi.MatchGo(g, c) == nil
	case arrayCodec:
		return k.copies && g.Kind() == reflect.Array
	}
	return false
}

// room is the number of elements that n bytes hold.
func (k arrayCodec) room(n int) uint64 {
	if k.c.Flexible() && k.elemSize > 0 {
		return uint64(n) / k.elemSize
	}
	return k.c.Len()
}

func (k arrayCodec) encode(e *Encoder, at place, v reflect.Value) error {
	n, room := v.Len(), k.room(len(at.data))
	if uint64(n) > room {
		return tooMany(n, room)
	}
	if k.copies {
		copy(at.data, k.bytes(addressable(v)))
		return nil
	}
	return encodeElems(e, at, v, k.elem, k.elemSize)
}

// bytes is the Go memory of the elements.
func (k arrayCodec) bytes(v reflect.Value) []byte {
	if k.g.Kind() == reflect.Slice {
		return sliceBytes(v)
	}
	return valueBytes(v)
}

// encodeElems encodes the elements of a slice or array one after the other.
func encodeElems(e *Encoder, at place, v reflect.Value, elem codec, size uint64) error {
	for i := range v.Len() {
		if err := elem.encode(e, at.part(uint64(i)*size, size), v.Index(i)); err != nil {
			return within(err, index(i))
		}
	}
	return nil
}

func (k arrayCodec) decode(d *decoder, v reflect.Value, data []byte) error {
	if k.g.Kind() == reflect.Slice && !d.back {
		if err := k.makeSlice(v, len(data)); err != nil {
			return err
		}
	}
	if k.copies {
		copy(k.bytes(v), data)
		return nil
	}
	return decodeElems(d, v, data, k.elem, k.elemSize)
}

// makeSlice sets v to a slice for all elements in n bytes.
func (k arrayCodec) makeSlice(v reflect.Value, n int) error {
	room := k.room(n)
	if k.elemSize == 0 && room > maxEmpty {
		return fmt.Errorf("%w: %d elements of no size", ErrNotSupported, room)
	}
	v.Set(reflect.MakeSlice(k.g, int(room), int(room)))
	return nil
}

// maxEmpty is how many elements without a size an array may have to become a
// slice. It is the one length that the bytes do not vouch for.
const maxEmpty = 1 << 16

// decodeElems decodes as many elements as v has.
func decodeElems(d *decoder, v reflect.Value, data []byte, elem codec, size uint64) error {
	for i := range v.Len() {
		at := uint64(i) * size
		if err := elem.decode(d, settable(v.Index(i)), data[at:at+size]); err != nil {
			return within(err, index(i))
		}
	}
	return nil
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }

// charSize is the size of a character type: 1 for the integers of one byte,
// that of the C type for wchar_t, char16_t and char32_t; 0 for any other type.
func charSize(abi *dtype.ABI, t dtype.Type) uint64 {
	i, ok := dtype.Resolve(t).(*dtype.Int)
	if !ok {
		return 0
	}
	size := abi.IntSize(i)
	if size == 1 || i == dtype.WCharT || i == dtype.Char16T || i == dtype.Char32T {
		return size
	}
	return 0
}

// A charsCodec is for a Go string and an array of characters. The string may
// fill the array up to the last character, without a NUL, as in C.
type charsCodec struct {
	size uint64
	big  bool
}

func (k charsCodec) encode(_ *Encoder, at place, v reflect.Value) error {
	b, err := encodeText(v.String(), k.size, k.big)
	if err != nil {
		return err
	}
	if len(b) > len(at.data) {
		return tooMany(len(b)/int(k.size), uint64(len(at.data))/k.size)
	}
	copy(at.data, b)
	return nil
}

func (k charsCodec) decode(_ *decoder, v reflect.Value, data []byte) error {
	v.SetString(decodeText(data, k.size, k.big))
	return nil
}

// encodeText is s as characters of size bytes: its own bytes, UTF-16 or UTF-32.
func encodeText(s string, size uint64, big bool) ([]byte, error) {
	if size == 1 {
		return []byte(s), nil
	}
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("%w: %q is no valid UTF-8", ErrRange, s)
	}
	var b []byte
	for _, r := range s {
		if size == 2 {
			for _, u := range utf16.AppendRune(nil, r) {
				b = appendChar(b, size, big, uint64(u))
			}
		} else {
			b = appendChar(b, size, big, uint64(r))
		}
	}
	return b, nil
}

func appendChar(b []byte, size uint64, big bool, c uint64) []byte {
	b = append(b, make([]byte, size)...)
	storeBytes(b[uint64(len(b))-size:], big, c)
	return b
}

// decodeText is the text in data up to the first NUL. What is no valid UTF-16
// or UTF-32 becomes U+FFFD.
func decodeText(data []byte, size uint64, big bool) string {
	if size == 1 {
		if i := bytes.IndexByte(data, 0); i >= 0 {
			data = data[:i]
		}
		return string(data)
	}
	var units []uint16
	var runes []rune
	for ; uint64(len(data)) >= size; data = data[size:] {
		c := loadBytes(data[:size], big)
		if c == 0 {
			break
		}
		if size == 2 {
			units = append(units, uint16(c))
		} else {
			runes = append(runes, rune(c))
		}
	}
	if size == 2 {
		runes = utf16.Decode(units)
	}
	return string(runes)
}
