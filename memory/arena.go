package memory

import "github.com/wasmffi/wasmffi/dtype"

// An Arena owns C memory: Close frees all that was made in it at once and ends
// the views of it. It is safe for concurrent use.
type Arena struct{ space Space }

// NewArena makes an arena in a space. It ends with the space at the latest.
func NewArena(space Space) *Arena { return &Arena{space} }

// New makes a zeroed object of type t.
func (a *Arena) New(t dtype.Type) (View, error) { return View{}, ErrNotSupported }

// NewArray makes a zeroed array of n elements of type t.
func (a *Arena) NewArray(t dtype.Type, n uint64) (View, error) { return View{}, ErrNotSupported }

// NewOf makes a C object with the value of a Go one, and all that this points
// to: see [dtype.FromGo] for its type. A slice makes an array of its elements,
// a string an array of char with a NUL, a pointer the object it points to.
func (a *Arena) NewOf(value any) (View, error) { return View{}, ErrNotSupported }

// NewValue is [Arena.NewOf] for a stated C type.
func (a *Arena) NewValue(t dtype.Type, value any) (View, error) { return View{}, ErrNotSupported }

// CString makes a NUL-terminated copy of s, which must have no NUL in it.
func (a *Arena) CString(s string) (View, error) { return View{}, ErrNotSupported }

// Alloc gives size bytes at a multiple of align, contents undefined.
func (a *Arena) Alloc(size, align uint64) (uint64, error) { return 0, ErrNotSupported }

// Close frees the arena's memory, once no lease of it is held any more.
func (a *Arena) Close() error { return nil }
