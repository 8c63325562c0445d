//go:build !windows

package native

// The words of a call's image, as call_amd64.s and callback_amd64.s have them:
// RDI, RSI, RDX, RCX, R8, R9, then XMM0 to XMM7, then the stack arguments. The
// gap before those is what callbackEntry has on the stack there: two saved
// registers, the frame pointer and the return address.
const (
	firstFloat   = 6
	firstStack   = 26
	floatWords   = 2 // words kept of each vector register
	resultReg    = 0 // no register of its own: RDI
	vectorResult = 2 // after RAX and RDX: XMM0, XMM1
	x87Result    = 6 // ST0 and ST1, two words each
	resultWords  = 10
)
