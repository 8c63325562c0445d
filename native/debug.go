//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"fmt"
	"sync"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/debuginfo"
	"github.com/wasmffi/wasmffi/dtype"
)

var _ wasmffi.Typer = (*library)(nil)

// debugFiles are a library's debug info, read when it is first asked for.
type debugFiles struct {
	path string
	once sync.Once
	info *debuginfo.Info
	err  error
}

func (d *debugFiles) open() (*debuginfo.Info, error) {
	d.once.Do(func() { d.info, d.err = debuginfo.Open(d.path) })
	if d.err != nil {
		return nil, fmt.Errorf("%w: %w; compile with -g, or declare it", wasmffi.ErrNotSupported, d.err)
	}
	return d.info, nil
}

// close releases the files, if any were opened.
func (d *debugFiles) close() {
	d.once.Do(func() { d.err = wasmffi.ErrClosed })
	if d.info != nil {
		_ = d.info.Close() // opened for reading
	}
}

// TypeOf implements wasmffi.Typer. Without debug info it is an error wrapping
// wasmffi.ErrNotSupported.
func (l *library) TypeOf(s wasmffi.Symbol) (dtype.Type, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	info, err := l.debug.open()
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
	f, err := l.function(info, s)
	if err != nil {
		return nil, err
	}
	if f.Type == nil {
		return nil, fmt.Errorf("%w: the type of %s", wasmffi.ErrNotSupported, f.Name)
	}
	return f.Type, nil
}

// function finds a function by its name, or one that C gave a pointer to by
// its address.
func (l *library) function(info *debuginfo.Info, s wasmffi.Symbol) (*debuginfo.Func, error) {
	if s.Name != "" {
		return info.Func(s.Name)
	}
	return info.FuncAt(s.Addr - uint64(l.symbols.base))
}

// TypeNamed implements wasmffi.Typer.
func (l *library) TypeNamed(name string) (dtype.Type, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	info, err := l.debug.open()
	if err != nil {
		return nil, err
	}
	return info.Type(name)
}
