package dtype

import (
	"fmt"
	"strings"
)

// An NPYHeader is what the header of a .npy file says, as numpy.lib.format
// defines it.
type NPYHeader struct {
	Type      Type // of an element
	BigEndian bool // its byte order, unless it is a struct
	Fortran   bool // the first index varies fastest
	Shape     []int
}

// ParseNPYHeader reads the dict in the header of a .npy file. Its descr is read
// as [ABI.FromNumPy] reads dtypes, but that fields without a name are holes, and
// that all scalars may be big-endian.
func (a *ABI) ParseNPYHeader(text string) (NPYHeader, error) {
	fail := func(err error) (NPYHeader, error) { return NPYHeader{}, &Error{Op: "npy header", Err: err} }
	if err := checkItemText(text); err != nil {
		return fail(err)
	}
	v, err := parsePython(text)
	if err != nil {
		return fail(fmt.Errorf("%w: %w", ErrInvalid, err))
	}
	d, ok := v.(map[string]any)
	fortran, hasOrder := d["fortran_order"].(bool)
	dims, hasShape := d["shape"].(pyTuple)
	if !ok || !hasOrder || !hasShape || d["descr"] == nil || len(d) != 3 {
		return fail(fmt.Errorf("%w: a dict of descr, fortran_order and shape was expected", ErrInvalid))
	}
	h := NPYHeader{Fortran: fortran, Shape: make([]int, len(dims))}
	for i, n := range dims {
		n, ok := n.(int64)
		if !ok || n < 0 || int64(int(n)) != n {
			return fail(fmt.Errorf("%w: shape %v", ErrInvalid, dims))
		}
		h.Shape[i] = int(n)
	}
	descr, err := a.npyDescr(d["descr"])
	if err != nil {
		return fail(err)
	}
	it, err := a.numpyItem(descr, false)
	if err != nil {
		return fail(err)
	}
	h.Type, h.BigEndian = it.typ, it.big
	return h, nil
}

// npyDescr makes offsets of the fields without a name.
func (a *ABI) npyDescr(v any) (any, error) {
	switch v := v.(type) {
	case pyTuple:
		if len(v) != 2 {
			return v, nil
		}
		base, err := a.npyDescr(v[0])
		return pyTuple{base, v[1]}, err
	case []any:
		return a.npyFields(v)
	}
	return v, nil
}

func (a *ABI) npyFields(list []any) (any, error) {
	var names, formats, offsets []any
	end := uint64(0)
	for i, f := range list {
		t, ok := f.(pyTuple)
		if !ok || len(t) < 2 || len(t) > 3 {
			return nil, fmt.Errorf("%w: field %d is no (name, dtype) or (name, dtype, shape)", ErrInvalid, i)
		}
		format, err := a.npyDescr(t[1])
		if err != nil {
			return nil, err
		}
		if len(t) == 3 {
			format = pyTuple{format, t[2]}
		}
		it, err := a.numpyItem(format, false)
		if err != nil {
			return nil, err
		}
		info, err := a.complete(it.typ)
		if err != nil {
			return nil, err
		}
		if raw, _ := t[1].(string); t[0] != "" || !strings.HasPrefix(raw, "|V") {
			names, formats, offsets = append(names, t[0]), append(formats, format), append(offsets, int64(end))
		}
		if end += info.size; end > a.maxSize() {
			return nil, fmt.Errorf("%w: %d bytes", ErrOverflow, end)
		}
	}
	return map[string]any{"names": names, "formats": formats, "offsets": offsets, "itemsize": int64(end)}, nil
}

// FormatNPYHeader is the dict of a .npy file's header. Overlapping members,
// and what [ABI.NumPy] cannot express, wrap [ErrNotSupported].
func (a *ABI) FormatNPYHeader(h NPYHeader) (string, error) {
	w := numpyWriter{abi: a, room: 1 << 20}
	descr, err := w.npyDescr(item{typ: h.Type, big: h.BigEndian})
	if err != nil {
		return "", &Error{Op: "npy header", Type: h.Type, Err: err}
	}
	shape := make([]uint64, len(h.Shape))
	for i, n := range h.Shape {
		shape[i] = uint64(n)
	}
	order := "False"
	if h.Fortran {
		order = "True"
	}
	return fmt.Sprintf("{'descr': %s, 'fortran_order': %s, 'shape': %s, }", descr, order, shapeText(shape)), nil
}

// npyDescr is a dtype as .npy files have it: structs are lists, in which fields
// without a name stand for holes.
func (w *numpyWriter) npyDescr(it item) (string, error) {
	shape, elem := w.abi.dims(it.typ)
	if recordOf(elem) == nil {
		return w.dtype(it)
	}
	size, err := w.abi.Size(elem)
	if err != nil {
		return "", err
	}
	fields, err := w.abi.items(elem, 0)
	if err != nil {
		return "", err
	}
	var parts []string
	end := uint64(0)
	hole := func(to uint64) {
		if to > end {
			parts = append(parts, fmt.Sprintf("('', '|V%d')", to-end))
		}
	}
	for _, f := range fields {
		if isFlexible(f.typ) || f.offset < end {
			return "", fmt.Errorf("%w: member %s is flexible or overlaps another", ErrNotSupported, f.name)
		}
		hole(f.offset)
		size, err := w.abi.Size(f.typ)
		if err != nil {
			return "", err
		}
		end = f.offset + size
		text, err := w.npyDescr(f.item)
		if err != nil {
			return "", err
		}
		parts = append(parts, "("+pythonString(f.name)+", "+text+")")
		if w.room -= len(text) + len(f.name); w.room < 0 {
			return "", fmt.Errorf("%w: the dtype is too long", ErrOverflow)
		}
	}
	hole(size)
	return subarray("["+strings.Join(parts, ", ")+"]", shape), nil
}
