package cdecl

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"modernc.org/cc/v4"

	"github.com/wasmffi/wasmffi/dtype"
)

// A macro is a macro that is defined at the end of the text.
type macro struct {
	define
	file *file
	seq  int // in order of definition
}

// unit is C text that has gone through the preprocessor, or did not need to.
type unit struct {
	text   []byte
	lines  []int // where lines end, once asked for
	marks  []mark
	macros map[string]*macro // by name, without the predefined ones

	// parent has this text from base on, when it is a part read on its own.
	parent *unit
	base   int
}

// A mark says where the text from off on comes from.
type mark struct {
	off  int
	file *file
	line int
	// verbatim text is as in the file; other text has white space and macros
	// replaced, so that only its lines are known.
	verbatim bool
}

// Bounds on macro expansion, counted as the front end does: tokens processed
// and hide sets copied. openssl/ssl.h takes about a million.
const (
	maxExpansion = 8 << 20
	maxText      = 64 << 20 // bytes of expanded text
)

// frontABI is what the front end knows of the machine; nothing that is asked
// of it depends on it but the sign of 'a' in #if.
var frontABI = sync.OnceValue(func() *cc.ABI {
	abi, err := cc.NewABI("linux", "amd64")
	if err != nil {
		panic(err) // its table has linux/amd64
	}
	return abi
})

// preprocess joins sources to one text. Sources that need no preprocessor pass
// as they are.
func preprocess(sources []Source, opts Options, p *platform) (*unit, error) {
	files := newFiles(opts.FS)
	var list []*file
	plain := len(opts.Defines) == 0
	for i, s := range sources {
		f, err := sourceFile(files, s, i)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
		plain = plain && !needsPreprocessor(f.src, p.defines)
	}
	if plain {
		u := &unit{}
		for _, f := range list {
			u.marks = append(u.marks, mark{len(u.text), f, 1, true})
			u.text = append(append(u.text, f.src...), '\n')
		}
		return u, nil
	}
	u, err := expand(list, files, p.macros+optionMacros(opts.Defines), opts.IncludeDirs, system(opts, p))
	if e, ok := errors.AsType[*Error](err); ok && strings.HasPrefix(e.Msg, "include file not found: <") &&
		opts.SystemIncludeDirs == nil && opts.FS == nil && len(p.systemDirs()) == 0 {
		e.Msg += p.missingHeaders()
	}
	return u, err
}

// system are the directories of the C library's headers.
func system(opts Options, p *platform) []string {
	if opts.SystemIncludeDirs == nil && opts.FS == nil {
		return p.systemDirs()
	}
	return opts.SystemIncludeDirs
}

func sourceFile(files *files, s Source, i int) (*file, error) {
	if s.Text == "" && s.Path != "" {
		f, err := files.read(s.Path)
		if err != nil {
			if _, ok := err.(*Error); !ok {
				err = &Error{Msg: "reading declarations", Err: err}
			}
			return nil, err
		}
		return f, nil
	}
	name := s.Path
	if name == "" {
		name = "<decl>"
		if i > 0 {
			name = fmt.Sprintf("<decl %d>", i+1)
		}
	}
	if len(s.Text) > maxFileBytes {
		return nil, &Error{File: name, Line: 1, Msg: "text exceeds 16 MiB", Err: ErrLimit}
	}
	return files.add(name, []byte(s.Text))
}

// needsPreprocessor reports whether text has directives, predefined macros or
// digraphs.
func needsPreprocessor(text []byte, macros map[string]string) bool {
	if bytes.IndexByte(text, '#') >= 0 {
		return true
	}
	for i := range text {
		if c := text[i]; (c == '<' || c == ':' || c == '%') && digraph(text[i:]) != 0 {
			return true
		}
	}
	l := lexer{src: text}
	for {
		switch t := l.next(); t.kind {
		case lexEOF:
			return false
		case lexIdent:
			if _, ok := macros[string(text[t.pos:t.end])]; ok {
				return true
			}
		}
	}
}

// expand runs the preprocessor over the files, which find predefined macros
// and search directories for #include.
func expand(list []*file, files *files, predefined string, dirs, system []string) (u *unit, err error) {
	e := &expansion{unit: &unit{macros: map[string]*macro{}}, files: files, once: map[string]bool{}}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case stop:
			u, err = nil, r.err
		default:
			u, err = nil, &Error{Msg: fmt.Sprintf("preprocessing failed: %v", r)}
		}
	}()
	angled := slices.Concat(dirs, []string{builtinDir}, system)
	cfg := &cc.Config{
		ABI:             frontABI(),
		FS:              files,
		FSOnly:          true,
		IncludePaths:    append([]string{""}, angled...),
		SysIncludePaths: angled,
		ExpansionLimit:  maxExpansion,
		PragmaHandler:   e.pragma,
		HasBuiltin:      func(string) bool { return false },
	}
	sources := []cc.Source{{Name: "<predefined>", Value: predefined}}
	for _, f := range list {
		if !slices.ContainsFunc(sources, func(s cc.Source) bool { return s.Name == f.path }) {
			sources = append(sources, cc.Source{Name: f.path, Value: f.prepared})
		}
	}
	err = cc.Preprocess(cfg, sources, e)
	if files.err != nil {
		return nil, files.err
	}
	if err != nil {
		return nil, frontError(err, files)
	}
	return e.unit, nil
}

func optionMacros(defines map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(defines)) {
		value := defines[name]
		if plain, _, _ := strings.Cut(name, "("); value == "" {
			value = directionMacro(plain, name)
		}
		b.WriteString(strings.ReplaceAll("#define "+name+" "+value, "\n", " ") + "\n")
	}
	return b.String()
}

// An expansion collects what the preprocessor puts out. It is called for each
// token and each #pragma in the order of the text.
type expansion struct {
	*unit
	prober
	files    *files
	includes int // files begun
	defined  int // macros defined
	once     map[string]bool
}

// stop is the panic that ends a run of the preprocessor from within.
type stop struct{ err error }

func (e *expansion) Write(token []byte) (int, error) {
	if e.tokens > 0 || string(token) == string(e.files.probe) {
		e.probe(string(token))
		return len(token), nil
	}
	if len(e.text)+len(token) > maxText {
		e.stop("text exceeds 64 MiB after macro expansion")
	}
	e.text = append(e.text, token...)
	return len(token), nil
}

func (e *expansion) pragma(tokens []cc.Token) error {
	switch tokens[0].SrcStr() {
	case linePragma:
		var words []string
		for _, t := range tokens[1:] {
			words = append(words, t.SrcStr())
		}
		at := tokens[0].Position()
		f := e.files.byKey[at.Filename]
		m, ok := parseLineMark(words)
		if f == nil || !ok || m.from > m.to || m.to > len(f.defines) {
			return nil
		}
		if at.Line == 1 {
			if e.includes++; e.includes > maxIncludes {
				panic(stop{&Error{File: f.path, Line: 1, Msg: "too many #includes", Err: ErrLimit}})
			}
		}
		e.marks = append(e.marks, mark{len(e.text), f, m.line, false})
		for _, d := range f.defines[m.from:m.to] {
			if d.text == "" {
				delete(e.macros, d.name)
			} else {
				e.defined++
				e.macros[d.name] = &macro{d, f, e.defined}
			}
		}
	case probedPragma:
		e.probed()
	case "once":
		name := tokens[0].Position().Filename
		if e.once[name] {
			return cc.SkipSource
		}
		e.once[name] = true
	}
	return nil
}

// abiOf is the ABI that options mean.
func abiOf(opts Options) *dtype.ABI {
	switch {
	case opts.ABI != nil:
		return opts.ABI
	case dtype.Host() != nil:
		return dtype.Host()
	}
	return dtype.WASM32
}
