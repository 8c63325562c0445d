package cdecl

import (
	"io/fs"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
)

// Options say how C text is to be understood. The zero value is this
// machine's own C.
type Options struct {
	// ABI decides predefined macros, the values of sizeof and the integer type
	// of enums. Nil is the machine's own, or wasm32 where there is none.
	ABI *dtype.ABI
	// IncludeDirs are searched by #include "…" after the including file's own
	// directory, and by #include <…> before the system's.
	IncludeDirs []string
	// SystemIncludeDirs are searched by #include <…>. Nil means those of the
	// ABI's C library on this machine, such as /usr/include or
	// /usr/include/wasm32-wasi; empty but not nil means none. The built-in
	// headers come first either way.
	SystemIncludeDirs []string
	// Defines are macros defined before the text: -D NAME=value.
	Defines map[string]string
	// FS is where headers are read from; nil is the machine's file system.
	// Names are passed to it as they were written, joined to a directory.
	FS fs.FS
}

// A Source is one piece of C text, or one file.
type Source struct {
	// Path is the file to read, or the text's name in messages.
	Path string
	// Text is C text; if it is empty the file at Path is read.
	Text string
}

// Decls are the declarations of one or several sources. They are safe for
// concurrent use.
type Decls struct {
	platform *platform
	scope    *scope
	macros   map[string]*macro
	consts   func() map[string]*symbol // those of macros
	protos   cache[proto]
	types    cache[dtype.Type]
}

// Parse reads C text.
func Parse(src string, opts Options) (*Decls, error) {
	return ParseAll([]Source{{Text: src}}, opts)
}

// ParseFile reads a C header with all it includes.
func ParseFile(path string, opts Options) (*Decls, error) {
	return ParseAll([]Source{{Path: path}}, opts)
}

// ParseAll reads several sources as one translation unit, in order: a later
// one sees the types and macros of those before it.
func ParseAll(sources []Source, opts Options) (*Decls, error) {
	p := platformOf(abiOf(opts))
	u, err := preprocess(sources, opts, p)
	if err != nil {
		return nil, err
	}
	d := &Decls{platform: p, macros: u.macros}
	if d.scope, err = declare(u, newScope(p.scope(), p.abi)); err != nil {
		return nil, err
	}
	d.consts = sync.OnceValue(d.macroConstants)
	return d, nil
}

// A Kind says what a declaration declares.
type Kind uint8

const (
	Function Kind = 1 << iota
	Variable
	Typedef
	Tag      // struct, union or enum with its tag: "struct point"
	Constant // an enumeration constant, or a macro that is a constant expression
)

// A Decl is one declaration.
type Decl struct {
	// Name is as in C; tags have their keyword: "struct point".
	Name string
	Kind Kind
	// Type is the type declared: of a function a *dtype.Func, of a typedef the
	// type the name stands for as [Decls.Type] gives it.
	Type dtype.Type
	// Value is a constant's: an int64, uint64, float64 or string.
	Value any
	// Symbol is the name in the object file where asm("…") makes it another;
	// else it is empty.
	Symbol string
	// Const tells that a variable, or the type of a typedef, is const.
	Const bool
	// Static tells that there is no symbol to find in a library: static and
	// inline functions, static variables.
	Static bool
	// File and Line are where the declaration is.
	File string
	Line int
}
