package guestabi

import "math"

// sideStack is the C stack of a module that was linked as a shared library, in
// bytes. It lies at the bottom of the memory, so that C which overflows it
// traps; the module's data come after it.
const sideStack = 256 << 10

// GlobalValue is the value of an imported global, for [Options.Own].
type GlobalValue struct {
	Name
	Type   ValueType
	Lo, Hi uint64 // its bits, Hi those of a v128 beyond 64; a reference is null
}

// own is where what the module imports gets its values from.
type own struct {
	rewriter *rewriter
	lib      dylink
	isLib    bool
	heap     uint32 // address of the first byte after the module's data
	exports  map[string]Export
	funcs    map[string]uint32 // imported from env
}

// adopt makes the imported memory, tables and globals the module's own: they
// come first in their index spaces, so that no index changes. It notes what
// they are in w.memories, w.tables and w.imported.
func (w *rewriter) adopt() error {
	m := w.m
	o := own{rewriter: w}
	o.lib, o.isLib = m.dylink()
	seen := map[Name]bool{}
	for _, im := range m.Imports {
		switch im.Kind {
		case KindMemory:
			w.memories = append(w.memories, im.Memory)
		case KindTable:
			w.tables = append(w.tables, im.Table)
		}
		// Two imports of one name are one thing, and would become two.
		if im.Kind == KindTable || im.Kind == KindGlobal && im.Global.Mutable {
			if seen[im.Name] {
				return &Error{"rewrite", SectionImport.String(), uint64(m.sections[SectionImport].Offset),
					errorf(ErrNotSupported, "%s %.100q.%.100q imported twice", im.Kind, im.Module, im.Name.Name)}
			}
			seen[im.Name] = true
		}
	}
	if o.isLib {
		o.index()
		if err := o.place(); err != nil {
			return err
		}
	}
	o.values()
	if len(w.res.gotFuncs) > 0 { // they were appended to the table
		w.tables[0].Min += uint32(len(w.res.gotFuncs))
		return w.checkTable(w.tables[0])
	}
	return nil
}

// index notes what a library's many imports may be the addresses of. Names of
// exports are unique in a module that is valid; of imports the first counts.
func (o *own) index() {
	o.exports, o.funcs = make(map[string]Export, len(o.rewriter.m.Exports)), map[string]uint32{}
	for _, e := range o.rewriter.m.Exports {
		o.exports[e.Name] = e
	}
	index := uint32(0)
	for _, im := range o.rewriter.m.Imports {
		if im.Kind != KindFunc {
			continue
		}
		if _, seen := o.funcs[im.Name.Name]; !seen && im.Module == "env" {
			o.funcs[im.Name.Name] = index
		}
		index++
	}
}

// place lays out the memory and the table of a library.
func (o *own) place() error {
	w := o.rewriter
	base := alignUp(sideStack, uint64(o.lib.memAlign))
	heap := alignUp(base+uint64(o.lib.memSize), 16)
	if len(w.memories) > 0 {
		pages := (heap + 0xffff) >> 16
		if pages > uint64(w.opts.MaxMemoryPages) {
			return tooMuch("import", w.m.sections[SectionImport].Offset, "memory of %d pages exceeds %d", pages, w.opts.MaxMemoryPages)
		}
		l := &w.memories[0]
		if l.Min = max(l.Min, uint32(pages)); l.HasMax && l.Max < l.Min {
			return tooMuch("import", w.m.sections[SectionImport].Offset, "memory of %d pages exceeds its maximum of %d", l.Min, l.Max)
		}
	}
	w.res.MemoryBase, o.heap = uint32(base), uint32(min(heap, math.MaxUint32))
	slots := alignUp(1, uint64(o.lib.tableAlign)) // slot 0 is C's NULL
	w.res.tableBase = uint32(slots)
	if len(w.tables) > 0 {
		end := slots + uint64(o.lib.tableSize)
		t := &w.tables[0]
		if end > uint64(w.opts.MaxTable) {
			return tooMuch("import", w.m.sections[SectionImport].Offset, "table of %d elements exceeds %d", end, w.opts.MaxTable)
		}
		t.Min = max(t.Min, uint32(end))
		w.res.gotBase = t.Min
	}
	return nil
}

// values finds the values of all imported globals.
func (o *own) values() {
	w := o.rewriter
	var later []int // those whose value follows from the module's own globals
	for _, im := range w.m.Imports {
		if im.Kind != KindGlobal {
			continue
		}
		v, ok := o.value(im)
		if !ok {
			if im.Module == "GOT.mem" && o.isLib {
				later = append(later, len(w.imported))
			} else {
				w.res.Missing = append(w.res.Missing, im)
			}
		}
		v.Name, v.Type = im.Name, im.Global.Type
		w.imported = append(w.imported, v)
	}
	w.res.evaluate(w.imported)
	for _, i := range later {
		v := &w.imported[i]
		addr, ok := o.address(v.Name.Name)
		if !ok && v.Type == I32 {
			w.res.Missing = append(w.res.Missing, Import{Name: v.Name, Kind: KindGlobal, Global: GlobalType{I32, true}})
		}
		v.Lo = uint64(addr)
	}
}

// value is what a global was told to be, or what a library's host makes it.
func (o *own) value(im Import) (GlobalValue, bool) {
	for _, v := range o.rewriter.opts.Globals {
		if v.Name == im.Name && v.Type == im.Global.Type {
			return v, true
		}
	}
	if !o.isLib || im.Global.Type != I32 {
		return GlobalValue{}, false
	}
	res := o.rewriter.res
	switch im.Module {
	case "env":
		switch im.Name.Name {
		case "__memory_base":
			return GlobalValue{Lo: uint64(res.MemoryBase)}, true
		case "__table_base":
			return GlobalValue{Lo: uint64(res.tableBase)}, true
		case stackPointerName:
			return GlobalValue{Lo: sideStack}, true
		case "__heap_base":
			return GlobalValue{Lo: uint64(o.heap)}, true
		}
	case "GOT.func":
		return o.function(im)
	case "GOT.mem":
		if im.Name.Name == "__heap_base" {
			return GlobalValue{Lo: uint64(o.heap)}, true
		}
	}
	return GlobalValue{}, false
}

// function gives a function a slot of the table, where its address is taken: one
// of the module's exports, or else an import.
func (o *own) function(im Import) (GlobalValue, bool) {
	w := o.rewriter
	if len(w.tables) == 0 || w.tables[0].Elem != FuncRef {
		return GlobalValue{}, false
	}
	index, ok := o.funcs[im.Name.Name]
	if e, found := o.exports[im.Name.Name]; found && e.Kind == KindFunc {
		index, ok = e.Index, true
	}
	if !ok {
		return GlobalValue{}, o.lib.weak[im.Name] // NULL
	}
	slot := uint64(w.res.gotBase) + uint64(len(w.res.gotFuncs))
	if slot >= uint64(w.opts.MaxTable) {
		return GlobalValue{}, false
	}
	w.res.gotFuncs = append(w.res.gotFuncs, index)
	return GlobalValue{Lo: slot}, true
}

// address is that of a variable the module exports.
func (o *own) address(name string) (uint32, bool) {
	w := o.rewriter
	e, ok := o.exports[name]
	if ok && e.Kind == KindGlobal && o.lib.flags[name]&symbolTLS == 0 {
		if v, known := w.res.constGlobal(e.Index); known {
			if o.lib.flags[name]&symbolAbsolute == 0 {
				v += w.res.MemoryBase
			}
			return v, true
		}
	}
	return 0, o.lib.weak[Name{"GOT.mem", name}]
}

// init appends the instruction that gives an imported global its value.
func (v GlobalValue) init(a *assembler) {
	switch v.Type {
	case I32:
		a.i32(int32(v.Lo))
	case I64:
		a.i64(int64(v.Lo))
	case FuncRef, ExternRef:
		a.op(opRefNull)
		*a = append(*a, byte(v.Type))
	default:
		op, n := opV128Const, 16
		switch v.Type {
		case F32:
			op, n = opF32Const, 4
		case F64:
			op, n = opF64Const, 8
		}
		a.op(op)
		for i := range n {
			w := v.Lo
			if i >= 8 {
				w = v.Hi
			}
			*a = append(*a, byte(w>>(8*(i%8))))
		}
	}
}

// evaluate computes the i32 globals that constant expressions may use.
func (r *Result) evaluate(imported []GlobalValue) {
	r.consts = make([]constI32, 0, len(imported)+len(r.Module.Globals))
	for _, im := range r.Module.Imports {
		if im.Kind != KindGlobal {
			continue
		}
		c := constI32{}
		if n := len(r.consts); n < len(imported) && im.Global == (GlobalType{I32, false}) {
			c = constI32{uint32(imported[n].Lo), true}
		}
		r.consts = append(r.consts, c)
	}
	for _, g := range r.Module.Globals {
		c := constI32{}
		if g.GlobalType == (GlobalType{I32, false}) {
			c.v, c.ok = r.ConstI32(g.Init)
		}
		r.consts = append(r.consts, c)
	}
}

type constI32 struct {
	v  uint32
	ok bool
}

func (r *Result) constGlobal(index uint32) (uint32, bool) {
	if uint64(index) >= uint64(len(r.consts)) {
		return 0, false
	}
	return r.consts[index].v, r.consts[index].ok
}

// ConstI32 is the value of an i32 constant expression of the module as it came,
// such as the offset of a segment. It is false where that depends on an import
// whose value is not known here.
func (r *Result) ConstI32(s Span) (uint32, bool) {
	var stack []uint32
	rd := reader{b: r.Module.bytes, pos: int(s.Offset), end: int(s.End())}
	for rd.err == nil {
		in := rd.instr()
		n := len(stack)
		switch in.op {
		case opI32Const:
			stack = append(stack, in.x)
		case opGlobalGet:
			v, ok := r.constGlobal(in.x)
			if !ok {
				return 0, false
			}
			stack = append(stack, v)
		case opI32Add, opI32Sub, opI32Mul:
			if n < 2 {
				return 0, false
			}
			switch a, b := &stack[n-2], stack[n-1]; in.op {
			case opI32Add:
				*a += b
			case opI32Sub:
				*a -= b
			default:
				*a *= b
			}
			stack = stack[:n-1]
		case opEnd:
			if n != 1 {
				return 0, false
			}
			return stack[0], true
		default:
			return 0, false
		}
	}
	return 0, false
}

// TableFuncs calls f for the functions that the rewrite put into table 0 beside
// those of the module's segments: where GOT.func imports point to.
func (r *Result) TableFuncs(f func(slot, index uint32)) {
	for i, index := range r.gotFuncs {
		f(r.gotBase+uint32(i), index)
	}
}
