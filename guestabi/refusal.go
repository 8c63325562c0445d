package guestabi

import "bytes"

// refusals has a guest tell its host that table.grow failed, with
// Options.Refusals: an engine has no other way to know. After the instruction
// comes
//
//	result = what it gave
//	if result == -1 { tick(Refused); give -1 } else { give result }
//
// in a body that has been instrumented, with result in a global, which needs no
// local. Where the counter is does not matter: what such a tick returns is dropped.
type refusals struct {
	on     bool
	result uint32 // the global
	tick   uint32
}

var tableGrow = appendOp(nil, opTableGrow)

// growsTables reports whether there may be a table.grow. Who writes it longer
// than necessary is not told what the table's limit did to it.
func (m *Module) growsTables() bool { return bytes.Contains(m.Bytes(m.CodeSection), tableGrow) }

// told is a body with what is added, and where its bytes are now.
func (n refusals) told(body []byte, moves offsetMap) ([]byte, offsetMap) {
	if !bytes.Contains(body, tableGrow) {
		return body, moves
	}
	r := reader{b: body, end: len(body)}
	for range r.u32() {
		r.u32()
		r.byte()
	}
	var out assembler
	var shifted offsetMap
	from, next := 0, 0 // of body and moves, what is not in out and shifted
	copyTo := func(pos int) {
		added := uint32(len(out) - from)
		for ; next < len(moves) && int(moves[next].new) < pos; next++ {
			shifted.add(moves[next].new+added, moves[next].old)
		}
		out = append(out, body[from:pos]...)
		from = pos
	}
	for r.err == nil && r.pos < r.end {
		if in := r.instr(); in.op == opTableGrow {
			copyTo(r.pos)
			n.tell(&out)
			shifted.add(uint32(len(out)), uint32(moves.original(uint64(r.pos))))
		}
	}
	copyTo(len(body))
	return out, shifted
}

func (n refusals) tell(a *assembler) {
	a.index(opGlobalSet, n.result).index(opGlobalGet, n.result).i32(-1).op(opI32Eq)
	a.op(opIf)
	*a = append(*a, byte(I32))
	a.i64(Refused).index(opCall, n.tick).op(opDrop).i32(-1)
	a.op(opElse).index(opGlobalGet, n.result).op(opEnd)
}
