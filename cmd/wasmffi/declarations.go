package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wasmffi/wasmffi"
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
	debug   wasmffi.Typer // nil without debug info
	// written are the names that the debug info was asked for already.
	written map[string]bool
	// fromDebug are the definitions taken from it, as C text.
	fromDebug strings.Builder
}

// parse reads the declarations for an ABI. debug may be nil.
func (d *declFlags) parse(abi *dtype.ABI, debug wasmffi.Typer) (*declarations, error) {
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
	if err := d.addFromDebug(text); err != nil {
		return "", nil, err
	}
	return d.Proto(text)
}

// typeNamed is the type of a C type name.
func (d *declarations) typeNamed(name string) (dtype.Type, error) {
	if err := d.addFromDebug(name); err != nil {
		return nil, err
	}
	return d.Type(name)
}

// isBareName reports whether a prototype is a function's name alone, which may
// be any bytes but those that C has in every prototype.
func isBareName(text string) bool { return !strings.ContainsAny(text, "( \t\n") }

// addFromDebug adds the debug info's definitions of the types that C text
// names and the declarations do not have.
func (d *declarations) addFromDebug(text string) error {
	if d.debug == nil {
		return nil
	}
	w := &definitionWriter{out: &d.fromDebug, done: d.written}
	before := d.fromDebug.Len()
	for _, name := range typeNames(text) {
		if w.seen("asked for " + name) {
			continue
		}
		if _, err := d.Type(name); err == nil && !incomplete(d.Decls, name) {
			continue
		}
		if t, err := d.debug.TypeNamed(name); err == nil {
			w.definition(t)
		}
	}
	if d.fromDebug.Len() == before {
		return nil
	}
	return d.read()
}

func incomplete(decls *cdecl.Decls, name string) bool {
	t, err := decls.Type(name)
	if err != nil {
		return true
	}
	_, err = dtype.WASM32.Size(t)
	return errors.Is(err, dtype.ErrIncomplete)
}
