package host

import "slices"

// spans is an allocator that keeps its books outside the memory it gives out,
// where C cannot spoil them. First fit; neighbours that are free are merged.
type spans struct {
	free []span // by address, none touching the next
	used map[uint64]uint64
}

type span struct{ start, end uint64 }

// add makes the bytes from start to end available.
func (s *spans) add(start, end uint64) {
	i, _ := slices.BinarySearchFunc(s.free, start, func(f span, start uint64) int {
		if f.start < start {
			return -1
		}
		return 1
	})
	after := i < len(s.free) && s.free[i].start == end
	before := i > 0 && s.free[i-1].end == start
	switch {
	case before && after:
		s.free[i-1].end = s.free[i].end
		s.free = slices.Delete(s.free, i, i+1)
	case before:
		s.free[i-1].end = end
	case after:
		s.free[i].start = start
	default:
		s.free = slices.Insert(s.free, i, span{start, end})
	}
}

// take gives size bytes at a multiple of align, a power of two.
func (s *spans) take(size, align uint64) (uint64, bool) {
	align = max(align, 16)
	size = (size + 15) &^ 15
	for i, f := range s.free {
		addr := (f.start + align - 1) &^ (align - 1)
		if addr > f.end || f.end-addr < size {
			continue
		}
		s.free = slices.Delete(s.free, i, i+1)
		if f.start < addr {
			s.add(f.start, addr)
		}
		if addr+size < f.end {
			s.add(addr+size, f.end)
		}
		if s.used == nil {
			s.used = map[uint64]uint64{}
		}
		s.used[addr] = size
		return addr, true
	}
	return 0, false
}

// release takes back what take gave. It is false for any other address.
func (s *spans) release(addr uint64) bool {
	size, ok := s.used[addr]
	if !ok {
		return false
	}
	delete(s.used, addr)
	s.add(addr, addr+size)
	return true
}
