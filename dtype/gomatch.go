package dtype

import (
	"encoding/binary"
	"fmt"
	"reflect"
)

// MatchGo reports whether a Go value of type t may lie in the same memory as a
// C object of type c: nil if every byte means the same to both. Else the error
// wraps [ErrMismatch] and names the first difference.
//
// Types match when they are free of Go pointers and of Go bool (C may store
// any byte there), when scalars agree in kind, size, sign and byte order, when
// struct fields (paired as [PairFields] does) agree in offset, and when the Go
// type is aligned at least as C asks. The sign of char, wchar_t and enums is
// the compiler's choice and does not count. A C pointer matches [Addr] and
// other unsigned integers of its size; a union, an array of unsigned integers
// of its size; a vector, an array of its lanes; a bit-field, nothing.
//
// A C object may be less aligned than Go wants (packed structs): check its
// address against t.Align() before taking it for a *T.
func (a *ABI) MatchGo(t reflect.Type, c Type) error {
	if t == nil {
		return &Error{Op: "go type on " + a.name, Type: c, Err: fmt.Errorf("%w: no Go type", ErrMismatch)}
	}
	align, err := a.Align(c)
	if err != nil {
		return err
	}
	m := goMatcher{abi: a}
	if err := m.match(t, c, t.String()); err != nil {
		return err
	}
	if uint64(t.Align()) < align {
		return m.fail(t.String(), c, "alignment %d in Go, %d in C", t.Align(), align)
	}
	return nil
}

// A goMatcher walks a Go and a C type side by side up to the first difference.
type goMatcher struct {
	abi    *ABI
	endian Endian // of the struct whose members are being compared
}

func (m *goMatcher) fail(path string, c Type, format string, args ...any) error {
	return &Error{Op: "go type on " + m.abi.name, Path: path, Type: c,
		Err: fmt.Errorf("%w: "+format, append([]any{ErrMismatch}, args...)...)}
}

// match compares everything but the alignment.
func (m *goMatcher) match(t reflect.Type, c Type, path string) error {
	info, err := m.abi.info(c)
	if err != nil {
		return err
	}
	size := info.size
	if holdsPointers(t) {
		return m.fail(path, c, "a Go %v holds pointers or bools", t.Kind())
	}
	ok := false
	switch c := asArray(Resolve(c)).(type) {
	case *Struct:
		if t.Kind() == reflect.Struct {
			return m.matchStruct(t, c, path)
		}
	case *Array:
		if t.Kind() == reflect.Array {
			if uint64(t.Len()) != c.n {
				return m.fail(path, c, "%d elements in Go, %d in C", t.Len(), c.n)
			}
			return m.match(t.Elem(), c.elem, path+"[0]")
		}
	case *Union:
		if t.Kind() == reflect.Array && isUnsigned(t.Elem()) {
			return m.matchSize(t, c, size, path)
		}
	case *Int:
		ok = isSigned(t) && (c.sign > unsigned || m.abi.Signed(c)) ||
			isUnsigned(t) && (c.sign > unsigned || !m.abi.Signed(c))
	case *Enum:
		ok = isSigned(t) || isUnsigned(t)
	case *Pointer:
		ok = isUnsigned(t)
	case *Float:
		ok = t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64
	case *Complex:
		ok = t.Kind() == reflect.Complex64 || t.Kind() == reflect.Complex128
	}
	if !ok {
		return m.fail(path, c, "it is no Go %v", t.Kind())
	}
	if size > 1 && (m.endian == BigEndian) != goIsBigEndian {
		return m.fail(path, c, "the other byte order in C")
	}
	return m.matchSize(t, c, size, path)
}

func (m *goMatcher) matchSize(t reflect.Type, c Type, size uint64, path string) error {
	if uint64(t.Size()) != size {
		return m.fail(path, c, "%d bytes in Go, %d in C", t.Size(), size)
	}
	return nil
}

func (m *goMatcher) matchStruct(t reflect.Type, c *Struct, path string) error {
	l, err := m.abi.Layout(c)
	if err != nil {
		return err
	}
	pairs, err := PairFields(t, c)
	if err != nil {
		return err
	}
	inner := goMatcher{abi: m.abi, endian: c.Attr().Endian}
	for _, p := range pairs {
		f, member := t.Field(p.Go), l.Fields[p.C]
		at := path + "." + f.Name
		if member.BitField {
			return m.fail(at, member.Type, "Go has no bit-fields")
		}
		if uint64(f.Offset) != member.Offset {
			return m.fail(at, member.Type, "offset %d in Go, %d in C", f.Offset, member.Offset)
		}
		if f.Name == "_" { // bytes that Go does not look at
			err = m.matchSize(f.Type, member.Type, member.Size, at)
		} else {
			err = inner.match(f.Type, member.Type, at)
		}
		if err != nil {
			return err
		}
	}
	return m.matchSize(t, c, l.Size, path)
}

// Every ABI of the table is little-endian; Go's machine need not be.
var goIsBigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

func isSigned(t reflect.Type) bool {
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64
}

func isUnsigned(t reflect.Type) bool {
	return t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uintptr
}

// holdsPointers reports whether values of type t hold a Go pointer or bool.
func holdsPointers(t reflect.Type) bool {
	switch k := t.Kind(); k {
	case reflect.Array:
		return t.Len() > 0 && holdsPointers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	default:
		return k == reflect.Bool || k > reflect.Complex128
	}
}
