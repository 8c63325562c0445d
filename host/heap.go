package host

import (
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi/guestabi"
	"github.com/wasmffi/wasmffi/memory"
)

// heap is where memory for C's use comes from: C's own malloc where the module
// exports it with free, else memory of our own that the instance grows by.
type heap struct {
	malloc, free *callable // nil, both, when there is no malloc
	aligned      *callable // aligned_alloc(align, size), or nil
	// padded leads from an address aligned more than malloc aligns to what
	// malloc gave.
	padded map[uint64]uint64
	own    spans
}

// mallocAlign is the least alignment that malloc gives: that of a pointer or
// double. What it gives beyond is looked at.
const mallocAlign = 8

func (h *heap) init(in *instance) {
	i32 := []guestabi.ValueType{guestabi.I32}
	h.malloc = in.export("malloc", guestabi.FuncType{Params: i32, Results: i32})
	h.free = in.export("free", guestabi.FuncType{Params: i32})
	if h.malloc == nil || h.free == nil {
		h.malloc, h.free = nil, nil
		return
	}
	two := guestabi.FuncType{Params: []guestabi.ValueType{guestabi.I32, guestabi.I32}, Results: i32}
	for _, name := range []string{"aligned_alloc", "memalign"} {
		if h.aligned == nil {
			h.aligned = in.export(name, two)
		}
	}
}

// export is a plan for an exported function of a certain type, or nil.
func (in *instance) export(name string, t guestabi.FuncType) *callable {
	e, ok := in.mod.res.Module.Export(name)
	if !ok || e.Kind != guestabi.KindFunc {
		return nil
	}
	if have, _ := in.mod.res.Module.FuncType(e.Index); !have.Equal(t) {
		return nil
	}
	c := &callable{in: in, name: name, slot: -1}
	c.export = func() api.Function { return in.wasm.ExportedFunction(name) }
	c.first = handle{stack: make([]uint64, max(len(t.Params), len(t.Results), 1)), runs: &noStack}
	return c
}

// callRaw calls a function inside a call that has been entered.
func (c *callable) callRaw(args ...uint64) (uint64, error) {
	h := c.handle(c.in.level.depth)
	copy(h.stack, args)
	if err := c.run(h); err != nil {
		return 0, fmt.Errorf("%s: %w", c.name, c.fault(h, err, nil))
	}
	return uint64(uint32(h.stack[0])), nil
}

// alloc makes a call of its own to get memory.
func (in *instance) alloc(size, align uint64) (addr uint64, err error) {
	if err := in.enter(nil); err != nil {
		return 0, err
	}
	addr, err = in.allocate(size, align)
	return addr, in.leave(err)
}

// free makes a call of its own to give memory back.
func (in *instance) free(addr uint64) error {
	if err := in.enter(nil); err != nil {
		return err
	}
	return in.leave(in.release(addr))
}

// allocate gives size bytes at a multiple of align, inside a call that has been
// entered. What C's malloc returns is not trusted.
func (in *instance) allocate(size, align uint64) (uint64, error) {
	align = max(align, 1)
	if align&(align-1) != 0 {
		return 0, fmt.Errorf("%w: alignment %d is no power of two", memory.ErrRange, align)
	}
	size = max(size, 1)
	if in.mem == nil || size > uint64(len(in.mem.region)) || align > uint64(len(in.mem.region)) {
		if in.mem != nil {
			in.reach(reachedMemory)
		}
		return 0, in.noMemory(size)
	}
	h := &in.heap
	if h.malloc == nil {
		return in.grab(size, align)
	}
	if align <= mallocAlign || h.aligned == nil {
		addr, err := h.malloc.callRaw(size)
		if err != nil || addr%align == 0 {
			return in.checkAlloc(addr, size, err)
		}
		if _, err := h.free.callRaw(addr); err != nil {
			return 0, err
		}
	}
	if h.aligned != nil {
		addr, err := h.aligned.callRaw(align, (size+align-1)&^(align-1))
		if err == nil && addr%align != 0 {
			err = fmt.Errorf("%s returned %#x, which is no multiple of %d", h.aligned.name, addr, align)
		}
		return in.checkAlloc(addr, size, err)
	}
	addr, err := h.malloc.callRaw(size + align - 1)
	if addr, err = in.checkAlloc(addr, size+align-1, err); err != nil {
		return 0, err
	}
	up := (addr + align - 1) &^ (align - 1)
	if up != addr {
		if h.padded == nil {
			h.padded = map[uint64]uint64{}
		}
		h.padded[up] = addr
	}
	return up, nil
}

// checkAlloc checks what C's allocator returned.
func (in *instance) checkAlloc(addr, size uint64, err error) (uint64, error) {
	switch {
	case err != nil:
		return 0, err
	case addr == 0:
		return 0, in.noMemory(size)
	case in.mem.bytes(addr, size) == nil:
		return 0, fmt.Errorf("malloc returned %#x for %d bytes: %w", addr, size, memory.ErrOutOfBounds)
	}
	return addr, nil
}

func (in *instance) noMemory(size uint64) error {
	limit := uint64(0)
	if in.mem != nil {
		limit = uint64(len(in.mem.region))
	}
	return fmt.Errorf("%w: %d bytes with a memory limit of %d", memory.ErrNoMemory, size, limit)
}

// release gives back what allocate gave, inside a call that has been entered.
func (in *instance) release(addr uint64) error {
	h := &in.heap
	if h.malloc == nil {
		if !h.own.release(addr) {
			return fmt.Errorf("%w: nothing was allocated there", memory.ErrRange)
		}
		return nil
	}
	if orig, ok := h.padded[addr]; ok {
		delete(h.padded, addr)
		addr = orig
	}
	_, err := h.free.callRaw(addr)
	return err
}

// grab allocates from memory of our own, growing the instance when there is not
// enough.
func (in *instance) grab(size, align uint64) (uint64, error) {
	h := &in.heap
	if addr, ok := h.own.take(size, align); ok {
		return addr, nil
	}
	const least = 4 // pages
	pages := max((size+align+pageSize-1)/pageSize, least)
	m := in.wasm.Memory()
	old, ok := m.Grow(uint32(pages))
	if !ok {
		return 0, in.noMemory(size)
	}
	start := uint64(old) * pageSize
	h.own.add(max(start, mallocAlign), start+pages*pageSize) // never NULL
	addr, ok := h.own.take(size, align)
	if !ok {
		return 0, in.noMemory(size)
	}
	return addr, nil
}
