package cdecl

import (
	"bytes"
	"sort"
	"strings"
)

// A place is a line of a source as its author knows it.
type place struct {
	*file
	line     int
	verbatim bool // the text at the place has its columns
}

// place finds where the text at pos comes from.
func (u *unit) place(pos int) place {
	if u.parent != nil {
		return u.parent.place(u.base + pos)
	}
	i := sort.Search(len(u.marks), func(i int) bool { return u.marks[i].off > pos }) - 1
	if i < 0 {
		return place{file: &file{}}
	}
	m := u.marks[i]
	if u.lines == nil {
		u.lines = lineEnds(u.text)
	}
	first, last := sort.SearchInts(u.lines, m.off), sort.SearchInts(u.lines, pos)
	return place{m.file, m.line + last - first, m.verbatim}
}

// lineEnds are the places of a text's line ends.
func lineEnds(text []byte) []int {
	ends := []int{}
	for i, c := range text {
		if c == '\n' {
			ends = append(ends, i)
		}
	}
	return ends
}

// column finds the word at pos in the line it came from, before white space
// and macros were replaced: it is the word's nth appearance in both. It is 0 if
// a macro brought the word.
func (u *unit) column(pos int, line string) int {
	l := lexer{src: u.text, pos: pos}
	t := l.next()
	word := l.text(t)
	if word == "" || t.pos != pos {
		return 0
	}
	start := bytes.LastIndexByte(u.text[:pos], '\n') + 1
	n := 0
	for l = (lexer{src: u.text, pos: start}); ; {
		t := l.next()
		if t.pos > pos || t.kind == lexEOF {
			break
		}
		if l.text(t) == word {
			n++
		}
	}
	for l = (lexer{src: []byte(line)}); ; {
		t := l.next()
		if t.kind == lexEOF {
			return 0
		}
		if l.text(t) == word {
			if n--; n == 0 {
				return t.pos + 1
			}
		}
	}
}

func (u *unit) newError(pos int, msg string, err error) *Error {
	for u.parent != nil {
		u, pos = u.parent, max(0, u.base+pos)
	}
	pos = min(pos, len(u.text))
	p := u.place(pos)
	e := &Error{File: p.path, Line: p.line, Text: p.lineText(p.line), Msg: msg, Err: err}
	if p.verbatim {
		e.Col = pos - bytes.LastIndexByte(u.text[:pos], '\n')
	} else {
		e.Col = u.column(pos, e.Text)
	}
	e.Text = window(e.Text, e.Col)
	return e
}

// window is a line of C, or the part of a long one around a column.
func window(line string, col int) string {
	const width = 160
	if len(line) > width {
		from := min(max(0, col-width/2), len(line)-width)
		cut := line[from : from+width]
		if line = cut; from > 0 {
			line = "…" + cut
		}
	}
	return strings.TrimRight(line, " \t\r")
}
