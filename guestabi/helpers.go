package guestabi

// Bulk operations run for as long as their operands say. The rewrite replaces
// or precedes them by calls of functions appended to the module, which charge
// by length and work in chunks.

// helper is one such function: a kind and, of helperInit, the segment it reads,
// above kindBits.
type helper uint64

const kindBits = 8

func (h helper) kind() helper { return h & (1<<kindBits - 1) }

const (
	helperFill  helper = iota // memory.fill in chunks
	helperCopy                // memory.copy in chunks
	helperGrow                // memory.grow, charged if it succeeds
	helperInit                // memory.init in chunks
	helperBytes               // charge for a number of bytes and return it
	helperItems               // charge for a number of table elements and return it
	numHelpers
)

const (
	// chunk is how many bytes are filled, copied or taken from a segment between
	// two yield points: some tens of microseconds.
	chunk = 1 << 18
	// bytesPerUnit, as a shift: 16 bytes cost a unit of fuel.
	bytesPerUnit = 4
	// pageCost, as a shift: a page grown costs as much as 64 KiB filled.
	pageCost = 16 - bytesPerUnit
)

var helperNames = [numHelpers]string{
	"wasmffi.memory.fill", "wasmffi.memory.copy", "wasmffi.memory.grow", "wasmffi.memory.init", "wasmffi.charge.bytes", "wasmffi.charge.items",
}

// helperOf returns the helper an instruction needs.
func helperOf(op opcode) (helper, bool) {
	switch op {
	case opMemoryFill:
		return helperFill, true
	case opMemoryCopy:
		return helperCopy, true
	case opMemoryGrow:
		return helperGrow, true
	case opMemoryInit:
		return helperBytes, true
	case opTableInit, opTableCopy, opTableGrow, opTableFill:
		return helperItems, true
	}
	return 0, false
}

// replaces reports whether a call of the helper stands for the instruction,
// or only comes before it.
func (h helper) replaces() bool { return h.kind() <= helperInit }

func (h helper) typ() FuncType {
	switch h.kind() {
	case helperFill, helperCopy, helperInit:
		return FuncType{Params: []ValueType{I32, I32, I32}}
	}
	return FuncType{Params: []ValueType{I32}, Results: []ValueType{I32}}
}

// body returns the helper's code: local declarations, instructions and end.
func (h helper) body(f fuel, maxTable uint32) []byte {
	switch h.kind() {
	case helperFill:
		return fillBody(f)
	case helperInit:
		return initBody(f, uint32(h>>kindBits))
	case helperCopy:
		return copyBody(f)
	case helperGrow:
		return growBody(f)
	case helperBytes:
		a := assembler{0}
		f.chargeBytes(&a, 0)
		return *a.local(opLocalGet, 0).op(opEnd)
	default:
		// More than a table can hold traps or fails at once.
		a := assembler{0}
		a.local(opLocalGet, 0).i32(int32(maxTable)).op(opI32LeU).block(opIf)
		f.charge(&a, func() { a.local(opLocalGet, 0).op(opI64ExtendI32) })
		return *a.op(opEnd).local(opLocalGet, 0).op(opEnd)
	}
}

// fillBody is memory.fill(d, v, n):
//
//	if d+n > size { memory.fill(d, v, n) }   // traps, with nothing written
//	do { c = min(n, chunk); charge(c); memory.fill(d, v, c); d += c; n -= c } while n != 0
func fillBody(f fuel) []byte {
	const d, v, n, c = 0, 1, 2, 3
	a := assembler{1, 1, byte(I32)}
	a.outOfBounds(d, n)
	a.block(opIf).locals(d, v, n).bulk(opMemoryFill).op(opEnd)
	a.block(opLoop).nextChunk(n, c)
	f.chargeBytes(&a, c)
	a.locals(d, v, c).bulk(opMemoryFill)
	a.advance(d, c, opI32Add).advance(n, c, opI32Sub)
	return *a.again(n).op(opEnd)
}

// copyBody is memory.copy(d, s, n), from the end when d is above s, so that
// overlapping chunks are read before they are written.
func copyBody(f fuel) []byte {
	const d, s, n, c = 0, 1, 2, 3
	a := assembler{1, 1, byte(I32)}
	a.outOfBounds(d, n)
	a.block(opIf).locals(d, s, n).bulk(opMemoryCopy).op(opEnd)
	a.outOfBounds(s, n)
	a.block(opIf).locals(d, s, n).bulk(opMemoryCopy).op(opEnd)
	a.locals(d, s).op(opI32GtU).block(opIf)
	a.block(opLoop).nextChunk(n, c)
	f.chargeBytes(&a, c)
	a.advance(n, c, opI32Sub)
	a.locals(d, n).op(opI32Add).locals(s, n).op(opI32Add).locals(c).bulk(opMemoryCopy)
	a.again(n).op(opElse)
	a.block(opLoop).nextChunk(n, c)
	f.chargeBytes(&a, c)
	a.locals(d, s, c).bulk(opMemoryCopy)
	a.advance(d, c, opI32Add).advance(s, c, opI32Add).advance(n, c, opI32Sub)
	return *a.again(n).op(opEnd).op(opEnd)
}

// initBody is memory.init(d, s, n) of a segment:
//
//	if s+n >= 2³² || d+n > size { memory.init(d, s, n) }     // traps
//	memory.init(0, s+n, 0)                                   // traps beyond the segment
//	do { c = min(n, chunk); charge(c); memory.init(d, s, c); … } while n != 0
func initBody(f fuel, segment uint32) []byte {
	const d, s, n, c = 0, 1, 2, 3
	a := assembler{1, 1, byte(I32)}
	whole := func() { a.locals(d, s, n).index(opMemoryInit, segment).op(0) }
	a.local(opLocalGet, s).op(opI64ExtendI32).local(opLocalGet, n).op(opI64ExtendI32).op(opI64Add)
	a.i64(1<<32 - 1).op(opI64GtU).block(opIf)
	whole()
	a.op(opEnd).outOfBounds(d, n).block(opIf)
	whole()
	a.op(opEnd).i32(0).locals(s, n).op(opI32Add).i32(0).index(opMemoryInit, segment).op(0)
	a.block(opLoop).nextChunk(n, c)
	f.chargeBytes(&a, c)
	a.locals(d, s, c).index(opMemoryInit, segment).op(0)
	a.advance(d, c, opI32Add).advance(s, c, opI32Add).advance(n, c, opI32Sub)
	return *a.again(n).op(opEnd)
}

// growBody is memory.grow(n).
func growBody(f fuel) []byte {
	const n, r = 0, 1
	a := assembler{1, 1, byte(I32)}
	a.local(opLocalGet, n).op(opMemoryGrow).op(0).local(opLocalTee, r)
	a.i32(-1).op(opI32Ne).block(opIf)
	f.charge(&a, func() { a.local(opLocalGet, n).op(opI64ExtendI32).i64(pageCost).op(opI64Shl) })
	return *a.op(opEnd).local(opLocalGet, r).op(opEnd)
}

// chargeBytes charges for the number of bytes a local holds.
func (f fuel) chargeBytes(a *assembler, n uint32) {
	f.charge(a, func() { a.local(opLocalGet, n).i32(bytesPerUnit).op(opI32ShrU).op(opI64ExtendI32) })
}

// outOfBounds leaves whether the n bytes at address p end beyond the memory.
func (a *assembler) outOfBounds(p, n uint32) *assembler {
	a.local(opLocalGet, p).op(opI64ExtendI32).local(opLocalGet, n).op(opI64ExtendI32).op(opI64Add)
	a.op(opMemorySize).op(0).op(opI64ExtendI32).i64(16).op(opI64Shl)
	return a.op(opI64GtU)
}

// nextChunk sets c to min(n, chunk).
func (a *assembler) nextChunk(n, c uint32) *assembler {
	a.locals(n).i32(chunk)
	a.locals(n).i32(chunk).op(opI32LtU)
	return a.op(opSelect).local(opLocalSet, c)
}

// advance sets p to p op by.
func (a *assembler) advance(p, by uint32, op opcode) *assembler {
	return a.locals(p, by).op(op).local(opLocalSet, p)
}

// again ends a loop that goes on while n is not 0.
func (a *assembler) again(n uint32) *assembler {
	return a.locals(n).branch(opBrIf, 0).op(opEnd)
}

// bulk is an operation on memory 0.
func (a *assembler) bulk(op opcode) *assembler {
	a.op(op)
	if op == opMemoryCopy {
		a.op(0)
	}
	return a.op(0)
}
