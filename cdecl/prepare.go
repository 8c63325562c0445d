package cdecl

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A file is a source as it came, and as the preprocessor gets it.
//
// The preprocessor hands out tokens without their places, drops macros when it
// is done and stops at an apostrophe in text that is skipped. So it gets a text
// prepared for it: after each run of directives a #pragma of our own says which
// line comes next and which macros were just defined, #pragma pack becomes an
// operator that survives among the tokens, and stray quotes are blanked.
type file struct {
	path     string
	src      []byte
	prepared []byte
	added    []int // lines of prepared that src does not have, counted from 1
	defines  []define
}

// A define is a #define or #undef directive.
type define struct {
	name  string
	text  string // from the name on; empty for #undef
	plain bool   // object-like
	line  int
}

// Words that are ours among the preprocessor's tokens. pragmaOp has the length
// of _Pragma so that columns stay.
const (
	linePragma = "wasmffi_line"
	pragmaOp   = "_PragmA"
)

// Bounds on one file. Real headers stay far below.
const (
	maxConditionals = 500     // depth of #if
	maxParens       = 2000    // depth of ( before macros are expanded
	maxDirective    = 1 << 16 // bytes of one directive
)

// prepare makes f.prepared, with probes of a certain name.
func (f *file) prepare(probe probeName) error {
	p := preparer{file: f, line: 1, probeName: probe}
	p.out.Grow(len(f.src) + len(f.src)/8 + 64)
	for p.pos < len(f.src) {
		if err := p.logicalLine(); err != nil {
			return err
		}
	}
	p.mark()
	p.add("") // the preprocessor never returns from a text that ends in a splice
	f.prepared = p.out.Bytes()
	return nil
}

// A preparer walks a file by logical lines: those that splices and comments
// continue are one.
type preparer struct {
	*file
	probeName
	out     bytes.Buffer
	pos     int
	line    int   // of pos in src
	outLine int   // lines written
	marked  bool  // the preprocessor's output knows its line
	told    int   // defines announced so far
	conds   []int // open conditionals: how many #if each #elif has become
	parens  int
}

// mark tells the reader of the output where it is.
func (p *preparer) mark() {
	if p.marked {
		return
	}
	p.add(fmt.Sprintf("#pragma %s %d %d %d", linePragma, p.line, p.told, len(p.defines)))
	p.told = len(p.defines)
	p.marked = true
}

// add puts a line of our own into the text.
func (p *preparer) add(line string) {
	p.out.WriteString(line)
	p.out.WriteByte('\n')
	p.outLine++
	p.added = append(p.added, p.outLine)
}

func (p *preparer) logicalLine() error {
	start, first := p.pos, -1 // first is the first byte that is no white space
	var stray, digraphs []int
	i := start
scan:
	for i < len(p.src) {
		switch c := p.src[i]; {
		case c == '\n':
			i++
			break scan
		case c == '\\' && splice(p.src[i:]) > 0:
			i += splice(p.src[i:])
		case c == '/' && i+1 < len(p.src) && p.src[i+1] == '*':
			end, ok := commentEnd(p.src, i)
			if !ok {
				p.line += bytes.Count(p.src[start:i], []byte("\n"))
				return p.fail(nil, "the comment is never closed")
			}
			i = end
		case c == '/' && i+1 < len(p.src) && p.src[i+1] == '/':
			l := lexer{p.src, i}
			l.skipSpaceLine()
			i = l.pos
		case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			i++
		case c == '"' || c == '\'':
			if first < 0 {
				first = i
			}
			l := lexer{p.src, i}
			l.quoted()
			if l.pos < i+2 || p.src[l.pos-1] != c {
				stray = append(stray, i)
				i++
				continue
			}
			i = l.pos
		default:
			if first < 0 {
				first = i
			}
			switch c {
			case '(':
				if p.parens++; p.parens > maxParens {
					return p.fail(ErrLimit, "parentheses nest deeper than %d", maxParens)
				}
			case ')':
				p.parens = max(0, p.parens-1)
			case '<', ':', '%':
				if digraph(p.src[i:]) != 0 {
					digraphs = append(digraphs, i)
					i++
				}
			}
			i++
		}
	}
	line := p.src[start:i]
	if len(digraphs) > 0 {
		line = bytes.Clone(line)
		for i, at := range digraphs {
			k := at - start
			line[k], line[k+1] = digraph(line[k:]), ' '
			if i > 0 && digraphs[i-1] == at-2 && line[k-2] == '#' && line[k] == '#' {
				line[k-1], line[k] = '#', ' ' // %:%: is ##
			}
		}
	}
	p.pos = i
	lines := bytes.Count(line, []byte("\n"))
	defer func() { p.line += lines }()

	if first >= 0 && line[first-start] == '#' {
		return p.directive(line, first-start, start, stray, lines)
	}
	if first >= 0 {
		p.mark()
	}
	p.write(line, start, stray)
	if lines > 1 || p.parens > 0 {
		p.marked = false // the line ends of comments and macro arguments are lost
	}
	return nil
}

// digraph is what the two characters that b begins with stand for (C11 6.4.6),
// or 0.
func digraph(b []byte) byte {
	if len(b) < 2 {
		return 0
	}
	switch string(b[:2]) {
	case "<:":
		return '['
	case ":>":
		return ']'
	case "<%":
		return '{'
	case "%>":
		return '}'
	case "%:":
		return '#'
	}
	return 0
}

// skipSpaceLine skips a // comment up to its line end.
func (l *lexer) skipSpaceLine() {
	for l.pos < len(l.src) && l.src[l.pos] != '\n' {
		l.pos += max(1, splice(l.src[l.pos:]))
	}
}

// write copies a line, blanking stray quotes and renaming _Pragma.
func (p *preparer) write(line []byte, at int, stray []int) {
	n := p.out.Len()
	p.out.Write(line)
	out := p.out.Bytes()[n:]
	for _, i := range stray {
		out[i-at] = ' '
	}
	for i := 0; ; {
		k := bytes.Index(out[i:], []byte("_Pragma"))
		if k < 0 {
			break
		}
		copy(out[i+k:], pragmaOp)
		i += k + len(pragmaOp)
	}
	if len(out) == 0 || out[len(out)-1] != '\n' {
		p.out.WriteByte('\n')
	}
	p.outLine += max(1, bytes.Count(line, []byte("\n")))
}

func (p *preparer) directive(line []byte, hash, at int, stray []int, lines int) error {
	if len(line) > maxDirective {
		return p.fail(ErrLimit, "directive of %d bytes, at most %d are read", len(line), maxDirective)
	}
	l := lexer{line, hash + 1}
	word := l.next()
	name := ""
	if word.kind == lexIdent {
		name = l.text(word)
	}
	switch name {
	case "define", "undef":
		line = p.macro(l, name == "define")
	case "if", "ifdef", "ifndef":
		if p.conds = append(p.conds, 0); len(p.conds) > maxConditionals {
			return p.fail(ErrLimit, "conditionals nest deeper than %d", maxConditionals)
		}
		p.mark()
		if name == "if" {
			p.probe(l)
		}
	case "elif":
		p.mark()
		if top := len(p.conds) - 1; top >= 0 && expands(l) {
			// A probe has its place in an #else.
			p.add("#else")
			p.probe(l)
			line = slices.Concat(line[:word.pos], []byte("if  "), line[word.end:])
			p.conds[top]++
		}
	case "endif":
		p.mark()
		if top := len(p.conds) - 1; top >= 0 {
			for range p.conds[top] {
				p.add("#endif")
			}
			p.conds = p.conds[:top]
		}
	case "else", "include", "include_next":
		p.mark()
	case "error", "warning":
		// Its text is no C: an apostrophe in it is not the start of a character.
		for i := word.end; i < len(line); i++ {
			if line[i] == '\'' || line[i] == '"' {
				stray = append(stray, at+i)
			}
		}
	case "line":
		// Places are those of the files read, whatever generated them.
		p.blank(lines)
		return nil
	case "pragma":
		switch kind := l.next(); {
		case kind.kind == lexEOF: // the preprocessor expects a word
			p.blank(lines)
			return nil
		case kind.kind == lexIdent && structPragma(l.text(kind)):
			p.mark()
			body := strings.ReplaceAll(string(bytes.TrimSpace(line[kind.pos:])), "\n", " ")
			fmt.Fprintf(&p.out, "%s(%s", pragmaOp, body)
			if !strings.ContainsAny(body, "\"\\") {
				fmt.Fprintf(&p.out, " %q", body) // as it was before macros are replaced
			}
			p.out.WriteByte(')')
			p.blank(lines)
			return nil
		}
	}
	p.marked = false
	p.write(line, at, stray)
	return nil
}

// blank ends what was written, with the line ends of a directive.
func (p *preparer) blank(lines int) {
	p.out.Write(bytes.Repeat([]byte("\n"), max(1, lines)))
	p.outLine += max(1, lines)
}

// macro records a #define or #undef and gives its line; l is after that word.
// Macros that mean a direction and are defined as nothing are given it.
func (p *preparer) macro(l lexer, defined bool) (line []byte) {
	line = l.src
	name := l.next()
	if name.kind != lexIdent {
		return line
	}
	d := define{name: l.text(name), line: p.line}
	if defined {
		d.plain = name.end >= len(line) || line[name.end] != '('
		for !d.plain {
			if t := l.next(); t.kind == lexEOF || l.is(t, ')') {
				break
			}
		}
		if end, word := l.pos, directionMacro(d.name, string(line[name.pos:l.pos])); word != "" && l.next().kind == lexEOF {
			line = slices.Concat(line[:end], []byte(" "+word), line[end:])
		}
		d.text = string(bytes.TrimSpace(line[name.pos:]))
	}
	p.defines = append(p.defines, d)
	return line
}

func (p *preparer) fail(err error, format string, args ...any) error {
	return &Error{File: p.path, Line: p.line, Text: window(p.lineText(p.line), 0), Msg: fmt.Sprintf(format, args...), Err: err}
}

// lineText is a line of the file as it came, counted from 1.
func (f *file) lineText(n int) string {
	rest := f.src
	for ; n > 1; n-- {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return ""
		}
		rest = rest[i+1:]
	}
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i]
	}
	return string(bytes.TrimRight(rest, "\r"))
}

// original is the line of src that a line of prepared came from.
func (f *file) original(line int) int {
	n := 0
	for _, a := range f.added {
		if a < line {
			n++
		}
	}
	return line - n
}

// A lineMark is what a #pragma of ours says.
type lineMark struct{ line, from, to int }

func parseLineMark(words []string) (m lineMark, ok bool) {
	if len(words) != 3 {
		return m, false
	}
	for i, to := range []*int{&m.line, &m.from, &m.to} {
		n, err := strconv.Atoi(words[i])
		if err != nil {
			return m, false
		}
		*to = n
	}
	return m, true
}
