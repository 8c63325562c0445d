package memory

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// A View is a typed, bounded piece of a space: a C object that Go code reads
// and writes. It is a value; copying it copies no bytes. The zero View views
// nothing: every access to it is an error.
type View struct {
	space Space
	life  *Lifetime
	addr  uint64
	size  uint64
	typ   dtype.Type
	from  *origin
	elem  int64 // 1 + the index in the array that from names; 0 for from itself
}

// An origin is how a view was reached, and what it inherits from there. It is
// shared by the elements of an array, so that indexing makes nothing new.
type origin struct {
	root dtype.Type
	path string   // from root, in C syntax
	bits bitRange // n is 0 unless the view is a bit-field; counted from addr
	big  bool     // its scalars are big-endian
}

// NewView makes a view of size bytes at addr as a C object of type t. Size may
// be 0 for t's own; it is more for a struct that ends in a flexible array, and
// free for a flexible array and for types without a size, which are viewed as
// bytes. A nil life is the space's. Whether the bytes are mapped is checked on
// access. NULL gives an error wrapping ErrNull.
func NewView(space Space, life *Lifetime, addr, size uint64, t dtype.Type) (View, error) {
	fail := func(err error) (View, error) {
		return View{}, &Error{Op: "view", Path: t.String(), Addr: addr, Err: err}
	}
	if addr == 0 {
		return fail(ErrNull)
	}
	size, err := viewSize(space.ABI(), size, t)
	if err != nil {
		return fail(err)
	}
	if limit := space.ABI().MaxAddress(); size > 0 && (addr > limit || size-1 > limit-addr) {
		return fail(fmt.Errorf("%w: %d bytes from there pass the last address %#x", ErrOutOfBounds, size, limit))
	}
	if life == nil {
		life = space.Lifetime()
	}
	return View{space: space, life: life, addr: addr, size: size, typ: t, from: &origin{root: t}}, nil
}

// viewSize is the size of a view of type t for which size bytes were asked.
func viewSize(abi *dtype.ABI, size uint64, t dtype.Type) (uint64, error) {
	own, err := abi.Size(t)
	switch {
	case size == 0:
		return own, err
	case err != nil:
		return size, nil
	case size < own || size > own && !endsFlexible(t):
		return 0, fmt.Errorf("%w: %d bytes for a type of %d", ErrOutOfBounds, size, own)
	}
	return size, nil
}

// endsFlexible reports whether an object of type t may be larger than t.
func endsFlexible(t dtype.Type) bool {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Array:
		return t.Flexible()
	case *dtype.Struct:
		fields := t.Fields()
		return len(fields) > 0 && endsFlexible(fields[len(fields)-1].Type)
	}
	return false
}

// Type is the C type.
func (v View) Type() dtype.Type { return v.typ }

// Addr is the address of the first byte; for a bit-field, that of its struct.
func (v View) Addr() uint64 { return v.addr }

// Size is the size in bytes.
func (v View) Size() uint64 { return v.size }

// Align is the alignment of the type in bytes, as C's _Alignof; 0 for the zero
// View and for types without one.
func (v View) Align() uint64 {
	if v.space == nil {
		return 0
	}
	align, _ := v.space.ABI().Align(v.typ)
	return align
}

// IsPointer reports whether the object is a pointer.
func (v View) IsPointer() bool {
	_, ok := dtype.Resolve(v.typ).(*dtype.Pointer)
	return ok
}

// Space is the space viewed.
func (v View) Space() Space { return v.space }

// Lifetime is that of the memory viewed.
func (v View) Lifetime() *Lifetime { return v.life }

func (v View) isBitField() bool { return v.from != nil && v.from.bits.n > 0 }

// Path is how the view was reached, in C syntax: "struct poly.pts[2].y".
func (v View) Path() string {
	if v.from == nil {
		return ""
	}
	return v.from.root.String() + v.steps()
}

func (v View) steps() string {
	if v.elem == 0 {
		return v.from.path
	}
	return v.from.path + "[" + strconv.FormatInt(v.elem-1, 10) + "]"
}

// fail is an error of an operation on the view. An error of its space is
// retold with the view's path.
func (v View) fail(op string, err error) error {
	if e, ok := err.(*Error); ok {
		retold := *e
		retold.Op, retold.Path = op, v.Path()+e.Path
		return &retold
	}
	return &Error{Op: op, Path: v.Path(), Err: err}
}

// Field is a member of a struct or union, those of anonymous members included.
func (v View) Field(name string) (View, error) {
	if v.space == nil {
		return View{}, v.fail("field", ErrNull)
	}
	ms, err := membersOf(v.space.ABI(), v.typ)
	if err != nil {
		return View{}, v.fail("field", err)
	}
	m, err := ms.find(v.typ, name)
	if err != nil {
		return View{}, v.fail("field", err)
	}
	f := v
	f.typ, f.elem = m.typ, 0
	f.from = &origin{root: v.from.root, path: v.steps() + "." + name, bits: m.bits, big: m.big}
	if m.bits.n == 0 {
		f.from.bits = bitRange{}
		var off uint64
		off, f.size = m.extent(v.size)
		f.addr += off
	}
	return f, nil
}

// Index is an element of an array or a lane of a vector.
func (v View) Index(i uint64) (View, error) {
	if v.space == nil {
		return View{}, v.fail("index", ErrNull)
	}
	a, ok := arrayType(v.typ)
	if !ok {
		return View{}, v.fail("index", fmt.Errorf("%w: %v is no array", ErrType, v.typ))
	}
	size, err := v.space.ABI().Size(a.Elem())
	if err != nil {
		return View{}, v.fail("index", err)
	}
	n := v.length(a, size)
	if i >= n {
		return View{}, v.fail("index", fmt.Errorf("%w: index %d of %d elements", ErrOutOfBounds, i, n))
	}
	if v.elem != 0 {
		v.from = &origin{root: v.from.root, path: v.steps(), big: v.from.big}
	}
	v.addr += i * size
	v.size, v.typ, v.elem = size, a.Elem(), int64(i)+1
	return v, nil
}

// FromEnd is an element of an array counted from its end: the last one is 1, as
// a[-1] in Python.
func (v View) FromEnd(i uint64) (View, error) {
	if n := v.Len(); i >= 1 && i <= n {
		return v.Index(n - i)
	}
	if _, ok := arrayType(v.typ); ok {
		return View{}, v.fail("index", fmt.Errorf("%w: index -%d of %d elements", ErrOutOfBounds, i, v.Len()))
	}
	return v.Index(0) // which tells what is wrong
}

// length is the number of elements of type a there are, of this size each.
func (v View) length(a *dtype.Array, size uint64) uint64 {
	if a.Flexible() && size > 0 {
		return v.size / size
	}
	return a.Len()
}

// Len is the number of elements of an array or vector, 0 for any other type.
func (v View) Len() uint64 {
	a, ok := arrayType(v.typ)
	if !ok || v.space == nil {
		return 0
	}
	size, err := v.space.ABI().Size(a.Elem())
	if err != nil {
		return 0
	}
	return v.length(a, size)
}

// At follows a path in C's syntax: "pts[2].y", "[3]", "name". It does not go
// through pointers.
func (v View) At(path string) (View, error) {
	at := v
	for rest := path; rest != ""; {
		var err error
		if rest[0] == '[' {
			digits, after, closed := strings.Cut(rest[1:], "]")
			i, bad := strconv.ParseUint(digits, 0, 64)
			if !closed || bad != nil {
				return View{}, v.fail("path", fmt.Errorf("%w: %q has no index at %q", dtype.ErrNoMember, path, rest))
			}
			at, err = at.Index(i)
			rest = after
		} else {
			if rest[0] == '.' {
				rest = rest[1:]
			} else if len(rest) < len(path) {
				return View{}, v.fail("path", fmt.Errorf("%w: %q has no . at %q", dtype.ErrNoMember, path, rest))
			}
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			at, err = at.Field(rest[:end])
			rest = rest[end:]
		}
		if err != nil {
			return View{}, err
		}
	}
	return at, nil
}

// Cast is the same bytes as another type, which must not be larger.
func (v View) Cast(t dtype.Type) (View, error) {
	if v.space == nil {
		return View{}, v.fail("cast", ErrNull)
	}
	if v.isBitField() {
		return View{}, v.fail("cast", fmt.Errorf("%w: a bit-field has no address", ErrType))
	}
	size, err := v.space.ABI().Size(t)
	if err != nil || endsFlexible(t) {
		size, err = viewSize(v.space.ABI(), v.size, t)
	}
	if err == nil && size > v.size {
		err = fmt.Errorf("%w: %v has %d bytes of %d", ErrOutOfBounds, t, v.size, size)
	}
	if err != nil {
		return View{}, v.fail("cast", err)
	}
	v.typ, v.size, v.from, v.elem = t, size, &origin{root: t}, 0
	return v, nil
}

// Pointer is the view's address, as &v in C; for an array the address of its
// first element, with its length. A bit-field has no address: NULL.
func (v View) Pointer() Pointer {
	if v.space == nil || v.isBitField() {
		return Pointer{elem: v.typ}
	}
	p := Pointer{space: v.space, life: v.life, addr: v.addr, elem: v.typ, n: 1}
	if a, ok := dtype.Resolve(v.typ).(*dtype.Array); ok {
		p.elem, p.n = a.Elem(), v.Len()
	}
	return p
}

// Deref is what a view of a pointer points to, as *v in C.
func (v View) Deref() (View, error) {
	p, ok := dtype.Resolve(v.typ).(*dtype.Pointer)
	if !ok {
		return View{}, v.fail("deref", fmt.Errorf("%w: %v is no pointer", ErrType, v.typ))
	}
	w, err := v.word()
	if err != nil {
		return View{}, v.fail("deref", err)
	}
	if w == 0 {
		return View{}, v.fail("deref", ErrNull)
	}
	d := decoder{space: v.space, life: v.life}
	return d.pointer(p, w).Contents()
}

// SetPointer stores p in a view of a pointer to the same type, or of void *.
func (v View) SetPointer(p Pointer) error { return v.Store(p) }

// String is the path, the address and, unless it is long, the value: for
// people to read.
func (v View) String() string {
	if v.space == nil {
		return "NULL view"
	}
	s := fmt.Sprintf("%s @ %#x", v.Path(), v.addr)
	if v.size > 256 {
		return fmt.Sprintf("%s, %d bytes", s, v.size)
	}
	x, err := v.Load()
	if err != nil {
		return s + ": " + err.Error()
	}
	return fmt.Sprintf("%s = %v", s, x)
}
