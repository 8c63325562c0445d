//go:build (linux || darwin) && (amd64 || arm64)

package native

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/wasmffi/wasmffi"
)

// A thunk is a few instructions that load the number of a slot and jump to
// callbackEntry: the C function pointer of a callback. Thunks are made a page
// at a time and never unmapped or changed, since C may hold the pointer of a
// callback that was freed; what they lead to is in their slot.
type thunkTable struct {
	pages atomic.Pointer[[]*thunkPage] // read by callbacks, which take no lock

	mu   sync.Mutex
	free []uint32 // slots in the order in which they were freed
}

type thunkPage struct {
	code  uintptr // address of the first thunk
	slots [thunksPerPage]atomic.Pointer[target]
}

const (
	thunkSize     = 32
	thunksPerPage = 4096 / thunkSize
	// reuseAfter is how many slots must be free before one is used again, so
	// that a stale pointer meets its tombstone and not another's callback.
	reuseAfter = 64
)

var thunks thunkTable

// target is what a slot calls: never nil once its thunk was given out.
func (tt *thunkTable) target(slot uintptr) *target {
	return (*tt.pages.Load())[slot/thunksPerPage].slots[slot%thunksPerPage].Load()
}

// bind gives a thunk to t and returns its slot and address.
func (tt *thunkTable) bind(t *target) (slot uint32, code uintptr, err error) {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	if len(tt.free) < reuseAfter {
		if err := tt.addPage(); err != nil && len(tt.free) == 0 {
			return 0, 0, err
		}
	}
	slot = tt.free[0]
	tt.free = tt.free[1:]
	page := (*tt.pages.Load())[slot/thunksPerPage]
	page.slots[slot%thunksPerPage].Store(t)
	return slot, page.code + uintptr(slot%thunksPerPage)*thunkSize, nil
}

// unbind leaves a tombstone, which keeps the fallback for C, in a slot.
func (tt *thunkTable) unbind(slot uint32, t *target) {
	gone := &target{spec: t.spec, plan: t.plan, freed: true}
	gone.spec.Func = nil // may hold much alive
	tt.mu.Lock()
	defer tt.mu.Unlock()
	(*tt.pages.Load())[slot/thunksPerPage].slots[slot%thunksPerPage].Store(gone)
	tt.free = append(tt.free, slot)
}

// addPage maps a page and fills it with thunks. The page is never writable and
// executable at once.
func (tt *thunkTable) addPage() error {
	var pages []*thunkPage
	if p := tt.pages.Load(); p != nil {
		pages = *p
	}
	first := uint32(len(pages) * thunksPerPage)
	code, err := syscall.Mmap(-1, 0, thunksPerPage*thunkSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return fmt.Errorf("%w: no memory for callbacks: %w", wasmffi.ErrNotSupported, err)
	}
	for i := range uint32(thunksPerPage) {
		putThunk(code[i*thunkSize:][:thunkSize], first+i, uint64(callbackEntry))
	}
	if err := syscall.Mprotect(code, syscall.PROT_READ|syscall.PROT_EXEC); err != nil {
		syscall.Munmap(code)
		return fmt.Errorf("%w: this system refuses executable memory for callbacks: %w", wasmffi.ErrNotSupported, err)
	}
	addr := addressOf(code)
	flushCode(addr, uintptr(len(code)))
	pages = append(pages[:len(pages):len(pages)], &thunkPage{code: addr})
	tt.pages.Store(&pages)
	for i := range uint32(thunksPerPage) {
		tt.free = append(tt.free, first+i)
	}
	return nil
}
