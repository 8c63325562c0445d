package host

import (
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// space is the linear memory of a library. Growth moves nothing; the lifetime
// ends with the library.
type space struct{ lib *Library }

var _ memory.Space = (*space)(nil)

func (s *space) ABI() *dtype.ABI            { return dtype.WASM32 }
func (s *space) Lifetime() *memory.Lifetime { return s.lib.in.epoch.Load() }

func (s *space) ReadAt(p []byte, addr uint64) error {
	life := s.Lifetime()
	if err := life.Acquire(); err != nil {
		return &memory.Error{Op: "read", Addr: addr, Err: err}
	}
	defer life.Release()
	b, err := s.lib.in.bytes("read", addr, uint64(len(p)))
	if err != nil {
		return err
	}
	copy(p, b)
	return nil
}

func (s *space) WriteAt(p []byte, addr uint64) error {
	life := s.Lifetime()
	if err := life.Acquire(); err != nil {
		return &memory.Error{Op: "write", Addr: addr, Err: err}
	}
	defer life.Release()
	b, err := s.lib.in.bytes("write", addr, uint64(len(p)))
	if err != nil {
		return err
	}
	copy(b, p)
	return nil
}

func (s *space) Bytes(addr, n uint64) ([]byte, error) {
	if s.Lifetime().Ended() {
		return nil, &memory.Error{Op: "read", Addr: addr, Err: memory.ErrEnded}
	}
	return s.lib.in.bytes("read", addr, n)
}

// bytes are n bytes of linear memory at addr, which is not NULL. The caller
// holds a lease or the instance's lock.
func (in *instance) bytes(op string, addr, n uint64) ([]byte, error) {
	if addr == 0 {
		return nil, &memory.Error{Op: op, Err: memory.ErrNull}
	}
	var size uint64
	if in.mem != nil {
		if b := in.mem.bytes(addr, n); b != nil {
			return b, nil
		}
		size = in.mem.size.Load()
	}
	return nil, &memory.Error{Op: op, Addr: addr, Len: n, Size: size, Err: memory.ErrOutOfBounds}
}

func (s *space) Alloc(size, align uint64) (uint64, error) {
	addr, err := s.lib.in.alloc(size, align)
	if err != nil {
		return 0, &memory.Error{Op: "alloc", Err: err}
	}
	return addr, nil
}

func (s *space) Free(addr uint64) error {
	if addr == 0 {
		return nil
	}
	if err := s.lib.in.free(addr); err != nil {
		return &memory.Error{Op: "free", Addr: addr, Err: err}
	}
	return nil
}
