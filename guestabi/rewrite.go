package guestabi

import (
	"fmt"
	"strconv"
	"strings"
)

// Rewrite parses and validates a module and makes the new one that Result
// describes. The errors are those of [Parse] and [Validate], and an [*Error]
// wrapping ErrLimit for what exceeds the options' limits. Equal bytes and
// options give equal results. It keeps b, as [Parse] does.
func Rewrite(b []byte, opts Options) (*Result, error) {
	opts = opts.withDefaults()
	if n := uint64(len(b)); n > opts.Limits.ModuleBytes {
		return nil, tooMuch("", 0, "module of %d bytes exceeds %d", n, opts.Limits.ModuleBytes)
	}
	m, err := Parse(b)
	if err != nil {
		return nil, err
	}
	if err := checkLimits(m, opts); err != nil {
		return nil, err
	}
	costs, err := validateAndCount(m, opts.Limits.Work)
	if err != nil {
		return nil, err
	}
	w, err := newRewriter(m, opts)
	if err != nil {
		return nil, err
	}
	w.costs = costs
	if err := w.module(); err != nil {
		return nil, err
	}
	return w.res, nil
}

func (o Options) withDefaults() Options {
	if o.MaxMemoryPages == 0 || o.MaxMemoryPages > MaxPages {
		o.MaxMemoryPages = MaxPages
	}
	if o.MaxTable == 0 {
		o.MaxTable = DefaultMaxTable
	}
	l := &o.Limits
	if l.ModuleBytes == 0 {
		l.ModuleBytes = 64 << 20
	}
	if l.Functions == 0 {
		l.Functions = 200_000
	}
	if l.BodyBytes == 0 {
		l.BodyBytes = 1 << 20
	}
	if l.Locals == 0 {
		l.Locals = 10_000
	}
	if l.Work == 0 {
		l.Work = 2e9
	}
	return o
}

func tooMuch(section string, at uint32, format string, args ...any) error {
	return &Error{"rewrite", section, uint64(at), errorf(ErrLimit, format, args...)}
}

// checkTable checks a table that has become larger than the module declares.
func (w *rewriter) checkTable(t Table) error {
	if t.Min > w.opts.MaxTable {
		return tooMuch("import", w.m.sections[SectionImport].Offset, "table of %d elements exceeds %d", t.Min, w.opts.MaxTable)
	}
	return nil
}

// checkLimits refuses what would make a compiler work too long and what cannot
// be given to the guest. It does not rely on m being valid.
func checkLimits(m *Module, opts Options) error {
	l := opts.Limits
	if n := len(m.Codes); uint64(n) > uint64(l.Functions) {
		return tooMuch("code", m.CodeSection.Offset, "%d functions exceed %d", n, l.Functions)
	}
	for i, c := range m.Codes {
		index := m.imported[KindFunc] + uint32(i)
		if c.Body.Len > l.BodyBytes {
			return tooMuch("code", c.Body.Offset, "%s: body of %d bytes exceeds %d",
				m.describe(index), c.Body.Len, l.BodyBytes)
		}
		t, _ := m.FuncType(index)
		if n := uint64(c.Locals) + uint64(len(t.Params)); n > uint64(l.Locals) {
			return tooMuch("code", c.Body.Offset, "%s: %d locals exceed %d", m.describe(index), n, l.Locals)
		}
	}
	memory := func(section SectionID, l Limits) error {
		if l.Min > opts.MaxMemoryPages {
			return tooMuch(section.String(), m.sections[section].Offset,
				"memory of %d pages exceeds %d", l.Min, opts.MaxMemoryPages)
		}
		return nil
	}
	table := func(section SectionID, t Table) error {
		if t.Min > opts.MaxTable {
			return tooMuch(section.String(), m.sections[section].Offset,
				"table of %d elements exceeds %d", t.Min, opts.MaxTable)
		}
		return nil
	}
	for _, im := range m.Imports {
		var err error
		switch im.Kind {
		case KindMemory:
			err = memory(SectionImport, im.Memory)
		case KindTable:
			err = table(SectionImport, im.Table)
		}
		if err != nil {
			return err
		}
	}
	for _, l := range m.Memories {
		if err := memory(SectionMemory, l); err != nil {
			return err
		}
	}
	for _, t := range m.Tables {
		if err := table(SectionTable, t); err != nil {
			return err
		}
	}
	return nil
}

// rewriter puts the new module together.
type rewriter struct {
	m       *Module
	opts    Options
	res     *Result
	out     []byte
	prefix  string
	costs   *costs
	types   typeTable
	refs    funcRefs
	code    []byte   // contents of the new code section
	helpers []helper // functions appended
	exports []Export // appended
	fuel    fuel
	refused refusals
	// The new module's own memory and tables; and what were imported globals.
	memories []Limits
	tables   []Table
	imported []GlobalValue
}

// newRewriter finds out all that a Result tells but for the new code's offsets.
func newRewriter(m *Module, opts Options) (*rewriter, error) {
	w := &rewriter{m: m, opts: opts, res: &Result{Module: m, shift: m.imported[KindFunc]}}
	w.prefix = unusedPrefix(m)
	w.types.first = uint32(len(m.Types))
	if opts.Own {
		if err := w.adopt(); err != nil {
			return nil, err
		}
	} else {
		w.res.evaluate(nil)
	}
	w.memories = append(w.memories, m.Memories...)
	w.tables = append(w.tables, m.Tables...)
	if err := w.shareTables(); err != nil {
		return nil, err
	}
	w.private()
	return w, nil
}

// unusedPrefix returns a prefix that no name the module imports or exports has.
func unusedPrefix(m *Module) string {
	used := map[string]bool{}
	note := func(name string) {
		// Only names that could be taken for ours matter.
		if rest, ok := strings.CutPrefix(name, "wasmffi$"); ok {
			n, _, _ := strings.Cut(rest, ".")
			used[n] = true
		}
	}
	for _, im := range m.Imports {
		note(im.Module)
		note(im.Name.Name)
	}
	for _, e := range m.Exports {
		note(e.Name)
	}
	n := 0
	for used[strconv.Itoa(n)] {
		n++
	}
	return fmt.Sprintf("wasmffi$%d.", n)
}

// private chooses the private names and exports.
func (w *rewriter) private() {
	m := w.m
	export := func(name string, k Kind, index uint32) string {
		name = w.prefix + name
		w.exports = append(w.exports, Export{name, k, index})
		return name
	}
	if int(m.imported[KindMemory])+len(m.Memories) > 0 {
		w.res.Memory = export("memory", KindMemory, 0)
		for _, l := range w.memories {
			w.res.Limits = w.memory(l)
		}
	}
	for i := range m.imported[KindTable] + uint32(len(m.Tables)) {
		w.res.Tables = append(w.res.Tables, export(fmt.Sprintf("table%d", i), KindTable, i))
	}
	sp, hasSP := m.stackPointer()
	var n uint32
	global := func(g GlobalType) {
		if g.Mutable {
			name := export(fmt.Sprintf("global%d", n), KindGlobal, n)
			w.res.Globals = append(w.res.Globals, GlobalExport{name, n, g.Type})
			if hasSP && n == sp {
				w.res.StackPointer = name
			}
		}
		n++
	}
	for _, im := range m.Imports {
		if im.Kind == KindGlobal {
			global(im.Global)
		}
	}
	for _, g := range m.Globals {
		global(g.GlobalType)
	}
	if !w.opts.Uninstrumented {
		w.fuel = fuel{global: n, tick: m.imported[KindFunc]}
		w.res.Fuel = export("fuel", KindGlobal, n)
		w.res.Tick = Name{w.prefix + "host", "tick"}
		w.refused = refusals{on: w.opts.Refusals && m.growsTables(), result: n + 1, tick: w.fuel.tick}
		w.refs.first = n + 1
		if w.refused.on {
			w.refs.first++
		}
	}
}

// typeTable collects the function types that are appended.
type typeTable struct {
	first uint32
	added []FuncType
	known map[string]uint32
}

func (t *typeTable) index(f FuncType) uint32 {
	key := f.String()
	i, ok := t.known[key]
	if !ok {
		if t.known == nil {
			t.known = map[string]uint32{}
		}
		i = t.first + uint32(len(t.added))
		t.known[key] = i
		t.added = append(t.added, f)
	}
	return i
}
