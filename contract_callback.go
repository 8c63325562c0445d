package wasmffi

import (
	"fmt"
	"math"

	"github.com/wasmffi/wasmffi/dtype"
)

// checkedCallback is the Go side of a callback whose signature has rules. They
// are checked the other way round: C's arguments before the Go function is
// entered, its result before C gets it. C's pointers come without a length:
// what is stated of one holds if its memory is there, and what C text implies
// is checked of NULL and of overlap alone.
func checkedCallback(lib Library, sig *dtype.Func, shape Shape, fn func(*Frame) error) func(*Frame) error {
	p := &plan{op: "callback", lib: lib, sig: sig, shape: shape, contract: true}
	return func(f *Frame) error {
		c := &call{plan: p, words: f.Words, extents: make([]uint64, len(shape.Params))}
		for i := range c.extents {
			c.extents[i] = unknownExtent
		}
		if err := c.measureAll(); err != nil {
			return err
		}
		if err := c.checkArguments(); err != nil {
			return err
		}
		if err := fn(f); err != nil {
			return err
		}
		c.entered = true
		if err := c.measureAll(); err != nil {
			return err
		}
		return c.checkResults()
	}
}

func (c *call) measureAll() error {
	for i, p := range c.plan.sig.Params() {
		if err := c.measure(i, p); err != nil {
			return c.plan.fail(i+1, err)
		}
	}
	return nil
}

// measure finds how far C's memory behind a parameter is known to be there: as
// far as a rule says it is, or up to a string's end.
func (c *call) measure(i int, p dtype.Param) error {
	addr, rules := c.words[c.plan.shape.Params[i].First], p.Contract
	if rules == nil || rules.Implied || addr == 0 || c.later(rules.Len) != c.entered {
		return nil
	}
	name, need := c.plan.sig.ParamName(i), uint64(0)
	if !rules.Len.IsZero() {
		var err error
		if need, err = c.bytesOf(rules, p.Type); err != nil {
			return err
		}
		if !(rules.String && isConstPointer(p.Type)) && !c.isMemory(addr, need) {
			return &ContractError{Rule: lengthRule(name, rules), After: c.entered,
				Detail: fmt.Sprintf("%s is %#x+%d, which is not all memory%s", name, addr, need, c.values(rules.Len))}
		}
	}
	if c.extents[i] = need; !rules.String || p.Dir == dtype.Out {
		return nil
	}
	limit := uint64(math.MaxUint64)
	if !rules.Len.IsZero() {
		limit = need
	}
	n, ends := c.stringEnd(addr, c.elemSize(p.Type), limit)
	if !ends {
		return &ContractError{Rule: stringRule(name, rules), After: c.entered, Detail: fmt.Sprintf("no NUL in the %d bytes of %s", n, name)}
	}
	c.extents[i] = max(need, n)
	return nil
}

// isMemory reports whether there is memory at the ends of n bytes.
func (c *call) isMemory(addr, n uint64) bool {
	if n == 0 {
		return true
	}
	var b [1]byte
	last := addr + n - 1
	return last >= addr && c.plan.space().ReadAt(b[:], addr) == nil && c.plan.space().ReadAt(b[:], last) == nil
}

// stringEnd is how many bytes a string of C's takes with its NUL, or how many
// there are without one.
func (c *call) stringEnd(addr, size, limit uint64) (n uint64, ends bool) {
	var chunk [512]byte // read up to multiples of its size: no page that the string is not on
	zeros := uint64(0)  // of the character
	for n < limit {
		b := chunk[:min(uint64(len(chunk))-(addr+n)%uint64(len(chunk)), limit-n)]
		if c.plan.space().ReadAt(b, addr+n) != nil {
			return n, false
		}
		for _, x := range b {
			if n++; x == 0 {
				zeros++
			}
			if n%size == 0 {
				if zeros == size {
					return n, true
				}
				zeros = 0
			}
		}
	}
	return n, false
}
