package memory

import (
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

// Decode sets v, which must be settable, to the C object of type t whose bytes
// are data. Pointers in it are of space and valid as long as life; a nil life
// is the space's own. Numbers are checked against v's range and converted as
// [Encoder.Scalar] does the other way round; a Go string takes a char array up
// to its first NUL, or what a char pointer points to. Where v is of type any it is set to
// what [DecodeAny] gives.
func Decode(v reflect.Value, t dtype.Type, data []byte, space Space, life *Lifetime) error {
	return ErrNotSupported
}

// DecodeScalar is [Decode] for a scalar given as a canonical word, as
// [Encoder.Scalar] makes it.
func DecodeScalar(v reflect.Value, t dtype.Type, word uint64, space Space, life *Lifetime) error {
	return ErrNotSupported
}

// DecodeAny gives the C object of type t whose bytes are data as the Go value
// that is natural for it:
//
//	integers, enums        int8 … int64, uint8 … uint64, by size and sign
//	__int128               *big.Int
//	_Bool                  bool
//	float, double          float32, float64
//	long double            *big.Float, exact; a NaN is a float64
//	_Complex               complex64, complex128 (long double rounded)
//	struct                 Record
//	union                  Record of all its members
//	array                  []any
//	pointer                Pointer
func DecodeAny(t dtype.Type, data []byte, space Space, life *Lifetime) (any, error) {
	return nil, ErrNotSupported
}

// ScalarWord reads the C scalar t at the start of data as a canonical word.
func ScalarWord(abi *dtype.ABI, t dtype.Type, data []byte) (uint64, error) {
	return 0, ErrNotSupported
}

// PutScalar stores the low bytes of a word as the C scalar t at the start of
// data.
func PutScalar(abi *dtype.ABI, t dtype.Type, data []byte, word uint64) error {
	return ErrNotSupported
}
