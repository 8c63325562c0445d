//go:build linux || darwin

#include "textflag.h"
#include "go_asm.h"
#include "thread_arm64.h"

DATA ·callbackEntry+0(SB)/8, $callbackEntry<>(SB)
GLOBL ·callbackEntry(SB), NOPTR|RODATA, $8

// Where every thunk jumps to, with its slot's address in R16 and the rest as C left it.
//
// It spills the argument registers into a callbackFrame on C's stack, right
// below the four words between them and the stack arguments, so that both make
// one image; goes into Go; and loads every register a result may be in. R19
// holds errno and R20 the thread's record meanwhile.
TEXT callbackEntry<>(SB), NOSPLIT|NOFRAME, $0
	SUB   $32, RSP
	STP   (R29, R30), 0(RSP)
	STP   (R19, R20), 16(RSP)
	MOVD  RSP, R29
	SUB   $callbackFrame__size, RSP
	MOVD  R27, callbackFrame_saved(RSP) // C's to keep, but Go's assembler takes it for addresses
	MOVD  R16, callbackFrame_slot(RSP)
	ADD   $callbackFrame_image, RSP, R9
	STP   (R0, R1), (0*8)(R9)
	STP   (R2, R3), (2*8)(R9)
	STP   (R4, R5), (4*8)(R9)
	STP   (R6, R7), (6*8)(R9)
	MOVD  R8, (const_resultReg*8)(R9)
	FSTPQ (F0, F1), ((const_firstFloat+0)*8)(R9)
	FSTPQ (F2, F3), ((const_firstFloat+4)*8)(R9)
	FSTPQ (F4, F5), ((const_firstFloat+8)*8)(R9)
	FSTPQ (F6, F7), ((const_firstFloat+12)*8)(R9)

	// C may have used g's register, so the record is asked for.
	ASK_THREAD
	MOVD  R20, callbackFrame_thread(RSP)
	CBZ   R20, enter       // a thread that has not called C from Go
	MOVD  threadRecord_depth(R20), R9
	CBZ   R9, allowed      // C's own thread
	ADD   R9<<4, R20, R9   // the size of an inFlight
	MOVD  (threadRecord_calls+inFlight_record-inFlight__size)(R9), R9
	MOVD  callRecord_leaf(R9), R10
	CBNZ  R10, leaf
allowed:
	MOVD  threadRecord_errno(R20), R9
	MOVW  (R9), R19
enter:
	MOVD  ·onCallbackCall(SB), R0
	MOVD  (R0), R0         // the function's ABIInternal entry, out of its closure
	MOVD  RSP, R1
	MOVD  ZR, R2
	MOVD  ZR, R3
	BL    crosscall2(SB)

	CBZ   R20, results
	MOVD  threadRecord_errno(R20), R9
	MOVW  R19, (R9)
results:
	ADD   $callbackFrame_results, RSP, R9
	LDP   0(R9), (R0, R1)
	ADD   $(const_vectorResult*8), R9
	FLDPQ 0(R9), (F0, F1)
	FLDPQ 32(R9), (F2, F3)
	MOVD  callbackFrame_saved(RSP), R27
	ADD   $callbackFrame__size, RSP
	LDP   16(RSP), (R19, R20)
	LDP   0(RSP), (R29, R30)
	ADD   $32, RSP
	RET

leaf:
	// Go is not ready to be entered: its goroutine is not in a system call.
	ADD   $(callRecord__size+8), R9, R29
	MOVD  $const_statusCallback, R0
	MOVD  ·abandonCall(SB), R9
	B     (R9)
