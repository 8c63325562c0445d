package native

import "encoding/binary"

// putThunk writes
//
//	bti  c
//	ldr  x16, slot
//	ldr  x17, entry
//	br   x17
//	slot:  .quad
//	entry: .quad
//
// X16 and X17 are the registers that AAPCS64 leaves to veneers like this one.
func putThunk(code []byte, slot, entry uint64) {
	c := code[:0]
	for _, insn := range []uint32{0xd503245f, 0x58000070, 0x58000091, 0xd61f0220} {
		c = binary.LittleEndian.AppendUint32(c, insn)
	}
	c = binary.LittleEndian.AppendUint64(c, slot)
	_ = binary.LittleEndian.AppendUint64(c, entry)
}
