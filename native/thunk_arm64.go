package native

import "encoding/binary"

// putThunk writes
//
//	bti  c
//	movz w16, slot & 0xffff
//	movk w16, slot >> 16, lsl 16
//	ldr  x17, entry
//	br   x17
//	nop
//	entry: .quad
//
// X16 and X17 are the registers that AAPCS64 leaves to veneers like this one.
func putThunk(code []byte, slot uint32, entry uint64) {
	c := code[:0]
	for _, insn := range []uint32{
		0xd503245f,
		0x52800010 | slot&0xffff<<5,
		0x72a00010 | slot>>16<<5,
		0x58000071,
		0xd61f0220,
		0xd503201f,
	} {
		c = binary.LittleEndian.AppendUint32(c, insn)
	}
	_ = binary.LittleEndian.AppendUint64(c, entry)
}
