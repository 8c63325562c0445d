#include "textflag.h"
#include "go_asm.h"

DATA ·faultHandler+0(SB)/8, $faultHandler<>(SB)
GLOBL ·faultHandler(SB), NOPTR|RODATA, $8

// void faultHandler(int signal, siginfo_t *info, void *context)
TEXT faultHandler<>(SB), NOSPLIT|NOFRAME, $0
	CMPL  siginfo_code(SI), $0
	JLE   pass             // somebody sent it

	PUSHQ DI
	PUSHQ SI
	PUSHQ DX               // SP is now a multiple of 16
	MOVQ  ·libc+libcTable_key(SB), DI
	MOVQ  ·libc+libcTable_getspecific(SB), AX
	CALL  AX
	POPQ  DX
	POPQ  SI
	POPQ  DI
	TESTQ AX, AX
	JEQ   pass

	// R8 is the record of the innermost call in flight.
	MOVQ  threadRecord_depth(AX), CX
	TESTQ CX, CX
	JEQ   pass
	SHLQ  $4, CX           // the size of an inFlight
	LEAQ  (threadRecord_calls-inFlight__size)(AX)(CX*1), CX
	MOVQ  inFlight_lib(CX), R9
	CMPL  libraryState_unguarded(R9), $0
	JNE   pass
	MOVQ  inFlight_record(CX), R8

	// C runs on g0's stack, below where g0 was left. If Go was entered since,
	// g0 was left further down, or g is a goroutine of another stack.
	MOVQ  (TLS), R9
	TESTQ R9, R9
	JEQ   pass
	CMPQ  R8, const_gStackLo(R9)
	JLS   pass
	CMPQ  R8, const_gStackHi(R9)
	JHI   pass
	CMPQ  R8, const_gSchedSP(R9)
	JHS   pass

	// Not in a signal handler that interrupted C.
	MOVQ  ucontext_rsp(DX), R10
	MOVQ  R10, R11
	SUBQ  ucontext_altstack(DX), R11
	CMPQ  R11, ucontext_altsize(DX)
	JLO   pass

	// R11 is where to tell of it, CX what callC will return.
	MOVL  $const_statusFault, CX
	MOVQ  callRecord_room(R8), R11
	TESTQ R11, R11
	JEQ   args
	SUBL  room_number(R11), CX
	ADDQ  $room_fault, R11
	JMP   tell
args:
	MOVQ  callRecord_args(R8), R11
	ADDQ  $callArgs__size, R11
tell:
	MOVL  DI, faultInfo_signal(R11)
	MOVL  siginfo_code(SI), R9
	MOVL  R9, faultInfo_code(R11)
	MOVQ  siginfo_addr(SI), R9
	MOVQ  R9, faultInfo_addr(R11)
	MOVQ  R10, faultInfo_sp(R11)
	MOVQ  threadRecord_low(AX), DI
	MOVQ  DI, faultInfo_low(R11)
	MOVQ  ucontext_rip(DX), SI
	MOVQ  SI, faultInfo_pc(R11)
	MOVQ  $0, faultInfo_caller(R11)
	CMPQ  R9, SI
	JNE   resume
	CMPL  faultInfo_signal(R11), $const_signalSegv
	JNE   resume
	// A jump to nowhere. If it was a call, its return address is on the
	// stack: mapped, since it was just pushed there.
	CMPQ  R10, DI
	JLS   resume
	CMPQ  R10, R8
	JHS   resume
	MOVQ  (R10), R9
	MOVQ  R9, faultInfo_caller(R11)

resume:
	MOVQ  R8, ucontext_rsp(DX)
	MOVQ  R8, ucontext_rbx(DX)
	MOVQ  AX, ucontext_r12(DX)
	MOVQ  CX, ucontext_rax(DX)
	MOVQ  ·abandonCall(SB), AX
	MOVQ  AX, ucontext_rip(DX)
	ANDQ  $~0x44500, ucontext_efl(DX) // TF, DF, NT, AC
	RET

pass:
	LEAQ  ·nextHandler(SB), AX
	MOVLQZX DI, CX
	MOVQ  (AX)(CX*8), AX
	JMP   AX

DATA ·systemStack+0(SB)/8, $systemStack<>(SB)
GLOBL ·systemStack(SB), NOPTR|RODATA, $8

// void systemStack(struct plainCall *c)
TEXT systemStack<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ  (TLS), AX
	MOVQ  AX, plainCall_result(DI)
	MOVQ  SP, plainCall_args(DI)
	RET
