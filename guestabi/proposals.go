package guestabi

// Instructions and encodings of proposals that are not supported are known by
// name, for errors that tell what a module was compiled with.

const (
	proposalExceptions = "exception handling"
	proposalGC         = "garbage collection"
	proposalFuncRefs   = "typed function references"
	proposalMemory64   = "64-bit memory"
	proposalMemories   = "multiple memories"
	proposalRelaxed    = "relaxed SIMD"
)

// proposalOf names the proposal an opcode of one byte belongs to, or "".
func proposalOf(op opcode) string {
	switch {
	case op >= 0x06 && op <= 0x0a || op == 0x18 || op == 0x19 || op == 0x1f:
		return proposalExceptions
	case op == 0x14 || op == 0x15 || op >= 0xd4 && op <= 0xd6:
		return proposalFuncRefs
	case op == 0xd3 || op == 0xfb:
		return proposalGC
	}
	return ""
}

// unknownInstr fails for an instruction there is not.
func (r *reader) unknownInstr(at int, op opcode) {
	if p := proposalOf(op); p != "" {
		r.fail(at, ErrNotSupported, "instruction %#x (%s)", uint16(op), p)
		return
	}
	r.fail(at, ErrNotSupported, "instruction %#x", uint16(op))
}

// unknownType fails for a value type there is not. Bytes that no proposal gives
// a meaning are no value types at all.
func (r *reader) unknownType(at int, t byte, what string) {
	p := ""
	switch {
	case t == 0x69 || t == 0x74: // exnref, noexn
		p = proposalExceptions
	case t == 0x63 || t == 0x64: // (ref null …), (ref …)
		p = proposalFuncRefs
	case t >= 0x6a && t <= 0x73 || t == 0x77 || t == 0x78: // heap types, i8 and i16
		p = proposalGC
	default:
		r.fail(at, ErrMalformed, "unknown %s %#x", what, t)
		return
	}
	r.fail(at, ErrNotSupported, "%s %#x (%s)", what, t, p)
}
