package native

// The words of a call's image, as call_arm64.s and callback_arm64.s have them:
// X0 to X7, X8, a gap, V0 to V7 with 16 bytes each, then the stack arguments.
// The gap before those is what callbackEntry has on the stack there: two saved
// registers, the frame pointer and the link register.
const (
	resultReg    = 8 // X8
	firstFloat   = 10
	firstStack   = 30
	floatWords   = 2 // words kept of each vector register
	vectorResult = 2 // after X0 and X1: V0 to V3
	x87Result    = 0 // no such registers
	resultWords  = 10
)
