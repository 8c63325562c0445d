package cdecl

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"modernc.org/cc/v4"
)

// The two sources of the parser: the text, in which positions count, and what
// it needs to know before.
const (
	textName    = "<text>"
	preludeName = "<prelude>"
)

// spelled are words that the front end's parser knows by another name.
var spelled = map[string]string{
	"static_assert": "_Static_assert",
	"alignof":       "_Alignof",
	"_alignof":      "_Alignof",
	"thread_local":  "_Thread_local",
	"typeof_unqual": "typeof",
	"__int8":        "char",
	"__int16":       "short",
	"__int32":       "int",
	"__int64":       "long long",
	"__float80":     "_Float64x",
}

// noFiles keeps the parser from opening any file.
type noFiles struct{}

func (noFiles) Open(string) (fs.File, error) { return nil, fs.ErrNotExist }

// parse gives the syntax tree of lifted text. To tell a type name from any
// other the parser needs to know no more of a typedef than that it is one, so
// those that the text uses from the scope around it are declared as int. The
// text gets a semicolon more, which its last declaration may lack: at the end
// of the text the parser waits for ever for an enum's name.
func (l *lifted) parse(s *scope) (tree *cc.AST, err error) {
	var prelude strings.Builder
	prelude.WriteString("int __predefined_declarator;")
	for word := range l.idents {
		if s.isTypeName(word) {
			prelude.WriteString("typedef int " + word + ";")
		} else if c, ok := spelled[word]; ok {
			prelude.WriteString("\n#define " + word + " " + c + "\n")
		}
	}
	defer func() {
		if r := recover(); r != nil {
			tree, err = nil, l.newError(0, fmt.Sprintf("the parser failed: %v", r), nil)
		}
	}()
	cfg := &cc.Config{ABI: frontABI(), FS: noFiles{}, FSOnly: true, ExpansionLimit: maxExpansion}
	tree, err = cc.Parse(cfg, []cc.Source{
		{Name: preludeName, Value: prelude.String() + "\n"},
		{Name: textName, Value: append(l.clean, "\n;\n"...)},
	})
	if err != nil {
		return nil, l.syntaxError(err, s)
	}
	return tree, nil
}

var (
	errorPlace = regexp.MustCompile(`^(.*?):(\d+):(\d+): (.*)`)
	unexpected = regexp.MustCompile(`^unexpected (?:.+?)(, expected .*)?$`)
)

// syntaxError says what the parser's first error means in the text.
func (l *lifted) syntaxError(err error, s *scope) error {
	first, _, _ := strings.Cut(err.Error(), "\n")
	m := errorPlace.FindStringSubmatch(first)
	if m == nil || m[1] != textName {
		return l.newError(0, first, nil)
	}
	line, _ := strconv.Atoi(m[2])
	col, _ := strconv.Atoi(m[3])
	pos := lineOffset(l.clean, line) + col - 1
	i := 0
	for i < len(l.tokens) && l.tokens[i].pos < pos {
		i++
	}
	if name, at, ok := l.unknownType(i, s); ok {
		return l.newError(at, fmt.Sprintf("unknown type name %q%s", name, s.nearTypes(name, l.typesBefore(i)...)), nil)
	}
	msg := m[4]
	if u := unexpected.FindStringSubmatch(msg); u != nil {
		found := "end of text"
		if i < len(l.tokens) {
			pos = l.tokens[i].pos
			found = strconv.Quote(string(l.text[pos:l.tokens[i].end]))
		} else if i > 0 {
			pos = l.tokens[i-1].end
		}
		msg = "unexpected " + found + u[1]
	}
	return l.newError(pos, msg, nil)
}

// unknownType reports whether the parser stopped at token i because the word
// before it is no type.
func (l *lifted) unknownType(i int, s *scope) (name string, pos int, ok bool) {
	if i == 0 || i >= len(l.tokens) {
		return "", 0, false
	}
	word := func(i int) string {
		if i < 0 {
			return ";"
		}
		return string(l.text[l.tokens[i].pos:l.tokens[i].end])
	}
	name = word(i - 1)
	if l.tokens[i-1].kind != lexIdent || keywords[name] || s.isTypeName(name) {
		return "", 0, false
	}
	if next := word(i); next != "*" && (l.tokens[i].kind != lexIdent || keywords[next] && !isQualifier(next)) {
		return "", 0, false
	}
	switch word(i - 2) {
	case ";", "{", "}", "(", ",", "const", "extern", "static", "typedef", "inline", "volatile":
		return name, l.tokens[i-1].pos, true
	}
	return "", 0, false
}

// typesBefore are the names of types that the text before token i declares,
// as far as its tokens tell.
func (l *lifted) typesBefore(i int) []string {
	var names []string
	typedef, depth, last := false, 0, ""
	for k, t := range l.tokens[:i] {
		word := string(l.text[t.pos:t.end])
		switch {
		case word == "{":
			depth++
		case word == "}":
			depth--
		case word == ";" && depth == 0:
			if typedef {
				names = append(names, last)
			}
			typedef = false
		case word == "typedef":
			typedef = true
		case (word == "struct" || word == "union" || word == "enum") && k+1 < i && l.tokens[k+1].kind == lexIdent:
			names = append(names, word+" "+string(l.text[l.tokens[k+1].pos:l.tokens[k+1].end]))
		case t.kind == lexIdent && depth == 0:
			last = word
		}
	}
	return names
}

// keywords are the words that the front end's parser takes for no names.
var keywords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`auto break case char const continue default do double else enum extern float for goto
		if inline int long register restrict return short signed sizeof static struct switch typedef union unsigned void
		volatile while _Bool _Complex _Imaginary _Alignas _Alignof _Atomic _Generic _Noreturn _Static_assert _Thread_local
		_Decimal128 _Decimal32 _Decimal64 _Float128 _Float128x _Float16 __fp16 _Float32 _Float32x _Float64 _Float64x
		_Nonnull __alignof __alignof__ __asm __asm__ __attribute __attribute__ __auto_type __bf16 __complex __complex__
		__const __declspec __float128 __imag __imag__ __inline __inline__ __int128 __int128_t __label__ __real __real__
		__restrict __restrict__ __signed __signed__ __thread __typeof __typeof__ __uint128_t __volatile __volatile__ asm typeof`) {
		m[w] = true
	}
	return m
}()

// lineOffset is where a line begins, counted from 1.
func lineOffset(text []byte, line int) int {
	for i, c := range text {
		if line <= 1 {
			return i
		}
		if c == '\n' {
			line--
		}
	}
	return len(text)
}

// frontError translates the preprocessor's first error.
func frontError(err error, files *files) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	m := errorPlace.FindStringSubmatch(first)
	if m == nil {
		return &Error{Msg: first}
	}
	line, _ := strconv.Atoi(m[2])
	col, _ := strconv.Atoi(m[3])
	e := &Error{File: m[1], Line: line, Col: col, Msg: m[4]}
	if f := files.byKey[m[1]]; f != nil {
		e.Line = f.original(line)
		e.Text = window(f.lineText(e.Line), col)
	}
	if strings.Contains(e.Msg, "macro expansion limit exceeded") {
		e.Msg, e.Err = "macros expand too far", ErrLimit
	}
	return e
}
