package memory

import "unsafe"

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
