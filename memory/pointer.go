package memory

import "github.com/wasmffi/wasmffi/dtype"

// A Pointer is an address in a space, and the type of what is there. It is a
// value and compares with ==. The zero value is NULL.
//
// A pointer that came from C says where something is, not how much: its length
// is 0, and [Pointer.Reinterpret] is the caller's statement that there are n
// elements.
type Pointer struct {
	space Space
	life  *Lifetime
	addr  uint64
	elem  dtype.Type
	n     uint64
}

// NewPointer makes a pointer to n elements at addr. A nil life is the space's.
func NewPointer(space Space, life *Lifetime, addr uint64, elem dtype.Type, n uint64) Pointer {
	return Pointer{space, life, addr, elem, n}
}

// Addr is the address; 0 is NULL.
func (p Pointer) Addr() uint64 { return p.addr }

// IsNull reports whether the pointer is NULL.
func (p Pointer) IsNull() bool { return p.addr == 0 }

// Elem is the type pointed to.
func (p Pointer) Elem() dtype.Type { return p.elem }

// Len is the number of elements known to be there.
func (p Pointer) Len() uint64 { return p.n }

// Reinterpret is the same pointer to n elements. Nothing checks n but the end
// of the space's memory.
func (p Pointer) Reinterpret(n uint64) Pointer {
	p.n = n
	return p
}

// Cast is the same address as a pointer to another type, with the length in
// bytes kept as far as it holds whole elements.
func (p Pointer) Cast(elem dtype.Type) Pointer {
	p.elem = elem
	return p
}

// Contents is the first element, as *p in C. NULL gives an error wrapping
// ErrNull.
func (p Pointer) Contents() (View, error) { return View{}, ErrNotSupported }

// Index is element i, as p[i] in C; i must be below the length.
func (p Pointer) Index(i int64) (View, error) { return View{}, ErrNotSupported }
