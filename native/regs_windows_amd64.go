package native

// The words of a call's image, as call_windows_amd64.s and
// callback_windows_amd64.s have them: RCX, RDX, R8, R9, then XMM0 to XMM3, then
// the stack from the room for the four register arguments on. The gap before
// that is what callbackEntry has on the stack there: two saved registers, the
// frame pointer and the return address.
const (
	firstFloat   = 4
	firstStack   = 12
	floatWords   = 1 // words kept of each vector register
	resultReg    = 0 // no register of its own: RCX
	vectorResult = 2 // after RAX, and a word for alignment: XMM0, two words
	x87Result    = 4 // none
	resultWords  = 4
)
