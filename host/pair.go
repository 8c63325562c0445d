package host

import (
	"encoding/binary"

	"github.com/wasmffi/wasmffi"
)

// wasmPair is a value of up to 16 bytes in a frame's words as the two words that
// the engine has for a pair of i64 or for a v128.
func wasmPair(words []uint64, at wasmffi.Slot) (low, high uint64) {
	b := wordBytes(words[at.First : at.First+at.Words])
	low = binary.LittleEndian.Uint64(b)
	if at.Words > 1 {
		high = binary.LittleEndian.Uint64(b[8:])
	}
	return low, high
}

// setPair is the inverse of wasmPair.
func setPair(words []uint64, at wasmffi.Slot, pair []uint64) {
	b := wordBytes(words[at.First : at.First+at.Words])
	for i := range at.Words {
		binary.LittleEndian.PutUint64(b[8*i:], pair[i])
	}
}
