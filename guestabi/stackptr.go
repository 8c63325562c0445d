package guestabi

const stackPointerName = "__stack_pointer"

// stackPointer finds the global that LLVM keeps C's stack pointer in, a
// mutable i32: by the name it is exported, imported or listed under, or else by
// how functions begin when they make room on the stack.
func (m *Module) stackPointer() (uint32, bool) {
	var globals []GlobalType
	imported := -1
	for _, im := range m.Imports {
		if im.Kind == KindGlobal {
			if im.Name.Name == stackPointerName {
				imported = len(globals)
			}
			globals = append(globals, im.Global)
		}
	}
	for _, g := range m.Globals {
		globals = append(globals, g.GlobalType)
	}
	fits := func(i uint32) bool { return uint64(i) < uint64(len(globals)) && globals[i] == GlobalType{I32, true} }
	if e, ok := m.Export(stackPointerName); ok && e.Kind == KindGlobal && fits(e.Index) {
		return e.Index, true
	}
	if imported >= 0 && fits(uint32(imported)) {
		return uint32(imported), true
	}
	named, found := uint32(0), false // the first of several, the same in every run
	for i, name := range m.globalNames {
		if name == stackPointerName && fits(i) && (!found || i < named) {
			named, found = i, true
		}
	}
	if found {
		return named, true
	}
	return m.stackPointerByUse(fits)
}

// stackPointerByUse looks for functions that begin with
//
//	global.get g; i32.const n; i32.sub; local.tee l; global.set g
//
// It is sure only if all of those have one g in common.
func (m *Module) stackPointerByUse(fits func(uint32) bool) (uint32, bool) {
	var found uint32
	var sure bool
	for _, c := range m.Codes {
		r := reader{b: m.bytes, pos: int(c.Instrs.Offset), end: int(c.Instrs.End())}
		get, amount := r.instr(), r.instr()
		if get.op != opGlobalGet || amount.op != opI32Const || amount.x == 0 || amount.x%16 != 0 {
			continue
		}
		if r.instr().op != opI32Sub || r.instr().op != opLocalTee {
			continue
		}
		if set := r.instr(); set.op != opGlobalSet || set.x != get.x || !fits(get.x) {
			continue
		}
		if sure && get.x != found {
			return 0, false
		}
		found, sure = get.x, true
	}
	return found, sure
}
