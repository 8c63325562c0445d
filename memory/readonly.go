package memory

import (
	"errors"

	"github.com/wasmffi/wasmffi/dtype"
)

// ErrReadOnly: memory that was lent for reading only.
var ErrReadOnly = errors.New("memory is read-only")

// A readOnlySpace is a space without its writing half. Views and arrays in it
// read what the space has and refuse to store, whatever they are derived into.
type readOnlySpace struct{ Space }

var _ Space = readOnlySpace{}

// readOnly is the space for reading only.
func readOnly(s Space) Space {
	if _, ok := s.(readOnlySpace); ok || s == nil {
		return s
	}
	return readOnlySpace{s}
}

// underlying is the space itself, of which another may be the reading half.
func underlying(s Space) Space {
	if r, ok := s.(readOnlySpace); ok {
		return r.Space
	}
	return s
}

// WriteAt refuses.
func (readOnlySpace) WriteAt(_ []byte, addr uint64) error {
	return &Error{Op: "write", Addr: addr, Err: ErrReadOnly}
}

// Bytes refuses: who holds a slice can write to it.
func (readOnlySpace) Bytes(addr, _ uint64) ([]byte, error) {
	return nil, &Error{Op: "bytes", Addr: addr, Err: ErrReadOnly}
}

// ReadOnly is the array for reading only: storing an element, or lending it as
// Go memory that could be written, is an error wrapping [ErrReadOnly]. What is
// derived from it is read-only too; a itself stays as it is.
func (a Array) ReadOnly() Array {
	a.space = readOnly(a.space)
	return a
}

// A Flags is what NumPy tells about an array's memory (ndarray.flags).
type Flags uint8

const (
	// CContiguous: the elements follow each other in C's order, without holes.
	// Axes of one element do not matter, an empty array is contiguous.
	CContiguous Flags = 1 << iota
	// FContiguous: the same in Fortran's order, the first index fastest.
	FContiguous
	// OwnData: the array was made with memory of its own, as by Copy.
	OwnData
	// Writeable: elements may be stored.
	Writeable
	// Aligned: each element is at a multiple of its type's alignment.
	Aligned
	// WriteBackIfCopy: no array has it. In an [NDPointer] it lets what C wrote
	// to a copy come back.
	WriteBackIfCopy
)

// Flags are computed from shape, strides and address.
func (a Array) Flags() Flags {
	if a.space == nil {
		return 0
	}
	f := a.order()
	if a.owned {
		f |= OwnData
	}
	if _, ok := a.space.(readOnlySpace); !ok {
		f |= Writeable
	}
	align, err := a.space.ABI().Align(a.elem)
	if err == nil && a.alignedTo(align) {
		f |= Aligned
	}
	return f
}

// Has reports whether all flags of g are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// String is the flags as numpy.ctypeslib.ndpointer names them, with commas.
func (f Flags) String() string {
	s := ""
	for i, name := range []string{"C_CONTIGUOUS", "F_CONTIGUOUS", "OWNDATA", "WRITEABLE", "ALIGNED", "WRITEBACKIFCOPY"} {
		if f&(1<<i) != 0 {
			if s != "" {
				s += ","
			}
			s += name
		}
	}
	return s
}

// order is CContiguous, FContiguous, both or neither.
func (a Array) order() Flags {
	f := CContiguous | FContiguous
	c, fortran := int64(a.size), int64(a.size)
	for i, n := range a.shape {
		if n == 0 {
			return CContiguous | FContiguous
		}
		if n > 1 && a.strides[i] != fortran {
			f &^= FContiguous
		}
		fortran *= int64(n)
	}
	for i := len(a.shape) - 1; i >= 0; i-- {
		if a.shape[i] > 1 && a.strides[i] != c {
			f &^= CContiguous
		}
		c *= int64(a.shape[i])
	}
	return f
}

func (a Array) alignedTo(align uint64) bool {
	odd := a.addr
	for i, n := range a.shape {
		if n == 0 {
			return true
		}
		if n > 1 {
			odd |= uint64(a.strides[i])
		}
	}
	return align == 0 || odd%align == 0
}

// BigEndian reports whether the elements' bytes are in big-endian order.
func (a Array) BigEndian() bool { return a.from != nil && a.from.big }

// NewByteOrder is the same bytes read in the order given, as
// a.view(a.dtype.newbyteorder(">")): the numbers change, the bytes do not. Only
// numbers and arrays of them have a byte order.
func (a Array) NewByteOrder(order dtype.Endian) (Array, error) {
	if a.space == nil {
		return Array{}, a.fail("byte order", ErrNull)
	}
	if !hasByteOrder(a.elem) || a.from.bits.n > 0 {
		return Array{}, a.fail("byte order", ErrType)
	}
	from := *a.from
	from.big = order == dtype.BigEndian
	a.from, a.owned = &from, false
	return a, nil
}
