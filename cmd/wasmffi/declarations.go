package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

// declFlags are the flags that give C declarations, in the order given.
type declFlags struct {
	sources []cdecl.Source
	include listFlag
}

func (d *declFlags) register(fs *flagSet) {
	fs.Func("e", "", func(text string) error {
		d.add(fmt.Sprintf("<-e %d>", len(d.sources)+1), text)
		return nil
	})
	fs.Func("H", "", func(path string) error {
		d.addHeader(path)
		return nil
	})
	fs.Var(&d.include, "I", "")
}

// add adds C text; name is for messages. Its last line need not end.
func (d *declFlags) add(name, text string) {
	d.sources = append(d.sources, cdecl.Source{Path: name, Text: text + "\n"})
}

// addHeader adds a header: a file, or one on the include path.
func (d *declFlags) addHeader(path string) {
	if _, err := os.Stat(path); err != nil && !filepath.IsAbs(path) {
		d.add("<-H "+path+">", "#include <"+path+">")
		return
	}
	d.sources = append(d.sources, cdecl.Source{Path: path})
}

// declarations are what C text declares, and beyond it the library's own debug
// info.
type declarations struct {
	*cdecl.Decls
	sources []cdecl.Source
	opts    cdecl.Options
	debug   typeFinder // nil without debug info
	// written are the names that the debug info was asked for already.
	written map[string]bool
	// fromDebug are the definitions taken from it, as C text.
	fromDebug strings.Builder
}

// A typeFinder finds types by their names in C: a library with debug info.
type typeFinder interface {
	TypeNamed(name string) (dtype.Type, error)
}

// parse reads the declarations for an ABI. debug may be nil.
func (d *declFlags) parse(abi *dtype.ABI, debug typeFinder) (*declarations, error) {
	ds := &declarations{
		sources: d.sources,
		opts:    cdecl.Options{ABI: abi, IncludeDirs: d.include},
		debug:   debug,
		written: map[string]bool{},
	}
	return ds, ds.read()
}

func (d *declarations) read() error {
	debug := cdecl.Source{Path: "<debug info>", Text: d.fromDebug.String() + "\n"}
	decls, err := cdecl.ParseAll(append(slices.Clone(d.sources), debug), d.opts)
	if err == nil {
		d.Decls = decls
	}
	return err
}

// proto reads a prototype, or finds the function of a bare name.
func (d *declarations) proto(text string) (name string, sig *dtype.Func, err error) {
	if isBareName(text) {
		sig, err := d.Func(text)
		return text, sig, err
	}
	name, sig, err = d.Proto(text)
	if err == nil && !incomplete(sig) {
		return name, sig, nil
	}
	added, debugErr := d.addFromDebug(text)
	if debugErr != nil {
		return "", nil, debugErr
	}
	if !added {
		return name, sig, err
	}
	return d.Proto(text)
}

// typeNamed is the type of a C type name.
func (d *declarations) typeNamed(name string) (dtype.Type, error) {
	t, err := d.Type(name)
	if err == nil && !incomplete(t) {
		return t, nil
	}
	added, debugErr := d.addFromDebug(name)
	if debugErr != nil {
		return nil, debugErr
	}
	if !added {
		return t, err
	}
	return d.Type(name)
}

// isBareName reports whether a prototype is a function's name alone, which may
// be any bytes but those that C has in every prototype.
func isBareName(text string) bool { return !strings.ContainsAny(text, "( \t\n") }

// addFromDebug adds the debug info's definitions of the types that C text
// names and the declarations do not have. It reports whether there were any.
func (d *declarations) addFromDebug(text string) (added bool, err error) {
	if d.debug == nil {
		return false, nil
	}
	w := &definitionWriter{out: &d.fromDebug, done: d.written}
	before := d.fromDebug.Len()
	for _, name := range typeNames(text) {
		if w.seen("asked for " + name) {
			continue
		}
		if t, err := d.Type(name); err == nil && !incomplete(t) {
			continue
		}
		if t, err := d.debug.TypeNamed(name); err == nil {
			w.definition(t)
		}
	}
	if d.fromDebug.Len() == before {
		return false, nil
	}
	return true, d.read()
}

// incomplete reports whether t, or what it is a pointer to or a function of,
// is a struct or union that is only declared.
func incomplete(t dtype.Type) bool {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Pointer:
		return incomplete(t.Elem())
	case *dtype.Array:
		return incomplete(t.Elem())
	case *dtype.Func:
		return incomplete(t.Result()) || slices.ContainsFunc(t.Params(), func(p dtype.Param) bool { return incomplete(p.Type) })
	case *dtype.Struct:
		return !t.Complete()
	case *dtype.Union:
		return !t.Complete()
	}
	return false
}
