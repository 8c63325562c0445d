package memory

import (
	"fmt"
	"math"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
)

// A BufferSpace is a space whose memory is a Go byte slice: C data without C,
// for files, messages and tests.
type BufferSpace struct {
	abi  *dtype.ABI
	buf  []byte
	life Lifetime

	mu   sync.Mutex // guards heap
	heap heap
}

var _ Space = (*BufferSpace)(nil)

// bufferBase is the address of a buffer's first byte. What is below is not
// mapped, so that NULL and members at small offsets from it are no objects.
const bufferBase = 0x1000

// maxBuffer is more memory than any machine has: beyond it Go itself would
// panic.
const maxBuffer = 1 << 40

// NewBufferSpace makes a space of size bytes of zeros for Alloc to give out.
func NewBufferSpace(abi *dtype.ABI, size uint64) (*BufferSpace, error) {
	if size > min(maxBuffer, math.MaxInt-15, abi.MaxAddress()-bufferBase) {
		return nil, &Error{Op: "buffer", Err: fmt.Errorf("%w: %d bytes on %v", ErrNoMemory, size, abi)}
	}
	s := &BufferSpace{abi: abi, buf: alignedBytes(size)}
	s.heap.init(bufferBase, size)
	return s, nil
}

// BufferSpaceOf makes a space that shares buf: its bytes are at Base and after,
// all in use, with nothing left for Alloc.
func BufferSpaceOf(abi *dtype.ABI, buf []byte) (*BufferSpace, error) {
	if uint64(len(buf)) > abi.MaxAddress()-bufferBase {
		return nil, &Error{Op: "buffer", Err: fmt.Errorf("%w: %d bytes on %v", ErrNoMemory, len(buf), abi)}
	}
	return &BufferSpace{abi: abi, buf: buf}, nil
}

// alignedBytes makes n bytes whose address is a multiple of 16, as malloc's is,
// so that what is aligned in the space is aligned in Go's memory too.
func alignedBytes(n uint64) []byte {
	b := make([]byte, n+15)
	skip := -bytesAddr(b) & 15
	return b[skip : skip+n : skip+n]
}

// ABI is how types are laid out in the buffer.
func (s *BufferSpace) ABI() *dtype.ABI { return s.abi }

// Base is the address of the buffer's first byte.
func (s *BufferSpace) Base() uint64 { return bufferBase }

// at is the n bytes at addr.
func (s *BufferSpace) at(op string, addr, n uint64) ([]byte, error) {
	size := uint64(len(s.buf))
	if s.life.Ended() {
		return nil, &Error{Op: op, Addr: addr, Err: ErrEnded}
	}
	if off := addr - bufferBase; addr >= bufferBase && off <= size && n <= size-off {
		return s.buf[off : off+n : off+n], nil
	}
	return nil, &Error{Op: op, Addr: addr, Len: n, Size: bufferBase + size, Err: ErrOutOfBounds}
}

// ReadAt implements [Space].
func (s *BufferSpace) ReadAt(p []byte, addr uint64) error {
	b, err := s.at("read", addr, uint64(len(p)))
	copy(p, b)
	return err
}

// WriteAt implements [Space].
func (s *BufferSpace) WriteAt(p []byte, addr uint64) error {
	b, err := s.at("write", addr, uint64(len(p)))
	copy(b, p)
	return err
}

// Bytes implements [Space].
func (s *BufferSpace) Bytes(addr, n uint64) ([]byte, error) { return s.at("bytes", addr, n) }

// Alloc implements [Space].
func (s *BufferSpace) Alloc(size, align uint64) (uint64, error) {
	if s.life.Ended() {
		return 0, &Error{Op: "alloc", Err: ErrEnded}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	addr, err := s.heap.alloc(size, align)
	if err != nil {
		return 0, &Error{Op: "alloc", Err: err}
	}
	return addr, nil
}

// Free implements [Space]. An address that Alloc did not give, or that was
// freed already, is an error.
func (s *BufferSpace) Free(addr uint64) error {
	if addr == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.heap.free(addr); err != nil {
		return &Error{Op: "free", Addr: addr, Err: err}
	}
	return nil
}

// Lifetime implements [Space].
func (s *BufferSpace) Lifetime() *Lifetime { return &s.life }

// Close ends the space and its views.
func (s *BufferSpace) Close() error {
	s.life.End(nil)
	return nil
}
