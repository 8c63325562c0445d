package guestabi

// The price list, in units of fuel. An instruction costs 1.
const (
	// A function without loops or calls, of at most this many instructions, is
	// paid for by its callers.
	maxLeafCost = 500
	// What a call through a table is charged for the leaf it may reach.
	indirectCost = 20
	// A function with more loops keeps the counter in the global, which takes
	// fewer blocks a loop: compilers may be quadratic in those.
	maxCachedLoops = 500
)

// costs says what each function and loop of a module is charged. The validator
// fills it in as it walks the bodies.
type costs struct {
	funcs []funcCost
	loops []uint32 // in the order they appear; code of inner loops not included
	calls []directCall

	work uint64 // of all functions so far

	// The body at hand.
	imported uint32  // functions
	loop     int32   // innermost open loop, -1 for none
	open     []int32 // the loop around each open block
}

type funcCost struct {
	entry     uint32 // instructions outside of loops
	firstLoop uint32 // index of the function's first loop in costs.loops
	loops     uint32
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
	loop   int32 // innermost loop around it, -1 for none
}

// enter begins the next body.
func (c *costs) enter() {
	c.funcs = append(c.funcs, funcCost{firstLoop: uint32(len(c.loops)), leaf: true})
	c.loop, c.open = -1, c.open[:0]
}

// height notes the number of operands where a block begins.
func (c *costs) height(values int) {
	f := &c.funcs[len(c.funcs)-1]
	f.values = max(f.values, uint32(values))
}

// leave ends a body of a number of bytes.
func (c *costs) leave(bytes, locals uint32) {
	f := &c.funcs[len(c.funcs)-1]
	f.leaf = f.leaf && f.entry <= maxLeafCost
	f.values += locals
	if f.cached() {
		f.blocks += 3 + (loopLabels+1)*f.loops
	} else {
		f.blocks += 3 + 3*f.loops
	}
	c.work += f.work(bytes)
}

// total is the price of a body, each loop run once.
func (c *costs) total(f *funcCost) uint64 {
	n := uint64(f.entry)
	for _, price := range c.loops[f.firstLoop : f.firstLoop+f.loops] {
		n += uint64(price)
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

// count prices an instruction.
func (c *costs) count(in instr) {
	fn := uint32(len(c.funcs) - 1)
	f := &c.funcs[fn]
	price := uint32(1)
	if in.info.plain {
		c.add(fn, c.loop, price)
		return
	}
	switch in.op {
	case opBlock:
		f.blocks++
		c.open = append(c.open, c.loop)
	case opIf:
		f.blocks += 3
		c.open = append(c.open, c.loop)
	case opBrIf:
		f.blocks += 2
	case opBrTable:
		f.blocks += in.x
	case opLoop:
		f.blocks += 2
		c.open = append(c.open, c.loop)
		c.loop = int32(len(c.loops))
		c.loops = append(c.loops, 0)
		f.loops++
		f.leaf = false
	case opEnd:
		if n := len(c.open); n > 0 {
			c.loop, c.open = c.open[n-1], c.open[:n-1]
		}
	case opCall, opReturnCall:
		f.leaf = false
		if in.x < c.imported {
			f.charges = true
		} else {
			c.calls = append(c.calls, directCall{fn, in.x - c.imported, c.loop})
		}
	case opCallIndirect, opReturnCallIndirect:
		f.leaf, f.charges = false, true
		price = indirectCost
	default:
		if _, bulk := helperOf(in.op); bulk {
			f.leaf, f.charges = false, true
		}
	}
	c.add(fn, c.loop, price)
}

func (c *costs) add(fn uint32, loop int32, price uint32) {
	if loop < 0 {
		c.funcs[fn].entry += price
	} else {
		c.loops[loop] += price
	}
}

// resolve charges callers for leaves, now that it is known which they are.
func (c *costs) resolve() {
	for _, d := range c.calls {
		if callee := &c.funcs[d.callee]; callee.leaf {
			c.add(d.caller, d.loop, callee.entry)
		} else {
			c.funcs[d.caller].charges = true
		}
	}
	c.calls = nil
}
