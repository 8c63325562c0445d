package guestabi

import (
	"encoding/binary"
	"fmt"
)

// Revision counts what [Rewrite] has come to make of equal bytes and options:
// it is another one where results may be.
const Revision = 5

// Saved is what a Result knows that takes long to find out again, for [Restore].
func (r *Result) Saved() []byte {
	b := binary.AppendUvarint(nil, uint64(len(r.offsets)))
	var last moved
	for _, m := range r.offsets {
		b = binary.AppendUvarint(b, uint64(m.new-last.new))
		b = binary.AppendUvarint(b, uint64(m.old-last.old))
		last = m
	}
	return b
}

// Restore makes the Result that [Rewrite] made of the same bytes and options
// under the same [Revision], of its new module and of what it saved, much faster
// than Rewrite: it checks nothing of either, so that they must come from a place
// that can be trusted. The error is one of [Parse], or that of damage that shows.
func Restore(b []byte, opts Options, wasm, saved []byte) (*Result, error) {
	m, err := Parse(b)
	if err != nil {
		return nil, err
	}
	w, err := newRewriter(m, opts.withDefaults())
	if err != nil {
		return nil, err
	}
	w.res.Wasm = wasm
	if w.res.offsets, err = restoreOffsets(saved); err != nil {
		return nil, err
	}
	return w.res, nil
}

func restoreOffsets(b []byte) (offsetMap, error) {
	short := &Error{"restore", "", 0, fmt.Errorf("%w: %d bytes of saved offsets end too soon", ErrMalformed, len(b))}
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)) {
		return nil, short
	}
	if n == 0 {
		return nil, nil
	}
	b = b[size:]
	out := make(offsetMap, n)
	var last moved
	for i := range out {
		d, n1 := binary.Uvarint(b)
		if n1 <= 0 {
			return nil, short
		}
		e, n2 := binary.Uvarint(b[n1:])
		if n2 <= 0 {
			return nil, short
		}
		b = b[n1+n2:]
		last = moved{last.new + uint32(d), last.old + uint32(e)}
		out[i] = last
	}
	return out, nil
}
