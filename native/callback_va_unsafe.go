//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import "unsafe"

// vaList is what va_start would give in a variadic callback: a va_list over the
// registers that callbackEntry has spilled, which are as System V and AAPCS64
// want them saved, and over C's stack. It is the list's address, or the list
// itself where that is a pointer, and good until the callback returns.
func (cb *callbackFrame) vaList(p *plan) uint64 {
	image := uint64(uintptr(unsafe.Pointer(&cb.image)))
	st := p.rest
	st.stack += image + 8*firstStack
	rule := vaRules[hostConvention.name]
	if rule.size == 0 {
		if hostConvention.name == win64.name { // the registers' room on the stack is C's to fill
			stack := cb.imageOf(p)[firstStack:]
			copy(stack[:homeSpace/8], cb.image[:firstFloat])
		}
		return st.stack
	}
	st.intArea, st.floatArea = image, image+8*firstFloat
	st.pack(wordBytes(cb.va[:rule.size/8]))
	return uint64(uintptr(unsafe.Pointer(&cb.va)))
}
