package cdecl

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// The front end's parser knows attributes in some places only and forgets
// them, knows no #pragma pack, and stops at spellings outside C11. So all of
// that is lifted out of the text before it parses. What is left keeps its
// place, so that what was lifted is found again by where it was.

// lifted is a text of which the parser sees a part.
type lifted struct {
	*unit
	abi    *dtype.ABI
	clean  []byte   // what the parser sees, among spaces
	tokens []lexeme // in clean
	idents map[string]bool

	attrs   []*attribute // in order
	states  []pragmaState
	labels  []label
	hoisted map[int]int  // parameters the parser cannot read: where each begins and ends
	rest    map[int]bool // places of ( in "(...)"
	asserts []span       // conditions of _Static_assert without a message
	bitInts map[int]bool // places of _BitInt
	// enumTags are the tags in "enum tag : 3", an unnamed bit-field, by the place
	// of the int that stands in for the first two words.
	enumTags map[int]string
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
	alignas  bool
	used     bool
	dir      dtype.Direction // of a parameter, see directionName
	sal      string          // the annotation's word, likewise
}

// A label is asm("symbol") behind a declarator.
type label struct {
	pos    int
	symbol string
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
	depth   int // of {
}

// lift lifts a whole text.
func lift(u *unit, abi *dtype.ABI) (*lifted, error) {
	l := &lifter{
		lifted: &lifted{unit: u, abi: abi, clean: blankText(u.text), idents: map[string]bool{}},
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
	for _, a := range l.attrs {
		if like := layoutTypo(a.name); like != "" {
			return nil, l.errorAt(a.pos, nil, "unknown attribute %q%s", a.name, like)
		}
	}
	l.bodies()
	return l.lifted, l.pointersEnd()
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
		case l.punct(i, '{'):
			l.depth++
		case l.punct(i, '}'):
			l.depth--
		case l.punct(i, '[') && l.punct(i+1, '['):
			end := l.match[i]
			l.attributeList(i+2, l.match[i+1], false)
			return end + 1, nil
		case l.punct(i, '['):
			if l.isMIDL(i) {
				return l.midl(i), nil
			}
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
			l.attrs = append(l.attrs, &attribute{name: "aligned", args: span{l.all[i+1].end, l.all[end].pos}, pos: l.all[i].pos, alignas: true})
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
	case "_BitInt":
		if group { // the parser does not know it: another unsupported type stands in
			const standIn = "_Float16"
			if l.bitInts == nil {
				l.bitInts = map[int]bool{}
			}
			pos := l.all[i].pos
			l.bitInts[pos] = true
			l.keep(lexeme{lexIdent, pos, pos + len(standIn)})
			copy(l.clean[pos:], standIn)
			return l.match[i+1] + 1, nil
		}
	case "enum":
		if l.isEnumBits(i) {
			return l.enumBits(i), nil
		}
	default:
		if ignoredWords[word] {
			return i + 1, nil
		}
		if word == "_Nonnull" {
			l.nonnull(i)
			return i + 1, nil
		}
		if dir, ok := salWord(word); ok && !l.isName(i) {
			return l.annotation(i, dir), nil
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
	"_Nullable": true, "_Null_unspecified": true, "__block": true,
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

// nonnull records _Nonnull at token i if the pointer it follows is a declarator's
// outermost.
func (l *lifter) nonnull(i int) {
	next := i + 1
	for next < len(l.all) && l.all[next].kind == lexIdent && isQualifier(string(l.text[l.all[next].pos:l.all[next].end])) {
		next++
	}
	if next < len(l.all) && (l.all[next].kind == lexIdent && !l.punct(next+1, '[') || l.punct(next, ',') || l.punct(next, ')')) {
		l.attrs = append(l.attrs, &attribute{name: nonnullName, pos: l.all[i].pos})
	}
}

// arrayQualifiers drops static and qualifiers after [, which say nothing about
// the type but are recorded as attributes, and the * of an array of unspecified
// length.
func (l *lifter) arrayQualifiers(i int) int {
	for i < len(l.all) && l.all[i].kind == lexIdent {
		word := string(l.text[l.all[i].pos:l.all[i].end])
		if word != "static" && !isQualifier(word) {
			break
		}
		switch word {
		case "static":
			l.attrs = append(l.attrs, &attribute{name: staticName, pos: l.all[i].pos})
		case "restrict", "__restrict", "__restrict__":
			l.attrs = append(l.attrs, &attribute{name: restrictName, pos: l.all[i].pos})
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

// layoutTypo suggests the attribute that an unknown one is most like, of those
// without which a layout would silently be another.
func layoutTypo(name string) string {
	if name == "" || name[0] == '_' {
		return ""
	}
	return nearest(name, []string{"packed", "aligned", "vector_size", "ms_struct", "gcc_struct", "transparent_union", "scalar_storage_order"})
}

// plainName is an attribute's name without the underscores of __packed__.
func plainName(s string) string {
	if len(s) > 4 && s[:2] == "__" && s[len(s)-2:] == "__" {
		return s[2 : len(s)-2]
	}
	return s
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
