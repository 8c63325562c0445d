//go:build linux || darwin

#include "textflag.h"
#include "go_asm.h"
#include "thread_amd64.h"

DATA ·callC+0(SB)/8, $callC<>(SB)
GLOBL ·callC(SB), NOPTR|RODATA, $8

// int callC(struct callArgs *a)
//
// A C function of the System V AMD64 convention, run by runtime.cgocall on the
// system stack. Registers that survive C calls: BX holds the callRecord, R12
// the thread's record, R13 the callTarget.
TEXT callC<>(SB), NOSPLIT|NOFRAME, $0
	PUSHQ BP
	MOVQ  SP, BP
	PUSHQ BX
	PUSHQ R12
	PUSHQ R13
	SUBQ  $callRecord__size, SP // now a multiple of 16
	MOVQ  DI, BX

	FIND_THREAD(ask)
found:
	// Nesting: the count is the stated limit; FIND_THREAD saw to the stack.
	MOVL  $const_statusTooDeep, AX
	MOVQ  threadRecord_depth(R12), DX
	CMPQ  DX, $const_maxDepth
	JAE   done

	// The record. From here on the arguments are not looked at any more.
	MOVQ  callArgs_target(BX), R13
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
	// round, with a barrier on all threads in between.
	MOVQ  callTarget_lib(R13), CX
	MOVQ  DX, AX
	SHLQ  $4, AX           // the size of an inFlight
	MOVQ  CX, (threadRecord_calls+inFlight_lib)(R12)(AX*1)
	MOVQ  BX, (threadRecord_calls+inFlight_record)(R12)(AX*1)
	INCQ  DX
	MOVQ  DX, threadRecord_depth(R12)
	CMPQ  ·libc+libcTable_fence(SB), $0
	JEQ   fenced
	MFENCE
fenced:
	MOVL  $const_statusRefused, AX
	CMPL  libraryState_refuses(CX), $0
	JNE   leave

	TESTQ R9, R9
	JEQ   stack
	MOVL  (R9), DX
	MOVQ  threadRecord_errno(R12), AX
	MOVL  DX, (AX)

stack:
	// A plain loop: REP MOVSQ costs 30 ns even for no words.
	MOVQ  callTarget_nstack(R13), AX
	TESTQ AX, AX
	JEQ   vectors
	LEAQ  (AX*8), DX
	SUBQ  DX, SP
	ANDQ  callTarget_spmask(R13), SP
	MOVQ  callTarget_stack(R13), R11
push:
	MOVL  -4(R11)(AX*4), DX
	MOVQ  (R10)(DX*8), DX
	MOVQ  DX, -8(SP)(AX*8)
	DECQ  AX
	JNE   push

vectors:
	// The first two registers of each kind are all that most functions need.
	MOVQ  callTarget_nvec(R13), DX
	TESTQ DX, DX
	JEQ   integers
	MOVWLZX (callTarget_floats+0)(R13), AX
	MOVSD (R10)(AX*8), X0
	MOVWLZX (callTarget_floats+2)(R13), AX
	MOVSD (R10)(AX*8), X1
	CMPQ  DX, $2
	JHI   allVectors
integers:
	CMPL  callTarget_nints(R13), $2
	JHI   allIntegers
call:
	MOVWLZX (callTarget_ints+0)(R13), AX
	MOVQ  (R10)(AX*8), DI
	MOVWLZX (callTarget_ints+2)(R13), AX
	MOVQ  (R10)(AX*8), SI
	MOVQ  callTarget_nvec(R13), AX
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
	LEAQ  -24(BP), SP
	POPQ  R13
	POPQ  R12
	POPQ  BX
	POPQ  BP
	RET

allVectors:
	CMPL  callTarget_wide(R13), $0
	JNE   wide
	MOVWLZX (callTarget_floats+4)(R13), AX
	MOVSD (R10)(AX*8), X2
	MOVWLZX (callTarget_floats+6)(R13), AX
	MOVSD (R10)(AX*8), X3
	MOVWLZX (callTarget_floats+8)(R13), AX
	MOVSD (R10)(AX*8), X4
	MOVWLZX (callTarget_floats+10)(R13), AX
	MOVSD (R10)(AX*8), X5
	MOVWLZX (callTarget_floats+12)(R13), AX
	MOVSD (R10)(AX*8), X6
	MOVWLZX (callTarget_floats+14)(R13), AX
	MOVSD (R10)(AX*8), X7
	JMP   integers

wide:
	MOVUPS ((const_firstFloat+0)*8)(R10), X0
	MOVUPS ((const_firstFloat+2)*8)(R10), X1
	MOVUPS ((const_firstFloat+4)*8)(R10), X2
	MOVUPS ((const_firstFloat+6)*8)(R10), X3
	MOVUPS ((const_firstFloat+8)*8)(R10), X4
	MOVUPS ((const_firstFloat+10)*8)(R10), X5
	MOVUPS ((const_firstFloat+12)*8)(R10), X6
	MOVUPS ((const_firstFloat+14)*8)(R10), X7
	JMP   integers

allIntegers:
	MOVWLZX (callTarget_ints+4)(R13), AX
	MOVQ  (R10)(AX*8), DX
	MOVWLZX (callTarget_ints+6)(R13), AX
	MOVQ  (R10)(AX*8), CX
	MOVWLZX (callTarget_ints+8)(R13), AX
	MOVQ  (R10)(AX*8), R8
	MOVWLZX (callTarget_ints+10)(R13), AX
	MOVQ  (R10)(AX*8), R9
	JMP   call

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
	MOVQ  DX, 8(R8)
	MOVUPS X0, (const_vectorResult*8+0)(R8)
	MOVUPS X1, (const_vectorResult*8+16)(R8)
	// What the x87 stack holds must be taken off it.
	CMPL  callTarget_x87(R13), $0
	JEQ   returned
	FMOVXP F0, (const_x87Result*8+0)(R8)
	CMPL  callTarget_x87(R13), $1
	JEQ   returned
	FMOVXP F0, (const_x87Result*8+16)(R8)
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

ask:
	ASK_THREAD
	MOVL  $const_statusNoThread, AX
	TESTQ R12, R12
	JEQ   done
	// Not in the cache, or on a stack that is not the thread's own, as in a
	// coroutine of C's, or at the end of its own stack.
	CMPQ  SP, threadRecord_low(R12)
	JLS   found
	CMPQ  SP, threadRecord_limit(R12)
	JHI   found
	MOVL  $const_statusTooDeep, AX
	JMP   done

DATA ·abandonCall+0(SB)/8, $abandonCall<>(SB)
GLOBL ·abandonCall(SB), NOPTR|RODATA, $8

DATA defaultMXCSR<>+0(SB)/4, $0x1f80
GLOBL defaultMXCSR<>(SB), NOPTR|RODATA, $4

// The other end of callC, for a call that C will not return from: a fault or
// a callback where there may be none. BX is the callRecord, R12 the thread's
// record, AX what callC returns. What C had in its other registers does not
// matter: the caller is Go, and keeps nothing there. The floating-point units
// are set as a program starts with them.
TEXT abandonCall<>(SB), NOSPLIT|NOFRAME, $0
	FINIT
	LDMXCSR defaultMXCSR<>(SB)
	DECQ  threadRecord_depth(R12)
	LEAQ  (callRecord__size+32)(BX), SP
	ADJSP $32              // what callC has pushed
	POPQ  R13
	POPQ  R12
	POPQ  BX
	POPQ  BP
	RET

DATA ·callPlain+0(SB)/8, $callPlain<>(SB)
GLOBL ·callPlain(SB), NOPTR|RODATA, $8

// void callPlain(struct plainCall *c)
//
// Calls c->fn with four integer arguments and nothing around it.
TEXT callPlain<>(SB), NOSPLIT|NOFRAME, $0
	PUSHQ BX
	MOVQ  DI, BX
	MOVQ  (plainCall_args+0)(BX), DI
	MOVQ  (plainCall_args+8)(BX), SI
	MOVQ  (plainCall_args+16)(BX), DX
	MOVQ  (plainCall_args+24)(BX), CX
	MOVQ  plainCall_fn(BX), R11
	XORL  AX, AX
	CALL  R11
	MOVQ  AX, plainCall_result(BX)
	POPQ  BX
	RET

DATA ·currentThread+0(SB)/8, $currentThread<>(SB)
GLOBL ·currentThread(SB), NOPTR|RODATA, $8

// void currentThread(struct plainCall *c)
//
// Finds this thread's record, how many calls it has in flight, and its place in
// threads.
TEXT currentThread<>(SB), NOSPLIT|NOFRAME, $0
	PUSHQ BX
	PUSHQ R12
	PUSHQ BP               // for alignment
	MOVQ  DI, BX
	MOVQ  (TLS), AX
	SHRQ  $const_threadShift, AX
	ANDL  $(const_threadSlots-1), AX
	MOVQ  AX, (plainCall_args+8)(BX)
	ASK_THREAD
	MOVQ  R12, plainCall_result(BX)
	TESTQ R12, R12
	JEQ   none
	MOVQ  threadRecord_depth(R12), R12
none:
	MOVQ  R12, (plainCall_args+0)(BX)
	POPQ  BP
	POPQ  R12
	POPQ  BX
	RET

DATA ·threadExit+0(SB)/8, $threadExit<>(SB)
GLOBL ·threadExit(SB), NOPTR|RODATA, $8

// void threadExit(struct threadRecord *t)
//
// The destructor of the pthread key: the record is free for another thread.
TEXT threadExit<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ  $0, threadRecord_top(DI)
	RET
