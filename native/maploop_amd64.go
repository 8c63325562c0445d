//go:build linux || darwin

package native

import "encoding/binary"

// Argument registers in order, by their numbers in instructions: RDI, RSI, RDX,
// RCX, R8, R9. Those of vectors are XMM0 to XMM7.
var loopInts = [...]byte{7, 6, 2, 1, 8, 9}

// x86 appends instructions. RBX holds the block's address.
type x86 []byte

func (c *x86) put(b ...byte) { *c = append(*c, b...) }

// block is an instruction with a word of the block as its operand: its bytes up
// to the ModRM byte, whose register field is given, and the word's offset.
func (c *x86) block(reg byte, offset int, op ...byte) {
	c.put(op...)
	c.put(0x83 | reg<<3) // [rbx+disp32]
	*c = binary.LittleEndian.AppendUint32(*c, uint32(offset))
}

// back is a jump, if the last result was not zero, to an earlier place.
func (c *x86) back(to int) {
	c.put(0x0f, 0x85) // jnz
	*c = binary.LittleEndian.AppendUint32(*c, uint32(to-(len(*c)+4)))
}

func putLoop(params []loopOperand, result *loopOperand) []byte {
	var c x86
	operands := len(params)
	c.put(0xf3, 0x0f, 0x1e, 0xfa) // endbr64
	c.put(0x53)                   // push rbx
	c.put(0x48, 0x89, 0xfb)       // mov rbx, rdi
	outer := len(c)
	c.block(0, 8*loopInner, 0x48, 0x8b) // mov rax, inner
	c.block(0, 8*loopLeft, 0x48, 0x89)  // mov left, rax
	inner := len(c)
	for i, p := range params {
		c.block(0, loopOffset(i, 0), 0x48, 0x8b) // mov rax, addr
		c.load(p)
		c.block(0, loopOffset(i, 1), 0x48, 0x03) // add rax, step
		c.block(0, loopOffset(i, 0), 0x48, 0x89) // mov addr, rax
	}
	c.block(2, 8*loopFn, 0xff) // call fn
	if result != nil {
		c.block(2, loopOffset(operands, 0), 0x4c, 0x8b) // mov r10, addr
		c.store(*result)
		c.block(2, loopOffset(operands, 1), 0x4c, 0x03) // add r10, step
		c.block(2, loopOffset(operands, 0), 0x4c, 0x89) // mov addr, r10
		operands++
	}
	c.block(1, 8*loopLeft, 0x48, 0xff) // dec left
	c.back(inner)
	for i := range operands {
		c.block(0, loopOffset(i, 2), 0x48, 0x8b) // mov rax, turn
		c.block(0, loopOffset(i, 0), 0x48, 0x01) // add addr, rax
	}
	c.block(1, 8*loopOuter, 0x48, 0xff) // dec outer
	c.back(outer)
	c.put(0x5b, 0xc3) // pop rbx; ret
	return c
}

// load loads an argument register from where RAX points.
func (c *x86) load(p loopOperand) {
	if p.float {
		prefix := byte(0xf2) // movsd
		if p.size == 4 {
			prefix = 0xf3 // movss
		}
		c.put(prefix, 0x0f, 0x10, p.reg<<3)
		return
	}
	reg := loopInts[p.reg]
	rex, modrm := byte(0x48)|reg>>3<<2, reg&7<<3
	switch {
	case p.size == 1 && p.signed:
		c.put(rex, 0x0f, 0xbe, modrm) // movsx
	case p.size == 1:
		c.put(rex, 0x0f, 0xb6, modrm) // movzx
	case p.size == 2 && p.signed:
		c.put(rex, 0x0f, 0xbf, modrm)
	case p.size == 2:
		c.put(rex, 0x0f, 0xb7, modrm)
	case p.size == 4 && p.signed:
		c.put(rex, 0x63, modrm) // movsxd
	case p.size == 4:
		c.put(rex&^8, 0x8b, modrm) // mov, which clears the upper half
	default:
		c.put(rex, 0x8b, modrm)
	}
}

// store stores the result register to where R10 points.
func (c *x86) store(p loopOperand) {
	switch {
	case p.float && p.size == 4:
		c.put(0xf3, 0x41, 0x0f, 0x11, 0x02) // movss [r10], xmm0
	case p.float:
		c.put(0xf2, 0x41, 0x0f, 0x11, 0x02)
	case p.size == 1:
		c.put(0x41, 0x88, 0x02) // mov [r10], al
	case p.size == 2:
		c.put(0x66, 0x41, 0x89, 0x02)
	case p.size == 4:
		c.put(0x41, 0x89, 0x02)
	default:
		c.put(0x49, 0x89, 0x02)
	}
}
