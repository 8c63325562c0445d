package guestabi

import (
	"cmp"
	"slices"
	"strings"
)

// module writes the new module. Code comes first, because it decides which
// types and functions are appended.
func (w *rewriter) module() error {
	tick := uint32(0)
	if !w.opts.Uninstrumented {
		tick = w.types.index(FuncType{[]ValueType{I64}, []ValueType{I64}})
		if err := w.instrument(); err != nil {
			return err
		}
	}
	m := w.m
	w.out = append(make([]byte, 0, len(m.bytes)+len(w.code)/8+1024), header...)
	w.customs(SectionCustom)
	w.section(SectionType, w.typeSection)
	w.section(SectionImport, func() []byte { return w.importSection(tick) })
	w.section(SectionFunction, w.functionSection)
	w.section(SectionTable, w.tableSection)
	w.section(SectionMemory, w.memorySection)
	w.section(SectionGlobal, w.globalSection)
	w.section(SectionExport, w.exportSection)
	w.section(SectionStart, w.startSection)
	w.section(SectionElement, w.elementSection)
	w.section(SectionDataCount, w.same(SectionDataCount))
	w.section(SectionCode, w.codeSection)
	w.section(SectionData, w.dataSection)
	w.res.Wasm = w.out
	return nil
}

// section appends a section, unless it is empty, and the custom sections that
// came after it.
func (w *rewriter) section(id SectionID, contents func() []byte) {
	if body := contents(); len(body) > 0 {
		w.out = appendSection(w.out, id, body)
	}
	w.customs(id)
}

func (w *rewriter) same(id SectionID) func() []byte {
	return func() []byte { return w.m.Bytes(w.m.sections[id]) }
}

// dataSection is as it came unless offsets use what was imported.
func (w *rewriter) dataSection() []byte {
	if len(w.imported) == 0 {
		return w.same(SectionData)()
	}
	var b []byte
	for _, d := range w.m.Datas {
		if d.Mode == Passive {
			b = append(b, 1)
		} else { // there is one memory
			b = w.constExpr(append(b, 0), d.Offset)
		}
		b = appendBytes(b, w.m.Bytes(d.Init))
	}
	return vectorOf(len(w.m.Datas), b)
}

// items returns a vector section's contents without its length.
func (w *rewriter) items(id SectionID) []byte {
	s := w.m.sections[id]
	if s.Offset == 0 {
		return nil
	}
	r := reader{b: w.m.bytes, pos: int(s.Offset), end: int(s.End())}
	r.u32()
	return w.m.bytes[r.pos:r.end]
}

// vectorOf returns the contents of a vector section, nil for an empty one.
func vectorOf(n int, parts ...[]byte) []byte {
	if n == 0 {
		return nil
	}
	b := appendU32(nil, uint32(n))
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func (w *rewriter) typeSection() []byte {
	var extra []byte
	for _, t := range w.types.added {
		extra = appendFuncType(extra, t)
	}
	return vectorOf(len(w.m.Types)+len(w.types.added), w.items(SectionType), extra)
}

func (w *rewriter) importSection(tickType uint32) []byte {
	var b []byte
	n := 0
	for _, im := range w.m.Imports {
		if w.opts.Own && im.Kind != KindFunc {
			continue
		}
		n++
		b = appendString(appendString(b, im.Module), im.Name.Name)
		b = append(b, byte(im.Kind))
		switch im.Kind {
		case KindFunc:
			b = appendU32(b, im.Type)
		case KindTable:
			b = appendTable(b, w.table(im.Table))
		case KindMemory:
			b = appendLimits(b, w.memory(im.Memory))
		case KindGlobal:
			b = appendGlobalType(b, im.Global)
		}
	}
	if t := w.res.Tick; t != (Name{}) {
		n++
		b = append(appendString(appendString(b, t.Module), t.Name), byte(KindFunc))
		b = appendU32(b, tickType)
	}
	return vectorOf(n, b)
}

// table gives a table its maximum. What is imported for good is another's, and
// has no share.
func (w *rewriter) table(t Table) Table {
	t.HasMax, t.Max = true, w.opts.MaxTable
	return t
}

// shareTables divides MaxTable among the new module's own tables: equally, but
// for those that begin with more than that, which cannot grow.
func (w *rewriter) shareTables() error {
	order := make([]*Table, len(w.tables))
	entries := uint64(0)
	for i := range w.tables {
		order[i] = &w.tables[i]
		entries += uint64(w.tables[i].Min)
	}
	room := w.opts.MaxTable
	if entries > uint64(room) {
		return tooMuch("table", w.m.sections[SectionTable].Offset, "%d tables of %d elements exceed %d", len(order), entries, room)
	}
	slices.SortStableFunc(order, func(a, b *Table) int { return cmp.Compare(b.Min, a.Min) })
	for i, t := range order {
		t.HasMax, t.Max = true, max(t.Min, room/uint32(len(order)-i))
		room -= t.Max
	}
	return nil
}

func (w *rewriter) memory(l Limits) Limits {
	if !l.HasMax || l.Max > w.opts.MaxMemoryPages {
		l.HasMax, l.Max = true, w.opts.MaxMemoryPages
	}
	l.Shared = false
	return l
}

func (w *rewriter) functionSection() []byte {
	var extra []byte
	for _, h := range w.helpers {
		extra = appendU32(extra, w.types.index(h.typ()))
	}
	return vectorOf(len(w.m.Funcs)+len(w.helpers), w.items(SectionFunction), extra)
}

func (w *rewriter) tableSection() []byte {
	var b []byte
	for _, t := range w.tables {
		b = appendTable(b, t)
	}
	return vectorOf(len(w.tables), b)
}

func (w *rewriter) memorySection() []byte {
	var b []byte
	for _, l := range w.memories {
		if w.opts.Refusals {
			l.HasMax = false // its allocator keeps it
		}
		b = appendLimits(b, w.memory(l))
	}
	return vectorOf(len(w.memories), b)
}

func (w *rewriter) globalSection() []byte {
	a := assembler(nil)
	n := len(w.m.Globals)
	for _, im := range w.m.Imports {
		if im.Kind == KindGlobal && w.opts.Own {
			a = appendGlobalType(a, im.Global)
			w.imported[n-len(w.m.Globals)].init(&a)
			a.op(opEnd)
			n++
		}
	}
	b := []byte(a)
	for _, g := range w.m.Globals {
		b = appendGlobalType(b, g.GlobalType)
		b = w.constExpr(b, g.Init)
	}
	if w.res.Fuel != "" {
		n++
		b = appendGlobalType(b, GlobalType{I64, true})
		a := assembler(b)
		b = *a.i64(w.opts.InitialFuel).op(opEnd)
	}
	if w.refused.on {
		n++
		b = appendGlobalType(b, GlobalType{I32, true})
		a := assembler(b)
		b = *a.i32(0).op(opEnd)
	}
	for _, f := range w.refs.funcs {
		n++
		b = appendGlobalType(b, GlobalType{FuncRef, false})
		a := assembler(b)
		b = *a.index(opRefFunc, w.moved(f)).op(opEnd)
	}
	return vectorOf(n, b)
}

func (w *rewriter) exportSection() []byte {
	var b []byte
	for _, e := range w.m.Exports {
		if e.Kind == KindFunc {
			e.Index = w.moved(e.Index)
		}
		b = appendExport(b, e.Name, e.Kind, e.Index)
	}
	for _, e := range w.exports {
		b = appendExport(b, e.Name, e.Kind, e.Index)
	}
	return vectorOf(len(w.m.Exports)+len(w.exports), b)
}

// moved returns the new index of a function.
func (w *rewriter) moved(index uint32) uint32 {
	if w.opts.Uninstrumented || index < w.res.shift {
		return index
	}
	return index + 1
}

func (w *rewriter) startSection() []byte {
	if !w.m.HasStart {
		return nil
	}
	return appendU32(nil, w.moved(w.m.Start))
}

func (w *rewriter) elementSection() []byte {
	var b []byte
	for _, e := range w.m.Elements {
		b = w.element(b, e)
	}
	n := len(w.m.Elements)
	if funcs := w.res.gotFuncs; len(funcs) > 0 {
		n++
		a := assembler(append(b, 0))
		a.i32(int32(w.res.gotBase)).op(opEnd)
		b = appendU32(a, uint32(len(funcs)))
		for _, f := range funcs {
			b = appendU32(b, w.moved(f))
		}
	}
	return vectorOf(n, b)
}

// element appends a segment in the long form of its mode, but for table 0,
// which engines may know the old forms of only.
func (w *rewriter) element(b []byte, e Element) []byte {
	flags := byte(0)
	switch {
	case e.Mode == Passive:
		flags = 1
	case e.Mode == Declarative:
		flags = 3
	case e.Table != 0 || e.Type != FuncRef:
		flags = 2
	}
	if e.Exprs {
		flags |= 4
	}
	b = append(b, flags)
	if flags&3 == 2 {
		b = appendU32(b, e.Table)
	}
	if e.Mode == Active {
		b = w.constExpr(b, e.Offset)
	}
	if flags&3 != 0 {
		if e.Exprs {
			b = append(b, byte(e.Type))
		} else {
			b = append(b, 0) // functions
		}
	}
	b = appendU32(b, e.Len)
	r := reader{b: w.m.bytes, pos: int(e.Items.Offset), end: int(e.Items.End())}
	for range e.Len {
		if e.Exprs {
			b = w.constExprHere(b, &r)
		} else {
			b = appendU32(b, w.moved(r.u32()))
		}
	}
	return b
}

func (w *rewriter) constExpr(b []byte, s Span) []byte {
	return w.constExprHere(b, &reader{b: w.m.bytes, pos: int(s.Offset), end: int(s.End())})
}

// constExprHere appends the constant expression r is at, with functions moved and
// values in the place of globals that were imported.
func (w *rewriter) constExprHere(b []byte, r *reader) []byte {
	for r.err == nil {
		in := r.instr()
		if in.op == opRefFunc {
			b = appendU32(appendOp(b, in.op), w.moved(in.x))
		} else if in.op == opGlobalGet && uint64(in.x) < uint64(len(w.imported)) {
			a := assembler(b)
			w.imported[in.x].init(&a)
			b = a
		} else {
			b = append(b, r.b[in.at:r.pos]...)
		}
		if in.op == opEnd {
			break
		}
	}
	return b
}

func (w *rewriter) codeSection() []byte {
	if w.opts.Uninstrumented {
		return w.m.Bytes(w.m.CodeSection)
	}
	return w.code
}

// instrument rewrites all bodies and appends those of the helpers.
func (w *rewriter) instrument() error {
	m := w.m
	e := &instrumenter{
		m: m, costs: w.costs, fuel: w.fuel, types: &w.types, refs: &w.refs,
		first: m.imported[KindFunc],
		added: m.imported[KindFunc] + 1 + uint32(len(m.Funcs)),
	}
	bodies := make([]byte, 0, m.CodeSection.Len+m.CodeSection.Len/2)
	for i := range m.Codes {
		body, moves := e.function(uint32(i)), e.moves
		if w.refused.on {
			body, moves = w.refused.told(body, moves)
		}
		bodies = appendU32(bodies, uint32(len(body)))
		base := uint32(len(bodies))
		for _, mv := range moves {
			w.res.offsets.add(base+mv.new, mv.old-m.CodeSection.Offset)
		}
		bodies = append(bodies, body...)
		if n := uint64(len(bodies)); n > w.opts.Limits.ModuleBytes {
			return tooMuch("code", m.Codes[i].Body.Offset, "rewritten code of %d bytes exceeds %d", n, w.opts.Limits.ModuleBytes)
		}
	}
	w.helpers = e.helpers
	for _, h := range w.helpers {
		w.types.index(h.typ())
		bodies = appendBytes(bodies, h.body(w.fuel, w.opts.MaxTable))
	}
	w.code = vectorOf(len(m.Codes)+len(w.helpers), bodies)
	skip := uint32(len(w.code) - len(bodies))
	for i := range w.res.offsets {
		w.res.offsets[i].new += skip
	}
	return nil
}

// customs appends the custom sections that came after a section. Those that
// hold code offsets or link information are dropped: they would be wrong now.
func (w *rewriter) customs(after SectionID) {
	for _, c := range w.m.Customs {
		if c.After != after || staleCustom(c.Name) {
			continue
		}
		data := w.m.Bytes(c.Data)
		if c.Name == "name" {
			if c.Data != w.m.names {
				continue // engines know one name section only
			}
			data = w.names(c.Data)
		}
		if len(data) == 0 {
			continue // wazero takes an empty one for one cut off
		}
		body := append(appendString(nil, c.Name), data...)
		w.out = appendSection(w.out, SectionCustom, body)
	}
}

func staleCustom(name string) bool {
	for _, p := range []string{".debug_", "reloc.", "linking", "metadata.code.", "sourceMappingURL", "external_debug_info"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
