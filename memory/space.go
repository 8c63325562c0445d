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
// # Arrays
//
// An Array has NumPy's model: an element type, a shape, byte strides. Views of
// it share its bytes; what computes makes arrays of Go's own memory, or stores
// into one that is given. Each was compared with NumPy on random programs.
//
//	a = as_array(p, (3, 4))                a, err := AsArray(v, 3, 4)
//	a[1:3, ::-1], a[-1, ..., None]         a.Slice(Range(1, 3, 1), Reverse), a.Select(Last(1), Ellipsis, NewAxis)
//	a.T, a.reshape(6, -1), a["x"]          a.Transpose(), a.Reshape(6, -1), a.Field("x")
//	a + b, np.less(a, b, out=c)            Add.Of(a, b), Less.Into(c, a, b)
//	a.sum(axis=0), a.max(), a.argmin(1)    a.Sum(0), a.Max(), a.ArgMin(1)
//	a[...] = b, a.fill(1), a.copy()        Assign(a, b, SameKind), a.Fill(1), a.Copy(nil)
//	a.astype("f4"), a.view("u1")           a.AsType(nil, dtype.CFloat, Unsafe), a.ViewAs(dtype.Uint8)
//	a[i, j] in a loop                      UseArray(a, func(s *Strided[float64]) error { … s.At2(i, j) … })
//	np.save(f, a), np.load(f)              WriteNPY(f, a), ReadNPY(f, abi, limit)
//
// An array made with an arena is C's memory, one made without is the garbage
// collector's. A Go slice is an array by [ArrayFrom], an array a Go slice by
// [UseSlice], a matrix for BLAS by [UseMatrix].
//
// # Lifetime
//
// Memory ends: an object is freed, an arena is closed, a library is closed.
// Every view carries the [Lifetime] of the memory it looks at and checks it on
// each access, so that a view that outlived its memory gives an [Error]
// wrapping [ErrEnded], never stale bytes, also when the address has been given
// out again. Growth of a sandbox's memory ends nothing: views stay valid. Bytes
// are lent to Go code only for the length of a function ([View.Use], [Use]),
// which holds a lease; memory whose lifetime ends meanwhile is not released
// before the lease is given back.
//
// What a pointer in C's memory leads to must live as long as it does. Storing a
// [Pointer] or [View] in memory of another arena, or in a variable of the
// library's, keeps its memory for C, until something else is stored there or
// the memory stored to is released. Go's own views of it still end with its
// arena. Two arenas whose pointers would keep each other alive for ever are an
// error wrapping [ErrNotSupported].
//
// # What C says
//
// An address from C says where something is, not how much: such a [Pointer]
// has length 0, and only *p, [Pointer.Contents], is taken on trust, which
// checks that it is mapped. [Pointer.Reinterpret] is the caller's own word for
// a length; [Pointer.Bounded] takes the length from C too, and checks that it is
// not negative and that as much memory is there. No Go memory is made for a
// large object before its bytes are known to be mapped. Load a size once and
// check what was loaded: C may change it between two loads.
//
// Accesses to memory that is not mapped, or read-only, are errors wrapping
// [ErrOutOfBounds], in this process too. Where C wrote beyond the end of an
// object, an arena with [ArenaOptions] Guarded finds out.
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
