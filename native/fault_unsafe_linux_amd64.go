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

	r8, r9, r10, r11, r12, r13, r14, r15             uint64
	rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, efl uint64
}
