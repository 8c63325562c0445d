//go:build linux || darwin

package native

import "encoding/binary"

// a64 appends instructions. X19 holds the block's address.
type a64 []byte

func (c *a64) put(insns ...uint32) {
	for _, insn := range insns {
		*c = binary.LittleEndian.AppendUint32(*c, insn)
	}
}

const (
	a64Base = 19 << 5 // register fields of instructions
	a64X9   = 9
	a64X10  = 10
	a64LDR  = 0xf9400000 // ldr xT, [xN, #imm*8]
	a64STR  = 0xf9000000
)

// block loads or stores a register from or to a word of the block.
func (c *a64) block(op, reg uint32, offset int) {
	c.put(op | uint32(offset/8)<<10 | a64Base | reg)
}

// countdown takes one off a word of the block, and jumps back while it is not 0.
func (c *a64) countdown(offset, to int) {
	c.block(a64LDR, a64X9, offset)
	c.put(0xd1000400 | a64X9<<5 | a64X9) // sub x9, x9, #1
	c.block(a64STR, a64X9, offset)
	c.put(0xb5000000 | uint32((to-len(*c))/4)&0x7ffff<<5 | a64X9) // cbnz x9
}

// advance adds word w of operand i to its address, which is in X9.
func (c *a64) advance(i, w int) {
	c.block(a64LDR, a64X10, loopOffset(i, w))
	c.put(0x8b000000 | a64X10<<16 | a64X9<<5 | a64X9) // add x9, x9, x10
	c.block(a64STR, a64X9, loopOffset(i, 0))
}

func putLoop(params []loopOperand, result *loopOperand) []byte {
	var c a64
	operands := len(params)
	c.put(
		0xd503245f, // bti c
		0xa9be7bfd, // stp x29, x30, [sp, #-32]!
		0x910003fd, // mov x29, sp
		0xf9000bf3, // str x19, [sp, #16]
		0xaa0003f3, // mov x19, x0
	)
	outer := len(c)
	c.block(a64LDR, a64X9, 8*loopInner)
	c.block(a64STR, a64X9, 8*loopLeft)
	inner := len(c)
	for i, p := range params {
		c.block(a64LDR, a64X9, loopOffset(i, 0))
		c.put(p.load() | a64X9<<5 | uint32(p.reg))
		c.advance(i, 1)
	}
	c.block(a64LDR, a64X9, 8*loopFn)
	c.put(0xd63f0000 | a64X9<<5) // blr x9
	if result != nil {
		c.block(a64LDR, a64X9, loopOffset(operands, 0))
		c.put(result.store() | a64X9<<5)
		c.advance(operands, 1)
		operands++
	}
	c.countdown(8*loopLeft, inner)
	for i := range operands {
		c.block(a64LDR, a64X9, loopOffset(i, 0))
		c.advance(i, 2)
	}
	c.countdown(8*loopOuter, outer)
	c.put(
		0xf9400bf3, // ldr x19, [sp, #16]
		0xa8c27bfd, // ldp x29, x30, [sp], #32
		0xd65f03c0, // ret
	)
	return c
}

// load is the instruction that loads a register from [X9].
func (p loopOperand) load() uint32 {
	switch {
	case p.float && p.size == 4:
		return 0xbd400000
	case p.float:
		return 0xfd400000
	case p.size == 1 && p.signed:
		return 0x39800000 // ldrsb x
	case p.size == 1:
		return 0x39400000
	case p.size == 2 && p.signed:
		return 0x79800000 // ldrsh x
	case p.size == 2:
		return 0x79400000
	case p.size == 4 && p.signed:
		return 0xb9800000 // ldrsw
	case p.size == 4:
		return 0xb9400000
	}
	return 0xf9400000
}

// store is the instruction that stores the result register to [X9].
func (p loopOperand) store() uint32 {
	switch {
	case p.float && p.size == 4:
		return 0xbd000000
	case p.float:
		return 0xfd000000
	case p.size == 1:
		return 0x39000000
	case p.size == 2:
		return 0x79000000
	case p.size == 4:
		return 0xb9000000
	}
	return 0xf9000000
}
