package native

import "encoding/binary"

// putThunk writes
//
//	endbr64
//	movabs r11, slot
//	movabs r10, entry
//	jmp    r10
//
// R10 and R11 carry no arguments in the System V convention.
func putThunk(code []byte, slot, entry uint64) {
	c := append(code[:0], 0xf3, 0x0f, 0x1e, 0xfa, 0x49, 0xbb)
	c = binary.LittleEndian.AppendUint64(c, slot)
	c = append(c, 0x49, 0xba)
	c = binary.LittleEndian.AppendUint64(c, entry)
	_ = append(c, 0x41, 0xff, 0xe2)
}

// flushCode has nothing to do: x86 keeps instruction fetch coherent.
func flushCode(addr, size uintptr) {}
