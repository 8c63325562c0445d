package memory

import (
	"fmt"
	"unicode/utf16"

	"github.com/wasmffi/wasmffi/dtype"
)

// StringBuffer makes an array of char for C to write text into, as
//
//	char buf[size] = "text";
//
// does. Size 0 is that of the text and a NUL; an array as long as the text has
// no room for one, as in C. The text may have NULs in it. Text beyond size is
// an error wrapping ErrRange.
func (a *Arena) StringBuffer(text string, size uint64) (View, error) {
	return a.textBuffer(dtype.CChar, []byte(text), 1, size)
}

// UnicodeBuffer is [Arena.StringBuffer] for an array of size wchar_t, which the
// ABI makes UTF-16 or UTF-32.
func (a *Arena) UnicodeBuffer(text string, size uint64) (View, error) {
	unit := a.space.ABI().IntSize(dtype.WCharT)
	data, err := encodeText(text, unit, false)
	if err != nil {
		return View{}, &Error{Op: "new", Path: dtype.WCharT.String(), Err: err}
	}
	return a.textBuffer(dtype.WCharT, data, unit, size)
}

func (a *Arena) textBuffer(char dtype.Type, data []byte, unit, size uint64) (View, error) {
	have := uint64(len(data)) / unit
	if size == 0 {
		size = have + 1
	}
	if have > size {
		return View{}, &Error{Op: "new", Path: char.String(), Err: tooMany(int(have), size)}
	}
	v, err := a.NewArray(char, size)
	if err != nil || have == 0 {
		return v, err
	}
	return v, v.writeAt("store", data, v.addr)
}

// SetText stores text in an array of characters, and a NUL behind it if there
// is room; what follows stays as it is. [Store] of a string clears the rest
// instead, as C's initialisers do. Text that is longer than the array is an
// error wrapping ErrRange.
func (v View) SetText(text string) error {
	a, size, err := v.characters()
	if err != nil {
		return v.fail("store", err)
	}
	data, err := encodeText(text, size, v.from.big)
	if err != nil {
		return v.fail("store", err)
	}
	room := v.length(a, size)
	if n := uint64(len(data)) / size; n > room {
		return v.fail("store", tooMany(int(n), room))
	} else if n < room {
		data = append(data, make([]byte, size)...)
	}
	return v.writeAt("store", data, v.addr)
}

// characters is the type of a view of an array of characters, and their size.
func (v View) characters() (*dtype.Array, uint64, error) {
	if v.space == nil {
		return nil, 0, ErrNull
	}
	if a, ok := dtype.Resolve(v.typ).(*dtype.Array); ok {
		if size := charSize(v.space.ABI(), a.Elem()); size != 0 {
			return a, size, nil
		}
	}
	return nil, 0, fmt.Errorf("%w: %v is no array of characters", ErrType, v.typ)
}

// SetBytes stores bytes at the start of the object; what follows stays as it
// is. More bytes than there are is an error wrapping ErrOutOfBounds.
func (v View) SetBytes(b []byte) error {
	switch {
	case v.isBitField():
		return v.fail("store", fmt.Errorf("%w: a bit-field has no bytes of its own", ErrType))
	case uint64(len(b)) > v.size:
		return v.fail("store", &Error{Addr: v.addr, Len: uint64(len(b)), Size: v.size, Err: ErrOutOfBounds})
	}
	return v.writeAt("store", b, v.addr)
}

// StringAt is the n bytes at addr, NULs included.
func StringAt(space Space, addr, n uint64) (string, error) {
	return NewPointer(space, nil, addr, dtype.CChar, 0).StringN(n)
}

// WStringAt is the n wchar_t at addr, NULs included. Of UTF-16 a character may
// take two.
func WStringAt(space Space, addr, n uint64) (string, error) {
	return NewPointer(space, nil, addr, dtype.WCharT, 0).StringN(n)
}

// StringN is the n characters that a pointer to characters points to, NULs
// included: the caller's statement that there are as many, as by
// [Pointer.Reinterpret].
func (p Pointer) StringN(n uint64) (string, error) {
	if p.addr == 0 {
		return "", p.fail("string", ErrNull)
	}
	size := charSize(p.space.ABI(), p.elem)
	if size == 0 {
		return "", p.fail("string", fmt.Errorf("%w: no pointer to characters", ErrType))
	}
	if n == 0 {
		return "", nil
	}
	v, err := p.Reinterpret(n).Array()
	if err != nil {
		return "", err
	}
	data, err := v.Bytes()
	if err != nil {
		return "", err
	}
	return wholeText(data, size), nil
}

// wholeText is [decodeText] that does not end at a NUL.
func wholeText(data []byte, size uint64) string {
	if size == 1 {
		return string(data)
	}
	n := uint64(len(data)) / size
	units, runes := make([]uint16, 0, n), make([]rune, 0, n)
	for i := range n {
		if c := loadBytes(data[i*size:(i+1)*size], false); size == 2 {
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
