package memory

import "github.com/wasmffi/wasmffi/dtype"

// A BufferSpace is a space whose memory is a Go byte slice.
type BufferSpace struct {
	abi  *dtype.ABI
	buf  []byte
	life Lifetime
}

var _ Space = (*BufferSpace)(nil)

// NewBufferSpace makes a space of size bytes of zeros for Alloc to give out.
func NewBufferSpace(abi *dtype.ABI, size uint64) (*BufferSpace, error) {
	return nil, ErrNotSupported
}

// BufferSpaceOf makes a space that shares buf, all of it in use.
func BufferSpaceOf(abi *dtype.ABI, buf []byte) (*BufferSpace, error) {
	return nil, ErrNotSupported
}

// ABI is how types are laid out in the buffer.
func (s *BufferSpace) ABI() *dtype.ABI { return s.abi }

// ReadAt implements [Space].
func (s *BufferSpace) ReadAt(p []byte, addr uint64) error { return ErrNotSupported }

// WriteAt implements [Space].
func (s *BufferSpace) WriteAt(p []byte, addr uint64) error { return ErrNotSupported }

// Bytes implements [Space].
func (s *BufferSpace) Bytes(addr, n uint64) ([]byte, error) { return nil, ErrNotSupported }

// Alloc implements [Space].
func (s *BufferSpace) Alloc(size, align uint64) (uint64, error) { return 0, ErrNotSupported }

// Free implements [Space].
func (s *BufferSpace) Free(addr uint64) error { return ErrNotSupported }

// Lifetime implements [Space].
func (s *BufferSpace) Lifetime() *Lifetime { return &s.life }

// Close ends the space and its views.
func (s *BufferSpace) Close() error { return nil }
