#include "textflag.h"
#include "go_asm.h"
#include "thread_windows_amd64.h"

DATA ·callbackEntry+0(SB)/8, $callbackEntry<>(SB)
GLOBL ·callbackEntry(SB), NOPTR|RODATA, $8

// Where every thunk jumps to, with its slot's address in R11 and the rest as C left it.
//
// It spills the argument registers into a callbackFrame on C's stack, right
// below the four words between them and the stack arguments, so that both make
// one image; goes into Go, by the one function that syscall.NewCallback made,
// which keeps all registers that C counts on; and loads RAX and XMM0. BX holds
// errno and R12 the thread's record meanwhile. Below the frame is the room that
// every function called here may keep its register arguments in.
TEXT callbackEntry<>(SB), NOSPLIT|NOFRAME, $0
	PUSHQ BP
	MOVQ  SP, BP
	PUSHQ BX
	PUSHQ R12
	SUBQ  $(callbackFrame__size+32), SP
	MOVQ  R11, (32+callbackFrame_slot)(SP)
	MOVQ  CX, (32+callbackFrame_image+0*8)(SP)
	MOVQ  DX, (32+callbackFrame_image+1*8)(SP)
	MOVQ  R8, (32+callbackFrame_image+2*8)(SP)
	MOVQ  R9, (32+callbackFrame_image+3*8)(SP)
	MOVSD X0, (32+callbackFrame_image+(const_firstFloat+0)*8)(SP)
	MOVSD X1, (32+callbackFrame_image+(const_firstFloat+1)*8)(SP)
	MOVSD X2, (32+callbackFrame_image+(const_firstFloat+2)*8)(SP)
	MOVSD X3, (32+callbackFrame_image+(const_firstFloat+3)*8)(SP)

	ASK_THREAD
	MOVQ  R12, (32+callbackFrame_thread)(SP)
	TESTQ R12, R12
	JEQ   enter            // a thread that has not called C from Go
	MOVQ  threadRecord_depth(R12), CX
	TESTQ CX, CX
	JEQ   allowed          // C's own thread
	SHLQ  $4, CX           // the size of an inFlight
	MOVQ  (threadRecord_calls+inFlight_record-inFlight__size)(R12)(CX*1), CX
	CMPQ  callRecord_leaf(CX), $0
	JNE   leaf
allowed:
	MOVQ  threadRecord_errno(R12), AX
	MOVQ  AX, (32+callbackFrame_saved)(SP)
	MOVL  (AX), BX
enter:
	LEAQ  32(SP), CX
	MOVQ  ·callbackCode(SB), AX
	CALL  AX

	TESTQ R12, R12
	JEQ   results
	MOVQ  (32+callbackFrame_saved)(SP), AX
	MOVQ  AX, threadRecord_errno(R12)
	MOVL  BX, (AX)
results:
	MOVQ  (32+callbackFrame_results+0*8)(SP), AX
	MOVUPS (32+callbackFrame_results+const_vectorResult*8)(SP), X0
	ADDQ  $(callbackFrame__size+32), SP
	POPQ  R12
	POPQ  BX
	POPQ  BP
	RET

leaf:
	// Go is not ready to be entered: its goroutine is not in a system call.
	MOVQ  CX, BX
	MOVL  $const_statusCallback, AX
	MOVQ  ·abandonCall(SB), CX
	JMP   CX
