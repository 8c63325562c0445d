package guestabi

import (
	"math/rand/v2"
	"slices"
)

// Mutate changes the code of a valid module, an instruction or two: to another
// that takes and gives the same, or to anything; removed, doubled, swapped.
func Mutate(r *rand.Rand, wasm []byte) []byte {
	m, err := Parse(wasm)
	if err != nil || len(m.Codes) == 0 {
		return wasm
	}
	bodies := make([][]byte, len(m.Codes))
	for i, c := range m.Codes {
		bodies[i] = m.Bytes(c.Body)
	}
	for range 1 + r.IntN(3) {
		i := r.IntN(len(bodies))
		c := m.Codes[i]
		if len(bodies[i]) == int(c.Body.Len) { // else it has been changed already
			bodies[i] = mutateBody(r, m, c)
		}
	}
	code := appendU32(nil, uint32(len(bodies)))
	for _, b := range bodies {
		code = appendBytes(code, b)
	}
	s := m.sections[SectionCode]
	start := int(s.Offset) - len(appendU32(nil, s.Len)) - 1
	out := appendSection(slices.Clone(wasm[:start]), SectionCode, code)
	return append(out, wasm[s.End():]...)
}

func mutateBody(r *rand.Rand, m *Module, c Code) []byte {
	rd := reader{b: m.bytes, pos: int(c.Instrs.Offset), end: int(c.Instrs.End())}
	type piece struct {
		in         instr
		start, end int
	}
	var all []piece
	for rd.pos < rd.end && rd.err == nil {
		start := rd.pos
		all = append(all, piece{rd.instr(), start, rd.pos})
	}
	at := all[r.IntN(len(all))]
	for range 20 { // ends are many
		if at.in.op != opEnd {
			break
		}
		at = all[r.IntN(len(all))]
	}
	before, it, after := m.bytes[c.Body.Offset:at.start], m.bytes[at.start:at.end], m.bytes[at.end:c.Body.End()]
	switch r.IntN(8) {
	case 0, 1, 2, 3:
		var same []opcode
		eachOp(func(op opcode, in *opInfo) {
			if in.typed && at.in.info.typed && in.imm == at.in.info.imm && in.push == at.in.info.push &&
				in.npops == at.in.info.npops && in.pops == at.in.info.pops {
				same = append(same, op)
			}
		})
		if len(same) > 0 {
			it = append(appendOp(nil, same[r.IntN(len(same))]), it[len(appendOp(nil, at.in.op)):]...)
		}
	case 4:
		it = nil
	case 5:
		it = append(slices.Clone(it), it...)
	case 6:
		it = slices.Clone(it)
		it[r.IntN(len(it))] = byte(r.IntN(256))
	case 7:
		other := all[r.IntN(len(all))]
		it = m.bytes[other.start:other.end]
	}
	return slices.Concat(before, it, after)
}
