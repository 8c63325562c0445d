//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"unsafe"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A processSpace is this process's memory, as one library sees it: its lifetime
// is the library's.
//
// Addresses are C's. Each access goes through unsafe.Pointer to memory that Go
// does not manage, or that the caller keeps alive, and is guarded: one that
// faults is an error.
type processSpace struct {
	life memory.Lifetime
	heap cHeap
}

var _ memory.Sharer = (*processSpace)(nil)

// pageSize is the smallest page of the platforms supported: memory is mapped
// in multiples of it.
const pageSize = 4096

// ABI implements memory.Space.
func (s *processSpace) ABI() *dtype.ABI { return hostConvention.abi }

// Lifetime implements memory.Space.
func (s *processSpace) Lifetime() *memory.Lifetime { return &s.life }

// SharesWith implements memory.Sharer: all libraries of a process see the same
// memory, so that what one allocated may be passed to another.
func (s *processSpace) SharesWith(other memory.Space) bool {
	_, ok := other.(*processSpace)
	return ok
}

// ReadAt implements memory.Space.
func (s *processSpace) ReadAt(p []byte, addr uint64) error {
	return s.access("read", addr, uint64(len(p)), func() { readProcess(p, addr) })
}

// WriteAt implements memory.Space. Of a write that reaches into memory that
// cannot be written, nothing stays.
func (s *processSpace) WriteAt(p []byte, addr uint64) error {
	n := len(p)
	if addr%pageSize+uint64(n) <= pageSize {
		return s.access("write", addr, uint64(n), func() { copy(processBytes(addr, n), p) })
	}
	old := make([]byte, n)
	if err := s.ReadAt(old, addr); err != nil {
		return err
	}
	done := 0
	err := s.access("write", addr, uint64(n), func() {
		for done < n {
			end := min(n, done+pageSize-int((addr+uint64(done))%pageSize))
			copy(processBytes(addr+uint64(done), end-done), p[done:end])
			done = end
		}
	})
	if err != nil && done > 0 {
		_ = s.access("write", addr, uint64(done), func() { copy(processBytes(addr, done), old) })
	}
	return err
}

// Bytes implements memory.Space.
func (s *processSpace) Bytes(addr, n uint64) ([]byte, error) {
	var sink byte
	err := s.access("bytes", addr, n, func() {
		for at := addr; at-addr < n; at = at&^(pageSize-1) + pageSize {
			sink += processBytes(at, 1)[0]
		}
	})
	runtime.KeepAlive(sink)
	if err != nil || n == 0 {
		return nil, err
	}
	return processBytes(addr, int(n)), nil
}

// access runs f, which touches n bytes at addr, and makes an error of a fault.
func (s *processSpace) access(op string, addr, n uint64, f func()) (err error) {
	fail := func(err error) error { return &memory.Error{Op: op, Addr: addr, Err: err} }
	switch {
	case s.life.Ended():
		return fail(memory.ErrEnded)
	case n == 0:
		return nil
	case addr == 0:
		return &memory.Error{Op: op, Err: memory.ErrNull}
	case addr+n < addr || addr+n > maxAddress:
		return fail(fmt.Errorf("%w: %d bytes beyond the address space", memory.ErrOutOfBounds, n))
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if _, fault := v.(runtime.Error); !fault {
			panic(v)
		}
		err = fail(fmt.Errorf("%w: not mapped, or read-only", memory.ErrOutOfBounds))
	}()
	f()
	return nil
}

// maxAddress is beyond what a process of these platforms can map.
const maxAddress = 1 << 56

// processBytes is memory at an address of C's. It may be anything, also part of
// Go's heap that a call lent to C, so there are no bounds that checkptr could
// check it against.
//
//go:nocheckptr
func processBytes(addr uint64, n int) []byte {
	at := uintptr(addr)
	return unsafe.Slice((*byte)(pointerAt(&at)), n)
}

// readProcess copies memory at an address of C's. What looks for the end of a
// string reads beyond it, into memory that others may be writing to: the race
// detector is not to judge by that.
//
//go:norace
func readProcess(p []byte, addr uint64) { copyUnseen(p, processBytes(addr, len(p))) }

// Alloc implements memory.Space with the C library's malloc.
func (s *processSpace) Alloc(size, align uint64) (uint64, error) {
	fail := func(err error) (uint64, error) { return 0, &memory.Error{Op: "alloc", Err: err} }
	switch {
	case s.life.Ended():
		return fail(memory.ErrEnded)
	case align&(align-1) != 0:
		return fail(fmt.Errorf("%w: alignment %d is no power of two", memory.ErrType, align))
	case size > maxAddress || align > maxAddress:
		return fail(fmt.Errorf("%w: %d bytes aligned to %d", memory.ErrNoMemory, size, align))
	}
	at := s.heap.alloc(uintptr(max(size, 1)), uintptr(align))
	if at == 0 {
		return fail(fmt.Errorf("%w: malloc of %d bytes", memory.ErrNoMemory, size))
	}
	return uint64(at), nil
}

// mallocAlign is the alignment of what malloc returns.
const mallocAlign = 16

// Free implements memory.Space. It works after the library is closed, since
// the memory is the process's.
func (s *processSpace) Free(addr uint64) error {
	if addr != 0 {
		s.heap.free(uintptr(addr))
	}
	return nil
}
