#include "textflag.h"

// func flushCode(addr, size uintptr)
//
// Makes code just written visible to instruction fetch on all cores: Arm
// Architecture Reference Manual, B2.4.4. 16 bytes is the least cache line.
TEXT ·flushCode(SB), NOSPLIT, $0-16
	MOVD  addr+0(FP), R0
	MOVD  size+8(FP), R1
	ADD   R0, R1
	MOVD  R0, R2
clean:
	WORD  $0xd50b7b22      // DC CVAU, X2
	ADD   $16, R2
	CMP   R1, R2
	BLO   clean
	DSB   $0xb             // ISH
invalidate:
	WORD  $0xd50b7520      // IC IVAU, X0
	ADD   $16, R0
	CMP   R1, R0
	BLO   invalidate
	DSB   $0xb
	ISB   $0xf
	RET
