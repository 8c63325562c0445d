package guestabi

// The price list, in units of fuel. An instruction costs 1.
const (
	// A function without loops or calls, of at most this many instructions, is
	// paid for by its callers.
	maxLeafCost = 500
	// What a call through a table is charged for the leaf it may reach.
	indirectCost = 20
)

// costs says what each function and loop of a module is charged.
type costs struct {
	funcs []funcCost
	loops []uint32 // in the order they appear; code of inner loops not included
	calls []directCall
}

type funcCost struct {
	entry     uint32 // instructions outside of loops
	firstLoop uint32 // index of the function's first loop in costs.loops
	loops     uint32
	// charges: the body has calls that may use fuel.
	charges bool
	leaf    bool
}

// directCall is a call whose price depends on its callee.
type directCall struct {
	caller uint32 // both count from the first function the module defines
	callee uint32
	loop   int32 // innermost loop around it, -1 for none
}

func newCosts(m *Module) *costs {
	c := &costs{funcs: make([]funcCost, len(m.Codes))}
	for i := range m.Codes {
		c.scan(m, uint32(i))
	}
	c.resolve()
	return c
}

// scan counts the instructions of one body. Validate has been there before.
func (c *costs) scan(m *Module, i uint32) {
	f := &c.funcs[i]
	f.firstLoop = uint32(len(c.loops))
	f.leaf = true
	r := reader{b: m.bytes, pos: int(m.Codes[i].Instrs.Offset), end: int(m.Codes[i].Instrs.End())}
	var open []int32 // the loop each open block belongs to, -1 for none
	loop := int32(-1)
	for r.pos < r.end && r.err == nil {
		in := r.instr()
		price := uint32(1)
		switch in.op {
		case opBlock, opIf:
			open = append(open, loop)
		case opLoop:
			open = append(open, loop)
			loop = int32(len(c.loops))
			c.loops = append(c.loops, 0)
			f.loops++
			f.leaf = false
		case opEnd:
			if n := len(open); n > 0 {
				loop, open = open[n-1], open[:n-1]
			}
		case opCall:
			f.leaf = false
			if n := m.imported[KindFunc]; in.x < n {
				f.charges = true
			} else {
				c.calls = append(c.calls, directCall{i, in.x - n, loop})
			}
		case opCallIndirect:
			f.leaf, f.charges = false, true
			price = indirectCost
		case opMemoryGrow, opMemoryCopy, opMemoryFill, opMemoryInit, opTableInit, opTableCopy, opTableGrow, opTableFill:
			f.leaf, f.charges = false, true
		}
		c.add(i, loop, price)
	}
	f.leaf = f.leaf && f.entry <= maxLeafCost
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
