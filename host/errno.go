package host

import (
	"encoding/binary"
	"fmt"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
)

// errno is where C's errno is: the address is asked of C once.
type errno struct {
	known bool
	addr  uint64
}

// errnoAddress finds errno in modules that were linked with
// --export-if-defined=errno or export the function that the macro calls. It is
// called inside a call that was entered.
func (in *instance) errnoAddress() (uint64, error) {
	if in.errno.known {
		return in.errno.addr, nil
	}
	addr, ok := in.constant("errno")
	if !ok {
		f := in.export("__errno_location", guestabi.FuncType{Results: []guestabi.ValueType{guestabi.I32}})
		if f == nil {
			return 0, fmt.Errorf("%w: the module does not export errno: link it with -Wl,--export-if-defined=errno", wasmffi.ErrNotSupported)
		}
		var err error
		if addr, err = f.callRaw(); err != nil {
			return 0, err
		}
	}
	in.errno.known, in.errno.addr = true, addr
	return addr, nil
}

func (in *instance) setErrno(f *wasmffi.Frame) error {
	if !f.WantErrno {
		return nil
	}
	addr, err := in.errnoAddress()
	if err != nil {
		return err
	}
	b, err := in.bytes("write", addr, 4)
	if err == nil {
		binary.LittleEndian.PutUint32(b, uint32(f.Errno))
	}
	return err
}

func (in *instance) getErrno(f *wasmffi.Frame) error {
	if !f.WantErrno {
		return nil
	}
	b, err := in.bytes("read", in.errno.addr, 4)
	if err == nil {
		f.Errno = int32(binary.LittleEndian.Uint32(b))
	}
	return err
}
