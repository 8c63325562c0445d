// Package memory knows where C's bytes are and turns Go values into them and
// back.
//
// A [Space] is an address space: the linear memory of a sandboxed module, this
// process, or a Go buffer. A [View] is a typed, bounded piece of one, as
// *(T *)p is in C; a [Pointer] is a typed address that C may have made up.
//
//	struct point { int x, y; };            // C
//	struct point *p = malloc(sizeof *p);
//	p->y = 7;
//
//	arena := memory.NewArena(space)        // Go
//	p, err := arena.New(point)
//	y, err := p.Field("y")
//	err = memory.Store(y, int32(7))
//
// An [Array] is a strided array, as NumPy has them, over such memory. An
// [Encoder] turns the Go values of one call into C's, [Decode] and [DecodeAny]
// do the reverse; views and arenas convert by the same rules.
//
// # Lifetime
//
// Memory ends: an arena is closed, a library is closed, an instance is reset.
// Every view carries the [Lifetime] of the memory it looks at and checks it on
// each access, so that a view that outlived its memory gives an [Error]
// wrapping [ErrEnded], never stale bytes. Growth of a sandbox's memory ends
// nothing: views stay valid. Bytes are lent to Go code only for the length of
// a function ([View.Use], [Use]), which holds a lease; memory whose lifetime
// ends meanwhile is not released before the lease is given back.
//
// # Concurrency
//
// Spaces, arenas and views may be used by several goroutines. The bytes
// themselves are C's: two goroutines that write the same bytes race, as two
// threads of C would.
package memory

import "github.com/wasmffi/wasmffi/dtype"

// A Space is an address space with C data in it. Addresses have 64 bits on
// every ABI; address 0 is NULL and never readable.
type Space interface {
	// ABI is how types are laid out in this space.
	ABI() *dtype.ABI
	// ReadAt fills p from addr on, WriteAt stores p there. Both check every
	// byte and transfer all or nothing that can be told apart: an address that
	// is not mapped is an *Error wrapping ErrOutOfBounds, never a crash.
	ReadAt(p []byte, addr uint64) error
	WriteAt(p []byte, addr uint64) error
	// Bytes lends n bytes from addr on, shared with C. The caller holds a lease
	// of the memory's lifetime for as long as it uses the slice. Spaces that
	// have no bytes of their own return ErrNotSupported.
	Bytes(addr, n uint64) ([]byte, error)
	// Alloc gives size bytes at a multiple of align, a power of two; the
	// contents are undefined. Size 0 gives a distinct address too. The memory
	// is C's own heap where C has one, so that C's free may release it.
	Alloc(size, align uint64) (uint64, error)
	// Free releases what Alloc gave. Address 0 is ignored, as free(NULL) is.
	Free(addr uint64) error
	// Lifetime ends when the space does.
	Lifetime() *Lifetime
}

// A Sharer is a [Space] whose addresses may mean the same memory in another
// one, as they do in all native libraries of a process. Pointers of one are then
// pointers of the other.
type Sharer interface {
	Space
	SharesWith(other Space) bool
}

// sharesWith reports whether addresses of one space are valid in another.
func sharesWith(a, b Space) bool {
	a, b = underlying(a), underlying(b)
	if a == b {
		return true
	}
	s, ok := a.(Sharer)
	return ok && s.SharesWith(b)
}
