package host

import (
	"fmt"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
	"github.com/wasmffi/wasmffi/memory"
)

// stackRoom finds out how much of C's stack there is: all below the stack
// pointer when the module was linked with --stack-first, else what is left
// above the data that lies below it.
func (in *instance) stackRoom() uint64 {
	if in.sp == nil {
		return 0
	}
	src := in.mod.res.Module
	low := uint64(0)
	for _, d := range src.Datas {
		if d.Mode != guestabi.Active {
			continue
		}
		at, ok := in.mod.res.ConstI32(d.Offset)
		if !ok {
			return 0
		}
		if end := uint64(at) + uint64(d.Init.Len); uint64(at) < in.spBase {
			low = max(low, end)
		}
	}
	if sym, ok := in.constant("__data_end"); ok && sym <= in.spBase {
		low = max(low, sym)
	}
	if low >= in.spBase {
		return 0
	}
	if low > 0 {
		// There may be zero-initialised data too, which no segment shows.
		return min(in.spBase-low, 16<<10)
	}
	return in.spBase
}

// A scratch is memory of C's for the length of one call.
type scratch struct {
	base uint64
	heap bool // from allocate, not from the stack
}

// scratch gives size bytes at a multiple of align: from C's stack, by moving
// its pointer, when that is known and has room enough, else from the heap.
func (in *instance) scratch(size, align uint64) (scratch, error) {
	if in.sp != nil {
		sp := in.spBase
		if in.level.up != nil {
			sp = in.level.sp
		}
		top := in.spBase - in.room
		if sp > top && size <= (sp-top)/4 {
			base := (sp - size) &^ (max(align, 16) - 1)
			if base > top && in.mem.bytes(base, sp-base) != nil {
				in.sp.Set(base)
				return scratch{base: base}, nil
			}
		}
	}
	addr, err := in.allocate(size, align)
	if err != nil {
		return scratch{}, fmt.Errorf("memory for the arguments: %w", err)
	}
	return scratch{base: addr, heap: true}, nil
}

// unscratch gives scratch memory back after a call that returned.
func (in *instance) unscratch(s scratch) error {
	if s.heap {
		return in.release(s.base)
	}
	sp := in.spBase
	if in.level.up != nil {
		sp = in.level.sp
	}
	in.sp.Set(sp)
	return nil
}

// A layout places the pieces of memory that one call needs, one after another.
type layout struct{ size, align uint64 }

func (l *layout) add(size, align uint64) uint64 {
	align = max(align, 1)
	at := (l.size + align - 1) &^ (align - 1)
	l.size = at + max(size, 1)
	l.align = max(l.align, align)
	return at
}

// argMemory is the memory that a signature needs, whatever the arguments: for
// copies of structs, for the result, and for what matches "...".
type argMemory struct {
	layout
	params []uint64 // offset of the copy of a parameter passed by pointer
	result uint64
	buffer uint64
}

func planMemory(sig *guestabi.Signature) argMemory {
	m := argMemory{params: make([]uint64, len(sig.Params))}
	for i, p := range sig.Params {
		if p.How == guestabi.ByPointer {
			m.params[i] = m.add(p.Size, p.Align)
		}
	}
	if sig.Result.How == guestabi.ByPointer {
		m.result = m.add(sig.Result.Size, sig.Result.Align)
	}
	if sig.Buffer != nil && sig.Buffer.Size > 0 {
		m.buffer = m.add(sig.Buffer.Size, sig.Buffer.Align)
	}
	return m
}

// A blockRange is a run of blocks whose data overlap in Go's memory: one object
// to C.
type blockRange struct {
	start, end uintptr // in Go's memory
	at         uint64  // offset in scratch memory
	align      uint64  // that it needs there, until it has its place
}

// work is what a call with memory needs to compute in, kept from call to call.
type work struct {
	words  []uint64
	order  []int // of the blocks, by address
	ranges []blockRange
	where  []int // the range of each block
}

var errBlockIndex = fmt.Errorf("%w: a pointer to a block that is not there", memory.ErrRange)

func checkPointers(f *wasmffi.Frame) error {
	for _, p := range f.Pointers {
		if uint(p.To) >= uint(len(f.Blocks)) || p.Offset > uint64(8*len(f.Words)-4) {
			return errBlockIndex
		}
	}
	for i := range f.Blocks {
		b := &f.Blocks[i]
		for _, p := range b.Pointers {
			if uint(p.To) >= uint(len(f.Blocks)) || uint64(len(b.Data)) < 4 || p.Offset > uint64(len(b.Data)-4) {
				return errBlockIndex
			}
		}
	}
	return nil
}
