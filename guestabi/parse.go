package guestabi

import "math"

const header = "\x00asm\x01\x00\x00\x00"

// sectionRank gives the order in which sections must come: the data count
// section has a late number but an early place.
var sectionRank = [...]byte{SectionType: 1, SectionImport: 2, SectionFunction: 3, SectionTable: 4,
	SectionMemory: 5, SectionGlobal: 6, SectionExport: 7, SectionStart: 8, SectionElement: 9,
	SectionDataCount: 10, SectionCode: 11, SectionData: 12}

// Parse reads a module. It keeps b. The error is an [*Error] wrapping
// ErrMalformed, ErrNotSupported or ErrLimit. What is allocated is proportional
// to len(b) whatever b claims.
func Parse(b []byte) (*Module, error) {
	p := &parser{m: &Module{bytes: b}}
	p.reader = reader{b: b, end: len(b), op: "parse"}
	p.module()
	if p.err != nil {
		return nil, p.err
	}
	return p.m, nil
}

type parser struct {
	reader
	m *Module
}

func (p *parser) module() {
	if uint64(len(p.b)) > math.MaxUint32 {
		p.fail(0, ErrLimit, "module of %d bytes exceeds 4 GiB", len(p.b))
		return
	}
	if len(p.b) < len(header) || string(p.b[:4]) != header[:4] {
		p.fail(0, ErrMalformed, "no wasm magic number")
		return
	}
	if string(p.b[4:8]) == "\x0d\x00\x01\x00" {
		p.fail(4, ErrNotSupported, "a component, not a module")
		return
	}
	if string(p.b[:8]) != header {
		p.fail(4, ErrNotSupported, "version % x is not 1", p.b[4:8])
		return
	}
	p.pos = len(header)
	var last SectionID
	for p.err == nil && p.pos < len(p.b) {
		last = p.section(last)
	}
	p.sec = ""
	if f, c := len(p.m.Funcs), len(p.m.Codes); f != c {
		p.fail(p.pos, ErrMalformed, "%d functions declared, %d bodies", f, c)
	}
	if p.m.HasCount && int(p.m.DataCount) != len(p.m.Datas) {
		p.fail(p.pos, ErrMalformed, "data count %d, %d data segments", p.m.DataCount, len(p.m.Datas))
	}
}

// section reads one section and returns the last one that was not custom.
func (p *parser) section(last SectionID) SectionID {
	at := p.pos
	id := SectionID(p.byte())
	if int(id) >= len(sectionRank) {
		if id == 13 {
			p.fail(at, ErrNotSupported, "tag section (%s)", proposalExceptions)
		}
		p.fail(at, ErrNotSupported, "section id %d", id)
		return last
	}
	p.sec = id.String()
	body := p.skip(p.u32())
	if p.err != nil {
		return last
	}
	p.pos, p.end = int(body.Offset), int(body.End())
	if id == SectionCustom {
		p.custom(last)
		id = last
	} else {
		if sectionRank[id] <= sectionRank[last] {
			p.fail(at, ErrMalformed, "comes after the %s section", last)
		}
		p.m.sections[id] = body
		p.contents(id)
		if p.err == nil && p.pos != p.end {
			p.fail(p.pos, ErrMalformed, "%d bytes left over", p.left())
		}
	}
	p.pos, p.end = int(body.End()), len(p.b)
	return id
}

func (p *parser) contents(id SectionID) {
	m := p.m
	switch id {
	case SectionType:
		p.types()
	case SectionImport:
		m.Imports = vector(p, "imports", 4, p.imports)
	case SectionFunction:
		m.Funcs = vector(p, "functions", 1, p.u32)
	case SectionTable:
		m.Tables = vector(p, "tables", 3, p.table)
	case SectionMemory:
		m.Memories = vector(p, "memories", 2, p.memory)
	case SectionGlobal:
		m.Globals = vector(p, "globals", 3, func() Global { return Global{p.globalType(), p.constExpr()} })
	case SectionExport:
		m.Exports = vector(p, "exports", 3, func() Export { return Export{p.name(), p.kind(), p.u32()} })
	case SectionStart:
		m.HasStart, m.Start = true, p.u32()
	case SectionElement:
		m.Elements = vector(p, "element segments", 2, p.element)
	case SectionDataCount:
		m.HasCount, m.DataCount = true, p.u32()
	case SectionCode:
		m.CodeSection = Span{uint32(p.pos), uint32(p.left())}
		m.Codes = vector(p, "function bodies", 2, p.code)
	case SectionData:
		m.Datas = vector(p, "data segments", 2, p.data)
	}
}

func vector[T any](p *parser, what string, size int, item func() T) []T {
	s := make([]T, p.count(what, size))
	for i := range s {
		if s[i] = item(); p.err != nil {
			return nil
		}
	}
	return s
}

// maxArity bounds the parameters and the results of a type: what a validator
// or compiler does for one call instruction is proportional to them.
const maxArity = 1000

func (p *parser) types() {
	arena := make([]ValueType, 0, p.left())
	list := func() []ValueType {
		at, n := p.pos, p.count("value types", 1)
		if n > maxArity {
			p.fail(at, ErrLimit, "%d values in a function type exceed %d", n, maxArity)
			return nil
		}
		from := len(arena)
		for range n {
			arena = append(arena, p.valueType())
		}
		return arena[from:len(arena):len(arena)]
	}
	p.m.Types = vector(p, "types", 3, func() FuncType {
		if form := p.byte(); form != 0x60 {
			switch {
			case form >= 0x4e && form <= 0x50 || form == 0x5e || form == 0x5f:
				p.fail(p.pos-1, ErrNotSupported, "type form %#x (%s)", form, proposalGC)
			default:
				p.fail(p.pos-1, ErrNotSupported, "type form %#x", form)
			}
		}
		params := list()
		return FuncType{params, list()}
	})
}

func (p *parser) imports() Import {
	im := Import{Name: Name{p.name(), p.name()}, Kind: p.kind()}
	switch im.Kind {
	case KindFunc:
		im.Type = p.u32()
		p.m.importTypes = append(p.m.importTypes, im.Type)
	case KindTable:
		im.Table = p.table()
	case KindMemory:
		im.Memory = p.memory()
	case KindGlobal:
		im.Global = p.globalType()
	}
	if p.err == nil {
		p.m.imported[im.Kind]++
	}
	return im
}

func (p *parser) kind() Kind {
	k := Kind(p.byte())
	if k == 4 {
		p.fail(p.pos-1, ErrNotSupported, "tag imported or exported (%s)", proposalExceptions)
	} else if k > KindGlobal {
		p.fail(p.pos-1, ErrNotSupported, "import or export kind %#x", byte(k))
	}
	return k
}

// The bits of the flags before limits.
const (
	limitsMax    = 1
	limitsShared = 2
	limits64     = 4
)

func (p *parser) limits(what string, allowed byte) Limits {
	var l Limits
	flags := p.byte()
	switch {
	case flags&limits64 != 0 && flags < 8:
		p.fail(p.pos-1, ErrNotSupported, "%s with limits flags %#x (%s)", what, flags, proposalMemory64)
	case flags&^allowed != 0:
		p.fail(p.pos-1, ErrNotSupported, "%s with limits flags %#x", what, flags)
	}
	l.Min = p.u32()
	if l.HasMax = flags&limitsMax != 0; l.HasMax {
		l.Max = p.u32()
	}
	l.Shared = flags&limitsShared != 0
	return l
}

func (p *parser) memory() Limits { return p.limits("memory", limitsMax|limitsShared) }

func (p *parser) table() Table {
	if p.pos+1 < p.end && p.b[p.pos] == 0x40 && p.b[p.pos+1] == 0 {
		p.fail(p.pos, ErrNotSupported, "table with an initial element (%s)", proposalFuncRefs)
	}
	return Table{p.refType(), p.limits("table", limitsMax)}
}

func (p *parser) globalType() GlobalType {
	return GlobalType{p.valueType(), p.flag("mutability")}
}

func (p *parser) element() Element {
	var e Element
	flags := p.u32()
	if flags > 7 {
		p.fail(p.pos-1, ErrMalformed, "element segment flags %#x", flags)
		return e
	}
	e.Type, e.Exprs = FuncRef, flags&4 != 0
	switch flags & 3 {
	case 1:
		e.Mode = Passive
	case 2:
		e.Table = p.u32()
	case 3:
		e.Mode = Declarative
	}
	if e.Mode == Active {
		e.Offset = p.constExpr()
	}
	if flags&3 != 0 { // the short forms leave the type out
		if e.Exprs {
			e.Type = p.refType()
		} else if k := p.byte(); k != 0 {
			p.fail(p.pos-1, ErrMalformed, "element kind %#x", k)
		}
	}
	at := p.pos
	e.Len = p.u32()
	if uint64(e.Len) > uint64(p.left()) {
		p.fail(at, ErrMalformed, "%d elements do not fit in the %d bytes left", e.Len, p.left())
		return e
	}
	from := p.pos
	for range e.Len {
		if e.Exprs {
			p.constExpr()
		} else {
			p.u32()
		}
		if p.err != nil {
			return e
		}
	}
	e.Items = Span{uint32(from), uint32(p.pos - from)}
	return e
}

func (p *parser) data() Data {
	var d Data
	flags := p.u32()
	switch flags {
	case 0:
	case 1:
		d.Mode = Passive
	case 2:
		d.Memory = p.u32()
	default:
		p.fail(p.pos-1, ErrMalformed, "data segment flags %#x", flags)
		return d
	}
	if d.Mode == Active {
		d.Offset = p.constExpr()
	}
	d.Init = p.skip(p.u32())
	return d
}

func (p *parser) code() Code {
	var c Code
	c.Body = p.skip(p.u32())
	if p.err != nil {
		return c
	}
	end := p.end
	p.pos, p.end = int(c.Body.Offset), int(c.Body.End())
	runs := p.count("runs of locals", 2)
	for range runs {
		at, n := p.pos, p.u32()
		p.valueType()
		if p.err != nil {
			return c
		}
		if n > math.MaxUint32-c.Locals {
			p.fail(at, ErrMalformed, "more than %d locals", uint32(math.MaxUint32))
			return c
		}
		c.Locals += n
	}
	c.Instrs = Span{uint32(p.pos), uint32(p.left())}
	p.pos, p.end = p.end, end
	return c
}

func (p *parser) custom(after SectionID) {
	c := Custom{Name: p.name(), After: after}
	if p.err != nil {
		return
	}
	c.Data = Span{uint32(p.pos), uint32(p.left())}
	p.m.Customs = append(p.m.Customs, c)
	if c.Name == "name" && p.m.funcNames == nil {
		p.m.names = c.Data
		p.m.funcNames, p.m.globalNames = parseNames(p.m.bytes, c.Data)
	}
}

// constExpr skips a constant expression, its end included.
func (p *parser) constExpr() Span {
	from := p.pos
	for p.err == nil {
		in := p.instr()
		if in.op == opEnd {
			return Span{uint32(from), uint32(p.pos - from)}
		}
		if p.err == nil && !in.op.constant() {
			p.fail(in.at, ErrInvalid, "%s in a constant expression", in.op)
		}
	}
	return Span{}
}
