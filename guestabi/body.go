package guestabi

import (
	"fmt"
	"slices"
)

// anyType stands for an operand of unknown type in code that is not reached.
const anyType ValueType = 0

// body is the state of checking one function body, by the algorithm in the
// appendix of the specification: a stack of operand types and one of control
// frames. Its slices are used again for the next body.
type body struct {
	index    uint32 // of the function, imports counted first
	locals   []ValueType
	operands []ValueType
	frames   []frame
}

// frame is an open block.
type frame struct {
	op          opcode // opBlock, opLoop, opIf or opElse; opBlock for the body itself
	typ         FuncType
	height      int // of the operand stack below the block's parameters
	unreachable bool
}

// labels gives the types a branch to the frame takes.
func (f *frame) labels() []ValueType {
	if f.op == opLoop {
		return f.typ.Params
	}
	return f.typ.Results
}

// maxOperands bounds the operand stack of a function: a call pushes up to
// maxArity values.
const maxOperands = 1 << 20

// maxValidLocals bounds the locals of one function, as engines do.
const maxValidLocals = 50_000

func (v *validator) body(i int) {
	v.in(SectionCode)
	code := v.m.Codes[i]
	f := &v.fn
	f.index = v.m.imported[KindFunc] + uint32(i)
	typ := v.m.Types[v.m.Funcs[i]]
	v.pos, v.end = int(code.Body.Offset), int(code.Body.End())
	if n := uint64(len(typ.Params)) + uint64(code.Locals); n > maxValidLocals {
		v.fail(v.pos, ErrLimit, "%d locals exceed %d", n, maxValidLocals)
	} else {
		v.locals(typ)
	}
	f.operands, f.frames = f.operands[:0], f.frames[:0]
	v.costs.enter()
	v.push(FuncType{Results: typ.Results}, opBlock)
	for v.err == nil && len(f.frames) > 0 {
		v.step()
	}
	v.costs.leave(code.Body.Len, uint32(len(f.locals)), v.declared[f.index])
	if w := v.costs.work; w > v.maxWork {
		v.fail(int(code.Body.Offset), ErrLimit, "compiling it and what comes before takes %d units of work, exceeding %d", w, v.maxWork)
	}
	if v.err == nil && v.pos != v.end {
		v.invalid("%d bytes after the end of the body", v.left())
	}
	if v.err != nil {
		v.err.Err = fmt.Errorf("%s: %w", v.m.describe(f.index), v.err.Err)
	}
}

func (v *validator) locals(typ FuncType) {
	f := &v.fn
	f.locals = append(f.locals[:0], typ.Params...)
	for range v.u32() {
		n := v.u32()
		t := v.valueType()
		for range n {
			f.locals = append(f.locals, t)
		}
	}
}

// step checks one instruction. Failures are placed at its first byte.
func (v *validator) step() {
	in := v.instr()
	if v.err != nil {
		return
	}
	v.costs.count(in, v.pos)
	next := v.pos
	v.pos = in.at
	if in.info.typed {
		v.typed(in)
	} else {
		v.untyped(in)
	}
	if v.err == nil {
		v.pos = next
	}
}

// typed checks an instruction whose operands the table gives.
func (v *validator) typed(in instr) {
	info := in.info
	for i := int(info.npops) - 1; i >= 0; i-- {
		v.pop(info.pops[i])
	}
	if info.push != 0 {
		v.fn.operands = append(v.fn.operands, info.push)
	}
	switch info.imm {
	case immNone, immI32, immI64, immF32, immF64, immV128, immZero:
	case immMemArg, immMemLane:
		v.needMemory()
		if in.x > uint32(info.align) {
			v.invalid("%s aligned to 2**%d", in.op, in.x)
		}
		if info.imm == immMemLane && in.y >= uint32(info.lanes) {
			v.invalid("%s of lane %d", in.op, in.y)
		}
	case immAtomic:
		v.needMemory()
		if in.x != uint32(info.align) {
			v.invalid("%s aligned to 2**%d", in.op, in.x)
		}
	case immMemory, immMemories:
		v.needMemory()
	case immLane:
		if in.x >= uint32(info.lanes) {
			v.invalid("%s of lane %d", in.op, in.x)
		}
	case immShuffle:
		if in.x >= 32 {
			v.invalid("%s of lane %d", in.op, in.x)
		}
	default:
		v.segments(in)
	}
}

func (v *validator) needMemory() {
	if !v.memory {
		v.invalid("no memory")
	}
}

// segments checks the indices of bulk operations.
func (v *validator) segments(in instr) {
	switch in.op {
	case opMemoryInit:
		v.needMemory()
		v.dataIndex(in.x)
	case opDataDrop:
		v.dataIndex(in.x)
	case opTableInit:
		t, e := v.table(in.y), v.elemIndex(in.x)
		if v.err == nil && t != e {
			v.invalid("segment of %s for a table of %s", e, t)
		}
	case opElemDrop:
		v.elemIndex(in.x)
	case opTableCopy:
		if d, s := v.table(in.x), v.table(in.y); v.err == nil && d != s {
			v.invalid("table of %s copied to one of %s", s, d)
		}
	case opTableSize:
		v.table(in.x)
	}
}

func (v *validator) dataIndex(i uint32) {
	if !v.m.HasCount {
		v.invalid("no data count section")
	} else if i >= v.m.DataCount {
		v.invalid("data segment %d of %d", i, v.m.DataCount)
	}
}

func (v *validator) elemIndex(i uint32) ValueType {
	if uint64(i) >= uint64(len(v.m.Elements)) {
		v.invalid("element segment %d of %d", i, len(v.m.Elements))
		return 0
	}
	return v.m.Elements[i].Type
}

func (v *validator) table(i uint32) ValueType {
	if uint64(i) >= uint64(len(v.tables)) {
		v.invalid("table %d of %d", i, len(v.tables))
		return 0
	}
	return v.tables[i].Elem
}

// untyped checks an instruction whose operands depend on more than its opcode.
func (v *validator) untyped(in instr) {
	switch in.op {
	case opUnreachable:
		v.unreachable()
	case opNop:
	case opBlock, opLoop, opIf:
		if in.op == opIf {
			v.pop(I32)
		}
		t := v.blockType(in)
		v.popAll(t.Params)
		v.push(t, in.op)
	case opElse:
		f := v.popFrame()
		if f.op != opIf {
			v.invalid("else without if")
			return
		}
		v.push(f.typ, opElse)
	case opEnd:
		f := v.popFrame()
		if f.op == opIf && !slices.Equal(f.typ.Params, f.typ.Results) {
			v.invalid("if of type %s without else", f.typ)
		}
		v.pushAll(f.typ.Results)
	case opBr, opBrIf, opBrTable, opReturn:
		v.branch(in)
	case opCall, opCallIndirect, opReturnCall, opReturnCallIndirect:
		v.call(in)
	case opDrop, opSelect, opSelectTyped:
		v.parametric(in)
	case opRefNull, opRefIsNull, opRefFunc:
		v.reference(in)
	case opTableGet, opTableSet, opTableGrow, opTableFill:
		v.tableOp(in)
	default:
		v.variable(in)
	}
}

func (v *validator) call(in instr) {
	var t FuncType
	if in.op == opCall || in.op == opReturnCall {
		var ok bool
		if t, ok = v.m.FuncType(in.x); !ok {
			v.invalid("call of function %d of %d", in.x, v.numFuncs())
			return
		}
	} else {
		if v.table(in.y) != FuncRef {
			v.invalid("call through a table of %s", v.table(in.y))
		}
		v.typeIndex(in.x)
		if v.err != nil {
			return
		}
		t = v.m.Types[in.x]
		v.pop(I32)
	}
	v.popAll(t.Params)
	if in.op == opCall || in.op == opCallIndirect {
		v.pushAll(t.Results)
		return
	}
	if own := v.fn.frames[0].typ.Results; !slices.Equal(t.Results, own) {
		v.invalid("tail call of a function with results %s in one with %s", typeList(t.Results), typeList(own))
	}
	v.unreachable()
}

func (v *validator) branch(in instr) {
	switch in.op {
	case opBr:
		v.popAll(v.label(in.x))
		v.unreachable()
	case opBrIf:
		v.pop(I32)
		l := v.label(in.x)
		v.popAll(l)
		v.pushAll(l)
	case opReturn:
		v.popAll(v.fn.frames[0].typ.Results)
		v.unreachable()
	case opBrTable:
		v.brTable(in)
	}
}

func (v *validator) brTable(in instr) {
	v.pop(I32)
	r := v.reader
	r.pos = int(in.y)
	var last []ValueType
	for i := range in.x + 1 {
		l := v.label(r.u32())
		if v.err != nil {
			return
		}
		if i > 0 && sameList(l, last) { // neighbours mostly agree
			continue
		}
		if i > 0 && len(l) != len(last) {
			v.invalid("br_table labels take %d and %d values", len(last), len(l))
			return
		}
		v.peekAll(l)
		last = l
	}
	v.popAll(last)
	v.unreachable()
}

func sameList(a, b []ValueType) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func (v *validator) parametric(in instr) {
	switch in.op {
	case opDrop:
		v.popAny()
	case opSelect:
		v.pop(I32)
		a, b := v.popAny(), v.popAny()
		if a == anyType {
			a = b
		}
		if a.IsRef() || b.IsRef() {
			v.invalid("select of %s and %s needs a type", b, a)
		} else if b != anyType && a != b {
			v.invalid("select of %s and %s", b, a)
		}
		v.fn.operands = append(v.fn.operands, a)
	case opSelectTyped:
		t := ValueType(in.x)
		v.pop(I32)
		v.pop(t)
		v.pop(t)
		v.fn.operands = append(v.fn.operands, t)
	}
}

func (v *validator) reference(in instr) {
	t := I32
	switch in.op {
	case opRefNull:
		t = ValueType(in.x)
	case opRefIsNull:
		if r := v.popAny(); r != anyType && !r.IsRef() {
			v.invalid("ref.is_null of %s", r)
		}
	case opRefFunc:
		t = FuncRef
		if uint64(in.x) >= v.numFuncs() {
			v.invalid("function %d of %d", in.x, v.numFuncs())
		} else if !v.declared[in.x] {
			v.invalid("reference to function %d, which occurs nowhere outside of bodies", in.x)
		}
	}
	v.fn.operands = append(v.fn.operands, t)
}

func (v *validator) tableOp(in instr) {
	t := v.table(in.x)
	switch in.op {
	case opTableGet:
		v.pop(I32)
		v.fn.operands = append(v.fn.operands, t)
	case opTableSet:
		v.pop(t)
		v.pop(I32)
	case opTableGrow:
		v.pop(I32)
		v.pop(t)
		v.fn.operands = append(v.fn.operands, I32)
	case opTableFill:
		v.pop(I32)
		v.pop(t)
		v.pop(I32)
	}
}

func (v *validator) variable(in instr) {
	if in.op == opGlobalGet || in.op == opGlobalSet {
		if uint64(in.x) >= uint64(len(v.globals)) {
			v.invalid("global %d of %d", in.x, len(v.globals))
			return
		}
		g := v.globals[in.x]
		if in.op == opGlobalGet {
			v.fn.operands = append(v.fn.operands, g.Type)
			return
		}
		if !g.Mutable {
			v.invalid("global %d is immutable", in.x)
		}
		v.pop(g.Type)
		return
	}
	if uint64(in.x) >= uint64(len(v.fn.locals)) {
		v.invalid("local %d of %d", in.x, len(v.fn.locals))
		return
	}
	t := v.fn.locals[in.x]
	if in.op != opLocalGet {
		v.pop(t)
	}
	if in.op != opLocalSet {
		v.fn.operands = append(v.fn.operands, t)
	}
}
