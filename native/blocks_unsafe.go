//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/memory"
)

// callWithBlocks calls with the Go values that the frame's parameters point
// to.
//
// They are C's own for the length of the call. That takes no runtime.Pinner:
// blocks are put together in a memory.Encoder on the heap, so what they refer
// to is on the heap too, which does not move, and holding on to the frame
// keeps it alive. Only a block that is less aligned than C expects is copied.
func (c *callable) callWithBlocks(f *wasmffi.Frame) error {
	var few [8]placedBlock
	blocks := few[:0]
	for i := range f.Blocks {
		blocks = append(blocks, placeBlock(f.Blocks, i))
	}
	for i := range f.Blocks {
		for _, p := range f.Blocks[i].Pointers {
			if err := storeAddress(blocks[i].data, p, blocks); err != nil {
				return err
			}
		}
	}
	words := wordBytes(f.Words)
	for _, p := range f.Pointers {
		if err := storeAddress(words, p, blocks); err != nil {
			return err
		}
	}
	err := c.callPlaced(f)
	for i := range blocks {
		if b := &f.Blocks[i]; blocks[i].copied && b.Flow&memory.Out != 0 {
			copy(b.Data, blocks[i].data)
		}
	}
	runtime.KeepAlive(f)
	return err
}

// A placedBlock is what C sees of a block.
type placedBlock struct {
	data   []byte
	addr   uintptr
	copied bool
}

// nothing is what a pointer to no bytes points at.
var nothing [1]uint64

func placeBlock(blocks []memory.Block, i int) placedBlock {
	b := &blocks[i]
	if len(b.Data) == 0 {
		return placedBlock{addr: uintptr(unsafe.Pointer(&nothing))}
	}
	addr := addressOf(b.Data)
	if b.Align <= 1 || addr&uintptr(b.Align-1) == 0 || overlapsOther(blocks, i) {
		return placedBlock{data: b.Data, addr: addr}
	}
	room := cBytes(uint64(len(b.Data)) + b.Align)
	at := alignUp(uint64(addressOf(room)), b.Align) - uint64(addressOf(room))
	room = room[at : at+uint64(len(b.Data))]
	copy(room, b.Data)
	return placedBlock{data: room, addr: addressOf(room), copied: true}
}

// overlapsOther reports whether a block shares bytes with another one: then
// both must be one object to C, and a copy would part them.
func overlapsOther(blocks []memory.Block, i int) bool {
	lo := addressOf(blocks[i].Data)
	hi := lo + uintptr(len(blocks[i].Data))
	for j := range blocks {
		a := addressOf(blocks[j].Data)
		if j != i && a < hi && lo < a+uintptr(len(blocks[j].Data)) {
			return true
		}
	}
	return false
}

// storeAddress puts a block's address where p says.
func storeAddress(data []byte, p memory.BlockPointer, blocks []placedBlock) error {
	if p.To < 0 || p.To >= len(blocks) {
		return fmt.Errorf("%w: pointer to block %d of %d", wasmffi.ErrSignature, p.To, len(blocks))
	}
	if uint64(len(data)) < 8 || p.Offset > uint64(len(data))-8 {
		return fmt.Errorf("%w: pointer at %d in a block of %d bytes", wasmffi.ErrSignature, p.Offset, len(data))
	}
	binary.LittleEndian.PutUint64(data[p.Offset:], uint64(blocks[p.To].addr))
	return nil
}

// addressOf is where a slice's bytes are; a plain number, which keeps nothing
// alive.
func addressOf(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
