package host

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/debuginfo"
	"github.com/wasmffi/wasmffi/dtype"
)

var _ wasmffi.Typer = (*Library)(nil)

// TypeOf is the C type of a function or variable, from the module's debug info.
// Without debug info it is an error wrapping [wasmffi.ErrNotSupported].
func (l *Library) TypeOf(s wasmffi.Symbol) (dtype.Type, error) {
	info, err := l.in.debugInfo()
	if err != nil {
		return nil, noDebugInfo(err)
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

// TypeNamed finds a type of the module's C source by its name in C.
func (l *Library) TypeNamed(name string) (dtype.Type, error) {
	info, err := l.in.debugInfo()
	if err != nil {
		return nil, noDebugInfo(err)
	}
	return info.Type(name)
}

func noDebugInfo(err error) error {
	return fmt.Errorf("%w: %w; compile with -g, or declare it", wasmffi.ErrNotSupported, err)
}

// readDebugInfo is the module's debug info, or that of its side file if the
// module was read from a file that is still the same.
func (in *instance) readDebugInfo() (*debuginfo.Info, error) {
	info, err := in.mod.debugInfo()
	if !errors.Is(err, debuginfo.ErrNone) || in.path == "" {
		return info, err
	}
	if data, readErr := os.ReadFile(in.path); readErr != nil || sha256.Sum256(data) != in.mod.key.hash {
		return nil, err
	}
	return debuginfo.Open(in.path)
}
