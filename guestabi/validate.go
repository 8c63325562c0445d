package guestabi

import (
	"fmt"
	"math"
)

// maxMemory is the largest memory of WebAssembly, in pages.
const maxMemory = 1 << 16

// Validate checks a module by the rules of WebAssembly 2.0 and of the proposals
// that package guestabi understands: index spaces, limits, constant expressions,
// and every function body. The error is an
// [*Error] wrapping ErrMalformed, ErrInvalid, ErrNotSupported or ErrLimit.
func Validate(m *Module) error {
	_, err := validateAndCount(m, math.MaxUint64)
	return err
}

// validateAndCount validates a module and says what its code costs. More work
// for a compiler than maxWork is an error.
func validateAndCount(m *Module, maxWork uint64) (*costs, error) {
	c := &costs{imported: m.imported[KindFunc]}
	v := newValidator(m, c)
	v.maxWork = maxWork
	err := v.run()
	if err == nil {
		c.resolve()
	}
	return c, err
}

// validator checks a module. Its reader walks expressions and bodies.
type validator struct {
	reader
	m       *Module
	globals []GlobalType // imported ones first
	tables  []Table
	memory  bool
	// declared functions may be used in ref.func: those that occur outside of
	// bodies.
	declared map[uint32]bool
	fn       body
	costs    *costs
	maxWork  uint64
}

func newValidator(m *Module, c *costs) *validator {
	v := &validator{m: m, declared: map[uint32]bool{}, costs: c}
	v.reader = reader{b: m.bytes, end: len(m.bytes), op: "validate"}
	for _, im := range m.Imports {
		switch im.Kind {
		case KindTable:
			v.tables = append(v.tables, im.Table)
		case KindGlobal:
			v.globals = append(v.globals, im.Global)
		}
	}
	v.tables = append(v.tables, m.Tables...)
	for _, g := range m.Globals {
		v.globals = append(v.globals, g.GlobalType)
	}
	return v
}

func (v *validator) run() error {
	v.moduleLevel()
	for i := range v.m.Codes {
		if v.err != nil {
			break
		}
		v.body(i)
	}
	if v.err != nil {
		return v.err
	}
	return nil
}

// in starts a section, for errors.
func (v *validator) in(id SectionID) {
	v.sec = id.String()
	if v.err == nil {
		v.pos, v.end = int(v.m.sections[id].Offset), len(v.b)
	}
}

func (v *validator) invalid(format string, args ...any) {
	v.fail(v.pos, ErrInvalid, format, args...)
}

func (v *validator) moduleLevel() {
	m := v.m
	v.in(SectionImport)
	for _, im := range m.Imports {
		switch im.Kind {
		case KindFunc:
			v.typeIndex(im.Type)
		case KindTable:
			v.limits("table", im.Table.Limits, 1<<32-1)
		case KindMemory:
			v.limits("memory", im.Memory, maxMemory)
		}
	}
	v.in(SectionFunction)
	for _, t := range m.Funcs {
		v.typeIndex(t)
	}
	v.in(SectionTable)
	for _, t := range m.Tables {
		v.limits("table", t.Limits, 1<<32-1)
	}
	v.in(SectionMemory)
	for _, l := range m.Memories {
		v.limits("memory", l, maxMemory)
	}
	n := uint64(m.imported[KindMemory]) + uint64(len(m.Memories))
	if n > 1 {
		v.fail(v.pos, ErrNotSupported, "%d memories (%s)", n, proposalMemories)
	}
	v.memory = n == 1
	v.in(SectionGlobal)
	for _, g := range m.Globals {
		v.constExpr(g.Init, g.Type)
	}
	v.exports()
	v.in(SectionStart)
	if m.HasStart {
		if t, ok := m.FuncType(m.Start); !ok {
			v.invalid("start function %d of %d", m.Start, v.numFuncs())
		} else if len(t.Params)+len(t.Results) > 0 {
			v.invalid("start function %d has type %s", m.Start, t)
		}
	}
	v.in(SectionElement)
	for i := range m.Elements {
		v.element(&m.Elements[i])
	}
	v.in(SectionData)
	for _, d := range m.Datas {
		if d.Mode == Active {
			if d.Memory != 0 || !v.memory {
				v.invalid("memory %d of a data segment does not exist", d.Memory)
			}
			v.constExpr(d.Offset, I32)
		}
	}
}

func (v *validator) numFuncs() uint64 {
	return uint64(v.m.imported[KindFunc]) + uint64(len(v.m.Funcs))
}

func (v *validator) typeIndex(t uint32) {
	if uint64(t) >= uint64(len(v.m.Types)) {
		v.invalid("type %d of %d", t, len(v.m.Types))
	}
}

func (v *validator) limits(what string, l Limits, most uint64) {
	switch {
	case uint64(l.Min) > most:
		v.invalid("%s minimum %d exceeds %d", what, l.Min, most)
	case l.HasMax && uint64(l.Max) > most:
		v.invalid("%s maximum %d exceeds %d", what, l.Max, most)
	case l.Shared && !l.HasMax:
		v.invalid("shared %s without a maximum", what)
	case l.HasMax && l.Min > l.Max:
		v.invalid("%s minimum %d exceeds its maximum %d", what, l.Min, l.Max)
	}
}

func (v *validator) exports() {
	v.in(SectionExport)
	names := make(map[string]bool, len(v.m.Exports))
	for _, e := range v.m.Exports {
		if names[e.Name] {
			v.invalid("two exports %.100q", e.Name)
		}
		names[e.Name] = true
		var n uint64
		switch e.Kind {
		case KindFunc:
			n = v.numFuncs()
			v.declared[e.Index] = true
		case KindTable:
			n = uint64(len(v.tables))
		case KindMemory:
			n = uint64(v.m.imported[KindMemory]) + uint64(len(v.m.Memories))
		case KindGlobal:
			n = uint64(len(v.globals))
		}
		if uint64(e.Index) >= n {
			v.invalid("export %.100q of %s %d of %d", e.Name, e.Kind, e.Index, n)
		}
	}
}

func (v *validator) element(e *Element) {
	if e.Mode == Active {
		if uint64(e.Table) >= uint64(len(v.tables)) {
			v.invalid("table %d of %d", e.Table, len(v.tables))
		} else if t := v.tables[e.Table].Elem; t != e.Type {
			v.invalid("segment of %s for a table of %s", e.Type, t)
		}
		v.constExpr(e.Offset, I32)
	}
	if v.err != nil {
		return
	}
	v.pos, v.end = int(e.Items.Offset), int(e.Items.End())
	for range e.Len {
		if e.Exprs {
			v.constExprHere(e.Type)
		} else {
			v.funcRef(v.u32())
		}
	}
}

// funcRef checks and declares a function that occurs outside of bodies.
func (v *validator) funcRef(index uint32) {
	if uint64(index) >= v.numFuncs() {
		v.invalid("function %d of %d", index, v.numFuncs())
		return
	}
	v.declared[index] = true
}

func (v *validator) constExpr(s Span, want ValueType) {
	if v.err != nil {
		return
	}
	v.pos, v.end = int(s.Offset), int(s.End())
	v.constExprHere(want)
	v.end = len(v.b)
}

// constExprHere checks the constant expression at v.pos. Parse has seen that
// it ends and consists of constant instructions: one value has to come of it.
// Every operand of an instruction in it is of the type of its result.
func (v *validator) constExprHere(want ValueType) {
	values := 0
	for v.err == nil {
		in := v.instr()
		if v.err != nil {
			return
		}
		t := in.info.push
		switch in.op {
		case opEnd:
			if values != 1 {
				v.fail(in.at, ErrInvalid, "constant expression leaves %d values", values)
			}
			return
		case opGlobalGet:
			t = v.constGlobal(in.at, in.x)
		case opRefNull:
			t = ValueType(in.x)
		case opRefFunc:
			t = FuncRef
			v.funcRef(in.x)
		default:
			if values -= int(in.info.npops); values < 0 {
				v.fail(in.at, ErrInvalid, "operand missing")
			}
		}
		if values++; v.err == nil && t != want {
			v.fail(in.at, ErrInvalid, "constant expression gives %s, not %s", t, want)
		}
	}
}

// constGlobal gives the type of a global in a constant expression, which has
// to be imported and immutable: others have no value yet.
func (v *validator) constGlobal(at int, index uint32) ValueType {
	if index >= v.m.imported[KindGlobal] {
		v.fail(at, ErrInvalid, "global %d in a constant expression is not imported", index)
		return 0
	}
	if g := v.globals[index]; !g.Mutable {
		return g.Type
	}
	v.fail(at, ErrInvalid, "global %d in a constant expression is mutable", index)
	return 0
}

// describe names a function for errors: its index as it came, and its name,
// which is the guest's and therefore quoted and cut.
func (m *Module) describe(index uint32) string {
	if name := m.funcNames[index]; name != "" {
		return fmt.Sprintf("func %d (%.100q)", index, name)
	}
	return fmt.Sprintf("func %d", index)
}
