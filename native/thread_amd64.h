// FIND_THREAD leaves this thread's record in R12 if it is in the cache and the
// stack pointer is on its thread's stack; otherwise it goes to slow. g is g0 on
// threads of Go's while they run C, and 0 on others.
#define FIND_THREAD(slow) \
	MOVQ  (TLS), AX                      \
	SHRQ  $const_threadShift, AX         \
	ANDL  $(const_threadSlots-1), AX     \
	LEAQ  ·threads(SB), R12              \
	MOVQ  (R12)(AX*8), R12               \
	TESTQ R12, R12                       \
	JEQ   slow                           \
	CMPQ  SP, threadRecord_limit(R12)    \
	JLS   slow                           \
	CMPQ  SP, threadRecord_top(R12)      \
	JHI   slow

// ASK_THREAD leaves this thread's record in R12, or 0. It calls C.
#define ASK_THREAD \
	MOVQ  ·libc+libcTable_key(SB), DI         \
	MOVQ  ·libc+libcTable_getspecific(SB), AX \
	CALL  AX                                  \
	MOVQ  AX, R12
