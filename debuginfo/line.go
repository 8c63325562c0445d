package debuginfo

import (
	"debug/dwarf"
	"fmt"
	"sync"
)

// unitLines reads a unit's line table, by the standard library's reader.
type unitLines struct {
	once  sync.Once
	data  *dwarf.Data
	root  *dwarf.Entry
	files []string
	err   error
}

// lineSections are what line tables need beside .debug_info, loaded on first
// use: most lookups do without.
type lineSections struct {
	once sync.Once
	line []byte
	err  error
}

// lineTable prepares a unit's line table. The standard library sees one unit
// only, so that the cost does not depend on the others.
func (i *Info) lineTable(u *unit) (l *unitLines, err error) {
	l = &u.lines
	l.once.Do(func() {
		l.err = i.openLines(u, l)
	})
	return l, l.err
}

func (i *Info) openLines(u *unit, l *unitLines) (err error) {
	defer recoverMalformed(&err)
	if !u.hasLines {
		return fmt.Errorf("%w: no line table", ErrNotFound)
	}
	i.lines.once.Do(func() { i.lines.line, i.lines.err = i.debug.section("line") })
	if i.lines.err != nil {
		return i.lines.err
	}
	d := u.data
	l.data, err = dwarf.New(d.abbrev, nil, nil, d.info[u.off:u.end], i.lines.line, nil, nil, d.strBytes)
	if err != nil {
		return malformed(err)
	}
	for name, b := range map[string][]byte{
		"line_str": d.lineBytes, "str_offsets": d.strOffsets, "addr": d.addr, "rnglists": d.rnglists,
	} {
		if err := l.data.AddSection(".debug_"+name, b); err != nil {
			return malformed(err)
		}
	}
	if l.root, err = l.data.Reader().Next(); err != nil {
		return malformed(err)
	}
	r, err := l.data.LineReader(l.root)
	if err != nil {
		return malformed(err)
	}
	if r == nil {
		return fmt.Errorf("%w: no line table", ErrNotFound)
	}
	for _, f := range r.Files() {
		name := ""
		if f != nil {
			name = f.Name
		}
		l.files = append(l.files, name)
	}
	return nil
}

// file is the name of file n of a unit's line table, empty if unknown.
func (i *Info) file(u *unit, n uint64) string {
	if l, err := i.lineTable(u); err == nil && n < uint64(len(l.files)) {
		return l.files[n]
	}
	return ""
}

// A Frame is a source position of a code address.
type Frame struct {
	Func   string
	File   string
	Line   int
	Column int // 0 if unknown
	// Inlined tells that the function's code is inside that of the next frame.
	Inlined bool
}

// Line finds the source of a code address, innermost first: functions inlined
// there, then the function itself.
func (i *Info) Line(addr uint64) ([]Frame, error) {
	fail := func(err error) ([]Frame, error) { return nil, i.fail("line", hexAddr(addr), err) }
	if err := i.load(); err != nil {
		return fail(err)
	}
	off, ok := i.index.funcAt(addr)
	if !ok {
		return fail(i.notFound())
	}
	u := i.data.unitAt(off)
	at, err := i.lineAt(u, addr)
	if err != nil {
		return fail(err)
	}
	calls, err := i.data.callsAt(u, off, addr)
	if err != nil {
		return fail(err)
	}
	// Each inlined call says where it stands in its caller, which is the
	// position of the next frame.
	var frames []Frame
	for n := len(calls) - 1; n >= 0; n-- {
		c := calls[n]
		at.Func, at.Inlined = c.name, n > 0
		frames = append(frames, at)
		at = Frame{File: i.file(u, c.file), Line: int(c.line), Column: int(c.column)}
	}
	return frames, nil
}

// lineAt is the line table's row for addr.
func (i *Info) lineAt(u *unit, addr uint64) (f Frame, err error) {
	defer recoverMalformed(&err)
	l, err := i.lineTable(u)
	if err != nil {
		return Frame{}, err
	}
	r, err := l.data.LineReader(l.root)
	if err != nil {
		return Frame{}, malformed(err)
	}
	var row dwarf.LineEntry
	switch err := r.SeekPC(addr, &row); err {
	case nil:
	case dwarf.ErrUnknownPC:
		return Frame{}, ErrNotFound
	default:
		return Frame{}, malformed(err)
	}
	f = Frame{Line: row.Line, Column: row.Column}
	if row.File != nil {
		f.File = row.File.Name
	}
	return f, nil
}

// A call is a function whose code holds an address, and where it was called if
// it was inlined.
type call struct {
	name               string
	file, line, column uint64
}

// callsAt lists the functions whose code holds addr, outermost first: the one
// at off and those inlined into it. Scopes nest, so the order of entries is
// that of calls.
func (d *dwarfData) callsAt(u *unit, off int, addr uint64) (calls []call, err error) {
	var e, named entry
	for depth := 0; off < u.end; {
		if !u.entry(off, &e) {
			return nil, fmt.Errorf("%w: entry at 0x%x", ErrMalformed, off)
		}
		off = e.end
		if e.tag == dwarf.TagSubprogram && depth == 0 || e.tag == dwarf.TagInlinedSubroutine && e.covers(addr) {
			c := call{name: e.name, file: e.callFile, line: e.callLine, column: e.callColumn}
			if _, ok := d.origin(e.off, &named); ok {
				c.name = named.name
			}
			calls = append(calls, c)
		}
		switch {
		case e.tag == 0:
			depth--
		case e.children:
			depth++
		}
		if depth <= 0 {
			break
		}
	}
	return calls, nil
}

// covers reports whether addr is in e's code.
func (e *entry) covers(addr uint64) bool {
	for _, s := range e.spans() {
		if s.low <= addr && addr < s.high {
			return true
		}
	}
	return false
}
