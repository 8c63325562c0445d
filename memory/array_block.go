package memory

import "github.com/wasmffi/wasmffi/dtype"

// Array encodes an array as what a pointer of C type t points to, and returns
// the index of the block of its first element; -1 where its memory is the
// library's own, or it is the zero Array, and address says it all.
//
// A strided array keeps its strides, which C must be told; without that C goes
// through the elements one after another, and any but a C-contiguous array
// gives an error wrapping [ErrNotContiguous]. An array in another space, as Go's
// own memory, is in place or copied like a slice.
func (e *Encoder) Array(a Array, t *dtype.Pointer, flow Flow, strided bool) (block int, address uint64, err error) {
	if strided {
		err = e.mayPoint(a, t)
	} else {
		err = e.checkArray(a, t)
	}
	if err != nil || a.space == nil {
		return -1, 0, asError("encode", t, err)
	}
	if e.Space == nil || sharesWith(e.Space, a.space) {
		return -1, a.addr, asError("encode", t, e.hold(underlying(a.space), a.life))
	}
	if err := a.life.Acquire(); err != nil {
		return -1, 0, asError("encode", t, err)
	}
	e.leases = append(e.leases, a.life)
	low, high := a.Bounds()
	data, err := underlying(a.space).Bytes(low, high-low)
	if err != nil {
		return -1, 0, asError("encode", t, err)
	}
	align, err := e.ABI.Align(a.elem)
	if err != nil || !a.alignedTo(align) {
		align = 1
	}
	if a.space != underlying(a.space) {
		flow = In
	}
	e.Blocks = append(e.Blocks, Block{Data: data, Align: align, Flow: flow})
	if a.addr != low {
		// A block of no flow inside the other: its place is all it says.
		e.Blocks = append(e.Blocks, Block{Data: data[a.addr-low:], Align: 1})
	}
	return len(e.Blocks) - 1, 0, nil
}
