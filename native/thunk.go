//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/wasmffi/wasmffi"
)

// A thunk is a few instructions that load the address of a slot and jump to
// callbackEntry: the C function pointer of a callback. Thunks are made a page
// at a time and never unmapped or changed, since C may hold the pointer of a
// callback that was freed; what they lead to is in their slot.
type thunkTable struct {
	mu    sync.Mutex
	pages []*[thunksPerPage]slot // keeps them alive: the thunks have their addresses
	free  []*slot                // in the order in which they were freed
}

type slot struct {
	target atomic.Pointer[target] // never nil once its thunk was given out
	code   uintptr                // the thunk's address
}

const (
	thunkSize     = 32
	thunksPerPage = 4096 / thunkSize
	// reuseAfter is how many slots must be free before one is used again, so
	// that a stale pointer meets its tombstone and not another's callback.
	reuseAfter = 64
)

var thunks thunkTable

// bind gives a thunk to t.
func (tt *thunkTable) bind(t *target) (*slot, error) {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	if len(tt.free) < reuseAfter {
		if err := tt.addPage(); err != nil && len(tt.free) == 0 {
			return nil, err
		}
	}
	s := tt.free[0]
	tt.free = tt.free[1:]
	s.target.Store(t)
	return s, nil
}

// unbind leaves a tombstone in a slot.
func (tt *thunkTable) unbind(s *slot) {
	gone := s.target.Load().tombstone()
	tt.mu.Lock()
	defer tt.mu.Unlock()
	s.target.Store(gone)
	tt.free = append(tt.free, s)
}

// addPage maps a page and fills it with thunks. The page is never writable and
// executable at once.
func (tt *thunkTable) addPage() error {
	code, err := mapPages(thunksPerPage*thunkSize, pagesWrite)
	if err != nil {
		return fmt.Errorf("%w: no memory for callbacks: %w", wasmffi.ErrNotSupported, err)
	}
	slots := new([thunksPerPage]slot)
	addr := addressOf(code)
	for i := range slots {
		s := &slots[i]
		s.code = addr + uintptr(i*thunkSize)
		putThunk(code[i*thunkSize:][:thunkSize], s.address(), uint64(callbackEntry))
	}
	if err := protectPages(code, pagesExec); err != nil {
		_ = unmapPages(code)
		return fmt.Errorf("%w: this system refuses executable memory for callbacks: %w", wasmffi.ErrNotSupported, err)
	}
	flushCode(addr, uintptr(len(code)))
	tt.pages = append(tt.pages, slots)
	for i := range slots {
		tt.free = append(tt.free, &slots[i])
	}
	return nil
}
