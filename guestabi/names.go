package guestabi

// The subsections of the name section that are read or kept.
const (
	nameModule    = 0
	nameFunctions = 1
	nameLocals    = 2
	nameGlobals   = 7
)

// parseNames reads the names of functions and globals. A name section is
// advisory: one that is malformed names nothing.
func parseNames(b []byte, section Span) (funcs, globals map[uint32]string) {
	funcs = map[uint32]string{}
	eachSubsection(b, section, func(id byte, r *reader) {
		m := funcs
		switch id {
		case nameFunctions:
		case nameGlobals:
			globals = map[uint32]string{}
			m = globals
		default:
			return
		}
		for range r.count("names", 2) {
			i, name := r.u32(), r.name()
			if r.err != nil {
				clear(m)
				return
			}
			m[i] = name
		}
	})
	return funcs, globals
}

func eachSubsection(b []byte, section Span, f func(id byte, r *reader)) {
	r := reader{b: b, pos: int(section.Offset), end: int(section.End())}
	for r.left() > 0 {
		id := r.byte()
		body := r.skip(r.u32())
		if r.err != nil {
			return
		}
		f(id, &reader{b: b, pos: int(body.Offset), end: int(body.End())})
	}
}

// names returns the contents of the name section of the new module.
func (w *rewriter) names(section Span) []byte {
	if w.opts.Uninstrumented {
		return shiftNames(w.m.bytes, section, ^uint32(0), nil)
	}
	added := []namedFunc{{w.fuel.tick, "wasmffi.tick"}}
	first := w.fuel.tick + 1 + uint32(len(w.m.Funcs))
	for i, h := range w.helpers {
		added = append(added, namedFunc{first + uint32(i), helperNames[h.kind()]})
	}
	return shiftNames(w.m.bytes, section, w.fuel.tick, added)
}

// shiftNames returns the contents of a name section for the rewritten module:
// function indices from first on move up by one. Only what was read without
// fault is kept, because engines trust the sizes a name section claims.
func shiftNames(b []byte, section Span, first uint32, added []namedFunc) []byte {
	var out []byte
	emit := func(id byte, body []byte) {
		out = append(out, id)
		out = appendBytes(out, body)
	}
	shift := func(i uint32) uint32 {
		if i >= first {
			i++
		}
		return i
	}
	eachSubsection(b, section, func(id byte, r *reader) {
		var body []byte
		switch id {
		case nameModule:
			body = appendString(body, r.name())
		case nameFunctions:
			body = shiftFuncNames(r, shift, first, added)
		case nameLocals:
			body = shiftLocalNames(r, shift)
		default:
			return
		}
		if r.err == nil && r.left() == 0 {
			emit(id, body)
		}
	})
	return out
}

// namedFunc is a function the rewrite adds.
type namedFunc struct {
	index uint32
	name  string
}

func shiftFuncNames(r *reader, shift func(uint32) uint32, first uint32, added []namedFunc) []byte {
	n := r.count("names", 2)
	body := appendU32(nil, uint32(n+len(added)))
	insert := func(limit uint32) { // names come in the order of their indices
		for len(added) > 0 && added[0].index < limit {
			body = appendString(appendU32(body, added[0].index), added[0].name)
			added = added[1:]
		}
	}
	last := int64(-1)
	for range n {
		i := r.u32()
		if int64(i) <= last {
			r.fail(r.pos, ErrMalformed, "function %d after %d", i, last)
		}
		last = int64(i)
		name := r.name()
		i = shift(i)
		insert(i)
		body = appendString(appendU32(body, i), name)
	}
	insert(^uint32(0))
	return body
}

func shiftLocalNames(r *reader, shift func(uint32) uint32) []byte {
	n := r.count("functions", 2)
	body := appendU32(nil, uint32(n))
	last := int64(-1)
	for range n {
		i := r.u32()
		if int64(i) <= last {
			r.fail(r.pos, ErrMalformed, "function %d after %d", i, last)
		}
		last = int64(i)
		body = appendU32(body, shift(i))
		locals := r.count("names", 2)
		from := r.pos
		for range locals {
			r.u32()
			r.name()
		}
		body = appendU32(body, uint32(locals))
		body = append(body, r.b[from:r.pos]...)
		if r.err != nil {
			return nil
		}
	}
	return body
}
