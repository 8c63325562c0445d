package memory

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// A numKind is what an arithmetic type is to arrays' arithmetic, however C
// calls it: NumPy's kind and size in one.
type numKind uint8

const (
	noNum numKind = iota
	numBool
	numI8
	numI16
	numI32
	numI64
	numU8
	numU16
	numU32
	numU64
	numF32
	numF64
	numC64
	numC128
	// The wide ones have no Go type and go through math/big.
	numI128
	numU128
	numLong  // long double of 16 bytes
	numCLong // _Complex long double
	numKinds
)

// numTypes are the types of new arrays of each kind.
var numTypes = [numKinds]dtype.Type{
	numBool: dtype.CBool,
	numI8:   dtype.Int8, numI16: dtype.Int16, numI32: dtype.Int32, numI64: dtype.Int64,
	numU8: dtype.Uint8, numU16: dtype.Uint16, numU32: dtype.Uint32, numU64: dtype.Uint64,
	numF32: dtype.CFloat, numF64: dtype.CDouble,
	numC64: dtype.ComplexOf(dtype.CFloat), numC128: dtype.ComplexOf(dtype.CDouble),
	numI128: dtype.CInt128, numU128: dtype.CUInt128,
	numLong: dtype.CLongDouble, numCLong: dtype.ComplexOf(dtype.CLongDouble),
}

var numSizes = [numKinds]uint64{
	numBool: 1, numI8: 1, numI16: 2, numI32: 4, numI64: 8, numU8: 1, numU16: 2, numU32: 4, numU64: 8,
	numF32: 4, numF64: 8, numC64: 8, numC128: 16, numI128: 16, numU128: 16, numLong: 16, numCLong: 32,
}

func (k numKind) signed() bool   { return k >= numI8 && k <= numI64 || k == numI128 }
func (k numKind) unsigned() bool { return k >= numU8 && k <= numU64 || k == numU128 }
func (k numKind) integer() bool  { return k.signed() || k.unsigned() }
func (k numKind) float() bool    { return k == numF32 || k == numF64 || k == numLong }
func (k numKind) complex() bool  { return k == numC64 || k == numC128 || k == numCLong }
func (k numKind) wide() bool     { return k >= numI128 }

// part is the size of what has a byte order: half of a complex number.
func (k numKind) part() uint64 {
	if k.complex() {
		return numSizes[k] / 2
	}
	return numSizes[k]
}

// class orders kinds as NumPy's same_kind rule does.
func (k numKind) class() int {
	switch {
	case k == numBool:
		return 0
	case k.unsigned():
		return 1
	case k.signed():
		return 2
	case k.float():
		return 3
	}
	return 4
}

// numKindOf is the kind of an arithmetic type; noNum for any other. Pointers
// are unsigned integers, enums their own.
func numKindOf(abi *dtype.ABI, t dtype.Type) numKind {
	size, err := abi.Size(t)
	if err != nil {
		return noNum
	}
	bySize := func(kinds ...numKind) numKind {
		for _, k := range kinds {
			if numSizes[k] == size {
				return k
			}
		}
		return noNum
	}
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Bool:
		return numBool
	case *dtype.Int:
		if abi.Signed(t) {
			return bySize(numI8, numI16, numI32, numI64, numI128)
		}
		return bySize(numU8, numU16, numU32, numU64, numU128)
	case *dtype.Enum:
		return numKindOf(abi, abi.EnumBase(t))
	case *dtype.Pointer:
		return bySize(numU32, numU64)
	case *dtype.Float:
		return bySize(numF32, numF64, numLong)
	case *dtype.Complex:
		return bySize(numC64, numC128, numCLong)
	}
	return noNum
}

// number is the kind of the elements, which must be numbers.
func (a Array) number() (numKind, error) {
	if a.space == nil {
		return noNum, ErrNull
	}
	k := numKindOf(a.space.ABI(), a.elem)
	if k == noNum || a.from.bits.n > 0 {
		return noNum, fmt.Errorf("%w: no arithmetic on %v", ErrType, cName(a.elem, a.from.bits.n))
	}
	return k, nil
}

// A Casting is a rule which conversions are let through, as in NumPy.
type Casting uint8

const (
	// SameKind lets through what is safe, and what stays within a kind or goes
	// to a higher one of bool, integer, float, complex: double to float, int
	// to short.
	SameKind Casting = iota
	// Safe lets through what keeps every value, and 64-bit integers to double.
	Safe
	// Unsafe lets everything through: integers lose their upper bits, floats
	// their fraction, complex numbers their imaginary part. A float that an
	// integer cannot hold becomes whatever the processor makes of it.
	Unsafe
)

func (c Casting) String() string {
	switch c {
	case SameKind:
		return "same_kind"
	case Safe:
		return "safe"
	}
	return "unsafe"
}

// CanCast reports whether a rule lets a conversion through, as numpy.can_cast.
// What is no number is only cast to its own type.
func CanCast(abi *dtype.ABI, from, to dtype.Type, c Casting) bool {
	f, t := numKindOf(abi, from), numKindOf(abi, to)
	if f == noNum || t == noNum {
		return abi.LayoutEqual(from, to)
	}
	return canCast(f, t, c)
}

func canCast(from, to numKind, c Casting) bool {
	switch {
	case c == Unsafe || from == to || safeCast(from, to):
		return true
	case c == Safe:
		return false
	}
	return from.class() <= to.class()
}

// safeCast says whether to is what from and to are promoted to.
func safeCast(from, to numKind) bool { return promote(from, to) == to }

// promote is the least kind that both can be cast to safely; noNum if there is
// none, for __int128 and floats.
func promote(a, b numKind) numKind {
	if a.class() > b.class() || a.class() == b.class() && numSizes[a] > numSizes[b] {
		a, b = b, a
	}
	switch {
	case a == b || a == numBool || a.class() == b.class():
		return b
	case b.signed(): // a is unsigned
		if numSizes[b] > numSizes[a] {
			return b
		}
		switch numSizes[a] {
		case 1:
			return numI16
		case 2:
			return numI32
		case 4:
			return numI64
		case 8:
			if b == numI128 {
				return b
			}
			return numF64
		}
		return noNum
	case b.float():
		if a.wide() {
			return noNum
		}
		return maxKind(b, leastFloat(a))
	}
	// b is complex
	if a == numI128 || a == numU128 {
		return noNum
	}
	part := numF64
	switch leastPart(a) {
	case 4:
		part = numF32
	case 16:
		part = numLong
	}
	have := map[numKind]numKind{numC64: numF32, numC128: numF64, numCLong: numLong}[b]
	return complexOf(maxKind(part, have))
}

// leastFloat is the smallest float that NumPy takes for an integer's values.
func leastFloat(k numKind) numKind {
	if k == numBool || numSizes[k] <= 2 {
		return numF32
	}
	return numF64
}

// leastPart is the size of the parts of the complex type for a real kind.
func leastPart(k numKind) uint64 {
	if k.float() {
		return numSizes[k]
	}
	return numSizes[leastFloat(k)]
}

func maxKind(a, b numKind) numKind {
	if numSizes[a] > numSizes[b] {
		return a
	}
	return b
}

func complexOf(part numKind) numKind {
	return map[numKind]numKind{numF32: numC64, numF64: numC128, numLong: numCLong}[part]
}

// ResultType is the type of the sum of elements of two types, as
// numpy.result_type gives it for arrays. There is none for __int128 and floats,
// and for what is no number.
func ResultType(abi *dtype.ABI, a, b dtype.Type) (dtype.Type, error) {
	x, y := numKindOf(abi, a), numKindOf(abi, b)
	if x != noNum && y != noNum {
		if k := promote(x, y); k != noNum {
			return numTypes[k], nil
		}
	}
	return nil, &Error{Op: "result type", Err: fmt.Errorf("%w: %v and %v have no common type", ErrType, a, b)}
}
