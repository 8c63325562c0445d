package guestabi

// assembler appends instructions to a body.
type assembler []byte

func (a *assembler) op(op opcode) *assembler {
	*a = appendOp(*a, op)
	return a
}

// index is an instruction with one index: local, global, function, label.
func (a *assembler) index(op opcode, i uint32) *assembler {
	*a = appendU32(appendOp(*a, op), i)
	return a
}

func (a *assembler) local(op opcode, i uint32) *assembler  { return a.index(op, i) }
func (a *assembler) branch(op opcode, l uint32) *assembler { return a.index(op, l) }

// locals pushes the values of locals.
func (a *assembler) locals(is ...uint32) *assembler {
	for _, i := range is {
		a.index(opLocalGet, i)
	}
	return a
}

func (a *assembler) i32(v int32) *assembler {
	*a = appendS64(appendOp(*a, opI32Const), int64(v))
	return a
}

func (a *assembler) i64(v int64) *assembler {
	*a = appendS64(appendOp(*a, opI64Const), v)
	return a
}

// block opens a block, loop or if without parameters and results.
func (a *assembler) block(op opcode) *assembler {
	*a = append(appendOp(*a, op), emptyBlock)
	return a
}

// fuel knows where the counter is and what to call when it runs out.
type fuel struct {
	global uint32 // the counter
	tick   uint32 // (i64) -> i64
}

// charge takes the i64 that price pushes off the counter in the global.
func (f fuel) charge(a *assembler, price func()) {
	a.index(opGlobalGet, f.global)
	price()
	a.op(opI64Sub).index(opGlobalSet, f.global)
	f.check(a)
}

// check calls tick if the counter in the global is below zero.
func (f fuel) check(a *assembler) {
	a.index(opGlobalGet, f.global).i64(0).op(opI64LtS).block(opIf)
	a.i64(0).index(opCall, f.tick).index(opGlobalSet, f.global).op(opEnd)
}
