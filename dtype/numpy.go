package dtype

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// FromNumPy is the C type of a NumPy dtype, given as NumPy prints it: a string
// ("<f4", "|S12", "(2,3)i2", "i4,f8", "float64"), or the list, tuple or dict of
// a structured dtype in Python's syntax:
//
//	[('timestamp', '<i4'), ('desc', 'S12')]
//	{'names': ['a', 'b'], 'formats': ['u1', '<f8'], 'offsets': [0, 8], 'itemsize': 16}
//
// It does as numpy.ctypeslib.as_ctypes_type does: fields are ordered by offset,
// holes become padding members (where C would not leave them itself), fields
// that all lie at 0 a union, titles are dropped. Strings S are arrays of char, U
// of char32_t, raw V of unsigned char. Structs have no tag. What C cannot
// express wraps [ErrNotSupported]: overlapping fields, objects, dates, half
// floats, and big-endian scalars outside a structured dtype. A dict's 'aligned'
// holds for what is nested in it too, as when NumPy reads its own text.
func (a *ABI) FromNumPy(dtype string) (Type, error) {
	fail := func(err error) (Type, error) { return nil, &Error{Op: "numpy dtype", Path: dtype, Err: err} }
	if err := checkItemText(dtype); err != nil {
		return nil, &Error{Op: "numpy dtype", Err: err}
	}
	var v any = dtype
	if s := strings.TrimSpace(dtype); s != "" && strings.IndexByte("[{'\"", s[0]) >= 0 || strings.HasSuffix(s, ")") {
		var err error
		if v, err = parsePython(s); err != nil {
			return fail(fmt.Errorf("%w: %w", ErrInvalid, err))
		}
	}
	it, err := a.numpyItem(v, false)
	if err == nil && it.big && !isByte(it.typ) {
		err = fmt.Errorf("%w: big-endian outside a structured dtype", ErrNotSupported)
	}
	if err != nil {
		return fail(err)
	}
	return it.typ, nil
}

// numpyItem reads one dtype: a string, a (base, shape) tuple, a list of fields
// or a dict. align is what a dict around it says of C's padding.
func (a *ABI) numpyItem(v any, align bool) (item, error) {
	switch v := v.(type) {
	case string:
		return a.numpyString(v, align)
	case pyTuple:
		if len(v) != 2 {
			return item{}, fmt.Errorf("%w: a tuple of %d, not a dtype and its shape", ErrInvalid, len(v))
		}
		return a.numpyArray(v[0], v[1], align)
	case []any:
		var names, formats []any
		for i, f := range v {
			t, ok := f.(pyTuple)
			if !ok || len(t) < 2 || len(t) > 3 {
				return item{}, fmt.Errorf("%w: field %d is no (name, dtype) or (name, dtype, shape)", ErrInvalid, i)
			}
			names = append(names, t[0])
			if len(t) == 3 {
				formats = append(formats, pyTuple{t[1], t[2]})
			} else {
				formats = append(formats, t[1])
			}
		}
		return a.numpyRecord(names, formats, nil, nil, align)
	case map[string]any:
		names, ok1 := v["names"].([]any)
		formats, ok2 := v["formats"].([]any)
		if !ok1 || !ok2 || len(names) != len(formats) {
			return item{}, fmt.Errorf("%w: a dict needs lists of names and formats, equally long", ErrInvalid)
		}
		offsets, ok := v["offsets"].([]any)
		if !ok && v["offsets"] != nil || ok && len(offsets) != len(names) {
			return item{}, fmt.Errorf("%w: %d offsets for %d names", ErrInvalid, len(offsets), len(names))
		}
		return a.numpyRecord(names, formats, offsets, v["itemsize"], align || v["aligned"] == true || v["align"] == true)
	}
	return item{}, fmt.Errorf("%w: %v is no dtype", ErrInvalid, v)
}

// numpyArray reads a subarray. Its shape is a number or a tuple.
func (a *ABI) numpyArray(base, shape any, align bool) (item, error) {
	it, err := a.numpyItem(base, align)
	if err != nil {
		return item{}, err
	}
	dims, ok := shape.(pyTuple)
	if !ok {
		dims = pyTuple{shape}
	}
	var ns []uint64
	for _, d := range dims {
		n, ok := d.(int64)
		if !ok || n < 0 {
			return item{}, fmt.Errorf("%w: shape %v", ErrInvalid, shape)
		}
		ns = append(ns, uint64(n))
	}
	it.typ, err = arrayOf(it.typ, ns)
	return it, err
}

func (a *ABI) numpyRecord(names, formats, offsets []any, itemsize any, align bool) (item, error) {
	var fields []itemField
	end, most := uint64(0), uint64(1)
	for i, format := range formats {
		it, err := a.numpyItem(format, align)
		if err != nil {
			return item{}, err
		}
		info, err := a.complete(it.typ)
		if err != nil {
			return item{}, err
		}
		name, err := numpyName(names[i], i)
		if err != nil {
			return item{}, err
		}
		at := end
		if align {
			own := cmp.Or(it.align, info.align)
			at, most = alignUp(end, own), max(most, own)
		}
		if offsets != nil {
			n, ok := offsets[i].(int64)
			if !ok || n < 0 {
				return item{}, fmt.Errorf("%w: offset %v", ErrInvalid, offsets[i])
			}
			at = uint64(n)
		}
		if at > a.maxSize() {
			return item{}, fmt.Errorf("%w: offset %d", ErrOverflow, at)
		}
		fields = append(fields, itemField{it, name, at})
		end = max(end, at+info.size)
	}
	size := end
	if align {
		size = alignUp(end, most)
	}
	if itemsize != nil {
		n, ok := itemsize.(int64)
		if !ok || n < 0 || uint64(n) < end || uint64(n) > a.maxSize() {
			return item{}, fmt.Errorf("%w: itemsize %v, fields end at %d", ErrInvalid, itemsize, end)
		}
		size = uint64(n)
	}
	t, err := a.itemRecord(fields, size)
	return item{typ: t, align: most}, err
}

// numpyName is a field's name; of a (title, name) pair, the name.
func numpyName(v any, i int) (string, error) {
	if t, ok := v.(pyTuple); ok && len(t) == 2 {
		v = t[1]
	}
	name, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%w: field %d is named %v", ErrInvalid, i, v)
	}
	if name == "" {
		name = fmt.Sprintf("f%d", i)
	}
	return name, nil
}

// numpyString reads a dtype without Python syntax around it.
func (a *ABI) numpyString(s string, align bool) (item, error) {
	s = strings.TrimSpace(s)
	if parts := splitCommas(s); len(parts) > 1 {
		names, formats := make([]any, len(parts)), make([]any, len(parts))
		for i, part := range parts {
			names[i], formats[i] = fmt.Sprintf("f%d", i), part
		}
		return a.numpyRecord(names, formats, nil, nil, align)
	}
	if strings.HasPrefix(s, "(") { // a shape before the element
		end := strings.IndexByte(s, ')')
		shape, err := parsePython(s[:end+1])
		if err != nil {
			return item{}, fmt.Errorf("%w: shape: %w", ErrInvalid, err)
		}
		return a.numpyArray(s[end+1:], shape, align)
	}
	if n := len(s) - len(strings.TrimLeft(s, "0123456789")); n > 0 {
		count, err := strconv.ParseInt(s[:n], 10, 64)
		if err != nil {
			return item{}, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		return a.numpyArray(s[n:], count, align)
	}
	big := strings.HasPrefix(s, ">")
	t, err := a.numpyScalar(strings.TrimLeft(s, "<>=|"))
	return item{typ: t, big: big}, err
}

// splitCommas splits at commas outside parentheses.
func splitCommas(s string) (parts []string) {
	depth, start := 0, 0
	for i, c := range s {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				parts, start = append(parts, s[start:i]), i+1
			}
		}
	}
	return append(parts, s[start:])
}
