package cdecl

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds that keep recursion over one declaration shallow.
const (
	maxNesting = 250   // depth of brackets
	maxRun     = 20000 // tokens without , ; { or }
)

// bracket is an open bracket while lifting.
type bracket struct {
	open  int  // index into the tokens
	close byte // what ends it
}

// blankText is white space with the line ends of text.
func blankText(text []byte) []byte {
	b := bytes.Repeat([]byte(" "), len(text))
	for i, c := range text {
		if c == '\n' {
			b[i] = c
		}
	}
	return b
}

// scan splits the text and matches its brackets.
func (l *lifter) scan() error {
	var open []bracket
	run := 0
	for {
		t := l.lex.next()
		if t.kind == lexEOF {
			break
		}
		i := len(l.all)
		l.all = append(l.all, t)
		l.match = append(l.match, 0)
		if run++; run > maxRun {
			return l.errorAt(t.pos, ErrLimit, "more than %d tokens in one declaration", maxRun)
		}
		switch t.kind {
		case lexString, lexChar:
			if !l.lex.terminated(t) {
				return l.errorAt(t.pos, nil, "constant is empty or not terminated")
			}
			continue
		case lexIdent:
			if !isName(l.text[t.pos:t.end]) {
				return l.errorAt(t.pos, nil, "%q is no name", l.text[t.pos:t.end])
			}
			continue
		case lexNumber:
			continue
		}
		switch c := l.text[t.pos]; c {
		case '(', '[', '{':
			if len(open) == maxNesting {
				return l.errorAt(t.pos, ErrLimit, "brackets nest deeper than %d", maxNesting)
			}
			open = append(open, bracket{open: i, close: map[byte]byte{'(': ')', '[': ']', '{': '}'}[c]})
			if c == '{' {
				run = 0
			}
		case ')', ']', '}':
			if len(open) == 0 {
				return l.errorAt(t.pos, nil, "unmatched %q", c)
			}
			top := open[len(open)-1]
			if top.close != c {
				return l.errorAt(t.pos, nil, "%q where %q closes the %q of line %d", c, top.close, l.text[l.all[top.open].pos], l.place(l.all[top.open].pos).line)
			}
			open = open[:len(open)-1]
			l.match[top.open] = i
			if c == '}' {
				run = 0
			}
		case ',', ';':
			run = 0
		default:
			if strings.IndexByte("+-*/%&|^~!<>=?:.", c) < 0 {
				return l.errorAt(t.pos, nil, "stray %q", c)
			}
		}
	}
	if len(open) > 0 {
		t := l.all[open[len(open)-1].open]
		return l.errorAt(t.pos, nil, "%q is never closed", l.text[t.pos])
	}
	return nil
}

// isName reports whether a name is letters and digits, a letter first.
func isName(b []byte) bool {
	for first := true; len(b) > 0; first = false {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError || !unicode.IsLetter(r) && r != '_' && r != '$' && (first || !unicode.IsDigit(r)) {
			return false
		}
		b = b[n:]
	}
	return true
}
