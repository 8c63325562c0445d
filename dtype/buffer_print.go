package dtype

import (
	"fmt"
	"strings"
)

// BufferFormat is the PEP 3118 buffer format of t, with the byte order of each
// item and every hole stated, so that it means the same on any machine:
// "T{<i:x:4x<d:y:}". Arrays of char are s. Unions, bit-fields, __int128,
// big-endian long double, functions and flexible arrays wrap [ErrNotSupported].
func (a *ABI) BufferFormat(t Type) (string, error) {
	if _, err := a.Layout(t); err != nil {
		return "", err
	}
	w := bufferWriter{abi: a, room: 1 << 20}
	if err := w.item(item{typ: t}); err != nil {
		return "", &Error{Op: "buffer format", Type: t, Err: err}
	}
	return w.String(), nil
}

type bufferWriter struct {
	strings.Builder
	abi  *ABI
	room int // length of the longest format
}

func (w *bufferWriter) item(it item) error {
	if w.Len() > w.room {
		return fmt.Errorf("%w: the format is too long", ErrOverflow)
	}
	shape, elem := w.abi.dims(it.typ)
	code := ""
	switch n := len(shape); {
	case n > 0 && elem == CChar:
		code, shape = fmt.Sprintf("%ds", shape[n-1]), shape[:n-1]
	case n > 0 && elem == Char32T:
		code, shape = fmt.Sprintf("%c%dw", order(it.big, 4), shape[n-1]), shape[:n-1]
	}
	if len(shape) > 0 {
		w.WriteString(strings.Replace(shapeText(shape), ",)", ")", 1))
	}
	if recordOf(elem) != nil {
		return w.record(elem)
	}
	if code == "" {
		c, size, err := w.abi.bufferCode(elem)
		if err != nil {
			return err
		}
		switch {
		case strings.HasSuffix(c, "g") && it.big:
			return fmt.Errorf("%w: PEP 3118 has no big-endian %v", ErrNotSupported, elem)
		case strings.HasSuffix(c, "g"):
			code = "^" + c // long double has no fixed size
		case size > 1:
			code = string(order(it.big, size)) + c
		default:
			code = c
		}
	}
	w.WriteString(code)
	return nil
}

func (w *bufferWriter) record(t Type) error {
	if isUnion(t) {
		return fmt.Errorf("%w: PEP 3118 has no unions", ErrNotSupported)
	}
	l, err := w.abi.Layout(t)
	if err != nil {
		return err
	}
	fields, err := w.abi.items(t, 0)
	if err != nil {
		return err
	}
	w.WriteString("T{")
	end := uint64(0)
	for _, f := range fields {
		if f.offset < end || isFlexible(f.typ) {
			return fmt.Errorf("%w: %s, a union's member or flexible array", ErrNotSupported, f.name)
		}
		w.hole(f.offset - end)
		if err := w.item(f.item); err != nil {
			return err
		}
		fmt.Fprintf(w, ":%s:", f.name)
		size, err := w.abi.Size(f.typ)
		if err != nil {
			return err
		}
		end = f.offset + size
	}
	w.hole(l.Size - end)
	w.WriteString("}")
	return nil
}

func (w *bufferWriter) hole(n uint64) {
	switch {
	case n == 1:
		w.WriteString("x")
	case n > 1:
		fmt.Fprintf(w, "%dx", n)
	}
}

// bufferCode is the code of a scalar and its size. Codes are those of fixed
// sizes; a pointer is an unsigned integer.
func (a *ABI) bufferCode(t Type) (code string, size uint64, err error) {
	info, err := a.info(t)
	if err != nil {
		return "", 0, err
	}
	size = info.size
	switch t := a.withoutEnum(t).(type) {
	case *Bool:
		return "?", size, nil
	case *Int:
		codes := map[uint64]string{1: "b", 2: "h", 4: "i", 8: "q"}
		switch {
		case t == CChar:
			return "c", size, nil
		case t == Char32T:
			return "w", size, nil
		case codes[size] == "":
		case a.Signed(t):
			return codes[size], size, nil
		default:
			return strings.ToUpper(codes[size]), size, nil
		}
	case *Pointer:
		return map[uint64]string{4: "I", 8: "Q"}[size], size, nil
	case *Float:
		return map[*Float]string{CFloat: "f", CDouble: "d", CLongDouble: "g"}[t], size, nil
	case *Complex:
		return "Z" + map[*Float]string{CFloat: "f", CDouble: "d", CLongDouble: "g"}[t.part], size, nil
	}
	return "", 0, fmt.Errorf("%w: PEP 3118 has no %v", ErrNotSupported, t)
}
