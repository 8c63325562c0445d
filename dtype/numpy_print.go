package dtype

import (
	"fmt"
	"strconv"
	"strings"
)

// NumPy is the NumPy dtype of t: a string for scalars and arrays of them
// ("<i4", "(2,3)<f8", "|S12"), Python's list of fields for a struct without
// holes, a dict with offsets for any other struct and for unions. Padding
// members, and the tags of structs, are left out; arrays of char are S, of
// char32_t U, pointers unsigned integers. What NumPy cannot express wraps
// [ErrNotSupported]: bit-fields, __int128, functions, flexible arrays.
func (a *ABI) NumPy(t Type) (string, error) {
	if _, err := a.Layout(t); err != nil {
		return "", err
	}
	w := numpyWriter{abi: a, room: 1 << 20}
	s, err := w.dtype(item{typ: t})
	if err != nil {
		return "", &Error{Op: "numpy dtype", Type: t, Err: err}
	}
	if strings.HasPrefix(s, "'") { // a string needs no quotes by itself
		s = strings.Trim(s, "'")
	}
	return s, nil
}

type numpyWriter struct {
	abi  *ABI
	room int // bytes that structs may still take
}

// dtype is a dtype in Python's syntax.
func (w *numpyWriter) dtype(it item) (string, error) {
	base, shape, err := w.base(it)
	return subarray(base, shape), err
}

// subarray is a dtype of arrays of base: a string if that is one.
func subarray(base string, shape []uint64) string {
	switch {
	case len(shape) == 0:
		return base
	case strings.HasPrefix(base, "'"):
		return "'" + shapeText(shape) + base[1:]
	}
	return "(" + base + ", " + shapeText(shape) + ")"
}

// base is a dtype without the subarray's shape.
func (w *numpyWriter) base(it item) (string, []uint64, error) {
	shape, elem := w.abi.dims(it.typ)
	if len(shape) > 0 {
		last := shape[len(shape)-1]
		switch elem {
		case CChar:
			return fmt.Sprintf("'|S%d'", last), shape[:len(shape)-1], nil
		case Char32T:
			return fmt.Sprintf("'%cU%d'", order(it.big, 4), last), shape[:len(shape)-1], nil
		}
	}
	if recordOf(elem) != nil {
		s, err := w.record(elem)
		return s, shape, err
	}
	code, size, err := w.abi.numpyCode(elem)
	return fmt.Sprintf("'%c%s'", order(it.big, size), code), shape, err
}

func (w *numpyWriter) record(t Type) (string, error) {
	l, err := w.abi.Layout(t)
	if err != nil {
		return "", err
	}
	fields, err := w.abi.items(t, 0)
	if err != nil {
		return "", err
	}
	var names, formats, offsets, pairs []string
	end, holes := uint64(0), false
	for _, f := range fields {
		if isFlexible(f.typ) {
			return "", fmt.Errorf("%w: flexible array %s", ErrNotSupported, f.name)
		}
		size, err := w.abi.Size(f.typ)
		if err != nil {
			return "", err
		}
		holes = holes || f.offset != end
		end = f.offset + size
		base, shape, err := w.base(f.item)
		if err != nil {
			return "", err
		}
		name, tail := pythonString(f.name), ""
		if len(shape) > 0 {
			tail = ", " + shapeText(shape)
		}
		names, formats = append(names, name), append(formats, subarray(base, shape))
		offsets = append(offsets, strconv.FormatUint(f.offset, 10))
		pairs = append(pairs, "("+name+", "+base+tail+")")
		if w.room -= len(base) + len(name); w.room < 0 {
			return "", fmt.Errorf("%w: the dtype is too long", ErrOverflow)
		}
	}
	if !holes && end == l.Size {
		return "[" + strings.Join(pairs, ", ") + "]", nil
	}
	return fmt.Sprintf("{'names': [%s], 'formats': [%s], 'offsets': [%s], 'itemsize': %d}",
		strings.Join(names, ", "), strings.Join(formats, ", "), strings.Join(offsets, ", "), l.Size), nil
}

func pythonString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

// order is the byte order's character; values of one byte have none.
func order(big bool, size uint64) byte {
	switch {
	case size == 1:
		return '|'
	case big:
		return '>'
	}
	return '<'
}

// numpyCode is the kind and size of a scalar.
func (a *ABI) numpyCode(t Type) (code string, size uint64, err error) {
	info, err := a.info(t)
	if err != nil {
		return "", 0, err
	}
	kind := byte(0)
	switch t := a.withoutEnum(t).(type) {
	case *Bool:
		kind = 'b'
	case *Int:
		switch {
		case t == CChar:
			return "S1", 1, nil
		case t == Char32T:
			return "U1", 4, nil
		case info.size > 8:
		case a.Signed(t):
			kind = 'i'
		default:
			kind = 'u'
		}
	case *Pointer:
		kind = 'u'
	case *Float:
		kind = 'f'
	case *Complex:
		kind = 'c'
	}
	if kind == 0 {
		return "", 0, fmt.Errorf("%w: NumPy has no %v", ErrNotSupported, t)
	}
	return fmt.Sprintf("%c%d", kind, info.size), info.size, nil
}
