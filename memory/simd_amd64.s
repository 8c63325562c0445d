#include "textflag.h"

// Each function here is a loop over vectors of 32 bytes (AVX2): the slices are
// equally long, a multiple of 32 bytes, and need no alignment.

#define BINARY(op) \
	MOVQ dst_base+0(FP), DI \
	MOVQ dst_len+8(FP), CX  \
	MOVQ a_base+24(FP), SI  \
	MOVQ b_base+48(FP), DX  \
	XORQ AX, AX             \
loop:                           \
	CMPQ AX, CX             \
	JAE  done               \
	VMOVDQU (SI)(AX*1), Y0  \
	VMOVDQU (DX)(AX*1), Y1  \
	op                      \
	VMOVDQU Y0, (DI)(AX*1)  \
	ADDQ $32, AX            \
	JMP  loop               \
done:                           \
	VZEROUPPER              \
	RET

#define ADDB VPADDB Y1, Y0, Y0
#define ADDW VPADDW Y1, Y0, Y0
#define ADDL VPADDD Y1, Y0, Y0
#define ADDF VADDPS Y1, Y0, Y0
#define SUBB VPSUBB Y1, Y0, Y0
#define SUBW VPSUBW Y1, Y0, Y0
#define SUBL VPSUBD Y1, Y0, Y0
#define SUBF VSUBPS Y1, Y0, Y0
#define MULW VPMULLW Y1, Y0, Y0
#define MULL VPMULLD Y1, Y0, Y0
#define MULF VMULPS Y1, Y0, Y0

// Products of bytes are the low halves of those of 16 bits: of the even bytes
// as they are, of the odd ones moved down and the product up again.
#define MULB \
	VPMULLW Y1, Y0, Y2 \
	VPSRLW $8, Y0, Y0  \
	VPSRLW $8, Y1, Y1  \
	VPMULLW Y1, Y0, Y0 \
	VPSLLW $8, Y0, Y0  \
	VPSLLW $8, Y2, Y2  \
	VPSRLW $8, Y2, Y2  \
	VPOR Y2, Y0, Y0

// Y15 is 1 in each byte, which also is what truth values that are true become.
#define ONES \
	VPCMPEQB Y15, Y15, Y15 \
	VPABSB Y15, Y15

#define OR \
	VPOR Y1, Y0, Y0 \
	VPMINUB Y15, Y0, Y0

#define AND \
	VPMINUB Y15, Y0, Y0 \
	VPMINUB Y15, Y1, Y1 \
	VPAND Y1, Y0, Y0

#define EQB \
	VPCMPEQB Y1, Y0, Y0 \
	VPAND Y15, Y0, Y0

#define NEB \
	VPCMPEQB Y1, Y0, Y0 \
	VPANDN Y15, Y0, Y0

// a < b where a is not the greater one of both, a <= b where it is the lesser.
#define LTB(greater) \
	greater Y1, Y0, Y1   \
	VPCMPEQB Y1, Y0, Y0  \
	VPANDN Y15, Y0, Y0

#define LEB(lesser) \
	lesser Y1, Y0, Y1   \
	VPCMPEQB Y1, Y0, Y0 \
	VPAND Y15, Y0, Y0

// FOLD combines the vector in acc with all in src, in two of them by turns.
#define FOLD(op) \
	MOVQ acc_base+0(FP), DI  \
	MOVQ src_base+24(FP), SI \
	MOVQ src_len+32(FP), CX  \
	VMOVDQU (DI), Y0         \
	VMOVDQU Y0, Y1           \
	ADDQ SI, CX              \
	SUBQ $64, CX             \
loop:                            \
	CMPQ SI, CX              \
	JA   odd                 \
	op (SI), Y0, Y0          \
	op 32(SI), Y1, Y1        \
	ADDQ $64, SI             \
	JMP  loop                \
odd:                             \
	ADDQ $64, CX             \
	CMPQ SI, CX              \
	JAE  done                \
	op (SI), Y0, Y0          \
done:                            \
	op Y1, Y0, Y0            \
	VMOVDQU Y0, (DI)         \
	VZEROUPPER               \
	RET

// FLOATS is FOLD for floats. Where one of two is a NaN, the instruction gives
// its second operand, what there was; cmp finds the NaNs, which end it. Four
// by turns, as each waits for the one before.
#define FLOATS(op, cmp) \
	MOVQ acc_base+0(FP), DI  \
	MOVQ src_base+24(FP), SI \
	MOVQ src_len+32(FP), CX  \
	VMOVDQU (DI), Y0         \
	VMOVDQU Y0, Y1           \
	VMOVDQU Y0, Y2           \
	VMOVDQU Y0, Y3           \
	VPXOR Y8, Y8, Y8         \
	ADDQ SI, CX              \
	SUBQ $128, CX            \
loop:                            \
	CMPQ SI, CX              \
	JA   rest                \
	VMOVDQU (SI), Y4         \
	VMOVDQU 32(SI), Y5       \
	VMOVDQU 64(SI), Y6       \
	VMOVDQU 96(SI), Y7       \
	op Y0, Y4, Y0            \
	op Y1, Y5, Y1            \
	op Y2, Y6, Y2            \
	op Y3, Y7, Y3            \
	cmp $3, Y4, Y5, Y4       \
	cmp $3, Y6, Y7, Y6       \
	VPOR Y4, Y8, Y8          \
	VPOR Y6, Y8, Y8          \
	ADDQ $128, SI            \
	JMP  loop                \
rest:                            \
	ADDQ $128, CX            \
more:                            \
	CMPQ SI, CX              \
	JAE  done                \
	VMOVDQU (SI), Y4         \
	op Y0, Y4, Y0            \
	cmp $3, Y4, Y4, Y4       \
	VPOR Y4, Y8, Y8          \
	ADDQ $32, SI             \
	JMP  more                \
done:                            \
	op Y0, Y1, Y0            \
	op Y2, Y3, Y2            \
	op Y0, Y2, Y0            \
	VMOVDQU Y0, (DI)         \
	VPTEST Y8, Y8            \
	SETEQ numbers+48(FP)     \
	VZEROUPPER               \
	RET

// SWAP puts the bytes of numbers in b in the opposite order, in place.
#define SWAP(order) \
	MOVQ b_base+0(FP), DI            \
	MOVQ b_len+8(FP), CX             \
	VBROADCASTI128 order<>(SB), Y1   \
	ADDQ DI, CX                      \
loop:                                    \
	CMPQ DI, CX                      \
	JAE  done                        \
	VMOVDQU (DI), Y0                 \
	VPSHUFB Y1, Y0, Y0               \
	VMOVDQU Y0, (DI)                 \
	ADDQ $32, DI                     \
	JMP  loop                        \
done:                                    \
	VZEROUPPER                       \
	RET

DATA order16<>+0(SB)/8, $0x0607040502030001
DATA order16<>+8(SB)/8, $0x0e0f0c0d0a0b0809
GLOBL order16<>(SB), RODATA|NOPTR, $16

DATA order32<>+0(SB)/8, $0x0405060700010203
DATA order32<>+8(SB)/8, $0x0c0d0e0f08090a0b
GLOBL order32<>(SB), RODATA|NOPTR, $16

DATA order64<>+0(SB)/8, $0x0001020304050607
DATA order64<>+8(SB)/8, $0x08090a0b0c0d0e0f
GLOBL order64<>(SB), RODATA|NOPTR, $16

// func addBytes(dst, a, b []byte)
TEXT ·addBytes(SB), NOSPLIT, $0-72
	BINARY(ADDB)

// func addWords16(dst, a, b []byte)
TEXT ·addWords16(SB), NOSPLIT, $0-72
	BINARY(ADDW)

// func addWords32(dst, a, b []byte)
TEXT ·addWords32(SB), NOSPLIT, $0-72
	BINARY(ADDL)

// func addFloats(dst, a, b []byte)
TEXT ·addFloats(SB), NOSPLIT, $0-72
	BINARY(ADDF)

// func subBytes(dst, a, b []byte)
TEXT ·subBytes(SB), NOSPLIT, $0-72
	BINARY(SUBB)

// func subWords16(dst, a, b []byte)
TEXT ·subWords16(SB), NOSPLIT, $0-72
	BINARY(SUBW)

// func subWords32(dst, a, b []byte)
TEXT ·subWords32(SB), NOSPLIT, $0-72
	BINARY(SUBL)

// func subFloats(dst, a, b []byte)
TEXT ·subFloats(SB), NOSPLIT, $0-72
	BINARY(SUBF)

// func mulBytes(dst, a, b []byte)
TEXT ·mulBytes(SB), NOSPLIT, $0-72
	BINARY(MULB)

// func mulWords16(dst, a, b []byte)
TEXT ·mulWords16(SB), NOSPLIT, $0-72
	BINARY(MULW)

// func mulWords32(dst, a, b []byte)
TEXT ·mulWords32(SB), NOSPLIT, $0-72
	BINARY(MULL)

// func mulFloats(dst, a, b []byte)
TEXT ·mulFloats(SB), NOSPLIT, $0-72
	BINARY(MULF)

// func orTruths(dst, a, b []byte)
TEXT ·orTruths(SB), NOSPLIT, $0-72
	ONES
	BINARY(OR)

// func andTruths(dst, a, b []byte)
TEXT ·andTruths(SB), NOSPLIT, $0-72
	ONES
	BINARY(AND)

// func equalBytes(dst, a, b []byte)
TEXT ·equalBytes(SB), NOSPLIT, $0-72
	ONES
	BINARY(EQB)

// func notEqualBytes(dst, a, b []byte)
TEXT ·notEqualBytes(SB), NOSPLIT, $0-72
	ONES
	BINARY(NEB)

// func lessInt8(dst, a, b []byte)
TEXT ·lessInt8(SB), NOSPLIT, $0-72
	ONES
	BINARY(LTB(VPMAXSB))

// func lessUint8(dst, a, b []byte)
TEXT ·lessUint8(SB), NOSPLIT, $0-72
	ONES
	BINARY(LTB(VPMAXUB))

// func lessEqualInt8(dst, a, b []byte)
TEXT ·lessEqualInt8(SB), NOSPLIT, $0-72
	ONES
	BINARY(LEB(VPMINSB))

// func lessEqualUint8(dst, a, b []byte)
TEXT ·lessEqualUint8(SB), NOSPLIT, $0-72
	ONES
	BINARY(LEB(VPMINUB))

// func minInt8(acc, src []byte)
TEXT ·minInt8(SB), NOSPLIT, $0-48
	FOLD(VPMINSB)

// func minUint8(acc, src []byte)
TEXT ·minUint8(SB), NOSPLIT, $0-48
	FOLD(VPMINUB)

// func minInt16(acc, src []byte)
TEXT ·minInt16(SB), NOSPLIT, $0-48
	FOLD(VPMINSW)

// func minUint16(acc, src []byte)
TEXT ·minUint16(SB), NOSPLIT, $0-48
	FOLD(VPMINUW)

// func minInt32(acc, src []byte)
TEXT ·minInt32(SB), NOSPLIT, $0-48
	FOLD(VPMINSD)

// func minUint32(acc, src []byte)
TEXT ·minUint32(SB), NOSPLIT, $0-48
	FOLD(VPMINUD)

// func maxInt8(acc, src []byte)
TEXT ·maxInt8(SB), NOSPLIT, $0-48
	FOLD(VPMAXSB)

// func maxUint8(acc, src []byte)
TEXT ·maxUint8(SB), NOSPLIT, $0-48
	FOLD(VPMAXUB)

// func maxInt16(acc, src []byte)
TEXT ·maxInt16(SB), NOSPLIT, $0-48
	FOLD(VPMAXSW)

// func maxUint16(acc, src []byte)
TEXT ·maxUint16(SB), NOSPLIT, $0-48
	FOLD(VPMAXUW)

// func maxInt32(acc, src []byte)
TEXT ·maxInt32(SB), NOSPLIT, $0-48
	FOLD(VPMAXSD)

// func maxUint32(acc, src []byte)
TEXT ·maxUint32(SB), NOSPLIT, $0-48
	FOLD(VPMAXUD)

// func minFloats(acc, src []byte) (numbers bool)
TEXT ·minFloats(SB), NOSPLIT, $0-49
	FLOATS(VMINPS, VCMPPS)

// func minDoubles(acc, src []byte) (numbers bool)
TEXT ·minDoubles(SB), NOSPLIT, $0-49
	FLOATS(VMINPD, VCMPPD)

// func maxFloats(acc, src []byte) (numbers bool)
TEXT ·maxFloats(SB), NOSPLIT, $0-49
	FLOATS(VMAXPS, VCMPPS)

// func maxDoubles(acc, src []byte) (numbers bool)
TEXT ·maxDoubles(SB), NOSPLIT, $0-49
	FLOATS(VMAXPD, VCMPPD)

// func swap16(b []byte)
TEXT ·swap16(SB), NOSPLIT, $0-24
	SWAP(order16)

// func swap32(b []byte)
TEXT ·swap32(SB), NOSPLIT, $0-24
	SWAP(order32)

// func swap64(b []byte)
TEXT ·swap64(SB), NOSPLIT, $0-24
	SWAP(order64)
