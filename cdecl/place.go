package cdecl

import (
	"bytes"
	"sort"
	"strings"
)

// A place is a position in a source as its author knows it.
type place struct {
	file string
	line int
	col  int // 0 if unknown
	text string
}

// place finds where the text at pos comes from.
func (u *unit) place(pos int) place {
	if u.parent != nil {
		return u.parent.place(u.base + pos)
	}
	i := sort.Search(len(u.marks), func(i int) bool { return u.marks[i].off > pos }) - 1
	if i < 0 {
		return place{}
	}
	m := u.marks[i]
	pos = min(pos, len(u.text))
	since := u.text[m.off:pos]
	at := place{file: m.file.path, line: m.line + bytes.Count(since, []byte("\n"))}
	at.text = m.file.lineText(at.line)
	if m.verbatim {
		at.col = pos - m.off - bytes.LastIndexByte(since, '\n')
	} else {
		at.col = u.column(pos, at.text)
	}
	return at
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
	p := u.place(pos)
	return &Error{File: p.file, Line: p.line, Col: p.col, Text: strings.TrimRight(p.text, " \t"), Msg: msg, Err: err}
}
