package cdecl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// context is text with the macros of the declarations and the platform
// replaced.
func (d *Decls) context(name, text string) (*unit, error) {
	if len(text) > maxDirective {
		return nil, &Error{File: name, Line: 1, Msg: fmt.Sprintf("text of %d bytes, at most %d are read", len(text), maxDirective), Err: ErrLimit}
	}
	used := map[string]bool{}
	var defines strings.Builder
	d.collect(text, used, &defines)
	if len(used) == 0 {
		f := &file{path: name, src: []byte(text)}
		return &unit{text: []byte(text), marks: []mark{{0, f, 1, true}}}, nil
	}
	if strings.ContainsRune(text, '#') {
		return nil, &Error{File: name, Line: 1, Text: text, Msg: "stray '#'"}
	}
	files := newFiles(nil)
	macros, err := files.add("<macros>", []byte(defines.String()))
	if err != nil {
		return nil, err
	}
	f, err := files.add(name, []byte(text))
	if err != nil {
		return nil, err
	}
	return expand([]*file{macros, f}, files, "", nil, nil)
}

// collect writes the definitions of the macros that text uses, and of those
// that these use.
func (d *Decls) collect(text string, used map[string]bool, defines *strings.Builder) {
	l := lexer{src: []byte(text)}
	for t := l.next(); t.kind != lexEOF; t = l.next() {
		if t.kind != lexIdent || used[l.text(t)] {
			continue
		}
		if m := d.macroText(l.text(t)); m != "" {
			used[l.text(t)] = true
			defines.WriteString("#define " + m + "\n")
			d.collect(m, used, defines)
		}
	}
}

// macroText is the definition of a macro that context expands, or nothing.
// Headers define macros in place of some functions they declare; a prototype
// of such a function is no call of the macro.
func (d *Decls) macroText(name string) string {
	m := d.macros[name]
	if m == nil {
		return d.platform.defines[name]
	}
	if f := d.scope.names[name]; !m.plain && f != nil && f.Kind == Function {
		return ""
	}
	return m.text
}

// macroNames are the object-like macros in order of definition.
func (d *Decls) macroNames() []string {
	var names []string
	for name, m := range d.macros {
		if m.plain {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return d.macros[a].seq - d.macros[b].seq })
	return names
}

// constantMarker separates macros when they are all expanded at once.
const constantMarker = "wasmffi_constant"

// macroConstants evaluates the macros that are constant expressions.
func (d *Decls) macroConstants() map[string]*symbol {
	names := d.macroNames()
	expanded := d.expandAll(names)
	consts := map[string]*symbol{}
	s := newScope(d.scope, d.platform.abi)
	for i, text := range expanded {
		m := d.macros[names[i]]
		if text == "" || strings.Contains(m.text, "__LINE__") || !constantLike(text, s) {
			continue
		}
		r := &reader{lifted: &lifted{unit: &unit{}, abi: d.platform.abi}, scope: s}
		x, err := r.evalText(text, 0)
		if err != nil || x.kind == isUnknown || x.kind == isObject {
			continue
		}
		if _, pointer := dtype.Resolve(x.typ).(*dtype.Pointer); pointer {
			continue // (void *)0 has no value that C promises
		}
		consts[m.name] = &symbol{Decl: Decl{Name: m.name, Kind: Constant, Type: x.typ, Value: x.value(d.platform.abi), File: m.file.path, Line: m.line}}
	}
	return consts
}

// expandAll is what each macro expands to.
func (d *Decls) expandAll(names []string) []string {
	var b strings.Builder
	for _, m := range d.macros {
		fmt.Fprintf(&b, "#define %s\n", m.text)
	}
	for i, name := range names {
		fmt.Fprintf(&b, "%s %d %s\n", constantMarker, i, name)
	}
	files := newFiles(nil)
	f, err := files.add("<macros>", []byte(b.String()))
	if err != nil {
		return nil
	}
	u, err := expand([]*file{f}, files, d.platform.macros, nil, nil)
	if err != nil {
		return nil
	}
	expanded := make([]string, len(names))
	for _, part := range strings.Split(string(u.text), constantMarker)[1:] {
		var i int
		number, text, _ := strings.Cut(strings.TrimSpace(part), " ")
		if _, err := fmt.Sscan(number, &i); err == nil && i >= 0 && i < len(expanded) {
			expanded[i] = strings.TrimSpace(text)
		}
	}
	return expanded
}

// constantLike reports whether text may be a constant expression: no other
// punctuation than that of expressions, and no names but of constants, types
// and sizeof.
func constantLike(text string, s *scope) bool {
	if len(text) > maxDirective {
		return false
	}
	l := lexer{src: []byte(text)}
	for t := l.next(); t.kind != lexEOF; t = l.next() {
		switch t.kind {
		case lexPunct:
			if strings.IndexByte("()+-*/%&|^~!<>=?:.,[]", text[t.pos]) < 0 {
				return false
			}
		case lexIdent:
			name := l.text(t)
			switch {
			case constantWords[name], s.isTypeName(name), s.tag(name) != nil:
				continue
			}
			if sym := s.lookup(name); sym == nil || sym.Kind != Constant {
				return false
			}
		}
	}
	return true
}

var constantWords = map[string]bool{
	"sizeof": true, "_Alignof": true, "alignof": true, "__alignof__": true, "true": true, "false": true,
	"char": true, "short": true, "int": true, "long": true, "signed": true, "unsigned": true, "float": true,
	"double": true, "_Bool": true, "void": true, "const": true, "struct": true, "union": true, "enum": true,
}
