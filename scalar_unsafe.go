package wasmffi

import (
	"context"
	"unsafe"
)

// The functions here reinterpret the bytes of a scalar held in a local
// variable (unsafe.Pointer rule 1: the types have the size that is read), and
// hide a frame from escape analysis.

// toWord is the bits of a in a word, sign-extended when shift says so.
func toWord[A Scalar](a A, shift uint8) uint64 {
	p := unsafe.Pointer(&a)
	var w uint64
	switch unsafe.Sizeof(a) { // a constant in each instance: one case is left
	case 1:
		w = uint64(*(*uint8)(p))
	case 2:
		w = uint64(*(*uint16)(p))
	case 4:
		w = uint64(*(*uint32)(p))
	default:
		w = *(*uint64)(p)
	}
	return uint64(int64(w<<(shift&63)) >> (shift & 63))
}

// fromWord is the value whose bits are the low ones of w. For a bool w is 0 or
// 1 already.
func fromWord[R Result](w uint64) (r R) {
	p := unsafe.Pointer(&r)
	switch unsafe.Sizeof(r) {
	case 0:
	case 1:
		*(*uint8)(p) = uint8(w)
	case 2:
		*(*uint16)(p) = uint16(w)
	case 4:
		*(*uint32)(p) = uint32(w)
	default:
		*(*uint64)(p) = w
	}
	return r
}

// callFrame makes the call without letting the frame escape to the heap, so
// that callers can keep it on their stack. That is sound because Callable.Call
// keeps neither the frame nor what it refers to; the pointer is live in this
// function and below for as long as the call lasts, so that a stack that moves
// meanwhile takes it along.
func callFrame(c Callable, f *Frame) error {
	return c.Call((*Frame)(noescape(unsafe.Pointer(f))))
}

// noescape is p, by a way escape analysis does not follow. The stack that p may
// point into must not move between the two lines: it moves where functions are
// called, and of those checkptr would put one there.
//
//go:nosplit
//go:nocheckptr
func noescape(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return *(*unsafe.Pointer)(unsafe.Pointer(&x))
}

// heldByHeap is ctx, known to escape: backends may keep it elsewhere for the
// length of the call, which the frame they are hidden in does not tell.
func heldByHeap(ctx context.Context) context.Context {
	if forever {
		escaped = ctx
	}
	return ctx
}

var (
	forever bool // never set
	//lint:ignore U1000 what is written here escapes
	escaped context.Context
)

// callWords is callFrame for a call of words alone.
func callWords(c WordCaller, ctx context.Context, words []uint64) error {
	p := (*uint64)(noescape(unsafe.Pointer(unsafe.SliceData(words))))
	return c.CallWords(ctx, unsafe.Slice(p, len(words)))
}

// wordBytes is the memory of words, as bytes.
func wordBytes(words []uint64) []byte {
	if len(words) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words))
}
