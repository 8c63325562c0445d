package native

import "structs"

// ucontext is the part of ucontext_t that faultHandler reads and writes.
type ucontext struct {
	_ structs.HostLayout

	flags    uint64
	link     uintptr
	altstack uintptr // uc_stack.ss_sp
	_        uint64
	altsize  uint64 // uc_stack.ss_size
	_        [17]uint64

	fault uint64
	regs  [31]uint64
	sp    uint64
	pc    uint64
}
