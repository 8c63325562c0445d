package host

import (
	"unsafe"

	"github.com/wasmffi/wasmffi/memory"
)

// wordBytes are the bytes of a frame's words, in the order they are in memory:
// where a value that is no scalar is laid out. The slice keeps the words alive,
// and every byte of a word may be read and written (unsafe.Pointer rule 1).
func wordBytes(words []uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), 8*len(words))
}

// blockStart is the address of a block's data, only to compare it with others'
// (unsafe.Pointer rule 2): nothing is made of it again.
func blockStart(b *memory.Block) uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(b.Data)))
}
