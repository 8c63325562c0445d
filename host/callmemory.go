package host

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
	"github.com/wasmffi/wasmffi/memory"
)

// callMemory makes a call that was entered and whose arguments or result need
// memory of C's: it copies what goes in, calls, and copies what comes out.
func (c *callable) callMemory(f *wasmffi.Frame) error {
	in := c.in
	if err := checkPointers(f); err != nil {
		return err
	}
	w := &in.level.work
	w.words = append(w.words[:0], f.Words...)
	lay := c.memory.layout
	w.place(&lay, f.Blocks)

	if lay.size == 0 {
		return c.callPlaced(f, nil, 0)
	}
	s, err := in.scratch(lay.size, lay.align)
	if err != nil {
		return err
	}
	err = c.callPlaced(f, in.mem.bytes(s.base, lay.size), s.base)
	if e := in.unscratch(s); err == nil {
		err = e
	}
	return err
}

// callPlaced makes the call with the memory it needs, which is at base.
func (c *callable) callPlaced(f *wasmffi.Frame, mem []byte, base uint64) error {
	in := c.in
	w := &in.level.work
	w.copyIn(mem, base, f)
	c.copyArgs(mem, base, w.words)
	if err := in.setErrno(f); err != nil {
		return err
	}
	h := c.handle(in.level.depth)
	c.passValues(h.stack, base, w.words)
	if err := c.run(h); err != nil {
		return c.fault(h, err, f.Words)
	}
	if err := in.getErrno(f); err != nil {
		return err
	}
	switch r := c.shape.Result; c.sig.Result.How {
	case guestabi.ByValue:
		c.takeResult(h.stack[0], f.Words)
	case guestabi.InVector:
		setPair(f.Words, r, h.stack)
	case guestabi.ByPointer:
		copy(wordBytes(f.Words[r.First:r.First+r.Words]), mem[c.memory.result:][:c.sig.Result.Size])
	}
	w.copyOut(mem, f.Blocks)
	return nil
}

// place gives every block its place, those that overlap a common one. The places
// follow the order of the parameters, not that of Go's addresses: C sees the
// same in every run.
func (w *work) place(lay *layout, blocks []memory.Block) {
	w.order, w.ranges = w.order[:0], w.ranges[:0]
	w.where = slices.Grow(w.where[:0], len(blocks))[:len(blocks)]
	for i := range blocks {
		w.order = append(w.order, i)
	}
	slices.SortFunc(w.order, func(i, j int) int {
		return cmp.Compare(blockStart(&blocks[i]), blockStart(&blocks[j]))
	})
	for _, i := range w.order {
		b := &blocks[i]
		start := blockStart(b)
		end := start + uintptr(len(b.Data))
		if n := len(w.ranges); n > 0 && start < w.ranges[n-1].end {
			r := &w.ranges[n-1]
			r.end, r.align = max(r.end, end), max(r.align, b.Align)
		} else {
			w.ranges = append(w.ranges, blockRange{start: start, end: end, align: max(b.Align, 1)})
		}
		w.where[i] = len(w.ranges) - 1
	}
	for _, n := range w.where {
		if r := &w.ranges[n]; r.align != 0 {
			r.at = lay.add(uint64(r.end-r.start), r.align)
			r.align = 0 // it has its place
		}
	}
}

// offset is where a block is in scratch memory.
func (w *work) offset(i int, b *memory.Block) uint64 {
	r := w.ranges[w.where[i]]
	return r.at + uint64(blockStart(b)-r.start)
}

// copyIn copies the blocks to C and fills in the pointers to them. What C is
// only to write begins as zeros, so that it cannot read what it was not given.
func (w *work) copyIn(mem []byte, base uint64, f *wasmffi.Frame) {
	for i := range f.Blocks {
		b := &f.Blocks[i]
		if b.Flow&memory.In == 0 {
			clear(mem[w.offset(i, b):][:len(b.Data)])
		}
	}
	for i := range f.Blocks {
		b := &f.Blocks[i]
		if b.Flow&memory.In != 0 {
			copy(mem[w.offset(i, b):], b.Data)
		}
	}
	for i := range f.Blocks {
		b := &f.Blocks[i]
		for _, p := range b.Pointers {
			to := base + w.offset(p.To, &f.Blocks[p.To])
			binary.LittleEndian.PutUint32(mem[w.offset(i, b)+p.Offset:], uint32(to))
		}
	}
	words, told := wordBytes(w.words), wordBytes(f.Words)
	for _, p := range f.Pointers {
		to := base + w.offset(p.To, &f.Blocks[p.To])
		binary.LittleEndian.PutUint32(words[p.Offset:], uint32(to))
		binary.LittleEndian.PutUint32(told[p.Offset:], uint32(to))
	}
}

// copyOut copies what C may have changed back to Go.
func (w *work) copyOut(mem []byte, blocks []memory.Block) {
	for i := range blocks {
		b := &blocks[i]
		if b.Flow&memory.Out != 0 {
			copy(b.Data, mem[w.offset(i, b):])
		}
	}
}

// copyArgs makes the copies of what is passed by pointer, and the variadic
// buffer.
func (c *callable) copyArgs(mem []byte, base uint64, words []uint64) {
	for i, p := range c.sig.Params {
		slot := c.shape.Params[i]
		bytes := wordBytes(words[slot.First : slot.First+slot.Words])[:min(p.Size, uint64(8*slot.Words))]
		if p.How == guestabi.ByPointer {
			copy(mem[c.memory.params[i]:], bytes)
		}
		if !p.Variadic {
			continue
		}
		at := mem[c.memory.buffer+p.Offset:]
		switch p.How {
		case guestabi.ByPointer:
			binary.LittleEndian.PutUint32(at, uint32(base+c.memory.params[i]))
		case guestabi.ByValue:
			if v := c.value(i, words); p.Value == guestabi.I32 || p.Value == guestabi.F32 {
				binary.LittleEndian.PutUint32(at, uint32(v))
			} else {
				binary.LittleEndian.PutUint64(at, v)
			}
		case guestabi.InPair, guestabi.InVector:
			copy(at, bytes)
		}
	}
}

// value is the wasm value of a parameter that is passed by value.
func (c *callable) value(i int, words []uint64) uint64 {
	p, slot := c.sig.Params[i], c.shape.Params[i]
	w := words[slot.First]
	if isRecord(p.Type) { // its bytes, not a canonical word
		w = opFor(p).apply(binary.LittleEndian.Uint64(wordBytes(words[slot.First:])))
	}
	return w & maskFor(p.Value)
}

// passValues sets the wasm parameters.
func (c *callable) passValues(stack []uint64, base uint64, words []uint64) {
	if c.slot >= 0 {
		stack[c.sig.Words] = uint64(c.slot)
	}
	for i, p := range c.sig.Params {
		if p.Variadic {
			continue
		}
		switch p.How {
		case guestabi.ByValue:
			stack[p.First] = c.value(i, words)
		case guestabi.InPair, guestabi.InVector:
			stack[p.First], stack[p.First+1] = wasmPair(words, c.shape.Params[i])
		case guestabi.ByPointer:
			stack[p.First] = base + c.memory.params[i]
		}
	}
	if c.sig.Result.How == guestabi.ByPointer {
		stack[c.sig.Result.First] = base + c.memory.result
	}
	if b := c.sig.Buffer; b != nil {
		stack[b.First] = base + c.memory.buffer
	}
}

// takeResult stores a result that came as a wasm value.
func (c *callable) takeResult(r uint64, words []uint64) {
	slot := c.shape.Result
	w := opFor(c.sig.Result).apply(r)
	if isRecord(slot.Type) {
		binary.LittleEndian.PutUint64(wordBytes(words[slot.First:]), w)
		return
	}
	words[slot.First] = w
}

func isRecord(t dtype.Type) bool {
	switch dtype.Resolve(t).(type) {
	case *dtype.Struct, *dtype.Union:
		return true
	}
	return false
}
