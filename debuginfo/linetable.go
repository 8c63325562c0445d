package debuginfo

import (
	"fmt"
	"path"
	"strings"
	"sync"
)

// A lineTable maps a unit's code to lines of its source: DWARF 5 section 6.2.
// The standard library has a reader, which allocates what a file tells it to.
type lineTable struct {
	once sync.Once
	err  error

	dirs    []string
	files   []lineFile
	program cursor // at its first instruction

	minInstruction        uint64
	lineBase              int64
	lineRange, opcodeBase uint8
	standardLengths       []byte // operands of opcodes 1 to opcodeBase-1
	address               uint64 // size of an address
}

type lineFile struct {
	name string
	dir  uint64
}

// Contents of DWARF 5's file entries: section 7.22.
const (
	lnctPath           = 1
	lnctDirectoryIndex = 2
)

// read parses the header of the line table at off of the section.
func (l *lineTable) read(u *unit, section []byte, off uint64) error {
	c := cursor{data: section}
	c.take(off)
	// The table has its own offset size; strings are found as in the unit.
	forms := &unit{data: u.data, strOffsetsBase: u.strOffsetsBase, sizes: u.sizes}
	forms.sizes.offset = 4
	length := c.uint(4)
	if length == 0xffffffff {
		length = c.uint(8)
		forms.sizes.offset = 8
	}
	if c.bad || length > uint64(len(section)-c.pos) {
		return fmt.Errorf("%w: line table at 0x%x exceeds its section", ErrMalformed, off)
	}
	c.data = section[:c.pos+int(length)]
	version := c.uint(2)
	if version < 2 || version > 5 {
		return fmt.Errorf("%w: line table of version %d", ErrMalformed, version)
	}
	l.address = uint64(u.sizes.address)
	if version >= 5 {
		l.address = uint64(c.u8())
		c.take(1) // size of a segment selector
	}
	headerLength := c.uint(uint64(forms.sizes.offset))
	l.program = c
	l.program.take(headerLength)

	l.minInstruction = c.uint(1)
	if version >= 4 {
		c.take(1) // operations in an instruction: 1 but for VLIW machines
	}
	c.take(1) // whether rows are statements unless told
	l.lineBase = int64(int8(c.u8()))
	l.lineRange = c.u8()
	l.opcodeBase = c.u8()
	l.standardLengths = c.take(uint64(max(l.opcodeBase, 1) - 1))
	if version >= 5 {
		l.readDirs(&c, forms)
	} else {
		l.readOldDirs(&c, u.compDir)
	}
	if c.bad || l.program.bad || l.lineRange == 0 || l.address > 8 {
		return fmt.Errorf("%w: header of the line table at 0x%x", ErrMalformed, off)
	}
	return nil
}

// readOldDirs reads the lists of DWARF 2 to 4, which end with an empty name.
// Directory 0 is the unit's, and files are numbered from 1.
func (l *lineTable) readOldDirs(c *cursor, compDir string) {
	l.dirs = []string{compDir}
	for name := c.cstring(); name != ""; name = c.cstring() {
		l.dirs = append(l.dirs, name)
	}
	l.files = []lineFile{{}}
	for name := c.cstring(); name != ""; name = c.cstring() {
		l.files = append(l.files, lineFile{name, c.uleb()})
		c.uleb() // time of modification
		c.uleb() // size
	}
}

// readDirs reads the lists of DWARF 5, which say themselves what they hold.
func (l *lineTable) readDirs(c *cursor, forms *unit) {
	readEntries(c, forms, func(f lineFile) { l.dirs = append(l.dirs, f.name) })
	readEntries(c, forms, func(f lineFile) { l.files = append(l.files, f) })
}

func readEntries(c *cursor, forms *unit, add func(lineFile)) {
	type column struct {
		content uint64
		form    form
	}
	columns := make([]column, c.u8())
	for i := range columns {
		columns[i] = column{c.uleb(), form(c.uleb())}
	}
	for range c.uleb() {
		before := c.pos
		var f lineFile
		for _, col := range columns {
			v := forms.value(c, col.form, 0)
			switch col.content {
			case lnctPath:
				f.name = v.str
			case lnctDirectoryIndex:
				f.dir = v.n
			}
		}
		// An entry of no bytes would let a few bytes stand for any number.
		if c.bad = c.bad || c.pos == before; c.bad {
			return
		}
		add(f)
	}
}

// file is the path of file n, as the compiler gave it; empty if unknown.
func (l *lineTable) file(n uint64) string {
	if n >= uint64(len(l.files)) || l.files[n].name == "" {
		return ""
	}
	f := l.files[n]
	if f.dir >= uint64(len(l.dirs)) {
		return f.name
	}
	dir := l.dirs[f.dir]
	if f.dir != 0 {
		dir = join(l.dirs[0], dir)
	}
	return join(dir, f.name)
}

// join puts a directory before a relative path; either may be of Windows.
func join(dir, name string) string {
	windows := func(s string) bool { return len(s) > 1 && s[1] == ':' }
	switch {
	case dir == "", path.IsAbs(name), windows(name):
		return name
	case windows(dir):
		return strings.TrimRight(dir, `\/`) + `\` + name
	}
	return path.Join(dir, name)
}
