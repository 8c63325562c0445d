package dtype

import (
	"fmt"
	"strconv"
	"strings"
)

// A Place is a member or element found by a path: its type, its offset in
// bytes from the start of the type the path began at, and for a bit-field its
// FieldLayout relative to the same start.
type Place struct {
	Type   Type
	Offset uint64
	Bits   *FieldLayout // set for a bit-field
}

// Find follows a path in C's syntax from t: "pts[2].y", ".y", "[3]", "name".
// The empty path is t itself. Indexes are checked against array lengths; a
// flexible array accepts every index. The error of a path that leads nowhere
// wraps [ErrNoMember] and has the part of the path that failed.
func (a *ABI) Find(t Type, path string) (Place, error) {
	at := Place{Type: t}
	for rest := path; rest != ""; {
		step := nextStep(rest)
		next, err := a.step(at.Type, strings.TrimPrefix(step, "."))
		if err == nil && step[0] != '.' && step[0] != '[' && len(rest) != len(path) {
			err = noMember(at.Type, step, "no . before it")
		}
		if err == nil && at.Offset+next.Offset > a.maxSize() {
			err = &Error{Op: "path", Type: at.Type, Err: fmt.Errorf("%w: offset %d", ErrOverflow, at.Offset+next.Offset)}
		}
		if err != nil {
			if e, ok := err.(*Error); ok {
				e.Op, e.Path = "path", joinPath(rootName(t), path[:len(path)-len(rest)+len(step)])
			}
			return Place{}, err
		}
		at = next.moved(at.Offset)
		rest = rest[len(step):]
	}
	return at, nil
}

// nextStep is the first step of a path: "name", ".name" or "[index]".
func nextStep(path string) string {
	if path[0] == '[' {
		if end := strings.IndexByte(path, ']'); end >= 0 {
			return path[:end+1]
		}
		return path
	}
	if end := strings.IndexAny(path[1:], ".["); end >= 0 {
		return path[:end+1]
	}
	return path
}

func (a *ABI) step(t Type, step string) (Place, error) {
	if !strings.HasPrefix(step, "[") {
		return a.Member(t, step)
	}
	index, closed := strings.CutSuffix(step[1:], "]")
	i, err := strconv.ParseUint(index, 0, 64)
	if !closed || err != nil {
		return Place{}, noMember(t, step, "no index between [ and ]")
	}
	return a.Elem(t, i)
}

// moved is p counted from offset bytes further back.
func (p Place) moved(offset uint64) Place {
	p.Offset += offset
	if p.Bits != nil {
		bits := *p.Bits
		bits.Offset += offset
		bits.BitStart += 8 * offset
		p.Bits = &bits
	}
	return p
}

// Member finds a direct member of a struct or union by name, those of
// anonymous members included.
func (a *ABI) Member(t Type, name string) (Place, error) {
	if recordOf(t) == nil {
		return Place{}, noMember(t, name, "not a struct or union")
	}
	l, err := a.Layout(t)
	if err != nil {
		return Place{}, err
	}
	if p, ok := a.member(l, name); ok {
		return p, nil
	}
	return Place{}, noMember(t, name, "")
}

func (a *ABI) member(l *Layout, name string) (Place, bool) {
	for i := range l.Fields {
		f := &l.Fields[i]
		switch {
		case f.Name == "" && recordOf(f.Type) != nil:
			inner, err := a.Layout(f.Type)
			if err != nil {
				continue // cannot be: l has been laid out
			}
			if p, ok := a.member(inner, name); ok {
				return p.moved(f.Offset), true
			}
		case f.Name != name || name == "":
		case f.BitField:
			bits := *f
			return Place{Type: f.Type, Offset: f.Offset, Bits: &bits}, true
		default:
			return Place{Type: f.Type, Offset: f.Offset}, true
		}
	}
	return Place{}, false
}

// Elem finds element i of an array or lane i of a vector.
func (a *ABI) Elem(t Type, i uint64) (Place, error) {
	arr, ok := asArray(Resolve(t)).(*Array)
	if !ok {
		return Place{}, noMember(t, fmt.Sprintf("[%d]", i), "not an array")
	}
	if !arr.flexible && i >= arr.n {
		return Place{}, noMember(t, fmt.Sprintf("[%d]", i), "the array has %d elements", arr.n)
	}
	size, err := a.Size(arr.elem)
	if err != nil {
		return Place{}, err
	}
	if size != 0 && i > a.maxSize()/size {
		return Place{}, &Error{Op: "element", Path: fmt.Sprintf("[%d]", i), Type: t, Err: ErrOverflow}
	}
	return Place{Type: arr.elem, Offset: i * size}, nil
}

// rootName is the name of the type that a path begins at.
func rootName(t Type) string {
	if _, ok := t.(*Array); ok {
		return "(" + typeName(t) + ")"
	}
	return typeName(t)
}

// joinPath puts a type or member name before a path.
func joinPath(name, path string) string {
	if name == "" || path == "" || path[0] == '.' || path[0] == '[' {
		return name + path
	}
	return name + "." + path
}

func noMember(t Type, path, format string, args ...any) error {
	err := ErrNoMember
	if format != "" {
		err = fmt.Errorf("%w: "+format, append([]any{ErrNoMember}, args...)...)
	}
	return &Error{Op: "member", Path: path, Type: t, Err: err}
}
