// ASK_THREAD leaves this thread's record in R12, or 0. It calls C, for which the
// stack pointer must be a multiple of 16.
#define ASK_THREAD \
	MOVQ  ·libc+libcTable_key(SB), CX         \
	MOVQ  ·libc+libcTable_getspecific(SB), AX \
	SUBQ  $32, SP                             \
	CALL  AX                                  \
	ADDQ  $32, SP                             \
	MOVQ  AX, R12
