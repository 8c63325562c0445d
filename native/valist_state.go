package native

import "encoding/binary"

// A vaState is a va_list of any convention: the memory that registers were
// saved to, how much of it has been read, and the next argument on the stack.
// Where va_list is a pointer it has the last alone.
type vaState struct {
	ints, floats       uint64 // registers read
	intArea, floatArea uint64 // where register 0 was saved
	stack              uint64
}

// A vaPiece is bytes of an argument and where they are in memory.
type vaPiece struct{ addr, off, size uint64 }

// A vaRule is what va_list is in one convention.
type vaRule struct {
	size uint64 // of the struct in memory; 0: va_list is a pointer to arguments
	// next says where the next argument is, in pieces as it was passed, or
	// where its address is.
	next func(st *vaState, s *shape) (pieces []vaPiece, indirect bool)
}

var vaRules = map[string]vaRule{
	"sysv":        {24, vaNextSysV},
	"aapcs64":     {32, vaNextAAPCS64},
	"apple-arm64": {0, vaNextApple},
	"win64":       {0, vaNextWin64},
}

// Registers that arguments are in, and the room each has where it is saved.
const (
	sysVInts, sysVFloat   = 6, 16
	aapcsRegs, aapcsFloat = 8, 16
)

// unpack reads
//
//	struct __va_list_tag { unsigned gp_offset, fp_offset; void *overflow_arg_area, *reg_save_area; };
//	struct __va_list { void *__stack, *__gr_top, *__vr_top; int __gr_offs, __vr_offs; };
//
// System V's offsets count from the saved integer registers, behind which the
// vector registers are. AAPCS64's are from the ends of the two areas, and
// positive when the registers are used up.
func (st *vaState) unpack(b []byte) {
	le := binary.LittleEndian
	if len(b) == 24 {
		st.stack, st.intArea = le.Uint64(b[8:]), le.Uint64(b[16:])
		st.floatArea = st.intArea + 8*sysVInts
		st.ints = uint64(le.Uint32(b)) / 8
		st.floats = (uint64(le.Uint32(b[4:])) - 8*sysVInts) / sysVFloat
		return
	}
	st.stack = le.Uint64(b)
	st.intArea = le.Uint64(b[8:]) - 8*aapcsRegs
	st.floatArea = le.Uint64(b[16:]) - aapcsFloat*aapcsRegs
	st.ints = uint64(min(aapcsRegs+int64(int32(le.Uint32(b[24:])))/8, aapcsRegs))
	st.floats = uint64(min(aapcsRegs+int64(int32(le.Uint32(b[28:])))/aapcsFloat, aapcsRegs))
}

// pack is the inverse of unpack.
func (st *vaState) pack(b []byte) {
	le := binary.LittleEndian
	if len(b) == 24 {
		le.PutUint32(b, uint32(8*st.ints))
		le.PutUint32(b[4:], uint32(8*sysVInts+sysVFloat*st.floats))
		le.PutUint64(b[8:], st.stack)
		le.PutUint64(b[16:], st.intArea)
		return
	}
	le.PutUint64(b, st.stack)
	le.PutUint64(b[8:], st.intArea+8*aapcsRegs)
	le.PutUint64(b[16:], st.floatArea+aapcsFloat*aapcsRegs)
	le.PutUint32(b[24:], uint32(8*st.ints-8*aapcsRegs))
	le.PutUint32(b[28:], uint32(aapcsFloat*st.floats-aapcsFloat*aapcsRegs))
}

// vaNextSysV is va_arg as System V's section 3.5.7 has it: an argument is where
// a call with it alone would have it, after the registers already read.
func vaNextSysV(st *vaState, s *shape) (pieces []vaPiece, indirect bool) {
	if s.size == 0 {
		return nil, false
	}
	classes, ok := classifySysV(s)
	if !ok || !fitsSysV(classes, st.ints, st.floats) {
		return st.onStack(s, s.align), false
	}
	for j, c := range classes {
		q := eightbytePiece(s, classes, j)
		p := vaPiece{off: q.off, size: q.size}
		switch c {
		case integerEight:
			p.addr = st.intArea + 8*st.ints
			st.ints++
		case sseEight:
			p.addr = st.floatArea + sysVFloat*st.floats
			st.floats++
		default:
			continue // padding
		}
		pieces = append(pieces, p)
	}
	return pieces, false
}

// vaNextAAPCS64 is va_arg as AAPCS64's appendix B has it: the rules of a call,
// with the counters where they were left.
func vaNextAAPCS64(st *vaState, s *shape) (pieces []vaPiece, indirect bool) {
	if s.size == 0 {
		return nil, false
	}
	at := aapcsState{ngrn: st.ints, nsrn: st.floats, nsaa: st.stack}
	p := at.place(s)
	for _, q := range p.pieces {
		v := vaPiece{q.at, q.off, q.size}
		switch q.file {
		case intFile:
			v.addr = st.intArea + 8*q.at
		case floatFile:
			v.addr = st.floatArea + aapcsFloat*q.at
		}
		pieces = append(pieces, v)
	}
	st.ints, st.floats, st.stack = at.ngrn, at.nsrn, at.nsaa
	return pieces, p.indirect
}

// vaNextApple is va_arg on Apple's arm64, where va_list is a pointer to stack
// arguments.
func vaNextApple(st *vaState, s *shape) (pieces []vaPiece, indirect bool) {
	if s.size == 0 {
		return nil, false
	}
	at := aapcsState{nsaa: st.stack, apple: true}
	p := at.appleVariadic(s)
	st.stack = at.nsaa
	return []vaPiece{{p.pieces[0].at, 0, p.pieces[0].size}}, p.indirect
}

// vaNextWin64 is va_arg on Windows' x64, where va_list is a pointer to slots of
// eight bytes: what does not travel as itself is there as its address.
func vaNextWin64(st *vaState, s *shape) (pieces []vaPiece, indirect bool) {
	if s.size == 0 {
		return nil, false
	}
	p := vaPiece{st.stack, 0, s.size}
	if indirect = !inRegisterWin64(s); indirect {
		p.size = 8
	}
	st.stack += 8
	return []vaPiece{p}, indirect
}

// onStack takes an argument off the stack.
func (st *vaState) onStack(s *shape, align uint64) []vaPiece {
	addr := alignUp(st.stack, max(8, align))
	st.stack = addr + alignUp(s.size, 8)
	return []vaPiece{{addr, 0, s.size}}
}
