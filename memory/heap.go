package memory

import (
	"fmt"
	"slices"
)

// A heap gives out pieces of an address range: the first hole that is large
// enough, and neighbouring holes become one. What it knows is kept outside the
// range, so that no stray write of C's can harm it.
type heap struct {
	holes []extent          // by address; no two touch
	used  map[uint64]extent // by the address given out
}

// An extent is the addresses from start up to end.
type extent struct{ start, end uint64 }

// minAlloc is what an allocation takes at least, so that all have an address of
// their own.
const minAlloc = 16

func (h *heap) init(start, size uint64) {
	h.holes = []extent{{start, start + size}}
	h.used = map[uint64]extent{}
}

func (h *heap) alloc(size, align uint64) (uint64, error) {
	if align&(align-1) != 0 {
		return 0, fmt.Errorf("%w: alignment %d is no power of two", ErrType, align)
	}
	align = max(align, 1)
	for i, hole := range h.holes {
		addr := (hole.start + align - 1) &^ (align - 1)
		if addr < hole.start || addr > hole.end || max(size, minAlloc) > hole.end-addr {
			continue
		}
		taken := extent{addr, addr + max(size, minAlloc)}
		var rest []extent
		for _, r := range []extent{{hole.start, taken.start}, {taken.end, hole.end}} {
			if r.start < r.end {
				rest = append(rest, r)
			}
		}
		h.holes = slices.Replace(h.holes, i, i+1, rest...)
		h.used[addr] = taken
		return addr, nil
	}
	return 0, fmt.Errorf("%w: no hole of %d bytes", ErrNoMemory, size)
}

func (h *heap) free(addr uint64) error {
	e, ok := h.used[addr]
	if !ok {
		return fmt.Errorf("%w: not allocated, or freed twice", ErrEnded)
	}
	delete(h.used, addr)
	i, _ := slices.BinarySearchFunc(h.holes, e.start, func(hole extent, start uint64) int {
		if hole.start < start {
			return -1
		}
		return 1
	})
	from, to := i, i
	if i > 0 && h.holes[i-1].end == e.start {
		from, e.start = i-1, h.holes[i-1].start
	}
	if i < len(h.holes) && h.holes[i].start == e.end {
		to, e.end = i+1, h.holes[i].end
	}
	h.holes = slices.Replace(h.holes, from, to, e)
	return nil
}
