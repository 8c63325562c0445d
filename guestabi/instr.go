package guestabi

// instr is one decoded instruction. What x and y mean depends on the form of
// its immediates.
type instr struct {
	op opcode
	at int // offset of the first byte
	// x is an index, a constant of 32 bits, a value type, the largest lane
	// named, or the log2 of an alignment. Of a block it is a type index when y
	// is 1, else a value type or emptyBlock. Of br_table it is the number of
	// labels, the default not counted, which begin at offset y.
	x uint32
	y uint32
	// info describes op; it is never nil unless reading failed.
	info *opInfo
}

const emptyBlock = 0x40

// instr reads one instruction. Of vector opcodes and memory indices it accepts
// only the shortest encoding: wazero reads those as plain bytes, and must not
// see other instructions than we do.
func (r *reader) instr() instr {
	at := r.pos
	if at >= r.end {
		r.byte() // fails
		return instr{}
	}
	c := r.b[at]
	r.pos = at + 1
	in := instr{op: opcode(c), at: at, info: &ops[c]}
	if c >= byte(prefixMisc>>8) {
		r.prefixed(&in)
	}
	if in.info.name == "" {
		r.unknownInstr(at, in.op)
		return instr{}
	}
	switch in.info.imm {
	case immNone:
	case immIndex:
		in.x = r.u32()
	default:
		r.immediates(&in)
	}
	return in
}

// prefixed reads the rest of an opcode of more than one byte.
func (r *reader) prefixed(in *instr) {
	switch in.op << 8 {
	case prefixMisc:
		n := r.u32()
		if n >= uint32(len(miscOps)) {
			r.fail(in.at, ErrNotSupported, "instruction 0xfc %#x", n)
			return
		}
		in.op = prefixMisc | opcode(n)
		in.info = &miscOps[n]
	case prefixSIMD:
		n := r.byte()
		if n >= 0x80 && r.byte() != 1 {
			r.fail(in.at, ErrNotSupported, "vector instruction beyond 0xff ("+proposalRelaxed+"), or not in its shortest form")
			return
		}
		in.op = prefixSIMD | opcode(n)
		in.info = &simdOps[n]
	case prefixAtomic:
		n := r.byte()
		if int(n) >= len(atomOps) {
			r.fail(in.at, ErrNotSupported, "instruction 0xfe %#x", n)
			return
		}
		in.op = prefixAtomic | opcode(n)
		in.info = &atomOps[n]
	}
}

func (r *reader) immediates(in *instr) {
	switch in.info.imm {
	case immBlock:
		r.blockType(in)
	case immTable:
		// The default label follows the counted ones.
		in.x = uint32(r.count("labels", 1))
		in.y = uint32(r.pos)
		for range in.x {
			r.u32()
		}
		r.u32()
	case immCallIndirect, immTwoIndices:
		in.x, in.y = r.u32(), r.u32()
	case immTypes:
		if n := r.byte(); r.err == nil && n != 1 {
			r.fail(r.pos-1, ErrInvalid, "select with %d types", n)
		}
		in.x = uint32(r.valueType())
	case immMemArg, immAtomic:
		in.x, in.y = r.u32(), r.u32()
	case immZero:
		if c := r.byte(); c != 0 {
			r.fail(r.pos-1, ErrMalformed, "%s followed by %#x", in.op, c)
		}
	case immMemory:
		r.zero()
	case immMemories:
		r.zero()
		r.zero()
	case immIndexMemory:
		in.x = r.u32()
		r.zero()
	case immI32:
		in.x = uint32(r.signed(32))
	case immI64:
		r.signed(64)
	case immF32:
		r.skip(4)
	case immF64:
		r.skip(8)
	case immV128:
		r.skip(16)
	case immRefType:
		in.x = uint32(r.refType())
	case immShuffle:
		for range 16 {
			in.x = max(in.x, uint32(r.byte()))
		}
	case immLane:
		in.x = uint32(r.byte())
	case immMemLane:
		in.x = r.u32()
		r.u32() // offset
		in.y = uint32(r.byte())
	}
}

func (r *reader) blockType(in *instr) {
	if r.pos < r.end {
		if c := r.b[r.pos]; c == emptyBlock || ValueType(c).valid() {
			r.pos++
			in.x = uint32(c)
			return
		}
	}
	at := r.pos
	v := r.signed(33)
	if v < 0 {
		r.fail(at, ErrMalformed, "unknown block type")
		return
	}
	in.x, in.y = uint32(v), 1
}

func (r *reader) zero() {
	if c := r.byte(); c != 0 {
		r.fail(r.pos-1, ErrInvalid, "memory index %#x is not 0", c)
	}
}
