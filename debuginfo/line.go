package debuginfo

import (
	"debug/dwarf"
	"fmt"
	"sync"
)

// lineSection is .debug_line, loaded on first use.
type lineSection struct {
	once sync.Once
	b    []byte
	err  error
}

// lineTable reads the header of a unit's line table, once.
func (i *Info) lineTable(u *unit) (*lineTable, error) {
	l := &u.lines
	l.once.Do(func() {
		if !u.hasLines {
			l.err = fmt.Errorf("%w: no line table", ErrNotFound)
			return
		}
		i.lines.once.Do(func() { i.lines.b, i.lines.err = i.debug.section("line") })
		if l.err = i.lines.err; l.err == nil {
			l.err = l.read(u, i.lines.b, u.linesAt)
		}
	})
	return l, l.err
}

// file is the name of file n of a unit's line table, empty if unknown.
func (i *Info) file(u *unit, n uint64) string {
	if l, err := i.lineTable(u); err == nil {
		return l.file(n)
	}
	return ""
}

// A Frame is a source position of a code address.
type Frame struct {
	Func   string
	File   string
	Line   int // 0 for code that the compiler made of no line in particular
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
func (i *Info) lineAt(u *unit, addr uint64) (Frame, error) {
	l, err := i.lineTable(u)
	if err != nil {
		return Frame{}, err
	}
	row, ok := l.seek(u, addr)
	if !ok {
		return Frame{}, ErrNotFound
	}
	return Frame{File: l.file(row.file), Line: int(row.line), Column: int(row.column)}, nil
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
