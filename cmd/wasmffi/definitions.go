package main

import (
	"slices"
	"strings"
	"unicode"

	"github.com/wasmffi/wasmffi/dtype"
)

// typeNames are the names in C text that may be types: tags with their
// keyword, and identifiers.
func typeNames(text string) []string {
	var names []string
	keyword := ""
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		switch {
		case word == "struct" || word == "union" || word == "enum":
			keyword = word + " "
			continue
		case keyword == "" && (unicode.IsDigit(rune(word[0])) || slices.Contains(cKeywords, word)):
			continue
		}
		names = append(names, keyword+word)
		keyword = ""
	}
	return names
}

var cKeywords = []string{
	"void", "char", "short", "int", "long", "signed", "unsigned", "float", "double",
	"_Bool", "_Complex", "__int128", "const", "volatile", "restrict", "extern", "static", "inline",
}

// A definitionWriter writes types as C text, each after those it is made of.
type definitionWriter struct {
	out  *strings.Builder
	done map[string]bool // names of typedefs, definitions of tags
	// later are types that pointers lead to: what points to them needs no more
	// than their name.
	later []dtype.Type
}

// definition writes the definition of t and of every type it names.
func (w *definitionWriter) definition(t dtype.Type) {
	w.define(t)
	for len(w.later) > 0 {
		t, w.later = w.later[0], w.later[1:]
		w.define(t)
	}
}

// define makes objects of type t possible.
func (w *definitionWriter) define(t dtype.Type) {
	switch t := t.(type) {
	case *dtype.Named:
		w.name(t)
		w.define(t.Underlying())
	case *dtype.Array:
		w.define(t.Elem())
	case *dtype.Struct, *dtype.Union:
		if tagged(t) && w.seen("definition of "+t.String()) {
			return
		}
		for _, f := range dtype.Members(t) {
			w.define(f.Type)
		}
		if tagged(t) {
			w.write(dtype.Define(t))
		}
	default:
		w.name(t)
	}
}

// name makes the name of t known, as a pointer to it needs.
func (w *definitionWriter) name(t dtype.Type) {
	switch t := t.(type) {
	case *dtype.Pointer:
		w.name(t.Elem())
		w.later = append(w.later, t.Elem())
	case *dtype.Func:
		w.name(t.Result())
		for _, p := range t.Params() {
			w.name(p.Type)
		}
	case *dtype.Named:
		if !w.seen(t.Name()) {
			w.name(t.Underlying())
			w.write(dtype.Define(t))
		}
	case *dtype.Struct, *dtype.Union:
		if tagged(t) {
			w.write(t.String())
		} else {
			w.define(t)
		}
	case *dtype.Array:
		w.define(t)
	case *dtype.Vector:
		w.name(t.Elem())
	case *dtype.Enum:
		if t.Tag() != "" && !w.seen(t.String()) {
			w.write(dtype.Define(t))
		}
	}
}

// seen reports whether a name was written or begun, and notes it.
func (w *definitionWriter) seen(name string) bool {
	before := w.done[name]
	w.done[name] = true
	return before
}

func (w *definitionWriter) write(text string) {
	w.out.WriteString(text)
	w.out.WriteString(";\n")
}

// tagged reports whether t is a struct or union with a tag.
func tagged(t dtype.Type) bool {
	switch t := t.(type) {
	case *dtype.Struct:
		return t.Tag() != ""
	case *dtype.Union:
		return t.Tag() != ""
	}
	return false
}
