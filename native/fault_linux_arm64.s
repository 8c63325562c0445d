#include "textflag.h"
#include "go_asm.h"

DATA ·faultHandler+0(SB)/8, $faultHandler<>(SB)
GLOBL ·faultHandler(SB), NOPTR|RODATA, $8

// void faultHandler(int signal, siginfo_t *info, void *context)
//
// R27 and g are C's to use, and are as they were when the next handler is called.
TEXT faultHandler<>(SB), NOSPLIT|NOFRAME, $0
	SUB   $64, RSP
	STP   (R0, R1), 0(RSP)
	STP   (R2, R30), 16(RSP)
	STP   (R27, g), 32(RSP)

	MOVW  siginfo_code(R1), R9
	CMPW  $0, R9
	BLE   pass             // somebody sent it

	MOVD  $·libc(SB), R9
	MOVD  libcTable_key(R9), R0
	MOVD  libcTable_getspecific(R9), R9
	BL    (R9)
	CBZ   R0, pass
	MOVD  R0, 48(RSP)
	BL    runtime·load_g(SB)
	CBZ   g, pass
	LDP   0(RSP), (R0, R1)
	MOVD  16(RSP), R2
	MOVD  48(RSP), R3      // the thread's record

	// R4 is the record of the innermost call in flight.
	MOVD  threadRecord_depth(R3), R9
	CBZ   R9, pass
	ADD   R9<<4, R3, R9    // the size of an inFlight
	ADD   $(threadRecord_calls-inFlight__size), R9
	MOVD  inFlight_lib(R9), R10
	MOVWU libraryState_unguarded(R10), R10
	CBNZ  R10, pass
	MOVD  inFlight_record(R9), R4

	// C runs on g0's stack, below where g0 was left. If Go was entered since,
	// g0 was left further down, or g is a goroutine of another stack.
	MOVD  const_gStackLo(g), R9
	CMP   R9, R4
	BLS   pass
	MOVD  const_gStackHi(g), R9
	CMP   R9, R4
	BHI   pass
	MOVD  const_gSchedSP(g), R9
	CMP   R9, R4
	BHS   pass

	// Not in a signal handler that interrupted C.
	MOVD  ucontext_sp(R2), R5
	MOVD  ucontext_altstack(R2), R9
	SUB   R9, R5, R9
	MOVD  ucontext_altsize(R2), R10
	CMP   R10, R9
	BLO   pass

	// R6 is where to tell of it, R7 what callC will return.
	MOVD  $const_statusFault, R7
	MOVD  callRecord_room(R4), R6
	CBZ   R6, args
	MOVWU room_number(R6), R9
	SUB   R9, R7
	ADD   $room_fault, R6
	B     tell
args:
	MOVD  callRecord_args(R4), R6
	ADD   $callArgs__size, R6
tell:
	MOVW  R0, faultInfo_signal(R6)
	MOVW  siginfo_code(R1), R9
	MOVW  R9, faultInfo_code(R6)
	MOVD  siginfo_addr(R1), R9
	MOVD  R9, faultInfo_addr(R6)
	MOVD  R5, faultInfo_sp(R6)
	MOVD  threadRecord_low(R3), R10
	MOVD  R10, faultInfo_low(R6)
	MOVD  ucontext_pc(R2), R10
	MOVD  R10, faultInfo_pc(R6)
	MOVD  ZR, faultInfo_caller(R6)
	CMP   R9, R10
	BNE   resume
	CMPW  $const_signalSegv, R0
	BNE   resume
	MOVD  (ucontext_regs+30*8)(R2), R9 // a jump to nowhere, if it was a call
	MOVD  R9, faultInfo_caller(R6)

resume:
	MOVD  R4, ucontext_sp(R2)
	ADD   $(callRecord__size+8), R4
	MOVD  R4, (ucontext_regs+29*8)(R2)
	MOVD  R3, (ucontext_regs+20*8)(R2)
	MOVD  R7, (ucontext_regs+0*8)(R2)
	MOVD  g, (ucontext_regs+28*8)(R2)
	MOVD  ·abandonCall(SB), R9
	MOVD  R9, ucontext_pc(R2)
	LDP   32(RSP), (R27, g)
	MOVD  24(RSP), R30
	ADD   $64, RSP
	RET

pass:
	LDP   0(RSP), (R0, R1)
	MOVD  $·nextHandler(SB), R9
	MOVD  (R9)(R0<<3), R9
	LDP   16(RSP), (R2, R30)
	LDP   32(RSP), (R27, g)
	ADD   $64, RSP
	B     (R9)

DATA ·systemStack+0(SB)/8, $systemStack<>(SB)
GLOBL ·systemStack(SB), NOPTR|RODATA, $8

// void systemStack(struct plainCall *c)
TEXT systemStack<>(SB), NOSPLIT|NOFRAME, $0
	MOVD  g, plainCall_result(R0)
	MOVD  RSP, R9
	MOVD  R9, plainCall_args(R0)
	RET
