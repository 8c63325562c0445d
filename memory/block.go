package memory

// A Block is a piece of C data under construction in Go memory: bytes laid out
// by an ABI, and pointers in them to other blocks. A value with strings and
// slices in it encodes into a tree of blocks; an [Arena] or a library's call
// then places them all in C's memory and fills the pointers in.
type Block struct {
	// Data are the bytes. Where the Go value has C's own layout this is the
	// value's memory itself, so that what C writes is seen without decoding.
	Data []byte
	// Align is the alignment C expects, in bytes.
	Align uint64
	// Flow says whether Data goes to C, comes back, or both.
	Flow Flow
	// Pointers are filled in when the blocks' addresses are known.
	Pointers []BlockPointer
}

// A BlockPointer makes the pointer at Offset of a block's data point to the
// block of index To in the same list.
type BlockPointer struct {
	Offset uint64
	To     int
}

// A Flow is a set of directions in which a block's bytes are copied where
// caller and C do not share memory.
type Flow uint8

const (
	In    Flow = 1 << iota // Go to C, before the call
	Out                    // C to Go, after the call
	InOut = In | Out
)
