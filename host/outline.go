package host

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/wasmffi/wasmffi/guestabi"
)

// outlineSection is a custom section with the hash of the module that an outline
// is of. The engine tells modules apart by their bytes: with it no outline is
// another module.
const outlineSection = "outline"

// outline is what the engine wants of a module besides its machine code: all of
// it but what the functions do, each of which is a trap instead. The module must
// be one of traceable's.
func outline(wasm []byte) []byte {
	hash := sha256.Sum256(wasm)
	out := appendCustom(append([]byte(nil), wasm[:8]...), outlineSection, hash[:])
	for at := 8; at < len(wasm); {
		size, n := binary.Uvarint(wasm[at+1:])
		body := at + 1 + n
		end := body + int(size)
		if wasm[at] != byte(guestabi.SectionCode) {
			out = append(out, wasm[at:end]...)
		} else {
			functions, _ := binary.Uvarint(wasm[body:end])
			out = append(out, trapBodies(functions)...)
		}
		at = end
	}
	return out
}

// trapBodies is a code section of n functions.
func trapBodies(n uint64) []byte {
	body := []byte{3, 0, 0, 0x0b} // of three bytes: no locals, unreachable, end
	count := binary.AppendUvarint(nil, n)
	out := binary.AppendUvarint([]byte{byte(guestabi.SectionCode)}, uint64(len(count))+n*uint64(len(body)))
	out = append(out, count...)
	for range n {
		out = append(out, body...)
	}
	return out
}
