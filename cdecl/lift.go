package cdecl

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The front end's parser knows attributes in some places only and forgets
// them, knows no #pragma pack, and stops at spellings outside C11. So all of
// that is lifted out of the text before it parses. What is left keeps its
// place, so that what was lifted is found again by where it was.

// lifted is a text of which the parser sees a part.
type lifted struct {
	*unit
	clean  []byte   // what the parser sees, among spaces
	tokens []lexeme // in clean
	idents map[string]bool

	attrs   []*attribute // in order
	states  []pragmaState
	labels  []label
	hoisted map[int]int  // parameters the parser cannot read: where each begins and ends
	rest    map[int]bool // places of ( in "(...)"
	asserts []span       // conditions of _Static_assert without a message
}

// A span is a part of the text.
type span struct{ pos, end int }

// An attribute is one item of __attribute__((…)), [[…]], __declspec(…), or
// _Alignas(…), which counts as aligned.
type attribute struct {
	name     string // without underscores around it
	args     span   // between its parentheses; empty if it has none
	pos      int
	declspec bool
	used     bool
}

// A label is asm("symbol") behind a declarator.
type label struct {
	pos    int
	symbol string
}

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

// A lifter goes over the tokens once.
type lifter struct {
	*lifted
	lex   lexer
	all   []lexeme
	match []int       // index of the closing token, by index of the opening one
	hoist map[int]int // what hoisted has, by token
	prag  pragmas
	// dropped are tokens that other tokens made superfluous.
	dropped map[int]bool
}

// lift lifts a whole text.
func lift(u *unit) (*lifted, error) {
	l := &lifter{
		lifted: &lifted{unit: u, clean: blankText(u.text), idents: map[string]bool{}},
		lex:    lexer{src: u.text},
	}
	if err := l.scan(); err != nil {
		return nil, err
	}
	for i := 0; i < len(l.all); {
		next, err := l.token(i)
		if err != nil {
			return nil, err
		}
		i = next
	}
	l.bodies()
	return l.lifted, l.pointersEnd()
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
			if !utf8.Valid(l.text[t.pos:t.end]) {
				return l.errorAt(t.pos, nil, "name is no UTF-8")
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

// token handles the token at i and gives the index of the next one.
func (l *lifter) token(i int) (int, error) {
	t := l.all[i]
	if end, ok := l.hoist[i]; ok {
		l.keep(lexeme{lexIdent, t.pos, t.pos + len("int")})
		copy(l.clean[t.pos:], "int")
		return end, nil
	}
	if l.dropped[i] {
		return i + 1, nil
	}
	switch t.kind {
	case lexIdent:
		return l.ident(i, string(l.text[t.pos:t.end]))
	case lexPunct:
		switch {
		case l.punct(i, '[') && l.punct(i+1, '['):
			end := l.match[i]
			l.attributeList(i+2, l.match[i+1], false)
			return end + 1, nil
		case l.punct(i, '['):
			l.keep(t)
			return l.arrayQualifiers(i + 1), nil
		case l.punct(i, '(') && l.punct(i+1, '.') && l.punct(i+2, '.') && l.punct(i+3, '.') && l.punct(i+4, ')'):
			if l.rest == nil {
				l.rest = map[int]bool{}
			}
			l.rest[t.pos] = true
			l.keep(t)
			return i + 4, nil
		case l.punct(i, '('):
			l.hoistFrom(i)
		}
	}
	l.keep(t)
	return i + 1, nil
}

func (l *lifter) ident(i int, word string) (int, error) {
	group := l.punct(i+1, '(')
	switch word {
	case "__attribute__", "__attribute":
		if group {
			end := l.match[i+1]
			if l.punct(i+2, '(') {
				l.attributeList(i+3, l.match[i+2], false)
			}
			return end + 1, nil
		}
	case "__declspec", "_declspec":
		if group {
			l.attributeList(i+2, l.match[i+1], true)
			return l.match[i+1] + 1, nil
		}
	case "_Alignas", "alignas":
		if group {
			end := l.match[i+1]
			l.attrs = append(l.attrs, &attribute{name: "aligned", args: span{l.all[i+1].end, l.all[end].pos}, pos: l.all[i].pos})
			return end + 1, nil
		}
	case "asm", "__asm", "__asm__":
		return l.asm(i)
	case pragmaOp, "_Pragma", "__pragma":
		if group {
			end := l.match[i+1]
			if err := l.pragmaOperator(i+2, end); err != nil {
				return 0, err
			}
			return end + 1, nil
		}
	case "_Static_assert", "static_assert":
		if group && !l.hasComma(i+1) {
			end := l.match[i+1]
			l.asserts = append(l.asserts, span{l.all[i+1].end, l.all[end].pos})
			if l.punct(end+1, ';') {
				end++
			}
			return end + 1, nil
		}
	case "extern":
		if i+1 < len(l.all) && l.all[i+1].kind == lexString {
			if l.punct(i+2, '{') {
				if l.dropped == nil {
					l.dropped = map[int]bool{}
				}
				l.dropped[l.match[i+2]] = true
				return i + 3, nil
			}
			l.keep(l.all[i])
			return i + 2, nil
		}
	default:
		if ignoredWords[word] {
			return i + 1, nil
		}
	}
	l.idents[word] = true
	l.keep(l.all[i])
	return i + 1, nil
}

// ignoredWords say nothing about a type on any ABI here.
var ignoredWords = map[string]bool{
	"__extension__": true, "__cdecl": true, "_cdecl": true, "__stdcall": true, "_stdcall": true,
	"__fastcall": true, "__thiscall": true, "__vectorcall": true, "__clrcall": true, "__pascal": true,
	"__ptr32": true, "__ptr64": true, "__unaligned": true, "__w64": true, "__forceinline": true,
	"_Nonnull": true, "_Nullable": true, "_Null_unspecified": true, "__block": true,
}

// asm lifts asm("symbol") behind a declarator and drops any other asm.
func (l *lifter) asm(i int) (int, error) {
	j := i + 1
	for j < len(l.all) && l.all[j].kind == lexIdent {
		j++ // volatile, goto, inline
	}
	if !l.punct(j, '(') {
		l.keep(l.all[i])
		return i + 1, nil
	}
	symbol := ""
	for k := j + 1; k < l.match[j]; k++ {
		if l.all[k].kind == lexString {
			s, _ := unquote(l.text[l.all[k].pos:l.all[k].end])
			symbol += s
		}
	}
	l.labels = append(l.labels, label{l.all[i].pos, symbol})
	return l.match[j] + 1, nil
}

// arrayQualifiers drops static and qualifiers after [, which say nothing about
// the type, and the * of an array of unspecified length.
func (l *lifter) arrayQualifiers(i int) int {
	for i < len(l.all) && l.all[i].kind == lexIdent {
		word := string(l.text[l.all[i].pos:l.all[i].end])
		if word != "static" && !isQualifier(word) {
			break
		}
		i++
	}
	if l.punct(i, '*') && l.punct(i+1, ']') {
		i++
	}
	return i
}

// attributeList records the attributes between tokens i and end.
func (l *lifter) attributeList(i, end int, declspec bool) {
	for i < end {
		if l.all[i].kind != lexIdent {
			i++
			continue
		}
		if l.punct(i+1, ':') && l.punct(i+2, ':') {
			i += 3 // [[gnu::packed]]
			continue
		}
		a := &attribute{name: plainName(string(l.text[l.all[i].pos:l.all[i].end])), pos: l.all[i].pos, declspec: declspec}
		i++
		if i < end && l.punct(i, '(') {
			a.args = span{l.all[i].end, l.all[l.match[i]].pos}
			i = l.match[i] + 1
		}
		l.attrs = append(l.attrs, a)
	}
}

// plainName is an attribute's name without the underscores of __packed__.
func plainName(s string) string {
	if len(s) > 4 && s[:2] == "__" && s[len(s)-2:] == "__" {
		return s[2 : len(s)-2]
	}
	return s
}

// hoistFrom takes out of a parameter list those parameters that the parser
// cannot read: where a pointer's parentheses hold further parentheses, as in
// "int (*(*f)(int))(int)". An int stands in for each.
func (l *lifter) hoistFrom(open int) {
	if open == 0 || !l.callable(open-1) {
		return
	}
	end := l.match[open]
	for start := open + 1; start < end; {
		stop, nested := start, false
		for stop < end && !l.punct(stop, ',') {
			nested = nested || l.nestedPointer(stop)
			stop = max(stop, l.match[stop]) + 1
		}
		pos := l.all[start].pos
		if size := l.all[stop-1].end - pos; nested && l.all[start].kind == lexIdent && size >= len("int") && size < maxHoisted {
			if l.hoist == nil {
				l.hoist, l.hoisted = map[int]int{}, map[int]int{}
			}
			l.hoist[start] = stop
			l.hoisted[pos] = pos + size
		}
		start = stop + 1
	}
}

// maxHoisted bounds a parameter that is read again on its own, in bytes.
const maxHoisted = 4096

// nestedPointer reports whether "(*(" begins at token i, qualifiers aside.
func (l *lifter) nestedPointer(i int) bool {
	if !l.punct(i, '(') || !l.punct(i+1, '*') {
		return false
	}
	for i += 2; i < len(l.all); i++ {
		t := l.all[i]
		if !l.punct(i, '*') && !(t.kind == lexIdent && isQualifier(string(l.text[t.pos:t.end]))) {
			break
		}
	}
	return l.punct(i, '(')
}

func isQualifier(s string) bool {
	switch s {
	case "const", "volatile", "restrict", "_Atomic", "__const", "__restrict", "__restrict__", "__volatile", "__volatile__":
		return true
	}
	return false
}

// callable reports whether a ( after token i begins a parameter list.
func (l *lifter) callable(i int) bool {
	if l.punct(i, ')') {
		return true
	}
	t := l.all[i]
	if t.kind != lexIdent {
		return false
	}
	switch string(l.text[t.pos:t.end]) {
	case "sizeof", "_Alignof", "__alignof__", "alignof", "typeof", "__typeof__", "return":
		return false
	}
	return true
}

// hasComma reports whether the group that opens at i has a comma of its own.
func (l *lifter) hasComma(i int) bool {
	for k := i + 1; k < l.match[i]; k++ {
		if l.punct(k, ',') {
			return true
		}
		if m := l.match[k]; m > 0 {
			k = m
		}
	}
	return false
}

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
				copy(l.clean[at:], blankText(l.text[at:t.end]))
				l.clean[at] = '_'
				statement, prev = -1, '_'
				continue
			case depth == 0 && start >= 0:
				copy(l.clean[start:], blankText(l.text[start:t.pos]))
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
		case next.kind == lexPunct && strings.Contains(":),[](*&+-~!^", word):
		case next.kind == lexIdent && (!keywords[word] || word == "sizeof" || word == "_Alignof"):
		case next.kind == lexNumber || next.kind == lexString || next.kind == lexChar:
		default:
			return l.errorAt(next.pos, nil, "unexpected %q after %q", word, l.text[t.pos])
		}
	}
	return nil
}

// word is the text of a token the parser sees.
func (l *lifted) word(i int) string { return string(l.text[l.tokens[i].pos:l.tokens[i].end]) }

func (l *lifter) punct(i int, c byte) bool {
	return i < len(l.all) && l.all[i].kind == lexPunct && l.text[l.all[i].pos] == c
}

// keep lets the parser see a token.
func (l *lifter) keep(t lexeme) {
	l.tokens = append(l.tokens, t)
	copy(l.clean[t.pos:], l.text[t.pos:t.end])
}

func (u *unit) errorAt(pos int, err error, format string, args ...any) *Error {
	return u.newError(pos, fmt.Sprintf(format, args...), err)
}
