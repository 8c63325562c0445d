//go:build linux || darwin

#include "textflag.h"
#include "go_asm.h"
#include "thread_arm64.h"

DATA ·callC+0(SB)/8, $callC<>(SB)
GLOBL ·callC(SB), NOPTR|RODATA, $8

// int callC(struct callArgs *a)
//
// A C function of the AAPCS64 convention, run by runtime.cgocall on the system
// stack with g0 in g. Registers that survive C calls: R19 holds the callRecord,
// R20 the thread's record, R21 the callTarget. R27, which Go's assembler takes
// for addresses, is lost: the caller is Go, and does not mind.
TEXT callC<>(SB), NOSPLIT|NOFRAME, $0
	SUB   $48, RSP
	STP   (R29, R30), 0(RSP)
	STP   (R19, R20), 16(RSP)
	MOVD  R21, 32(RSP)
	MOVD  RSP, R29
	SUB   $(callRecord__size+8), RSP // a multiple of 16
	MOVD  R0, R19

	FIND_THREAD(g, ask)
found:
	// Nesting: the count is the stated limit; FIND_THREAD saw to the stack.
	MOVD  $const_statusTooDeep, R0
	MOVD  threadRecord_depth(R20), R11
	CMP   $const_maxDepth, R11
	BHS   done

	// The record. From here on the arguments are not looked at any more.
	MOVD  callArgs_target(R19), R21
	MOVD  callArgs_words(R19), R9
	MOVD  callArgs_results(R19), R10
	MOVD  callArgs_errno(R19), R12
	MOVD  callArgs_room(R19), R14
	MOVWU callTarget_leaf(R21), R15
	MOVD  R19, R16
	MOVD  RSP, R19
	STP   (R16, R15), callRecord_args(R19)
	MOVD  R10, callRecord_results(R19)
	MOVD  R12, callRecord_errno(R19)
	MOVD  R14, callRecord_room(R19)

	// First in flight, then the look at the flag. Close does it the other way
	// round, with a barrier on all threads in between.
	MOVD  callTarget_lib(R21), R13
	ADD   $threadRecord_calls, R20, R10
	ADD   R11<<4, R10      // the size of an inFlight
	STP   (R13, R19), (R10)
	ADD   $1, R11
	ADD   $threadRecord_depth, R20, R10
	STLR  R11, (R10)
	MOVD  $·libc(SB), R10
	MOVD  libcTable_fence(R10), R10
	CBZ   R10, fenced
	DMB   $0xb             // ISH
fenced:
	MOVD  $const_statusRefused, R0
	MOVWU libraryState_refuses(R13), R10
	CBNZ  R10, leave

	CBZ   R12, stack
	MOVW  (R12), R10
	MOVD  threadRecord_errno(R20), R11
	MOVW  R10, (R11)

stack:
	MOVD  callTarget_nstack(R21), R10
	CBZ   R10, vectors
	MOVD  RSP, R11
	SUB   R10<<3, R11
	MOVD  R11, RSP
	MOVD  callTarget_stack(R21), R12
push:
	MOVWU.P 4(R12), R13
	MOVD  (R9)(R13<<3), R13
	MOVD.P R13, 8(R11)
	SUB   $1, R10
	CBNZ  R10, push

vectors:
	MOVD  callTarget_nvec(R21), R10
	CBZ   R10, integers
	MOVWU callTarget_wide(R21), R10
	CBNZ  R10, wide
	MOVHU (callTarget_floats+0)(R21), R10
	FMOVD (R9)(R10<<3), F0
	MOVHU (callTarget_floats+2)(R21), R10
	FMOVD (R9)(R10<<3), F1
	MOVHU (callTarget_floats+4)(R21), R10
	FMOVD (R9)(R10<<3), F2
	MOVHU (callTarget_floats+6)(R21), R10
	FMOVD (R9)(R10<<3), F3
	MOVHU (callTarget_floats+8)(R21), R10
	FMOVD (R9)(R10<<3), F4
	MOVHU (callTarget_floats+10)(R21), R10
	FMOVD (R9)(R10<<3), F5
	MOVHU (callTarget_floats+12)(R21), R10
	FMOVD (R9)(R10<<3), F6
	MOVHU (callTarget_floats+14)(R21), R10
	FMOVD (R9)(R10<<3), F7
integers:
	MOVHU (callTarget_ints+0)(R21), R10
	MOVD  (R9)(R10<<3), R0
	MOVHU (callTarget_ints+2)(R21), R10
	MOVD  (R9)(R10<<3), R1
	MOVHU (callTarget_ints+4)(R21), R10
	MOVD  (R9)(R10<<3), R2
	MOVHU (callTarget_ints+6)(R21), R10
	MOVD  (R9)(R10<<3), R3
	MOVHU (callTarget_ints+8)(R21), R10
	MOVD  (R9)(R10<<3), R4
	MOVHU (callTarget_ints+10)(R21), R10
	MOVD  (R9)(R10<<3), R5
	MOVHU (callTarget_ints+12)(R21), R10
	MOVD  (R9)(R10<<3), R6
	MOVHU (callTarget_ints+14)(R21), R10
	MOVD  (R9)(R10<<3), R7
	MOVHU (callTarget_ints+16)(R21), R10
	MOVD  (R9)(R10<<3), R8
	MOVD  callTarget_fn(R21), R9
	BL    (R9)

	// Results, to where the caller wants them or, if there is a room, there:
	// after a callback the caller's stack may have moved.
	MOVD  ZR, R11          // what callC will return
	MOVD  callRecord_results(R19), R9
	MOVD  callRecord_room(R19), R10
	CBNZ  R10, room
store:
	MOVWU callTarget_result(R21), R10
	MOVWU callTarget_shift(R21), R12
	CMP   $const_resultSigned, R10
	BEQ   signed
	CMP   $const_resultFloat, R10
	BEQ   float
	CMP   $const_resultUnsigned, R10
	BEQ   unsigned
	CMP   $const_resultAll, R10
	BEQ   all
	CMP   $const_resultBool, R10
	BEQ   bool
returned:
	MOVD  R11, R0
	MOVD  callRecord_errno(R19), R10
	CBNZ  R10, errno
leave:
	MOVD  threadRecord_depth(R20), R9
	SUB   $1, R9
	ADD   $threadRecord_depth, R20, R10
	STLR  R9, (R10)        // after everything the call did
done:
	MOVD  R29, RSP
	MOVD  32(RSP), R21
	LDP   16(RSP), (R19, R20)
	LDP   0(RSP), (R29, R30)
	ADD   $48, RSP
	RET

wide:
	ADD   $(const_firstFloat*8), R9, R10
	FLDPQ 0(R10), (F0, F1)
	FLDPQ 32(R10), (F2, F3)
	FLDPQ 64(R10), (F4, F5)
	FLDPQ 96(R10), (F6, F7)
	B     integers

signed:
	LSL   R12, R0, R0
	ASR   R12, R0, R0
	MOVD  R0, (R9)
	B     returned
unsigned:
	LSL   R12, R0, R0
	LSR   R12, R0, R0
	MOVD  R0, (R9)
	B     returned
bool:
	TST   $0xff, R0
	CSET  NE, R0
	MOVD  R0, (R9)
	B     returned
float:
	FMOVD F0, (R9)
	B     returned
all:
	STP   (R0, R1), 0(R9)
	ADD   $(const_vectorResult*8), R9
	FSTPQ (F0, F1), 0(R9)
	FSTPQ (F2, F3), 32(R9)
	B     returned

room:
	MOVWU room_number(R10), R11
	ADD   $room_results, R10, R9
	MOVD  callRecord_errno(R19), R12
	CBZ   R12, store
	ADD   $room_errno, R10, R12
	MOVD  R12, callRecord_errno(R19)
	B     store

errno:
	MOVD  threadRecord_errno(R20), R9
	MOVW  (R9), R9
	MOVW  R9, (R10)
	B     leave

ask:
	ASK_THREAD
	MOVD  $const_statusNoThread, R0
	CBZ   R20, done
	// Not in the cache, or on a stack that is not the thread's own, as in a
	// coroutine of C's, or at the end of its own stack.
	MOVD  RSP, R10
	MOVD  threadRecord_low(R20), R9
	CMP   R9, R10
	BLS   found
	MOVD  threadRecord_limit(R20), R9
	CMP   R9, R10
	BHI   found
	MOVD  $const_statusTooDeep, R0
	B     done

DATA ·abandonCall+0(SB)/8, $abandonCall<>(SB)
GLOBL ·abandonCall(SB), NOPTR|RODATA, $8

// The other end of callC, for a call that C will not return from: a fault or
// a callback where there may be none. R29 is callC's, R20 the thread's record,
// R0 what callC returns. What C had in its other registers does not
// matter: the caller is Go, and keeps nothing there. The floating-point unit
// is set as a program starts with it.
TEXT abandonCall<>(SB), NOSPLIT|NOFRAME, $0
	MSR   ZR, FPCR
	MSR   ZR, FPSR
	MOVD  threadRecord_depth(R20), R9
	SUB   $1, R9
	ADD   $threadRecord_depth, R20, R10
	STLR  R9, (R10)
	MOVD  R29, RSP
	MOVD  32(RSP), R21
	LDP   16(RSP), (R19, R20)
	LDP   0(RSP), (R29, R30)
	ADD   $48, RSP
	RET

DATA ·callPlain+0(SB)/8, $callPlain<>(SB)
GLOBL ·callPlain(SB), NOPTR|RODATA, $8

// void callPlain(struct plainCall *c)
//
// Calls c->fn with four integer arguments and nothing around it.
TEXT callPlain<>(SB), NOSPLIT|NOFRAME, $0
	SUB   $32, RSP
	STP   (R29, R30), 0(RSP)
	MOVD  R19, 16(RSP)
	MOVD  R0, R19
	LDP   (plainCall_args+16)(R19), (R2, R3)
	MOVD  plainCall_fn(R19), R9
	LDP   (plainCall_args+0)(R19), (R0, R1)
	BL    (R9)
	MOVD  R0, plainCall_result(R19)
	MOVD  16(RSP), R19
	LDP   0(RSP), (R29, R30)
	ADD   $32, RSP
	RET

DATA ·currentThread+0(SB)/8, $currentThread<>(SB)
GLOBL ·currentThread(SB), NOPTR|RODATA, $8

// void currentThread(struct plainCall *c)
//
// Finds this thread's record, how many calls it has in flight, and its place in
// threads.
TEXT currentThread<>(SB), NOSPLIT|NOFRAME, $0
	SUB   $32, RSP
	STP   (R29, R30), 0(RSP)
	STP   (R19, R20), 16(RSP)
	MOVD  R0, R19
	LSR   $const_threadShift, g, R9
	AND   $(const_threadSlots-1), R9, R9
	MOVD  R9, (plainCall_args+8)(R19)
	ASK_THREAD
	MOVD  R20, plainCall_result(R19)
	CBZ   R20, none
	MOVD  threadRecord_depth(R20), R20
none:
	MOVD  R20, (plainCall_args+0)(R19)
	LDP   16(RSP), (R19, R20)
	LDP   0(RSP), (R29, R30)
	ADD   $32, RSP
	RET

DATA ·threadExit+0(SB)/8, $threadExit<>(SB)
GLOBL ·threadExit(SB), NOPTR|RODATA, $8

// void threadExit(struct threadRecord *t)
//
// The destructor of the pthread key: the record is free for another thread.
TEXT threadExit<>(SB), NOSPLIT|NOFRAME, $0
	ADD   $threadRecord_top, R0, R1
	STLR  ZR, (R1)
	RET
