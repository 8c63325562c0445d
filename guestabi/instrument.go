package guestabi

import "slices"

// instrumenter rewrites function bodies so that they use fuel.
//
// A leaf (see cost.go) stays as it is: its callers pay. Other functions without
// loops, and those with very many, take prices off the global counter, on entry
// and at the head of each loop:
//
//	counter -= price; if counter < 0 { counter = tick(0) }
//
// All others keep the counter in a new local t, written back before calls and
// on return and read again after calls. A loop becomes
//
//	block $done
//	  loop $again
//	    block $tick
//	      block $before
//	        br_if $before (t < 0)
//	        block $within
//	          loop $guest                  ;; the guest's own loop
//	            t -= price
//	            br_if $within (t < 0)
//	            …
//	          end
//	          br $done
//	        end
//	        t += price
//	        br $tick
//	      end
//	    end
//	    counter = t; t = max(tick(price), price) ;; so that the guest gets on
//	    br $again
//	  end
//	end
//
// Code that is not run every time (see arms.go) takes its own price off t, or off
// the counter, where it begins, and looks no further.
//
// What looks roundabout decides about speed. The call is outside of the guest's
// loop, behind a join ($tick) of two values of each variable: a compiler that
// splits live ranges at joins, as wazero's does, spills variables there and not
// in the loop. $before and $within have one branch each leading there, so that
// these need no edge split, which would keep comparison and branch apart.
//
// Branches out of the loop cross more labels: all are renumbered. The body as
// a whole is put into a block, where branches to the function's own label end,
// before the counter is written back.
type instrumenter struct {
	m       *Module
	costs   *costs
	fuel    fuel
	first   uint32 // function indices from here on move up by one
	added   uint32 // index of the first helper function
	types   *typeTable
	refs    *funcRefs
	helpers []helper // in the order they were first needed

	// The body at hand.
	reader
	out    assembler
	moves  offsetMap // from offsets in out to offsets in the module
	from   int       // offset of the first byte not copied yet
	cached bool
	local  uint32 // t
	far    far
	loop   uint32 // index in costs.loops of the next loop
	arms   []arm  // those to come
	levels uint32 // open blocks in the new body
	labels []label
}

// label is an open block of the original body.
type label struct {
	level uint32 // of the block a branch to it now goes to
	price int64  // of a loop, 0 for other blocks
}

// function returns the new body of the i-th function the module defines. It
// and e.moves are valid until the next call.
func (e *instrumenter) function(i uint32) []byte {
	code, cost := e.m.Codes[i], e.costs.funcs[i]
	e.reader = reader{b: e.m.bytes, pos: int(code.Instrs.Offset), end: int(code.Instrs.End())}
	e.out, e.from = e.out[:0], int(code.Body.Offset)
	e.moves = append(e.moves[:0], moved{0, code.Body.Offset})
	e.cached = cost.cached()
	e.far = far{on: e.costs.total(&cost) > maxFar}
	e.loop, e.arms = cost.firstLoop, e.costs.armsOf(&cost)
	typ := e.m.Types[e.m.Funcs[i]]
	e.labels = append(e.labels[:0], label{})
	e.levels = 1
	switch {
	case e.cached:
		e.local = uint32(len(typ.Params)) + code.Locals
		e.declareLocal(code)
		e.enterCached(cost, typ)
	case !cost.leaf:
		e.charge(cost.entry)
	}
	for e.pos < e.end && e.err == nil {
		in := e.instr()
		if in.info == nil {
			continue
		}
		if e.far.on && e.pass(in) {
			e.tick(in)
		}
		if !in.info.plain {
			e.step(in)
			if len(e.arms) > 0 && int(e.arms[0].at) == e.pos {
				e.chargeArm()
			}
		}
	}
	e.copyTo(e.end)
	return e.out
}

// charge takes a price off the global, after what has been read.
func (e *instrumenter) charge(price uint32) {
	e.copyTo(e.pos)
	e.fuel.charge(&e.out, func() { e.out.i64(int64(price)) })
	e.moved()
}

// chargeArm takes the price of an arm off the counter, after what has been read.
func (e *instrumenter) chargeArm() {
	price := int64(e.arms[0].price)
	e.arms = e.arms[1:]
	e.copyTo(e.pos)
	if e.cached {
		e.out.local(opLocalGet, e.local).i64(price).op(opI64Sub).local(opLocalSet, e.local)
	} else {
		e.out.index(opGlobalGet, e.fuel.global).i64(price).op(opI64Sub).index(opGlobalSet, e.fuel.global)
	}
	e.moved()
}

// copyTo copies the original up to an offset.
func (e *instrumenter) copyTo(pos int) {
	e.out = append(e.out, e.b[e.from:pos]...)
	e.from = pos
}

// moved notes where the next original byte is now.
func (e *instrumenter) moved() { e.moves.add(uint32(len(e.out)), uint32(e.from)) }

// declareLocal adds an i64 local to the declarations.
func (e *instrumenter) declareLocal(code Code) {
	runs := reader{b: e.b, pos: int(code.Body.Offset), end: int(code.Instrs.Offset)}
	e.out = appendU32(e.out, runs.u32()+1)
	e.from = runs.pos
	e.moved()
	e.copyTo(int(code.Instrs.Offset))
	e.out = append(e.out, 1, byte(I64))
}

func (e *instrumenter) enterCached(cost funcCost, typ FuncType) {
	e.load()
	e.out.local(opLocalGet, e.local).i64(int64(cost.entry)).op(opI64Sub).local(opLocalSet, e.local)
	// Without calls it cannot recurse, and its loops look; but who calls it may not.
	if cost.charges || e.costs.total(&cost) > maxOpenLeafCost {
		e.tickIfOut()
	}
	e.blockOf(opBlock, typ.Results)
	e.labels[0].level = e.open()
	e.moved()
}

// load reads the counter into t, store writes it back.
func (e *instrumenter) load() {
	e.out.index(opGlobalGet, e.fuel.global).local(opLocalSet, e.local)
}

func (e *instrumenter) store() {
	e.out.local(opLocalGet, e.local).index(opGlobalSet, e.fuel.global)
}

func (e *instrumenter) tickIfOut() {
	e.out.local(opLocalGet, e.local).i64(0).op(opI64LtS).block(opIf)
	e.callTick(0)
	e.out.local(opLocalSet, e.local).op(opEnd)
}

// callTick leaves what tick gives, with the counter in the global meanwhile.
func (e *instrumenter) callTick(need int64) {
	e.store()
	e.out.i64(need).index(opCall, e.fuel.tick)
}

// open counts a block just opened and returns its level.
func (e *instrumenter) open() uint32 {
	e.levels++
	return e.levels - 1
}

// blockOf opens a block without parameters.
func (e *instrumenter) blockOf(op opcode, results []ValueType) {
	e.out.op(op)
	switch len(results) {
	case 0:
		e.out = append(e.out, emptyBlock)
	case 1:
		e.out = append(e.out, byte(results[0]))
	default:
		e.out = appendS64(e.out, int64(e.types.index(FuncType{Results: results})))
	}
}

// step rewrites one instruction, which ends at e.pos.
func (e *instrumenter) step(in instr) {
	switch in.op {
	case opRefFunc:
		e.copyTo(in.at)
		e.out.index(opGlobalGet, e.refs.global(in.x))
		e.from = e.pos
		e.moved()
	case opCall:
		e.call(in)
	case opCallIndirect:
		if e.cached {
			e.around(in, func() {})
		}
	case opReturnCall, opReturnCallIndirect:
		e.tailCall(in)
	default:
		if h, ok := helperOf(in.op); ok {
			if in.op == opMemoryInit && e.m.Datas[in.x].Init.Len > chunk {
				h = helperInit | helper(in.x)<<kindBits
			}
			e.bulk(in, h)
		} else if e.cached {
			e.control(in)
		} else if in.op == opLoop {
			e.charge(e.costs.loops[e.loop])
			e.loop++
		}
	}
}

// replaceIndex copies an instruction whose index is that of a function.
func (e *instrumenter) replaceIndex(in instr, index uint32) {
	if index < e.first {
		return
	}
	e.copyTo(in.at)
	e.out.index(in.op, index+1)
	e.from = e.pos
	e.moved()
}

func (e *instrumenter) call(in instr) {
	imported := e.m.imported[KindFunc]
	if !e.cached || in.x >= imported && e.costs.funcs[in.x-imported].leaf {
		e.replaceIndex(in, in.x)
		return
	}
	e.around(in, func() { e.replaceIndex(in, in.x) })
}

// tailCall has the counter in the global, where the callee looks for it.
func (e *instrumenter) tailCall(in instr) {
	if e.cached {
		e.copyTo(in.at)
		e.store()
		e.moved()
	}
	if in.op == opReturnCall {
		e.replaceIndex(in, in.x)
	}
}

// around has the counter in the global while an instruction runs.
func (e *instrumenter) around(in instr, emit func()) {
	e.copyTo(in.at)
	e.store()
	e.moved()
	emit()
	e.copyTo(e.pos)
	e.load()
	e.moved()
}

// bulk has a helper charge for an operation by its length, the operand on top.
func (e *instrumenter) bulk(in instr, h helper) {
	emit := func() {
		e.copyTo(in.at)
		e.out.index(opCall, e.helper(h))
		if h.replaces() {
			e.from = e.pos
		}
		e.moved()
	}
	switch {
	case !e.cached:
		emit()
	case h.replaces():
		e.around(in, emit)
	default:
		e.copyTo(in.at)
		e.store()
		emit()
		e.load()
		e.moved()
	}
}

// helper returns the index of a helper function.
func (e *instrumenter) helper(h helper) uint32 {
	i := slices.Index(e.helpers, h)
	if i < 0 {
		i = len(e.helpers)
		e.helpers = append(e.helpers, h)
	}
	return e.added + uint32(i)
}

// control rewrites the blocks and branches of a body that keeps the counter in
// a local.
func (e *instrumenter) control(in instr) {
	switch in.op {
	case opBlock, opIf:
		e.labels = append(e.labels, label{level: e.open()})
	case opLoop:
		e.enterLoop(in)
	case opEnd:
		e.leave(in)
	case opBr, opBrIf:
		e.copyTo(in.at)
		e.out.branch(in.op, e.depth(in.x))
		e.from = e.pos
		e.moved()
	case opBrTable:
		e.copyTo(in.at)
		e.out.index(in.op, in.x)
		labels := e.reader
		labels.pos = int(in.y)
		for range in.x + 1 {
			e.out = appendU32(e.out, e.depth(labels.u32()))
		}
		e.from = e.pos
		e.moved()
	case opReturn:
		e.copyTo(in.at)
		e.store()
		e.moved()
	}
}

// depth renumbers a label.
func (e *instrumenter) depth(old uint32) uint32 {
	return e.levels - 1 - e.labels[uint32(len(e.labels))-1-old].level
}

// The labels of a loop that were added around $guest, from the inside.
const (
	labelWithin = iota
	labelBefore
	labelTick
	labelAgain
	labelDone
	loopLabels
)

func (e *instrumenter) enterLoop(in instr) {
	e.copyTo(in.at)
	header := e.b[in.at:e.pos] // opcode and block type
	e.out.op(opBlock)
	e.out = append(e.out, header[1:]...)
	e.out = append(e.out, header...)
	e.blockThrough(in)
	e.blockThrough(in)
	e.out.local(opLocalGet, e.local).i64(0).op(opI64LtS).branch(opBrIf, 0)
	e.blockThrough(in)
	e.moved()
	e.copyTo(e.pos)
	e.levels += loopLabels
	price := int64(e.costs.loops[e.loop])
	e.out.local(opLocalGet, e.local).i64(price).op(opI64Sub).local(opLocalTee, e.local)
	e.out.i64(0).op(opI64LtS).branch(opBrIf, 1)
	e.moved()
	e.labels = append(e.labels, label{e.open(), price})
	e.loop++
}

// blockThrough opens a block that gives back the parameters of a loop.
func (e *instrumenter) blockThrough(loop instr) {
	e.out.op(opBlock)
	if loop.y == 0 || len(e.m.Types[loop.x].Params) == 0 {
		e.out = append(e.out, emptyBlock)
		return
	}
	params := e.m.Types[loop.x].Params
	e.out = appendS64(e.out, int64(e.types.index(FuncType{params, params})))
}

func (e *instrumenter) leave(in instr) {
	last := len(e.labels) - 1
	l := e.labels[last]
	e.labels = e.labels[:last]
	e.levels--
	switch {
	case l.price > 0:
		e.leaveLoop(l.price)
	case last == 0:
		e.copyTo(in.at)
		e.out.op(opEnd)
		e.store()
		e.moved()
	}
}

func (e *instrumenter) leaveLoop(price int64) {
	e.levels -= loopLabels
	e.copyTo(e.pos)
	e.out.branch(opBr, labelDone).op(opEnd)
	e.out.local(opLocalGet, e.local).i64(price).op(opI64Add).local(opLocalSet, e.local)
	e.out.branch(opBr, labelTick-labelBefore).op(opEnd)
	e.out.op(opEnd)
	e.callTick(price)
	e.out.local(opLocalTee, e.local).i64(price)
	e.out.local(opLocalGet, e.local).i64(price).op(opI64GtS).op(opSelect)
	e.out.local(opLocalSet, e.local).branch(opBr, 0).op(opEnd).op(opEnd)
	e.moved()
}
