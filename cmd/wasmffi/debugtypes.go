package main

import (
	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/debuginfo"
	"github.com/wasmffi/wasmffi/dtype"
)

// typerOf is where a library's C types come from: itself, or the debug info of
// its file; nil if there is none.
func typerOf(lib wasmffi.Library) wasmffi.Typer {
	if t, ok := lib.(wasmffi.Typer); ok {
		return t
	}
	path, err := findFile(lib.Name())
	if err != nil {
		return nil
	}
	info, err := debuginfo.Open(path)
	if err != nil {
		return nil
	}
	return infoTyper{info}
}

// infoTyper is debug info as a wasmffi.Typer.
type infoTyper struct{ info *debuginfo.Info }

func (i infoTyper) TypeNamed(name string) (dtype.Type, error) { return i.info.Type(name) }

func (i infoTyper) TypeOf(s wasmffi.Symbol) (dtype.Type, error) {
	if s.Kind == wasmffi.VarSymbol {
		v, err := i.info.Var(s.Name)
		if err != nil {
			return nil, err
		}
		return v.Type, nil
	}
	f, err := i.info.Func(s.Name)
	if err != nil {
		return nil, err
	}
	return f.Type, nil
}
