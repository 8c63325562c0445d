package memory

import "github.com/wasmffi/wasmffi/dtype"

// A View is a typed, bounded piece of a space: a C object that Go code reads
// and writes. It is a value; copying it copies no bytes.
type View struct {
	space Space
	life  *Lifetime
	addr  uint64
	size  uint64
	typ   dtype.Type
}

// NewView makes a view of size bytes at addr as a C object of type t; size may
// be 0 for t's own, and more than it for a struct with a flexible array. A nil
// life is the space's. Whether the bytes are mapped is checked on access.
func NewView(space Space, life *Lifetime, addr, size uint64, t dtype.Type) (View, error) {
	return View{}, ErrNotSupported
}

// Type is the C type.
func (v View) Type() dtype.Type { return v.typ }

// Addr is the address of the first byte, for a bit-field that of its storage
// unit.
func (v View) Addr() uint64 { return v.addr }

// Size is the size in bytes.
func (v View) Size() uint64 { return v.size }

// Space is the space viewed.
func (v View) Space() Space { return v.space }

// Field is a member of a struct or union, those of anonymous members included.
func (v View) Field(name string) (View, error) { return View{}, ErrNotSupported }

// Index is an element of an array.
func (v View) Index(i uint64) (View, error) { return View{}, ErrNotSupported }

// At follows a path in C's syntax: "pts[2].y".
func (v View) At(path string) (View, error) { return View{}, ErrNotSupported }

// Cast is the same bytes as another type, which must not be larger.
func (v View) Cast(t dtype.Type) (View, error) { return View{}, ErrNotSupported }

// Pointer is the view's address, as &v in C; an array's is that of its first
// element, with its length.
func (v View) Pointer() Pointer { return Pointer{} }

// Deref is what a view of a pointer points to, as *v in C.
func (v View) Deref() (View, error) { return View{}, ErrNotSupported }

// SetPointer stores p in a view of a pointer.
func (v View) SetPointer(p Pointer) error { return ErrNotSupported }

// Bytes is a copy of the bytes.
func (v View) Bytes() ([]byte, error) { return nil, ErrNotSupported }

// Use lends the bytes, shared with C, to f. They must not be used after f has
// returned. The memory is not released while f runs.
func (v View) Use(f func(b []byte) error) error { return ErrNotSupported }

// Load is the object as the Go value natural for it, as [DecodeAny] says.
func (v View) Load() (any, error) { return nil, ErrNotSupported }

// Store converts a Go value and stores it, as [Encoder.Value] does. Values that
// hold Go strings, slices or pointers need memory of their own: see
// [Arena.NewOf].
func (v View) Store(x any) error { return ErrNotSupported }

// Load is the object as a T.
func Load[T any](v View) (x T, err error) { return x, ErrNotSupported }

// Store stores x. See [View.Store].
func Store[T any](v View, x T) error { return ErrNotSupported }

// Use lends the elements of an array, or the one object of another type, to f
// as a slice that shares C's memory. They must not be used after f has
// returned. It is an error if T's bytes are not the elements' or not aligned as
// Go needs.
func Use[T any](v View, f func(s []T) error) error { return ErrNotSupported }
