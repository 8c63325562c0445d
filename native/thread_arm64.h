// FIND_THREAD leaves this thread's record in R20 if it is in the cache and the
// stack pointer is on its thread's stack; otherwise it goes to slow. gp is a
// register that holds g0. R9 and R10 are lost.
#define FIND_THREAD(gp, slow) \
	LSR   $const_threadShift, gp, R9          \
	AND   $(const_threadSlots-1), R9, R9      \
	MOVD  $·threads(SB), R10                  \
	MOVD  (R10)(R9<<3), R20                   \
	CBZ   R20, slow                           \
	MOVD  RSP, R10                            \
	MOVD  threadRecord_limit(R20), R9         \
	CMP   R9, R10                             \
	BLS   slow                                \
	MOVD  threadRecord_top(R20), R9           \
	CMP   R9, R10                             \
	BHI   slow

// ASK_THREAD leaves this thread's record in R20, or 0. It calls C.
#define ASK_THREAD \
	MOVD  $·libc(SB), R9                \
	MOVD  libcTable_key(R9), R0         \
	MOVD  libcTable_getspecific(R9), R9 \
	BL    (R9)                          \
	MOVD  R0, R20
