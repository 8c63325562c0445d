package guestabi

// The operand and control stacks of a function body being checked.

// oneValue holds the result list of each block type that is a value type.
var oneValue = [256][]ValueType{
	I32: {I32}, I64: {I64}, F32: {F32}, F64: {F64}, V128: {V128}, FuncRef: {FuncRef}, ExternRef: {ExternRef},
}

func (v *validator) blockType(in instr) FuncType {
	if in.y == 0 {
		return FuncType{Results: oneValue[in.x&0xff]} // nil for emptyBlock
	}
	v.typeIndex(in.x)
	if v.err != nil {
		return FuncType{}
	}
	return v.m.Types[in.x]
}

func (v *validator) pop(want ValueType) {
	f := &v.fn
	if n := len(f.operands); n > 0 && f.operands[n-1] == want && n > f.frames[len(f.frames)-1].height {
		f.operands = f.operands[:n-1]
		return
	}
	if got := v.popAny(); got != want && got != anyType && want != anyType && v.err == nil {
		v.invalid("operand is %s, not %s", got, want)
	}
}

func (v *validator) popAny() ValueType {
	if v.err != nil {
		return anyType
	}
	f := &v.fn
	top := &f.frames[len(f.frames)-1]
	n := len(f.operands)
	if n == top.height {
		if !top.unreachable {
			v.invalid("operand missing")
		}
		return anyType
	}
	t := f.operands[n-1]
	f.operands = f.operands[:n-1]
	return t
}

func (v *validator) popAll(ts []ValueType) {
	for i := len(ts) - 1; i >= 0; i-- {
		v.pop(ts[i])
	}
}

func (v *validator) pushAll(ts []ValueType) {
	f := &v.fn
	f.operands = append(f.operands, ts...)
	if len(f.operands) > maxOperands {
		v.fail(v.pos, ErrLimit, "%d operands on the stack exceed %d", len(f.operands), maxOperands)
	}
}

// peekAll checks operands and leaves them, unknown ones as they are.
func (v *validator) peekAll(ts []ValueType) {
	f := &v.fn
	top := &f.frames[len(f.frames)-1]
	for i := range ts {
		n, want := len(f.operands)-1-i, ts[len(ts)-1-i]
		if n < top.height {
			if !top.unreachable {
				v.invalid("operand missing")
			}
			return
		}
		if got := f.operands[n]; got != want && got != anyType {
			v.invalid("operand is %s, not %s", got, want)
			return
		}
	}
}

// push opens a frame, whose parameters become its first operands.
func (v *validator) push(t FuncType, op opcode) {
	f := &v.fn
	f.frames = append(f.frames, frame{op: op, typ: t, height: len(f.operands)})
	v.pushAll(t.Params)
	v.costs.height(len(f.operands))
}

// popFrame closes a frame, whose results must be all that is left in it.
func (v *validator) popFrame() frame {
	f := &v.fn
	top := f.frames[len(f.frames)-1]
	v.popAll(top.typ.Results)
	if v.err == nil && len(f.operands) != top.height {
		v.invalid("%d operands left over", len(f.operands)-top.height)
	}
	f.frames = f.frames[:len(f.frames)-1]
	return top
}

func (v *validator) label(depth uint32) []ValueType {
	n := uint32(len(v.fn.frames))
	if depth >= n {
		v.invalid("label %d of %d", depth, n)
		return nil
	}
	return v.fn.frames[n-1-depth].labels()
}

// unreachable marks the rest of the frame: its operands are of any type.
func (v *validator) unreachable() {
	f := &v.fn
	top := &f.frames[len(f.frames)-1]
	f.operands = f.operands[:min(top.height, len(f.operands))]
	top.unreachable = true
}
