package host

import (
	"fmt"
	"sync/atomic"

	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmffi/wasmffi/memory"
)

// pageSize is the size of a page of linear memory, in bytes.
const pageSize = 1 << 16

// A linear is the linear memory of an instance: address space reserved for all
// it may grow to, of which the first size bytes can be used. Its base never
// moves, so that growth invalidates nothing.
type linear struct {
	region []byte // len is the limit
	size   atomic.Uint64
	// refused is called when C asks for more than the limit; nil while the
	// memory is made.
	refused func()

	image    *image   // what it was filled with last, or nil
	scan     pageScan // for what was written since
	resizing bool     // the engine is being told of another size,
	next     uint64   // which is this
}

// newLinear reserves limit bytes, of which size can be used at once.
func newLinear(size, limit uint64) (*linear, error) {
	region, err := reserveRegion(limit)
	if err != nil {
		return nil, fmt.Errorf("%w: no address space for a memory limit of %d bytes: %w", memory.ErrNoMemory, limit, err)
	}
	m := &linear{region: region}
	if m.Reallocate(size) == nil {
		releaseRegion(region)
		return nil, fmt.Errorf("%w: the module begins with %d bytes", memory.ErrNoMemory, size)
	}
	return m, nil
}

// Allocate hands the memory to the engine, which asks for it once: a module has
// at most one memory.
func (m *linear) Allocate(_, _ uint64) experimental.LinearMemory { return m }

// Reallocate makes the first size bytes usable. It returns nil beyond the
// limit and where the system has no more: memory.grow then fails in C.
func (m *linear) Reallocate(size uint64) []byte {
	if m.resizing {
		m.size.Store(m.next)
		return m.region[:m.next:m.next]
	}
	if size > uint64(len(m.region)) && m.refused != nil {
		m.refused()
	}
	if size > uint64(len(m.region)) || commitRegion(m.region, m.size.Load(), size) != nil {
		return nil
	}
	m.size.Store(size)
	return m.region[:size:size]
}

// Free is called by the engine when the module is closed. Views may still be
// in use then; the memory's lifetime gives the address space back.
func (m *linear) Free() {}

// bytes are n bytes from addr on, or nil where they are not all in memory.
func (m *linear) bytes(addr, n uint64) []byte {
	size := m.size.Load()
	if addr > size || n > size-addr {
		return nil
	}
	return m.region[addr : addr+n : addr+n]
}
