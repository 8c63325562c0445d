package memory

import (
	"errors"
	"fmt"
	"math"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

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
// Without a space, as with address 0, it is NULL.
func NewPointer(space Space, life *Lifetime, addr uint64, elem dtype.Type, n uint64) Pointer {
	if addr == 0 || space == nil {
		return Pointer{elem: elem}
	}
	if life == nil {
		life = space.Lifetime()
	}
	return Pointer{space, life, addr, elem, n}
}

// Addr is the address; 0 is NULL.
func (p Pointer) Addr() uint64 { return p.addr }

// IsNull reports whether the pointer is NULL.
func (p Pointer) IsNull() bool { return p.addr == 0 }

// Elem is the type pointed to; nil for the zero Pointer.
func (p Pointer) Elem() dtype.Type { return p.elem }

// Len is the number of elements known to be there.
func (p Pointer) Len() uint64 { return p.n }

// Space is the space pointed into; nil for NULL.
func (p Pointer) Space() Space { return p.space }

// Lifetime is that of the memory pointed to; nil for NULL.
func (p Pointer) Lifetime() *Lifetime { return p.life }

// Reinterpret is the same pointer to n elements. Nothing checks n but the end
// of the space's memory.
func (p Pointer) Reinterpret(n uint64) Pointer {
	p.n = n
	return p
}

// Bounded is [Pointer.Reinterpret] for a number that came from C: n must not be
// negative, and all n elements must be mapped now, or it is an error wrapping
// ErrOutOfBounds. A size that C wrote is to be loaded once and checked, not
// loaded again: C may have changed it.
func (p Pointer) Bounded(n int64) (Pointer, error) {
	if p.addr == 0 {
		return Pointer{}, p.fail("reinterpret", ErrNull)
	}
	if n < 0 {
		return Pointer{}, p.fail("reinterpret", fmt.Errorf("%w: %d elements", ErrOutOfBounds, n))
	}
	q := p.Reinterpret(uint64(n))
	if _, err := q.Array(); err != nil { // n elements fit the address space
		return Pointer{}, err
	}
	if err := q.mapped(q.bytes()); err != nil {
		return Pointer{}, p.fail("reinterpret", fmt.Errorf("%d elements: %w", n, err))
	}
	return q, nil
}

// mapped checks that n bytes can be read.
func (p Pointer) mapped(n uint64) error {
	if err := p.life.Acquire(); err != nil {
		return err
	}
	defer p.life.Release()
	_, err := p.space.Bytes(p.addr, n)
	if errors.Is(err, ErrNotSupported) {
		return nil // accesses will tell
	}
	return err
}

// Add is the pointer i elements further on, or back if i is negative, as p + i
// in C. Of the elements known to be there, those from it on stay known; outside
// of them none are, as with a pointer from C. Elements before a pointer are
// reached in this way only: p[-1] is p.Add(-1).Contents().
func (p Pointer) Add(i int64) (Pointer, error) {
	if p.addr == 0 {
		return Pointer{}, p.fail("add", ErrNull)
	}
	size, err := p.space.ABI().Size(p.elem)
	if err != nil {
		return Pointer{}, p.fail("add", err)
	}
	room, step := p.space.ABI().MaxAddress()-p.addr, uint64(i) // elements may go so far
	if i < 0 {
		room, step = p.addr-1, -uint64(i)
	}
	if size > 0 && step > room/size {
		return Pointer{}, p.fail("add", fmt.Errorf("%w: %d elements of %d bytes from there", ErrOutOfBounds, i, size))
	}
	p.addr += uint64(i) * size
	if p.n -= step; i < 0 || step > p.n+step {
		p.n = 0
	}
	return p, nil
}

// Slice is the elements from start up to stop, which must be within the known
// length, as an array.
func (p Pointer) Slice(start, stop uint64) (View, error) {
	if start > stop || stop > p.n {
		return View{}, p.fail("slice", fmt.Errorf("%w: [%d:%d] of %d known elements", ErrOutOfBounds, start, stop, p.n))
	}
	q, err := p.Add(int64(start))
	if err != nil {
		return View{}, err
	}
	return q.Reinterpret(stop - start).Array()
}

// Cast is the same address as a pointer to another type; the length is the
// number of whole elements in the bytes known to be there.
func (p Pointer) Cast(elem dtype.Type) Pointer {
	bytes := p.bytes()
	p.elem, p.n = elem, 0
	if p.space != nil {
		if size, err := p.space.ABI().Size(elem); err == nil && size > 0 {
			p.n = bytes / size
		}
	}
	return p
}

// bytes is the number of bytes known to be there.
func (p Pointer) bytes() uint64 {
	if p.space == nil {
		return 0
	}
	size, err := p.space.ABI().Size(p.elem)
	if err != nil || size > 0 && p.n > math.MaxUint64/size {
		return 0
	}
	return p.n * size
}

// Contents is the first element, as *p in C, whatever the length. NULL gives
// an error wrapping ErrNull.
func (p Pointer) Contents() (View, error) {
	if p.addr == 0 {
		return View{}, p.fail("deref", ErrNull)
	}
	return NewView(p.space, p.life, p.addr, 0, p.elem)
}

// Index is element i, as p[i] in C; i must be below the length.
func (p Pointer) Index(i int64) (View, error) {
	if p.addr == 0 {
		return View{}, p.fail("index", ErrNull)
	}
	if i < 0 || uint64(i) >= p.n {
		return View{}, p.fail("index", fmt.Errorf("%w: index %d of %d known elements", ErrOutOfBounds, i, p.n))
	}
	size, err := p.space.ABI().Size(p.elem)
	if err != nil {
		return View{}, p.fail("index", err)
	}
	off := uint64(i) * size
	if limit := p.space.ABI().MaxAddress(); size > 0 && uint64(i) > math.MaxUint64/size || off > limit-p.addr {
		return View{}, p.fail("index", fmt.Errorf("%w: index %d passes the last address %#x", ErrOutOfBounds, i, limit))
	}
	return NewView(p.space, p.life, p.addr+off, 0, p.elem)
}

// Array is the known elements as an array.
func (p Pointer) Array() (View, error) {
	if p.addr == 0 {
		return View{}, p.fail("deref", ErrNull)
	}
	a, err := dtype.ArrayOf(p.elem, p.n)
	if err != nil {
		return View{}, p.fail("deref", err)
	}
	return NewView(p.space, p.life, p.addr, 0, a)
}

// fail is an error of an operation on the pointer. An error of its space is
// retold with the pointer's type.
func (p Pointer) fail(op string, err error) error {
	if e, ok := err.(*Error); ok {
		retold := *e
		retold.Op, retold.Path = op, p.typeName()
		return &retold
	}
	return &Error{Op: op, Path: p.typeName(), Addr: p.addr, Err: err}
}

// typeName is the pointer's type in C; empty for the zero Pointer.
func (p Pointer) typeName() string {
	if p.elem == nil {
		return ""
	}
	return dtype.PointerTo(p.elem).String()
}

// String is the type and the address: for people to read.
func (p Pointer) String() string {
	elem := p.elem
	if elem == nil {
		elem = dtype.CVoid
	}
	if p.addr == 0 {
		return fmt.Sprintf("(%v) NULL", dtype.PointerTo(elem))
	}
	return fmt.Sprintf("(%v) %#x", dtype.PointerTo(elem), p.addr)
}

// anyPointer is a Pointer or a Ptr of any type.
type anyPointer interface{ pointer() Pointer }

// pointerSetter is what a variable of these types can be set by.
type pointerSetter interface{ setPointer(Pointer) }

func (p Pointer) pointer() Pointer      { return p }
func (p *Pointer) setPointer(q Pointer) { *p = q }

// A Ptr is a [Pointer] to the C type of T ([dtype.FromGo]): the form in which a
// Go struct has a C pointer as a member, and a Go function as its result.
//
//	type node struct {              // struct node {
//		Next  memory.Ptr[node]      //     struct node *Next;
//		Value int32                 //     int32_t Value;
//	}                               // };
type Ptr[T any] struct{ Pointer }

// CPointerTo makes a Ptr the C type pointer to T. See [dtype.GoPointer].
func (Ptr[T]) CPointerTo() reflect.Type { return reflect.TypeFor[T]() }

// Get loads the object, as *p in C.
func (p Ptr[T]) Get() (x T, err error) {
	v, err := p.Contents()
	if err != nil {
		return x, err
	}
	return Load[T](v)
}

// Set stores the object, as *p = x in C.
func (p Ptr[T]) Set(x T) error {
	v, err := p.Contents()
	if err != nil {
		return err
	}
	return Store(v, x)
}

// Use lends the object to f in place, under a lease, as [Use] does: for a T
// that C lays out as Go does, without pointers and bools.
func (p Ptr[T]) Use(f func(x *T) error) error {
	v, err := p.Contents()
	if err != nil {
		return err
	}
	return Use(v, func(s []T) error {
		if len(s) == 0 { // of no size
			return f(new(T))
		}
		return f(&s[0])
	})
}
