package memory

import (
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

// An Encoder turns the Go values of one call into C's: scalars into words,
// anything wider into bytes, and what they point to into blocks.
//
// An Encoder is used by one goroutine at a time. Reset makes it ready for the
// next call and keeps its memory.
type Encoder struct {
	// ABI is how C lays out what is encoded.
	ABI *dtype.ABI
	// Space, where set, is the space that views and pointers must look at.
	Space Space
	// Other, where set, makes the word for a Go value that has no C form of
	// its own where C wants a pointer: a func, a handle for void *. It wraps
	// ErrType if it has none either.
	Other func(v reflect.Value, t dtype.Type) (uint64, error)

	// Blocks is what the encoded values point to, directly or not.
	Blocks []Block
	// Pointers are the pointers to blocks that are in the frame's words.
	Pointers []BlockPointer
}

// Reset forgets what was encoded and gives back the leases of the views and
// pointers among it.
func (e *Encoder) Reset() {}

// IsScalar reports whether a C type travels in one 64-bit word: _Bool, an
// integer of up to 64 bits, an enum, a pointer, float, double, and long double
// where it is double.
func IsScalar(abi *dtype.ABI, t dtype.Type) bool { return false }

// Scalar is the canonical 64-bit word of a Go value for the C scalar t:
// integers extended to 64 bits by their C type's sign, the bits of a float in
// the low half, pointers extended with zeros.
//
// Integers are checked against the range of t, with an *Error wrapping
// ErrRange; so are those that become floats and would lose digits, and floats
// too great for t. float64 is rounded to float. bool is 0 or 1, and 0 and 1 are
// the integers that fit _Bool. A pointer takes nil, uintptr, [dtype.Addr],
// [Pointer], [Ptr] and [View]. All else, such as a float for an integer, is an
// *Error wrapping ErrType.
func (e *Encoder) Scalar(v reflect.Value, t dtype.Type) (uint64, error) {
	return 0, ErrNotSupported
}

// Value encodes any Go value as the bytes of a C object of type t into dst,
// which has t's size and lies at offset off of block owner, or of the frame's
// words if owner is -1. Strings, slices and pointers in v become further
// blocks: C may write to them unless its pointer is to const.
func (e *Encoder) Value(dst []byte, owner int, off uint64, v reflect.Value, t dtype.Type) error {
	return ErrNotSupported
}

// Pointer encodes what v points to, as C objects of type elem, and returns the
// index of its block, or -1 for nil. v is a string, slice or pointer. Flow says
// which way its bytes go; what it points to further goes into C, and comes back
// unless its own pointer is to const.
//
// Where Go's bytes are C's ([dtype.ABI.MatchGo]) the block is the Go memory
// itself. Else it is a copy that Finish decodes. A string is copied, with a
// NUL, and must have no other in it. An empty slice is a block of no bytes, not
// NULL. The same slice or pointer given twice is one block.
func (e *Encoder) Pointer(v reflect.Value, elem dtype.Type, flow Flow) (block int, err error) {
	return -1, ErrNotSupported
}

// Finish is called when C has returned. It decodes the copies whose Flow has
// Out into the Go values they were made from. Go strings, slices and pointers
// in them still refer to what they did; the elements they refer to are decoded
// in their turn.
func (e *Encoder) Finish(space Space) error { return nil }
