package memory

import (
	"strings"
	"unsafe"
)

// elems are the numbers that b is the memory of. unsafe.Pointer rule 1: T has
// no Go pointers, the slice ends where b does and keeps what keeps b alive. The
// operations align their operands; memory that is not would be a mistake of
// this package's.
func elems[T any](b []byte) []T {
	s, ok := sliceOf[T](b)
	if !ok {
		panic("memory: operand is not aligned")
	}
	return s
}

// bytesOf is the memory of numbers. Rule 1, as above.
func bytesOf[T realNumber](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0])))
}

// unclearedBytes is memory for n bytes at a multiple of 16 that the caller
// stores to before anybody reads it: Go clears what it makes, which takes as
// long as a conversion. A Builder's memory is not cleared, has room for what it
// was told to grow by, and is nobody else's. Rule 1: the slice ends where that
// does, keeps it alive, and bytes have no pointers.
func unclearedBytes(n uint64) []byte {
	if n < 4096 {
		return alignedBytes(n)
	}
	var b strings.Builder
	b.Grow(int(n) + 15)
	b.WriteByte(0)
	all := unsafe.Slice(unsafe.StringData(b.String()), n+15)
	skip := -bytesAddr(all) & 15
	return all[skip : skip+n : skip+n]
}
