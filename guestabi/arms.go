package guestabi

// An arm is code that is charged where it begins, as not every way through a
// function or round a loop leads there: a branch of an if or of a switch. It
// ends where the block does that it is in.
type arm struct {
	at    uint32 // offset
	price uint32
}

// A foundArm is one of the body at hand, which may be too short to be kept.
type foundArm struct {
	arm
	in   spot // what it is charged with if it is too short
	kept bool
}

// branchOff begins an arm.
func (c *costs) branchOff(from spot, at int) {
	c.dead = false
	c.spot = spot{from.loop, int32(len(c.found))}
	c.found = append(c.found, foundArm{arm: arm{at: uint32(at)}, in: from})
}

// endBlock goes on where the block began, since what comes after a block is
// reached through that, or in an arm of its own where only branches lead.
func (c *costs) endBlock(at int) {
	n := len(c.open)
	if n == 0 {
		return
	}
	began := c.open[n-1]
	c.open = c.open[:n-1]
	ofLoop := c.loop != began.loop // to whose end no branches lead
	if c.dead && !ofLoop {
		c.branchOff(began, at)
	} else {
		c.spot = began
	}
}

// keepArms keeps the arms of the body that are long enough.
func (c *costs) keepArms(f *funcCost) {
	least := uint32(minGlobalArm)
	switch {
	case f.leaf:
		least = maxLeafCost + 1
	case f.cached():
		least = minCachedArm
	}
	for i := len(c.found) - 1; i >= 0; i-- { // each comes after what it is in
		a := &c.found[i]
		if a.kept = a.price >= least; !a.kept {
			*c.priceOf(f, a.in) += a.price
		}
	}
	for i := range c.found {
		switch a := &c.found[i]; {
		case a.kept:
			a.in.arm = int32(len(c.arms))
			c.arms = append(c.arms, a.arm)
		case a.in.arm >= 0:
			a.in.arm = c.found[a.in.arm].in.arm
		}
	}
	f.arms = uint32(len(c.arms)) - f.firstArm
	for i := c.firstCall; i < len(c.calls); i++ {
		if p := &c.calls[i].spot; p.arm >= 0 {
			p.arm = c.found[p.arm].in.arm
		}
	}
}

func (c *costs) armsOf(f *funcCost) []arm { return c.arms[f.firstArm : f.firstArm+f.arms] }
