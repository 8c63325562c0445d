package cdecl

import "bytes"

// A lexKind is a class of preprocessing tokens.
type lexKind uint8

const (
	lexEOF lexKind = iota
	lexIdent
	lexNumber
	lexString
	lexChar
	lexPunct // one byte, also where C has a longer operator
)

// A lexeme is a token and where it is in the text.
type lexeme struct {
	kind     lexKind
	pos, end int
}

// A lexer splits C text into tokens, skipping white space and comments. It
// knows just enough of C to find the parts that must not reach the parser, and
// accepts any bytes.
type lexer struct {
	src []byte
	pos int
}

func (l *lexer) text(t lexeme) string { return string(l.src[t.pos:t.end]) }

// is reports whether t is the one-byte token c.
func (l *lexer) is(t lexeme, c byte) bool { return t.kind == lexPunct && l.src[t.pos] == c }

func (l *lexer) next() lexeme {
	l.skipSpace()
	start := l.pos
	if start >= len(l.src) {
		return lexeme{lexEOF, start, start}
	}
	c := l.src[start]
	switch {
	case isIdentStart(c):
		for l.pos < len(l.src) && isIdentPart(l.src[l.pos]) {
			l.pos++
		}
		if l.pos < len(l.src) && isLiteralPrefix(l.src[start:l.pos]) {
			switch l.src[l.pos] {
			case '"':
				l.quoted()
				return lexeme{lexString, start, l.pos}
			case '\'':
				l.quoted()
				return lexeme{lexChar, start, l.pos}
			}
		}
		return lexeme{lexIdent, start, l.pos}
	case isDigit(c) || c == '.' && start+1 < len(l.src) && isDigit(l.src[start+1]):
		l.number()
		return lexeme{lexNumber, start, l.pos}
	case c == '"':
		l.quoted()
		return lexeme{lexString, start, l.pos}
	case c == '\'':
		l.quoted()
		return lexeme{lexChar, start, l.pos}
	}
	l.pos++
	return lexeme{lexPunct, start, l.pos}
}

// skipSpace skips white space, comments and spliced line ends.
func (l *lexer) skipSpace() {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			l.pos++
		case c == '\\' && splice(l.src[l.pos:]) > 0:
			l.pos += splice(l.src[l.pos:])
		case c == '/' && l.peekAt(1) == '*':
			l.pos, _ = commentEnd(l.src, l.pos)
		case c == '/' && l.peekAt(1) == '/':
			for l.pos < len(l.src) && l.src[l.pos] != '\n' {
				l.pos += max(1, splice(l.src[l.pos:]))
			}
		default:
			return
		}
	}
}

func (l *lexer) peekAt(n int) byte {
	if l.pos+n < len(l.src) {
		return l.src[l.pos+n]
	}
	return 0
}

// number skips a preprocessing number (C11 6.4.8).
func (l *lexer) number() {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case (c == '+' || c == '-') && isExponent(l.src[l.pos-1]):
		case isIdentPart(c) || c == '.':
		default:
			return
		}
		l.pos++
	}
}

// quoted skips a string or character constant, which ends at the end of the
// line at the latest.
func (l *lexer) quoted() {
	quote := l.src[l.pos]
	for l.pos++; l.pos < len(l.src); l.pos++ {
		switch l.src[l.pos] {
		case quote:
			l.pos++
			return
		case '\\':
			l.pos += max(1, splice(l.src[l.pos:])-1)
		case '\n':
			return
		}
	}
	l.pos = len(l.src)
}

// terminated reports whether a string or character constant has its end, and
// a character constant anything else.
func (l *lexer) terminated(t lexeme) bool {
	b := l.src[t.pos:t.end]
	open := bytes.IndexAny(b, "'\"")
	last := len(b) - 1
	if last <= open || b[last] != b[open] || b[open] == '\'' && last == open+1 {
		return false
	}
	escapes := 0
	for i := last - 1; i > open && b[i] == '\\'; i-- {
		escapes++
	}
	return escapes%2 == 0
}

// commentEnd is the position after the comment that begins at pos, if it ends.
func commentEnd(src []byte, pos int) (end int, ok bool) {
	for i := pos + 2; i+1 < len(src); i++ {
		if src[i] == '*' && src[i+1] == '/' {
			return i + 2, true
		}
	}
	return len(src), false
}

// splice is the length of a backslash and the line end it hides, or 0.
func splice(b []byte) int {
	switch {
	case len(b) >= 2 && b[0] == '\\' && b[1] == '\n':
		return 2
	case len(b) >= 3 && b[0] == '\\' && b[1] == '\r' && b[2] == '\n':
		return 3
	}
	return 0
}

func isLiteralPrefix(b []byte) bool {
	switch string(b) {
	case "L", "u", "U", "u8":
		return true
	}
	return false
}

func isExponent(c byte) bool { return c == 'e' || c == 'E' || c == 'p' || c == 'P' }
func isDigit(c byte) bool    { return c >= '0' && c <= '9' }

// isIdentStart takes every byte of a multi-byte character for a letter.
func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 0x80
}

func isIdentPart(c byte) bool { return isIdentStart(c) || isDigit(c) }
