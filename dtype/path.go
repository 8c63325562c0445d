package dtype

import (
	"fmt"
	"strconv"
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
// flexible array accepts every index.
func (a *ABI) Find(t Type, path string) (Place, error) {
	at := Place{Type: t}
	fail := func(rest string, format string, args ...any) (Place, error) {
		done := path[:len(path)-len(rest)]
		return Place{}, &Error{Op: "path", Path: path, Type: t,
			Err: fmt.Errorf("%w: "+format+" after %q", append(append([]any{ErrNoMember}, args...), done)...)}
	}
	for rest := path; rest != ""; {
		if rest[0] == '[' {
			end := 1
			for end < len(rest) && rest[end] != ']' {
				end++
			}
			if end == len(rest) {
				return fail(rest, "missing ]")
			}
			i, err := strconv.ParseUint(rest[1:end], 0, 64)
			if err != nil {
				return fail(rest, "index %s", rest[:end+1])
			}
			next, err := a.Elem(at.Type, i)
			if err != nil {
				return fail(rest, "%v", err)
			}
			at = Place{Type: next.Type, Offset: at.Offset + next.Offset}
			rest = rest[end+1:]
			continue
		}
		if rest[0] == '.' {
			rest = rest[1:]
		} else if len(rest) != len(path) {
			return fail(rest, "unexpected %q", rest[0])
		}
		end := 0
		for end < len(rest) && rest[end] != '.' && rest[end] != '[' {
			end++
		}
		next, err := a.Member(at.Type, rest[:end])
		if err != nil {
			return Place{}, err
		}
		next.Offset += at.Offset
		if next.Bits != nil {
			next.Bits.Offset += at.Offset
			next.Bits.BitStart += 8 * at.Offset
		}
		at, rest = next, rest[end:]
	}
	return at, nil
}

// Member finds a direct member of a struct or union by name, those of
// anonymous members included.
func (a *ABI) Member(t Type, name string) (Place, error) {
	r := recordOf(t)
	if r == nil {
		return Place{}, &Error{Op: "member", Path: name, Type: t, Err: fmt.Errorf("%w: not a struct or union", ErrNoMember)}
	}
	l, err := a.Layout(t)
	if err != nil {
		return Place{}, err
	}
	for i := range l.Fields {
		f := l.Fields[i]
		if f.Name == name && name != "" {
			p := Place{Type: f.Type, Offset: f.Offset}
			if f.BitField {
				p.Bits = &f
			}
			return p, nil
		}
		if f.Name == "" && recordOf(f.Type) != nil {
			p, err := a.Member(f.Type, name)
			if err != nil {
				continue
			}
			p.Offset += f.Offset
			if p.Bits != nil {
				p.Bits.Offset += f.Offset
				p.Bits.BitStart += 8 * f.Offset
			}
			return p, nil
		}
	}
	return Place{}, &Error{Op: "member", Path: name, Type: t, Err: ErrNoMember}
}

// Elem finds element i of an array.
func (a *ABI) Elem(t Type, i uint64) (Place, error) {
	arr, ok := Resolve(t).(*Array)
	if !ok {
		return Place{}, &Error{Op: "element", Type: t, Err: fmt.Errorf("%w: not an array", ErrNoMember)}
	}
	if !arr.flexible && i >= arr.n {
		return Place{}, &Error{Op: "element", Type: t, Err: fmt.Errorf("%w: index %d of %d", ErrNoMember, i, arr.n)}
	}
	size, err := a.Size(arr.elem)
	if err != nil {
		return Place{}, err
	}
	off, ok := mul(size, i)
	if !ok || off > a.maxSize() {
		return Place{}, &Error{Op: "element", Type: t, Err: fmt.Errorf("%w: index %d", ErrOverflow, i)}
	}
	return Place{Type: arr.elem, Offset: off}, nil
}
