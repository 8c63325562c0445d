package guestabi

import (
	"fmt"
	"unicode/utf8"
)

// reader decodes the primitives of the binary format. The first failure
// sticks: later reads return zeros, so that callers check err once a step.
type reader struct {
	b   []byte // whole module: offsets in errors count from its beginning
	pos int
	end int // reads stop here, at most len(b)
	op  string
	sec string
	err *Error
}

// fail records the first failure, at the byte offset at.
func (r *reader) fail(at int, kind error, format string, args ...any) {
	if r.err == nil {
		r.err = &Error{r.op, r.sec, uint64(at), errorf(kind, format, args...)}
	}
	r.pos = r.end
}

func errorf(kind error, format string, args ...any) error {
	return fmt.Errorf("%w: %s", kind, fmt.Sprintf(format, args...))
}

func (r *reader) left() int { return r.end - r.pos }

func (r *reader) byte() byte {
	if r.pos >= r.end {
		r.fail(r.pos, ErrMalformed, "unexpected end")
		return 0
	}
	c := r.b[r.pos]
	r.pos++
	return c
}

func (r *reader) skip(n uint32) Span {
	if uint64(n) > uint64(r.left()) {
		r.fail(r.pos, ErrMalformed, "%d bytes wanted, %d left", n, r.left())
		return Span{}
	}
	s := Span{uint32(r.pos), n}
	r.pos += int(n)
	return s
}

func (r *reader) u32() uint32 {
	if r.pos < r.end && r.b[r.pos] < 0x80 { // nearly all indices
		r.pos++
		return uint32(r.b[r.pos-1])
	}
	return uint32(r.unsigned(32))
}

func (r *reader) unsigned(bits uint) uint64 {
	at := r.pos
	var v uint64
	for shift := uint(0); ; shift += 7 {
		c := r.byte()
		if r.err != nil {
			return 0
		}
		if rest := bits - shift; rest < 7 && c>>rest != 0 {
			r.fail(at, ErrMalformed, "integer exceeds %d bits", bits)
			return 0
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
}

func (r *reader) signed(bits uint) int64 {
	at := r.pos
	var v int64
	for shift := uint(0); ; shift += 7 {
		c := r.byte()
		if r.err != nil {
			return 0
		}
		if rest := bits - shift; rest <= 7 {
			// The last byte: no more may follow, and its unused bits repeat the sign.
			if unused := int8(c<<1) >> rest; c >= 0x80 || unused != 0 && unused != -1 {
				r.fail(at, ErrMalformed, "integer exceeds %d bits", bits)
				return 0
			}
		}
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			if c&0x40 != 0 && shift+7 < 64 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
}

// maxItems bounds every vector of things a module declares. Engines have such
// limits too; no compiler comes near.
const maxItems = 1_000_000

// count reads the length of a vector whose items take at least size bytes, so
// that what is allocated for it is bounded by what is there.
func (r *reader) count(what string, size int) int {
	at := r.pos
	n := r.u32()
	if uint64(n)*uint64(size) > uint64(r.left()) {
		r.fail(at, ErrMalformed, "%d %s do not fit in the %d bytes left", n, what, r.left())
		return 0
	}
	if n > maxItems {
		r.fail(at, ErrLimit, "%d %s exceed %d", n, what, maxItems)
		return 0
	}
	return int(n)
}

func (r *reader) name() string {
	s := r.skip(r.u32())
	b := r.b[s.Offset:s.End()]
	if !utf8.Valid(b) {
		r.fail(int(s.Offset), ErrMalformed, "name is not UTF-8")
		return ""
	}
	return string(b)
}

func (r *reader) valueType() ValueType {
	t := ValueType(r.byte())
	if r.err == nil && !t.valid() {
		r.unknownType(r.pos-1, byte(t), "value type")
	}
	return t
}

func (r *reader) refType() ValueType {
	t := ValueType(r.byte())
	if r.err == nil && !t.IsRef() {
		r.unknownType(r.pos-1, byte(t), "reference type")
	}
	return t
}

func (r *reader) flag(what string) bool {
	c := r.byte()
	if c > 1 {
		r.fail(r.pos-1, ErrMalformed, "%s %#x is neither 0 nor 1", what, c)
	}
	return c == 1
}
