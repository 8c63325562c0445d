package guestabi

// UsesTables reports whether the module's code has instructions that change
// tables, see how large they are, or drop segments: state that is neither in
// memory nor in a global. Calls through a table do not count. C without
// reference types has none. The module must be valid.
func (m *Module) UsesTables() bool {
	for _, code := range m.Codes {
		r := reader{b: m.bytes, pos: int(code.Body.Offset), end: int(code.Body.End())}
		for range r.u32() {
			r.u32()
			r.byte()
		}
		for r.err == nil && r.pos < r.end {
			switch in := r.instr(); in.op {
			case opTableGet, opTableSet, opTableInit, opTableCopy, opTableGrow, opTableSize, opTableFill, opElemDrop, opDataDrop:
				return true
			}
		}
	}
	return false
}
