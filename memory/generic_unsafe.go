package memory

import "unsafe"

// putScalar sets a Go scalar of this width to a canonical word. unsafe.Pointer
// rule 1: the type written has the size of T.
func putScalar[T any](x *T, bits uint8, w uint64) {
	p := unsafe.Pointer(x)
	switch bits {
	case 1, 8: // a bool is a byte of 0 or 1
		*(*uint8)(p) = uint8(w)
	case 16:
		*(*uint16)(p) = uint16(w)
	case 32:
		*(*uint32)(p) = uint32(w)
	default:
		*(*uint64)(p) = w
	}
}

// takeScalar is the canonical word of a Go scalar. Rule 1, as above.
func takeScalar[T any](x *T, s scalar) uint64 {
	p := unsafe.Pointer(x)
	switch s.bits {
	case 1, 8:
		return s.canonical(uint64(*(*uint8)(p)))
	case 16:
		return s.canonical(uint64(*(*uint16)(p)))
	case 32:
		return s.canonical(uint64(*(*uint32)(p)))
	}
	return *(*uint64)(p)
}

// sliceOf is b as a slice of T, or false if it is not aligned for T. Rule 1:
// the caller has checked that T has no Go pointers and that its bytes mean in C
// what they mean in Go; the slice keeps what keeps b alive.
func sliceOf[T any](b []byte) ([]T, bool) {
	var x T
	p := unsafe.Pointer(unsafe.SliceData(b))
	if uintptr(p)%unsafe.Alignof(x) != 0 {
		return nil, false
	}
	n := uintptr(len(b))
	if size := unsafe.Sizeof(x); size > 0 {
		n /= size
	}
	return unsafe.Slice((*T)(p), n), true
}
