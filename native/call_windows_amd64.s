#include "textflag.h"
#include "go_asm.h"
#include "thread_windows_amd64.h"

DATA ·callC+0(SB)/8, $callC<>(SB)
GLOBL ·callC(SB), NOPTR|RODATA, $8

// int callC(struct callArgs *a)
//
// A C function of Microsoft's x64 convention, run by runtime.cgocall on the
// system stack: call_amd64.s for Windows. Registers that survive C calls: BX
// holds the callRecord, R12 the thread's record, R13 the callTarget. SI and DI
// do too, but the caller is Go and keeps nothing there.
TEXT callC<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ  SP, AX
	ANDQ  $~15, SP         // cgocall does not see to it
	PUSHQ AX
	PUSHQ BP
	LEAQ  8(SP), BP
	PUSHQ BX
	PUSHQ R12
	PUSHQ R13
	SUBQ  $callRecord__size, SP // now a multiple of 16
	MOVQ  CX, BX

	ASK_THREAD
	MOVL  $const_statusNoThread, AX
	TESTQ R12, R12
	JEQ   done
	// A stack that is not the thread's own, as in a fiber, is not measured.
	CMPQ  SP, threadRecord_low(R12)
	JLS   found
	CMPQ  SP, threadRecord_limit(R12)
	JHI   found
	MOVL  $const_statusTooDeep, AX
	JMP   done
found:
	MOVL  $const_statusTooDeep, AX
	CMPQ  threadRecord_depth(R12), $const_maxDepth
	JAE   done

	// errno is of the C runtime that the library was linked with, of which a
	// process has several. Callbacks put back what threadRecord_errno was.
	MOVQ  callArgs_target(BX), R13
	MOVQ  callTarget_lib(R13), CX
	MOVQ  libraryState_errno(CX), AX
	SUBQ  $32, SP
	CALL  AX
	ADDQ  $32, SP
	MOVQ  AX, threadRecord_errno(R12)

	// The record. From here on the arguments are not looked at any more.
	MOVQ  threadRecord_depth(R12), DX
	MOVQ  callArgs_words(BX), R10
	MOVQ  callArgs_results(BX), R8
	MOVQ  callArgs_errno(BX), R9
	MOVQ  callArgs_room(BX), SI
	MOVL  callTarget_leaf(R13), AX
	MOVQ  BX, callRecord_args(SP)
	MOVQ  SP, BX
	MOVQ  AX, callRecord_leaf(BX)
	MOVQ  R8, callRecord_results(BX)
	MOVQ  R9, callRecord_errno(BX)
	MOVQ  SI, callRecord_room(BX)

	// First in flight, then the look at the flag. Close does it the other way
	// round.
	MOVQ  callTarget_lib(R13), CX
	MOVQ  DX, AX
	SHLQ  $4, AX           // the size of an inFlight
	MOVQ  CX, (threadRecord_calls+inFlight_lib)(R12)(AX*1)
	MOVQ  BX, (threadRecord_calls+inFlight_record)(R12)(AX*1)
	INCQ  DX
	MOVQ  DX, threadRecord_depth(R12)
	MFENCE
	MOVL  $const_statusRefused, AX
	CMPL  libraryState_refuses(CX), $0
	JNE   leave

	TESTQ R9, R9
	JEQ   stack
	MOVL  (R9), DX
	MOVQ  threadRecord_errno(R12), AX
	MOVL  DX, (AX)

stack:
	// The first four words are room for the callee to keep its register
	// arguments in. More than a page of stack must be touched page by page,
	// from above: only the page below is a guard that makes more of it.
	MOVQ  callTarget_nstack(R13), AX
	LEAQ  (AX*8), DX
	MOVQ  SP, R8
	SUBQ  DX, R8
	ANDQ  callTarget_spmask(R13), R8
probe:
	LEAQ  -4096(SP), R9
	CMPQ  R9, R8
	JLS   probed
	MOVQ  R9, SP
	TESTB AX, (SP)
	JMP   probe
probed:
	MOVQ  R8, SP
	MOVQ  callTarget_stack(R13), R11
	CMPQ  AX, $4
	JEQ   registers
push:
	MOVL  -4(R11)(AX*4), DX
	MOVQ  (R10)(DX*8), DX
	MOVQ  DX, -8(SP)(AX*8)
	DECQ  AX
	CMPQ  AX, $4
	JHI   push

registers:
	MOVWLZX (callTarget_floats+0)(R13), AX
	MOVSD (R10)(AX*8), X0
	MOVWLZX (callTarget_floats+2)(R13), AX
	MOVSD (R10)(AX*8), X1
	MOVWLZX (callTarget_floats+4)(R13), AX
	MOVSD (R10)(AX*8), X2
	MOVWLZX (callTarget_floats+6)(R13), AX
	MOVSD (R10)(AX*8), X3
	MOVWLZX (callTarget_ints+0)(R13), AX
	MOVQ  (R10)(AX*8), CX
	MOVWLZX (callTarget_ints+2)(R13), AX
	MOVQ  (R10)(AX*8), DX
	MOVWLZX (callTarget_ints+4)(R13), AX
	MOVQ  (R10)(AX*8), R8
	MOVWLZX (callTarget_ints+6)(R13), AX
	MOVQ  (R10)(AX*8), R9
	MOVQ  callTarget_fn(R13), R11
	CALL  R11

	// Results, to where the caller wants them or, if there is a room, there:
	// after a callback the caller's stack may have moved.
	XORL  R10, R10         // what callC will return
	MOVQ  callRecord_results(BX), R8
	MOVQ  callRecord_room(BX), R9
	TESTQ R9, R9
	JNE   room
store:
	MOVL  callTarget_result(R13), R9
	MOVL  callTarget_shift(R13), CX
	CMPL  R9, $const_resultSigned
	JEQ   signed
	CMPL  R9, $const_resultFloat
	JEQ   float
	CMPL  R9, $const_resultUnsigned
	JEQ   unsigned
	CMPL  R9, $const_resultAll
	JEQ   all
	CMPL  R9, $const_resultBool
	JEQ   bool
returned:
	MOVL  R10, AX
	MOVQ  callRecord_errno(BX), R9
	TESTQ R9, R9
	JNE   errno
leave:
	DECQ  threadRecord_depth(R12)
done:
	LEAQ  -32(BP), SP
	POPQ  R13
	POPQ  R12
	POPQ  BX
	POPQ  BP
	POPQ  SP
	RET

signed:
	SHLQ  CX, AX
	SARQ  CX, AX
	MOVQ  AX, (R8)
	JMP   returned
unsigned:
	SHLQ  CX, AX
	SHRQ  CX, AX
	MOVQ  AX, (R8)
	JMP   returned
bool:
	TESTB AX, AX
	SETNE AX
	MOVBLZX AX, AX
	MOVQ  AX, (R8)
	JMP   returned
float:
	MOVSD X0, (R8)
	JMP   returned
all:
	MOVQ  AX, 0(R8)
	MOVUPS X0, (const_vectorResult*8)(R8)
	JMP   returned

room:
	MOVL  room_number(R9), R10
	LEAQ  room_results(R9), R8
	CMPQ  callRecord_errno(BX), $0
	JEQ   store
	LEAQ  room_errno(R9), R9
	MOVQ  R9, callRecord_errno(BX)
	JMP   store

errno:
	MOVQ  threadRecord_errno(R12), DX
	MOVL  (DX), DX
	MOVL  DX, (R9)
	JMP   leave

DATA ·abandonCall+0(SB)/8, $abandonCall<>(SB)
GLOBL ·abandonCall(SB), NOPTR|RODATA, $8

DATA defaultMXCSR<>+0(SB)/4, $0x1f80
GLOBL defaultMXCSR<>(SB), NOPTR|RODATA, $4

// The other end of callC, for a call that C will not return from, as it called
// back where it may not. BX is the callRecord, R12 the thread's record, AX what
// callC returns.
TEXT abandonCall<>(SB), NOSPLIT|NOFRAME, $0
	FINIT
	LDMXCSR defaultMXCSR<>(SB)
	DECQ  threadRecord_depth(R12)
	LEAQ  (callRecord__size+40)(BX), SP
	ADJSP $40              // what callC has pushed
	POPQ  R13
	POPQ  R12
	POPQ  BX
	POPQ  BP
	POPQ  SP
	RET

DATA ·callPlain+0(SB)/8, $callPlain<>(SB)
GLOBL ·callPlain(SB), NOPTR|RODATA, $8

// void callPlain(struct plainCall *c)
//
// Calls c->fn with four integer arguments and nothing around it.
TEXT callPlain<>(SB), NOSPLIT|NOFRAME, $0
	PUSHQ BP
	MOVQ  SP, BP
	PUSHQ BX
	SUBQ  $32, SP
	ANDQ  $~15, SP
	MOVQ  CX, BX
	MOVQ  plainCall_fn(BX), AX
	MOVQ  (plainCall_args+0)(BX), CX
	MOVQ  (plainCall_args+8)(BX), DX
	MOVQ  (plainCall_args+16)(BX), R8
	MOVQ  (plainCall_args+24)(BX), R9
	CALL  AX
	MOVQ  AX, plainCall_result(BX)
	LEAQ  -8(BP), SP
	POPQ  BX
	POPQ  BP
	RET

DATA ·currentThread+0(SB)/8, $currentThread<>(SB)
GLOBL ·currentThread(SB), NOPTR|RODATA, $8

// void currentThread(struct plainCall *c)
//
// Finds this thread's record and how many calls it has in flight.
TEXT currentThread<>(SB), NOSPLIT|NOFRAME, $0
	PUSHQ BP
	MOVQ  SP, BP
	PUSHQ BX
	PUSHQ R12
	ANDQ  $~15, SP
	MOVQ  CX, BX
	ASK_THREAD
	MOVQ  R12, plainCall_result(BX)
	TESTQ R12, R12
	JEQ   none
	MOVQ  threadRecord_depth(R12), R12
none:
	MOVQ  R12, (plainCall_args+0)(BX)
	MOVQ  $0, (plainCall_args+8)(BX)
	LEAQ  -16(BP), SP
	POPQ  R12
	POPQ  BX
	POPQ  BP
	RET

DATA ·threadExit+0(SB)/8, $threadExit<>(SB)
GLOBL ·threadExit(SB), NOPTR|RODATA, $8

// void threadExit(struct threadRecord *t)
//
// The callback of the fiber-local slot: the record is free for another thread.
TEXT threadExit<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ  $0, threadRecord_top(CX)
	RET
