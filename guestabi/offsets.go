package guestabi

import "sort"

// offsetMap leads from offsets in the new code section to those in the old
// one. Each entry begins a run of bytes that were moved together.
type offsetMap []moved

type moved struct{ new, old uint32 }

// add begins a run, unless it would continue the one before.
func (m *offsetMap) add(new, old uint32) {
	if n := len(*m); n > 0 && new-old == (*m)[n-1].new-(*m)[n-1].old {
		return
	}
	*m = append(*m, moved{new, old})
}

// original maps an offset; those of inserted bytes map to the byte after them.
func (m offsetMap) original(new uint64) uint64 {
	i := sort.Search(len(m), func(i int) bool { return uint64(m[i].new) > new })
	if i == 0 {
		return new
	}
	old := uint64(m[i-1].old) + new - uint64(m[i-1].new)
	if i < len(m) {
		old = min(old, uint64(m[i].old))
	}
	return old
}

// OriginalOffset maps an offset in the new module's code section, counted from
// the beginning of the section's contents, to the offset in the module as it
// came, as its debug information counts. Code that was added maps to the
// instruction it was added for; offsets of functions that were added, to the
// end of the original section.
func (r *Result) OriginalOffset(new uint64) uint64 {
	return min(r.offsets.original(new), uint64(r.Module.CodeSection.Len))
}

// OriginalFunc maps an index of a function in the new module to its index in
// the module as it came. It is false for functions that were added.
func (r *Result) OriginalFunc(new uint32) (uint32, bool) {
	if r.Tick == (Name{}) || new < r.shift {
		return new, uint64(new) < uint64(r.shift)+uint64(len(r.Module.Funcs))
	}
	return new - 1, new > r.shift && new-r.shift <= uint32(len(r.Module.Funcs))
}
