//go:build linux || darwin

#include "textflag.h"
#include "go_asm.h"
#include "thread_amd64.h"

DATA ·callbackEntry+0(SB)/8, $callbackEntry<>(SB)
GLOBL ·callbackEntry(SB), NOPTR|RODATA, $8

// Where every thunk jumps to, with its slot's address in R11 and the rest as C left it.
//
// It spills the argument registers into a callbackFrame on C's stack, right
// below the four words between them and the stack arguments, so that both make
// one image; goes into Go; and loads every register a result may be in. BX
// holds errno and R12 the thread's record meanwhile.
TEXT callbackEntry<>(SB), NOSPLIT|NOFRAME, $0
	PUSHQ BP
	MOVQ  SP, BP
	PUSHQ BX
	PUSHQ R12
	SUBQ  $callbackFrame__size, SP
	MOVQ  R11, callbackFrame_slot(SP)
	MOVQ  DI, (callbackFrame_image+0*8)(SP)
	MOVQ  SI, (callbackFrame_image+1*8)(SP)
	MOVQ  DX, (callbackFrame_image+2*8)(SP)
	MOVQ  CX, (callbackFrame_image+3*8)(SP)
	MOVQ  R8, (callbackFrame_image+4*8)(SP)
	MOVQ  R9, (callbackFrame_image+5*8)(SP)
	MOVUPS X0, (callbackFrame_image+(const_firstFloat+0)*8)(SP)
	MOVUPS X1, (callbackFrame_image+(const_firstFloat+2)*8)(SP)
	MOVUPS X2, (callbackFrame_image+(const_firstFloat+4)*8)(SP)
	MOVUPS X3, (callbackFrame_image+(const_firstFloat+6)*8)(SP)
	MOVUPS X4, (callbackFrame_image+(const_firstFloat+8)*8)(SP)
	MOVUPS X5, (callbackFrame_image+(const_firstFloat+10)*8)(SP)
	MOVUPS X6, (callbackFrame_image+(const_firstFloat+12)*8)(SP)
	MOVUPS X7, (callbackFrame_image+(const_firstFloat+14)*8)(SP)

	FIND_THREAD(ask)
found:
	MOVQ  R12, callbackFrame_thread(SP)
	MOVQ  threadRecord_depth(R12), CX
	TESTQ CX, CX
	JEQ   allowed          // C's own thread
	SHLQ  $4, CX           // the size of an inFlight
	MOVQ  (threadRecord_calls+inFlight_record-inFlight__size)(R12)(CX*1), CX
	CMPQ  callRecord_leaf(CX), $0
	JNE   leaf
allowed:
	MOVQ  threadRecord_errno(R12), AX
	MOVL  (AX), BX
enter:
	MOVQ  $0, callbackFrame_x87(SP) // and wide
	MOVQ  ·onCallbackCall(SB), DI
	MOVQ  (DI), DI         // the function's ABIInternal entry, out of its closure
	MOVQ  SP, SI
	XORL  DX, DX
	XORL  CX, CX
	CALL  crosscall2(SB)

	TESTQ R12, R12
	JEQ   results
	MOVQ  threadRecord_errno(R12), AX
	MOVL  BX, (AX)
results:
	CMPL  callbackFrame_x87(SP), $0
	JEQ   registers
	CMPL  callbackFrame_x87(SP), $1
	JEQ   one
	FMOVX (callbackFrame_results+(const_x87Result+2)*8)(SP), F0
one:
	FMOVX (callbackFrame_results+const_x87Result*8)(SP), F0
registers:
	MOVQ  (callbackFrame_results+0*8)(SP), AX
	MOVQ  (callbackFrame_results+1*8)(SP), DX
	// Go has written words: to load more than one at once would wait for them.
	CMPL  callbackFrame_wide(SP), $0
	JNE   wide
	MOVSD (callbackFrame_results+(const_vectorResult+0)*8)(SP), X0
	MOVSD (callbackFrame_results+(const_vectorResult+2)*8)(SP), X1
restore:
	ADDQ  $callbackFrame__size, SP
	POPQ  R12
	POPQ  BX
	POPQ  BP
	RET

wide:
	MOVUPS (callbackFrame_results+(const_vectorResult+0)*8)(SP), X0
	MOVUPS (callbackFrame_results+(const_vectorResult+2)*8)(SP), X1
	JMP   restore

leaf:
	// Go is not ready to be entered: its goroutine is not in a system call.
	MOVQ  CX, BX
	MOVL  $const_statusCallback, AX
	MOVQ  ·abandonCall(SB), CX
	JMP   CX

ask:
	ASK_THREAD
	TESTQ R12, R12
	JNE   found
	MOVQ  $0, callbackFrame_thread(SP) // a thread that has not called C from Go
	JMP   enter
