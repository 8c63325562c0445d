//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"github.com/wasmffi/wasmffi/memory"
)

var (
	_ memory.Guarder    = (*processSpace)(nil)
	_ memory.FaultGuard = (*processSpace)(nil)
)

// untouched fills what alignment leaves free around guarded memory.
const untouched = 0xa5

// AllocGuarded implements memory.Guarder: pages of their own, between two that
// cannot be accessed.
func (s *processSpace) AllocGuarded(size, align uint64) (uint64, func() error, error) {
	fail := func(err error) (uint64, func() error, error) {
		return 0, nil, &memory.Error{Op: "alloc", Err: err}
	}
	align = max(align, 1)
	switch {
	case s.life.Ended():
		return fail(memory.ErrEnded)
	case align&(align-1) != 0:
		return fail(fmt.Errorf("%w: alignment %d is no power of two", memory.ErrType, align))
	case size > maxAddress || align > maxAddress:
		return fail(fmt.Errorf("%w: %d bytes aligned to %d", memory.ErrNoMemory, size, align))
	}
	page := uint64(os.Getpagesize())
	middle := (max(size, 1) + page - 1) &^ (page - 1)
	if align > page {
		middle += align
	}
	pages, err := mapPages(int(middle+2*page), pagesNone)
	if err != nil {
		return fail(fmt.Errorf("%w: %d bytes: %w", memory.ErrNoMemory, size, err))
	}
	room := pages[page : page+middle]
	if err := protectPages(room, pagesWrite); err != nil {
		_ = unmapPages(pages)
		return fail(fmt.Errorf("%w: %d bytes: %w", memory.ErrNoMemory, size, err))
	}
	start := uint64(addressOf(room))
	addr := (start + middle - size) &^ (align - 1)
	before, after := room[:addr-start], room[addr-start+size:]
	fill(before)
	fill(after)
	var freed atomic.Bool
	free := func() error {
		if freed.Swap(true) {
			return &memory.Error{Op: "free", Addr: addr, Err: fmt.Errorf("%w: freed before", memory.ErrEnded)}
		}
		err := checkUntouched(addr, size, before, after)
		if e := unmapPages(pages); err == nil && e != nil {
			err = &memory.Error{Op: "free", Addr: addr, Err: e}
		}
		return err
	}
	return addr, free, nil
}

func fill(b []byte) {
	for i := range b {
		b[i] = untouched
	}
}

// checkUntouched looks at the bytes around size bytes at addr.
func checkUntouched(addr, size uint64, before, after []byte) error {
	changed := func(b []byte) int { return len(bytes.TrimLeft(b, string([]byte{untouched}))) }
	if n := changed(after); n > 0 {
		return &memory.Error{Op: "free", Addr: addr, Err: fmt.Errorf("%w: C wrote %d bytes beyond its %d", memory.ErrOutOfBounds, len(after)-n+1, size)}
	}
	if n := changed(before); n > 0 {
		return &memory.Error{Op: "free", Addr: addr, Err: fmt.Errorf("%w: C wrote up to %d bytes before it", memory.ErrOutOfBounds, n)}
	}
	return nil
}

// Guard implements memory.FaultGuard.
func (s *processSpace) Guard(addr, n uint64, f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		fault, ok := v.(interface {
			runtime.Error
			Addr() uintptr
		})
		if !ok || uint64(fault.Addr())-addr >= n {
			panic(v)
		}
		err = &memory.Error{Op: "use", Addr: uint64(fault.Addr()), Err: fmt.Errorf("%w: not mapped, or read-only", memory.ErrOutOfBounds)}
	}()
	return f()
}
