package guestabi

// maxFar is how much code, in units, runs at most from one tick to the next
// where nothing makes it look at the counter: prices are paid where a function
// or a turn of a loop begins, and a body of a MiB may take a second from there.
// Only bodies that are longer than this, which are rare, have such ticks.
const maxFar = 1 << 15

// far counts, on the way through a long body, how much may have been run since
// the last tick, on whichever way leads there.
type far struct {
	on     bool
	run    uint64 // up to here; 0 where nothing leads
	blocks []farBlock
}

// A farBlock is an open block.
type farBlock struct {
	start uint64 // run where it began
	end   uint64 // the most that comes to its end, as far as is known
	loop  bool   // branches lead to its beginning, where the counter is looked at
	skips bool   // an if without an else so far
}

// pass counts an instruction. It reports whether a tick has to come before it.
func (e *instrumenter) pass(in instr) (tick bool) {
	f, price := &e.far, e.price(in)
	if tick = f.run+price > maxFar; tick {
		f.run = 0
	}
	f.run += price
	top := len(f.blocks) - 1
	switch in.op {
	case opBlock, opLoop, opIf:
		f.blocks = append(f.blocks, farBlock{start: f.run, loop: in.op == opLoop, skips: in.op == opIf})
	case opElse:
		b := &f.blocks[top]
		b.end, b.skips = max(b.end, f.run), false
		f.run = b.start
	case opEnd:
		if top < 0 { // of the function
			break
		}
		b := f.blocks[top]
		if b.skips {
			b.end = max(b.end, b.start)
		}
		f.run, f.blocks = max(f.run, b.end), f.blocks[:top]
	case opBrIf:
		f.branch(in.x)
	case opBr:
		f.branch(in.x)
		f.run = 0
	case opBrTable:
		labels := e.reader
		labels.pos = int(in.y)
		for range in.x + 1 {
			f.branch(labels.u32())
		}
		f.run = 0
	case opReturn, opUnreachable:
		f.run = 0
	}
	return tick
}

// branch notes a branch to a label.
func (f *far) branch(label uint32) {
	if i := len(f.blocks) - 1 - int(label); i >= 0 && !f.blocks[i].loop {
		f.blocks[i].end = max(f.blocks[i].end, f.run)
	}
}

// price is what an instruction adds to the way since the last tick.
func (e *instrumenter) price(in instr) uint64 {
	if imported := e.m.imported[KindFunc]; in.op == opCall && in.x >= imported {
		if callee := &e.costs.funcs[in.x-imported]; callee.leaf {
			return 1 + uint64(callee.entry)
		}
	}
	return 1
}

// tick has the guest tick before an instruction, whatever the counter says.
func (e *instrumenter) tick(in instr) {
	e.copyTo(in.at)
	if e.cached {
		e.callTick(0)
		e.out.local(opLocalSet, e.local)
	} else {
		e.out.i64(0).index(opCall, e.fuel.tick).index(opGlobalSet, e.fuel.global)
	}
	e.moved()
}
