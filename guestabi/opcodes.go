package guestabi

import "strings"

// opcode is an instruction's number: one byte, or a prefix and the number
// after it.
type opcode uint16

const (
	prefixMisc opcode = 0xfc00
	prefixSIMD opcode = 0xfd00
	// prefixAtomic is that of the threads proposal.
	prefixAtomic opcode = 0xfe00
)

// The instructions the package treats one by one; all others are table rows.
const (
	opUnreachable        opcode = 0x00
	opNop                opcode = 0x01
	opBlock              opcode = 0x02
	opLoop               opcode = 0x03
	opIf                 opcode = 0x04
	opElse               opcode = 0x05
	opEnd                opcode = 0x0b
	opBr                 opcode = 0x0c
	opBrIf               opcode = 0x0d
	opBrTable            opcode = 0x0e
	opReturn             opcode = 0x0f
	opCall               opcode = 0x10
	opCallIndirect       opcode = 0x11
	opReturnCall         opcode = 0x12
	opReturnCallIndirect opcode = 0x13
	opDrop               opcode = 0x1a
	opSelect             opcode = 0x1b
	opSelectTyped        opcode = 0x1c
	opLocalGet           opcode = 0x20
	opLocalSet           opcode = 0x21
	opLocalTee           opcode = 0x22
	opGlobalGet          opcode = 0x23
	opGlobalSet          opcode = 0x24
	opTableGet           opcode = 0x25
	opTableSet           opcode = 0x26
	opI32Load            opcode = 0x28
	opI64Load            opcode = 0x29
	opF32Load            opcode = 0x2a
	opF64Load            opcode = 0x2b
	opI32Load8S          opcode = 0x2c
	opI32Load8U          opcode = 0x2d
	opI32Load16S         opcode = 0x2e
	opI32Load16U         opcode = 0x2f
	opI32Store           opcode = 0x36
	opI64Store           opcode = 0x37
	opF32Store           opcode = 0x38
	opF64Store           opcode = 0x39
	opI32Store8          opcode = 0x3a
	opI32Store16         opcode = 0x3b
	opMemorySize         opcode = 0x3f
	opMemoryGrow         opcode = 0x40
	opI32Const           opcode = 0x41
	opI64Const           opcode = 0x42
	opF32Const           opcode = 0x43
	opF64Const           opcode = 0x44
	opI32Eqz             opcode = 0x45
	opI32LtU             opcode = 0x49
	opI32GtU             opcode = 0x4b
	opI32LeU             opcode = 0x4d
	opI32Eq              opcode = 0x46
	opI32Ne              opcode = 0x47
	opI64LtS             opcode = 0x53
	opI64GtS             opcode = 0x55
	opI64GtU             opcode = 0x56
	opI32Add             opcode = 0x6a
	opI32Sub             opcode = 0x6b
	opI32Mul             opcode = 0x6c
	opI32ShrU            opcode = 0x76
	opI64Add             opcode = 0x7c
	opI64Sub             opcode = 0x7d
	opI64Mul             opcode = 0x7e
	opI64Shl             opcode = 0x86
	opI64ExtendI32       opcode = 0xad
	opRefNull            opcode = 0xd0
	opRefIsNull          opcode = 0xd1
	opRefFunc            opcode = 0xd2

	opMemoryInit = prefixMisc | 0x08
	opDataDrop   = prefixMisc | 0x09
	opMemoryCopy = prefixMisc | 0x0a
	opMemoryFill = prefixMisc | 0x0b
	opTableInit  = prefixMisc | 0x0c
	opElemDrop   = prefixMisc | 0x0d
	opTableCopy  = prefixMisc | 0x0e
	opTableGrow  = prefixMisc | 0x0f
	opTableSize  = prefixMisc | 0x10
	opTableFill  = prefixMisc | 0x11

	opV128Const = prefixSIMD | 0x0c
)

// immediate is the form of what follows an opcode.
type immediate byte

const (
	immNone immediate = iota
	immBlock
	immIndex        // one index: label, local, global, function, table, segment
	immTable        // br_table's labels
	immCallIndirect // type, table
	immTypes        // select's type
	immMemArg       // alignment, offset
	immMemory       // the memory index 0
	immI32
	immI64
	immF32
	immF64
	immRefType
	immIndexMemory // segment, then the memory index 0
	immMemories    // twice the memory index 0
	immTwoIndices
	immV128
	immShuffle
	immLane
	immMemLane // alignment, offset, lane
	immAtomic  // alignment, which has to be the natural one, offset
	immZero    // the byte 0
)

// opInfo describes an instruction. Where typed is set, pops and push say all
// there is to check about its operands.
type opInfo struct {
	name  string
	imm   immediate
	typed bool
	// plain instructions neither change control nor take as long as their
	// operands say nor name a function: the rewrite copies them.
	plain bool
	align uint8 // of immMemArg and immMemLane: log2 of the access
	lanes uint8 // of immLane and immMemLane
	npops uint8
	pops  [3]ValueType
	push  ValueType // 0 for none
}

var (
	ops     [256]opInfo
	miscOps [0x12]opInfo
	simdOps [256]opInfo
	atomOps [0x4f]opInfo
)

// info returns the description of op, or nil where there is no such instruction.
func (op opcode) info() *opInfo {
	var in *opInfo
	switch n := op & 0xff; op &^ 0xff {
	case 0:
		in = &ops[n]
	case prefixMisc:
		if int(n) >= len(miscOps) {
			return nil
		}
		in = &miscOps[n]
	case prefixAtomic:
		if int(n) >= len(atomOps) {
			return nil
		}
		in = &atomOps[n]
	default:
		in = &simdOps[n]
	}
	if in.name == "" {
		return nil
	}
	return in
}

// String returns the instruction's name in the text format.
func (op opcode) String() string {
	if in := op.info(); in != nil {
		return in.name
	}
	return "unknown instruction"
}

// constant reports whether op may appear in a constant expression, extended
// ones included.
func (op opcode) constant() bool {
	switch op {
	case opI32Const, opI64Const, opF32Const, opF64Const, opV128Const,
		opRefNull, opRefFunc, opGlobalGet, opEnd,
		opI32Add, opI32Sub, opI32Mul, opI64Add, opI64Sub, opI64Mul:
		return true
	}
	return false
}

// opRow describes instructions with consecutive numbers and one signature:
// operands, ">", result; in letters i, l, f, d for i32, i64, f32, f64 and v for
// v128. A signature of "" leaves checking the operands to the validator's code.
type opRow struct {
	first opcode
	imm   immediate
	sig   string
	align uint8 // or number of lanes
	names string
}

func init() {
	for _, rows := range [][]opRow{controlRows, numericRows, simdRows, atomicRows} {
		for _, r := range rows {
			r.define()
		}
	}
}

func (r opRow) define() {
	in := opInfo{imm: r.imm, align: r.align}
	switch r.imm {
	case immLane:
		in.lanes = r.align
	case immMemLane:
		in.lanes = 16 >> r.align
	}
	if operands, result, ok := strings.Cut(r.sig, ">"); ok {
		in.typed = true
		in.npops = uint8(copy(in.pops[:], letters(operands)))
		if result != "" {
			in.push = letters(result)[0]
		}
	}
	for i, name := range strings.Fields(r.names) {
		op := r.first + opcode(i)
		in.name, in.plain = name, op.plain()
		switch op &^ 0xff {
		case 0:
			ops[op] = in
		case prefixMisc:
			miscOps[op&0xff] = in
		case prefixAtomic:
			atomOps[op&0xff] = in
		default:
			simdOps[op&0xff] = in
		}
	}
}

func (op opcode) plain() bool {
	switch op {
	case opUnreachable, opBlock, opLoop, opIf, opElse, opEnd, opBr, opBrIf, opBrTable, opReturn, opCall, opCallIndirect,
		opReturnCall, opReturnCallIndirect, opRefFunc:
		return false
	}
	_, bulk := helperOf(op)
	return !bulk
}

func letters(s string) []ValueType {
	ts := make([]ValueType, len(s))
	for i := range s {
		ts[i] = map[byte]ValueType{'i': I32, 'l': I64, 'f': F32, 'd': F64, 'v': V128}[s[i]]
	}
	return ts
}
