//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/wasmffi/wasmffi"
)

// provide sets the function pointer variables that the library exports for its
// imports (WASMFFI_IMPORT of wasmffi.h) to callbacks, which live as long as the
// library is open. Names that it does not export it does not import.
func (l *library) provide(imports wasmffi.Imports) error {
	for _, im := range imports {
		if err := l.provideOne(im); err != nil {
			return fmt.Errorf("import %s: %w", im.Name, err)
		}
	}
	return nil
}

func (l *library) provideOne(im wasmffi.Import) error {
	sym, err := l.Lookup(im.Name)
	pointer := l.space.ABI().PointerSize()
	switch {
	case errors.Is(err, wasmffi.ErrNotFound):
		return nil
	case err != nil:
		return err
	case sym.Kind != wasmffi.VarSymbol || sym.Size != 0 && sym.Size != pointer:
		return fmt.Errorf("%w: the library has a %v of %d bytes of that name, not a function pointer", wasmffi.ErrSignature, sym.Kind, sym.Size)
	}
	spec, err := im.Spec(l)
	if err != nil {
		return err
	}
	cb, err := l.Callback(spec)
	if err != nil {
		return err
	}
	return l.space.WriteAt(binary.NativeEndian.AppendUint64(nil, cb.Address()), sym.Addr)
}
