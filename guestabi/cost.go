package guestabi

// The price list, in units of fuel. An instruction costs 1.
const (
	// A function without loops or calls, of at most this many instructions, is
	// paid for by its callers.
	maxLeafCost = 500
	// So is one that is exported or in a table, if it has no more than these: what
	// calls it there pays less, or nothing.
	maxOpenLeafCost = 100
	// What a call through a table is charged for the leaf it may reach.
	indirectCost = 20
	// Code that is reached only by some ways is charged where it begins if it
	// has so many instructions, or so many where the counter is the global;
	// shorter pieces are charged with what leads to them.
	minCachedArm = 8
	minGlobalArm = 32
	// A function with more loops keeps the counter in the global, which takes
	// fewer blocks a loop: compilers may be quadratic in those.
	maxCachedLoops = 500
)

// costs says what each function and loop of a module is charged. The validator
// fills it in as it walks the bodies.
type costs struct {
	funcs []funcCost
	loops []uint32 // in the order they appear; code of inner loops and arms not included
	arms  []arm    // in the order they appear
	calls []directCall

	work uint64 // of all functions so far

	// The body at hand.
	imported  uint32 // functions
	spot             // where the next instruction is
	dead      bool   // nothing leads there
	open      []spot // where each open block began
	found     []foundArm
	firstCall int // in calls
}

// A spot is what code is charged with: an arm or, if that is -1, the innermost
// loop around it or, if that is -1 too, the function.
type spot struct{ loop, arm int32 }

type funcCost struct {
	entry     uint32 // instructions outside of loops and arms
	firstLoop uint32 // index of the function's first loop in costs.loops
	loops     uint32
	firstArm  uint32 // index of the function's first arm in costs.arms
	arms      uint32
	// charges: the body has calls that may use fuel.
	charges bool
	leaf    bool
	blocks  uint32 // of control flow, those the rewrite adds included
	values  uint32 // locals, and operands where blocks begin: what may live across them
}

// cached reports whether the function keeps the counter in a local.
func (f *funcCost) cached() bool { return f.loops > 0 && f.loops <= maxCachedLoops }

// directCall is a call whose price depends on its callee.
type directCall struct {
	caller uint32 // both count from the first function the module defines
	callee uint32
	spot
}

// enter begins the next body.
func (c *costs) enter() {
	c.funcs = append(c.funcs, funcCost{firstLoop: uint32(len(c.loops)), firstArm: uint32(len(c.arms)), leaf: true})
	c.spot, c.dead, c.open = spot{-1, -1}, false, c.open[:0]
	c.found, c.firstCall = c.found[:0], len(c.calls)
}

// height notes the number of operands where a block begins.
func (c *costs) height(values int) {
	f := &c.funcs[len(c.funcs)-1]
	f.values = max(f.values, uint32(values))
}

// leave ends a body of a number of bytes. open tells that it is not only called
// by its index.
func (c *costs) leave(bytes, locals uint32, open bool) {
	f := &c.funcs[len(c.funcs)-1]
	all := f.entry
	for _, a := range c.found {
		all += a.price
	}
	most := uint32(maxLeafCost)
	if open {
		most = maxOpenLeafCost
	}
	f.leaf = f.leaf && all <= most
	c.keepArms(f)
	f.values += locals
	if f.cached() {
		f.blocks += 3 + (loopLabels+1)*f.loops
	} else {
		f.blocks += 3 + 3*f.loops
	}
	c.work += f.work(bytes)
}

// priceOf is the price of a spot, in the body at hand.
func (c *costs) priceOf(f *funcCost, p spot) *uint32 {
	switch {
	case p.arm >= 0:
		return &c.found[p.arm].price
	case p.loop >= 0:
		return &c.loops[p.loop]
	}
	return &f.entry
}

// total is the price of a body, each loop run once.
func (c *costs) total(f *funcCost) uint64 {
	n := uint64(f.entry)
	for _, price := range c.loops[f.firstLoop : f.firstLoop+f.loops] {
		n += uint64(price)
	}
	for _, a := range c.armsOf(f) {
		n += uint64(a.price)
	}
	return n
}

// work estimates what a compiler does on a body beyond what is proportional to
// its length. Measured on wazero's, which walks a chain of dominators for each
// block, and settles every live value at each: of B blocks and V values,
// B² + 64·B·V. Ordinary functions have less than 1000 for each byte.
func (f *funcCost) work(bytes uint32) uint64 {
	b, v := uint64(f.blocks), uint64(f.values)
	w, linear := b*b+64*b*v, 1000*uint64(bytes)
	if w <= linear {
		return 0
	}
	return w - linear
}

// count prices an instruction, which ends at an offset.
func (c *costs) count(in instr, end int) {
	fn := uint32(len(c.funcs) - 1)
	f := &c.funcs[fn]
	price, at := uint32(1), c.spot
	if in.info.plain {
		*c.priceOf(f, at) += price
		return
	}
	switch in.op {
	case opBlock:
		f.blocks++
		c.open = append(c.open, c.spot)
	case opIf:
		f.blocks += 3
		c.open = append(c.open, c.spot)
		c.branchOff(c.spot, end)
	case opElse:
		if n := len(c.open); n > 0 {
			c.branchOff(c.open[n-1], end)
		}
	case opBr, opReturn, opUnreachable:
		c.dead = true
	case opBrIf:
		f.blocks += 2
	case opBrTable:
		f.blocks += in.x
		c.dead = true
	case opLoop:
		f.blocks += 2
		c.open = append(c.open, c.spot)
		c.spot = spot{int32(len(c.loops)), -1}
		c.loops = append(c.loops, 0)
		f.loops++
		f.leaf = false
	case opEnd:
		c.endBlock(end)
	case opCall, opReturnCall:
		f.leaf = false
		if in.x < c.imported {
			f.charges = true
		} else {
			c.calls = append(c.calls, directCall{fn, in.x - c.imported, c.spot})
		}
	case opCallIndirect, opReturnCallIndirect:
		f.leaf, f.charges = false, true
		price = indirectCost
	default:
		if _, bulk := helperOf(in.op); bulk {
			f.leaf, f.charges = false, true
		}
	}
	*c.priceOf(f, at) += price
}

// resolve charges callers for leaves, now that it is known which they are.
func (c *costs) resolve() {
	for _, d := range c.calls {
		caller, callee := &c.funcs[d.caller], &c.funcs[d.callee]
		switch {
		case !callee.leaf:
			caller.charges = true
		case d.arm >= 0:
			c.arms[d.arm].price += callee.entry
		case d.loop >= 0:
			c.loops[d.loop] += callee.entry
		default:
			caller.entry += callee.entry
		}
	}
	c.calls = nil
}
