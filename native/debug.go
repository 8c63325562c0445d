//go:build (linux || darwin) && (amd64 || arm64)

package native

import (
	"fmt"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/debuginfo"
	"github.com/wasmffi/wasmffi/dtype"
)

var _ wasmffi.Typer = (*library)(nil)

// openDebugInfo reads the debug info of the file the library came from, or of
// the separate file its distribution has for it.
func (l *library) openDebugInfo() (*debuginfo.Info, error) {
	info, err := debuginfo.Open(l.symbols.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w; compile with -g, or declare it", wasmffi.ErrNotSupported, err)
	}
	return info, nil
}

// TypeOf implements wasmffi.Typer: the C type of a function or variable, from
// the library's debug info.
func (l *library) TypeOf(s wasmffi.Symbol) (dtype.Type, error) {
	info, err := l.debugInfo()
	if err != nil {
		return nil, err
	}
	if s.Kind == wasmffi.VarSymbol {
		v, err := info.Var(s.Name)
		if err != nil {
			return nil, err
		}
		return v.Type, nil
	}
	f, err := info.Func(s.Name)
	if err != nil {
		return nil, err
	}
	if f.Type == nil {
		return nil, fmt.Errorf("%w: the type of %s", wasmffi.ErrNotSupported, s.Name)
	}
	return f.Type, nil
}

// TypeNamed implements wasmffi.Typer: a type of the library's C source by its
// name in C.
func (l *library) TypeNamed(name string) (dtype.Type, error) {
	info, err := l.debugInfo()
	if err != nil {
		return nil, err
	}
	return info.Type(name)
}
