package host

import (
	"encoding/binary"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
)

// VaList implements wasmffi.VaLister: in wasm32 a va_list is the address of the
// next argument in the caller's buffer.
func (l *Library) VaList(words []uint64) (wasmffi.VaArgs, error) {
	return &vaArgs{l, words[0]}, nil
}

type vaArgs struct {
	lib *Library
	at  uint64
}

func (a *vaArgs) Word() (uint64, error) { return a.at, nil }

func (a *vaArgs) Next(t dtype.Type, dst []byte) error {
	alone, err := dtype.NewFunc(nil, nil, true)
	if err != nil {
		return err
	}
	if alone, err = alone.WithArgs(t); err != nil {
		return err
	}
	sig, err := guestabi.Lower(alone) // how a call with this argument alone has it
	if err != nil {
		return err
	}
	addr := (a.at + sig.Buffer.Align - 1) &^ (sig.Buffer.Align - 1)
	next := addr + sig.Buffer.Size
	switch sig.Params[0].How {
	case guestabi.Nowhere:
		return nil
	case guestabi.ByPointer:
		var to [4]byte
		if err := a.lib.space.ReadAt(to[:], addr); err != nil {
			return err
		}
		addr = uint64(binary.LittleEndian.Uint32(to[:]))
	}
	if err := a.lib.space.ReadAt(dst, addr); err != nil {
		return err
	}
	a.at = next
	return nil
}
