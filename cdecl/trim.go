package cdecl

import (
	"sort"
	"strings"
)

// bodies empties the bodies of functions, and puts a name that is never
// declared for statement expressions: statements say nothing about types.
func (l *lifted) bodies() {
	depth, assigned := 0, false
	prev := byte(0)
	start, kept := -1, 0   // where the body began, and tokens kept so far
	statement, at := -1, 0 // the depth of a statement expression, and where it began
	for _, t := range l.tokens {
		c := byte(0)
		if t.kind == lexPunct {
			c = l.text[t.pos]
		}
		switch c {
		case '{':
			switch {
			case start < 0 && statement < 0 && prev == '(':
				statement, at = depth, t.pos
				l.tokens[kept], kept = lexeme{lexIdent, t.pos, t.end}, kept+1
			case depth == 0 && !assigned && (prev == ')' || prev == ';'):
				start = t.end
				l.tokens[kept], kept = t, kept+1
			}
			depth++
		case '}':
			depth--
			switch {
			case statement == depth:
				l.wipe(at, t.end)
				l.clean[at] = '_'
				statement, prev = -1, '_'
				continue
			case depth == 0 && start >= 0:
				l.wipe(start, t.pos)
				start = -1
			}
		case '=':
			assigned = assigned || depth == 0
		case ';':
			assigned = assigned && depth != 0
		}
		if start < 0 && statement < 0 {
			l.tokens[kept], kept = t, kept+1
		}
		prev = c
	}
	l.tokens = l.tokens[:kept]
}

// wipe hides a part of the text, and what was lifted from it.
func (l *lifted) wipe(pos, end int) {
	copy(l.clean[pos:], blankText(l.text[pos:end]))
	l.take(pos, end)
	for i := sort.Search(len(l.labels), func(i int) bool { return l.labels[i].pos >= pos }); i < len(l.labels) && l.labels[i].pos < end; i++ {
		l.labels[i].symbol = ""
	}
}

// pointersEnd refuses a * that no declarator or operand follows: the parser
// then looks for one until the end of the text, and at the end for ever.
func (l *lifted) pointersEnd() error {
	for i, t := range l.tokens {
		if t.kind != lexPunct || l.text[t.pos] != '*' && l.text[t.pos] != '^' {
			continue
		}
		for i++; i < len(l.tokens) && isQualifier(l.word(i)); i++ {
		}
		if i == len(l.tokens) {
			return l.errorAt(t.pos, nil, "unexpected end of text after %q", l.text[t.pos])
		}
		word := l.word(i)
		switch next := l.tokens[i]; {
		case next.kind == lexPunct && strings.Contains(":),[](*&+-~!^", word) && !l.isOperator(next.end):
		case next.kind == lexIdent && (!keywords[word] || word == "sizeof" || word == "_Alignof"):
		case next.kind == lexNumber || next.kind == lexString || next.kind == lexChar:
		default:
			return l.errorAt(next.pos, nil, "unexpected %q after %q", word, l.text[t.pos])
		}
	}
	return nil
}

// isOperator reports whether the byte at pos ends an operator of two: -> or +=.
func (l *lifted) isOperator(pos int) bool {
	return pos < len(l.text) && (l.text[pos] == '=' || l.text[pos] == '>')
}
