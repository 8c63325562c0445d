package native

import "github.com/wasmffi/wasmffi/dtype"

// The conventions of 64-bit ARM: "Procedure Call Standard for the Arm 64-bit
// Architecture" (AAPCS64), section 6.8, and Apple's variant of it, "Writing
// ARM64 code for Apple platforms".
var (
	aapcs64 = &convention{name: "aapcs64", abi: dtype.LinuxARM64,
		lower: func(sig *signature) (*lowering, error) { return lowerAAPCS64(sig, false) }}
	appleARM64 = &convention{name: "apple-arm64", abi: dtype.DarwinARM64, packsStack: true,
		lower: func(sig *signature) (*lowering, error) { return lowerAAPCS64(sig, true) }}
)

// An aapcsState holds the counters of the standard's stage C.
type aapcsState struct {
	ngrn, nsrn uint64 // next general-purpose and SIMD register
	nsaa       uint64 // next stacked argument address
	apple      bool
}

func lowerAAPCS64(sig *signature, apple bool) (*lowering, error) {
	l := &lowering{align: 16, result: resultAAPCS64(&sig.result)}
	st := aapcsState{apple: apple}
	for i := range sig.params {
		s := &sig.params[i]
		var p placement
		switch {
		case s.size == 0:
		case apple && sig.variadic && i >= sig.fixed:
			p = st.appleVariadic(s)
		default:
			p = st.place(s)
		}
		l.params = append(l.params, p)
	}
	l.stack = alignUp(st.nsaa, 8)
	l.vectors = int(min(st.nsrn, 8))
	l.rest = vaState{ints: st.ngrn, floats: st.nsrn, stack: l.stack}
	return l, nil
}

// place puts the next argument; rule numbers are the standard's.
func (st *aapcsState) place(s *shape) placement {
	elem, n, hfa := s.homogeneous()
	switch {
	case hfa: // C.1 to C.4; a floating-point scalar is one of itself
		if st.nsrn+n <= 8 {
			var p placement
			for i := range n {
				p.pieces = append(p.pieces, piece{file: floatFile, at: st.nsrn, off: i * elem.size, size: elem.size})
				st.nsrn++
			}
			return p
		}
		st.nsrn = 8
		return st.stacked(s, min(s.natural, 16)) // less in a packed struct
	case s.size > 16: // B.4: the address of a copy
		addr := scalarShape(8)
		p := st.place(&addr)
		p.indirect = true
		return p
	}
	words := (s.size + 7) / 8
	if s.natural >= 16 && !st.apple { // C.8; Apple's begin at any register
		st.ngrn = alignUp(st.ngrn, 2)
	}
	if st.ngrn+words > 8 { // C.11
		st.ngrn = 8
		if !s.aggregate {
			return st.stacked(s, s.align)
		}
		p := st.stacked(s, st.aggregateAlign(s))
		st.nsaa = alignUp(st.nsaa, 8) // Apple's too: only scalars are packed
		return p
	}
	var p placement
	for i := range words { // C.9, C.10
		p.pieces = append(p.pieces, piece{file: intFile, at: st.ngrn, off: i * 8, size: min(8, s.size-i*8)})
		st.ngrn++
	}
	return p
}

// stacked puts an argument on the stack: in multiples of eight bytes, or with
// Apple's compilers at its natural alignment and size.
func (st *aapcsState) stacked(s *shape, align uint64) placement {
	size := s.size
	if !st.apple {
		align = max(8, align)
		size = alignUp(size, 8)
	}
	st.nsaa = alignUp(st.nsaa, align)
	p := placement{pieces: []piece{{file: stackFile, at: st.nsaa, size: s.size}}}
	st.nsaa += size
	return p
}

// appleVariadic puts an argument that matched "...": always on the stack, in
// multiples of eight bytes.
func (st *aapcsState) appleVariadic(s *shape) placement {
	if s.size > 16 {
		if _, _, hfa := s.homogeneous(); !hfa {
			addr := scalarShape(8)
			p := st.appleVariadic(&addr)
			p.indirect = true
			return p
		}
	}
	st.nsaa = alignUp(st.nsaa, st.aggregateAlign(s))
	p := placement{pieces: []piece{{file: stackFile, at: st.nsaa, size: s.size}}}
	st.nsaa = alignUp(st.nsaa+s.size, 8)
	return p
}

// aggregateAlign is the alignment of an aggregate on the stack: its natural one,
// between 8 and 16, or with Apple's compilers the one that it states.
func (st *aapcsState) aggregateAlign(s *shape) uint64 {
	if st.apple && s.aggregate {
		return min(max(8, s.align), 16)
	}
	return min(max(8, s.natural), 16)
}

func scalarShape(size uint64) shape {
	return shape{size: size, align: size, natural: size, parts: []part{{size: size}}}
}

// resultAAPCS64 places a result (section 6.9): as if it were the first
// argument, or in memory whose address the caller passes in X8.
func resultAAPCS64(s *shape) placement {
	if s.size == 0 {
		return placement{}
	}
	if _, _, hfa := s.homogeneous(); !hfa && s.size > 16 {
		return placement{pieces: []piece{{file: resultFile, size: 8}}, indirect: true}
	}
	var st aapcsState
	return st.place(s)
}
