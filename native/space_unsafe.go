//go:build (linux || darwin) && (amd64 || arm64)

package native

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A process is this process's memory as one library sees it. Addresses come
// from C or from libc's malloc; they are turned into pointers by adding them to
// nil, which tells the compiler that they are no Go memory.
type process struct {
	abi  *dtype.ABI
	life memory.Lifetime

	mu    sync.Mutex
	given map[uint64]struct{} // what Alloc gave and Free has not taken back
}

var _ memory.Space = (*process)(nil)

func newProcess() *process {
	return &process{abi: dtype.Host(), given: map[uint64]struct{}{}}
}

func (p *process) ABI() *dtype.ABI            { return p.abi }
func (p *process) Lifetime() *memory.Lifetime { return &p.life }

const (
	// firstMapped is the lowest address that can be an object: the kernel
	// keeps the first page unmapped, so that NULL and what is near it fault.
	firstMapped = 4096
	// lastMapped is the highest address of user memory. Addresses above are
	// not even well-formed on amd64, and fault without saying where.
	lastMapped = 1<<47 - 1
)

// inUser checks that n bytes at addr can be user memory at all.
func inUser(op string, addr, n uint64) error {
	if addr >= firstMapped && addr <= lastMapped && n <= lastMapped+1-addr {
		return nil
	}
	return outOfBounds(op, addr, n)
}

func outOfBounds(op string, addr, n uint64) error {
	return &memory.Error{Op: op, Addr: addr, Err: fmt.Errorf("%w: %d bytes that are not mapped", memory.ErrOutOfBounds, n)}
}

// ReadAt implements memory.Space. Memory that is not mapped is found out by
// faulting on it.
func (p *process) ReadAt(b []byte, addr uint64) error {
	return p.access("read", addr, uint64(len(b)), func(mem []byte) { copy(b, mem) })
}

// WriteAt implements memory.Space. A write that runs into memory that is not
// mapped, or may not be written, leaves what came before it written.
func (p *process) WriteAt(b []byte, addr uint64) error {
	return p.access("write", addr, uint64(len(b)), func(mem []byte) { copy(mem, b) })
}

func (p *process) access(op string, addr, n uint64, f func(mem []byte)) (err error) {
	if p.life.Ended() {
		return &memory.Error{Op: op, Addr: addr, Err: memory.ErrEnded}
	}
	if n == 0 {
		return nil
	}
	if err := inUser(op, addr, n); err != nil {
		return err
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = faultError(r, op, addr, n)
		}
	}()
	f(bytesAt(addr, n))
	return nil
}

// faultError is the error for a fault inside the n bytes at addr; any other
// panic goes on.
func faultError(r any, op string, addr, n uint64) error {
	re, _ := r.(runtime.Error)
	var fault interface{ Addr() uintptr }
	if re == nil || !errors.As(re, &fault) {
		panic(r)
	}
	if at := uint64(fault.Addr()); at < addr || at-addr >= n {
		panic(r)
	}
	return outOfBounds(op, addr, n)
}

// bytesAt is n bytes of C memory.
func bytesAt(addr, n uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), addr)), n)
}

// Bytes implements memory.Space. Every page is touched once, so that what is
// not mapped now is an error and no fault later; memory that C unmaps while it
// is borrowed is C's to answer for, and a crash.
func (p *process) Bytes(addr, n uint64) ([]byte, error) {
	var mem []byte
	err := p.access("borrow", addr, n, func(b []byte) {
		var sum byte
		for i := 0; i < len(b); i += 4096 {
			sum += b[i]
		}
		touched.Store(uint32(sum + b[len(b)-1]))
		mem = b
	})
	return mem, err
}

// touched keeps the reads of Bytes from being optimised away.
var touched atomic.Uint32

// Alloc implements memory.Space with libc's malloc.
func (p *process) Alloc(size, align uint64) (uint64, error) {
	fail := func(err error) (uint64, error) {
		return 0, &memory.Error{Op: "alloc", Err: fmt.Errorf("%w: %d bytes aligned to %d", err, size, align)}
	}
	if align == 0 || align&(align-1) != 0 || size > lastMapped {
		return fail(memory.ErrNoMemory)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life.Ended() {
		return fail(memory.ErrEnded)
	}
	addr := mallocAligned(max(size, 1), align)
	if addr == 0 {
		return fail(memory.ErrNoMemory)
	}
	p.given[addr] = struct{}{}
	return addr, nil
}

// mallocAlign is the alignment that malloc gives of its own.
const mallocAlign = 16

func mallocAligned(size, align uint64) uint64 {
	if align <= mallocAlign {
		return uint64(plain(cFunctions.malloc, uintptr(size)))
	}
	at := new(uintptr)
	if e := plain(cFunctions.memalign, uintptr(unsafe.Pointer(at)), uintptr(align), uintptr(size)); int32(e) != 0 {
		return 0
	}
	runtime.KeepAlive(at)
	return uint64(*at)
}

// Free implements memory.Space. Only what Alloc gave can be freed: what C
// allocated is C's to free.
func (p *process) Free(addr uint64) error {
	if addr == 0 {
		return nil
	}
	p.mu.Lock()
	_, ok := p.given[addr]
	delete(p.given, addr)
	p.mu.Unlock()
	if !ok {
		return &memory.Error{Op: "free", Addr: addr, Err: fmt.Errorf("%w: not allocated here, or freed already", memory.ErrOutOfBounds)}
	}
	plain(cFunctions.free, uintptr(addr))
	return nil
}

// end ends the views of this library's memory and frees what was left, once
// nobody borrows it any more.
func (p *process) end() {
	p.life.End(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for addr := range p.given {
			plain(cFunctions.free, uintptr(addr))
		}
		clear(p.given)
	})
}
