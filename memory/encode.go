package memory

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// An Encoder turns the Go values of one call into C's: scalars into words,
// anything wider into bytes, and what they point to into blocks.
//
// An Encoder is used by one goroutine at a time. Reset makes it ready for the
// next call and keeps its memory.
type Encoder struct {
	// ABI is how C lays out what is encoded.
	ABI *dtype.ABI
	// Space, where set, is the space that views and pointers must look at, or
	// one that shares its addresses ([Sharer]).
	Space Space
	// Other, where set, makes the word for a Go value that has no C form of
	// its own where C wants a pointer: a func, a handle for void *. It wraps
	// ErrType if it has none either.
	Other func(v reflect.Value, t dtype.Type) (uint64, error)

	// Blocks is what the encoded values point to, directly or not.
	Blocks []Block
	// Pointers are the pointers to blocks that are in the frame's words.
	Pointers []BlockPointer

	copies []goCopy
	seen   map[goMemory]int // index of the copy of this Go memory
	leases []*Lifetime      // held for the views and pointers encoded
	room   []byte           // for the bytes of blocks that are copies
}

// A goCopy is a block that is a converted copy of Go memory.
type goCopy struct {
	block   int
	objects reflect.Value // a slice of them, or the one
	list    bool          // it is a slice
	pointee *pointee
}

// goMemory identifies Go memory seen as C objects of one type.
type goMemory struct {
	addr uintptr
	n    int
	p    *pointee
}

// Reset forgets what was encoded and gives back the leases of the views and
// pointers among it.
func (e *Encoder) Reset() {
	e.release()
	clear(e.Blocks) // so that their Go memory can be collected
	clear(e.copies)
	clear(e.seen)
	e.Blocks, e.Pointers, e.copies = e.Blocks[:0], e.Pointers[:0], e.copies[:0]
	e.room = e.room[:0]
}

func (e *Encoder) release() {
	for _, l := range e.leases {
		l.Release()
	}
	e.leases = e.leases[:0]
}

// hold takes a lease of what a view or pointer looks at, until the call is
// over, and checks that C can follow it.
func (e *Encoder) hold(space Space, life *Lifetime) error {
	if e.Space != nil && !sharesWith(e.Space, space) {
		return fmt.Errorf("%w: a pointer into another space", ErrType)
	}
	if life == nil {
		return nil
	}
	if err := life.Acquire(); err != nil {
		return err
	}
	e.leases = append(e.leases, life)
	return nil
}

// Scalar is the canonical 64-bit word of a Go value for the C scalar t:
// integers extended to 64 bits by their C type's sign, the bits of a float in
// the low half, pointers extended with zeros.
//
// Integers are checked against the range of t, with an *Error wrapping
// ErrRange; so are those that become floats and would lose digits, and floats
// too great for t. Either sign's values fit char, wchar_t and enums, whose sign
// is the compiler's choice. float64 is rounded to float. bool is 0 or 1, and 0
// and 1 are the integers that fit _Bool. A pointer takes nil, uintptr,
// [dtype.Addr], [Pointer], [Ptr] and [View]. All else, such as a float for an
// integer, is an *Error wrapping ErrType.
func (e *Encoder) Scalar(v reflect.Value, t dtype.Type) (uint64, error) {
	w, err := e.scalar(v, t)
	if err != nil {
		return 0, opError("encode", err)
	}
	return w, nil
}

func (e *Encoder) scalar(v reflect.Value, t dtype.Type) (uint64, error) {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if p, ok := dtype.Resolve(t).(*dtype.Pointer); ok {
		return e.pointerWord(v, p)
	}
	if !v.IsValid() {
		return 0, noValue(t)
	}
	if v.Type() == viewType {
		return v.Interface().(View).wordFor(e.ABI, t)
	}
	cs, isC := cScalar(e.ABI, t)
	gs, isGo := goScalar(v.Type())
	if !isC || !isGo {
		return 0, mismatch(v.Type(), t)
	}
	return scalarCodec{g: gs, c: cs, gType: v.Type(), cType: t}.word(v)
}

func noValue(t dtype.Type) error {
	return fmt.Errorf("%w: nil for C %v", ErrType, t)
}

// Value encodes any Go value as the bytes of a C object of type t at the start
// of dst, which lies at offset off of block owner, or of the frame's words if
// owner is -1. What dst has beyond t's size becomes zero. Strings, slices and pointers in v become further
// blocks: C may write to them unless its pointer is to const.
//
// A struct or union takes a Go struct whose fields pair up with its members
// ([dtype.PairFields]), and like any other array or record what [DecodeAny]
// gives for it: a [Record] or a map of members by name, those of anonymous
// members included; a slice by position, as C's initialisers go. Members that
// are not given are zero. Of a union's members in a Record the last wins. A
// string is an array of characters, and need not leave room for a NUL.
func (e *Encoder) Value(dst []byte, owner int, off uint64, v reflect.Value, t dtype.Type) error {
	size, err := e.ABI.Size(t)
	switch {
	case err != nil:
		return err
	case uint64(len(dst)) < size:
		return tooShort("encode", t, size, len(dst))
	}
	clear(dst)
	return e.value(place{dst[:size], owner, off}, v, t)
}

// value encodes v at a place of t's size, or larger if t ends in a flexible
// array, whose bytes are zero.
func (e *Encoder) value(at place, v reflect.Value, t dtype.Type) error {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		if _, ok := dtype.Resolve(t).(*dtype.Pointer); ok {
			return nil
		}
		return asError("encode", t, noValue(t))
	}
	k, err := codecFor(e.ABI, v.Type(), t, false)
	if err != nil {
		return asError("encode", t, err)
	}
	return asError("encode", t, k.encode(e, at, v))
}

// asError is err as an *Error whose path begins with the type it was about.
func asError(op string, t dtype.Type, err error) error {
	if err == nil {
		return nil
	}
	return opError(op, within(err, t.String()))
}

// opError is err as an *Error of this operation.
func opError(op string, err error) error {
	if err == nil {
		return nil
	}
	e := within(err, "").(*Error)
	e.Op = op
	return e
}

// Pointer encodes what v points to, as C objects of type elem, and returns the
// index of its block, or -1 for nil. v is a string, slice or pointer. Flow says
// which way its bytes go; what it points to further goes into C, and comes back
// unless its own pointer is to const.
//
// Where Go's bytes are C's ([dtype.ABI.MatchGo]) the block is the Go memory
// itself. Else it is a copy that Finish decodes. A string is copied, with a
// NUL, and must have no other in it. An empty slice is a block of no bytes, not
// NULL. The same slice or pointer given twice is one block; copies of slices
// that overlap otherwise are apart. Behind void * the C type is the one that
// [dtype.FromGo] gives.
func (e *Encoder) Pointer(v reflect.Value, elem dtype.Type, flow Flow) (block int, err error) {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return -1, nil
	}
	block, err = e.pointer(v, elem, flow)
	if err == nil {
		return block, nil
	}
	if _, inside := err.(*Error); inside { // p[1].y rather than the pointer
		return -1, asError("encode", elem, err)
	}
	return -1, asError("encode", dtype.PointerTo(elem), err)
}

func (e *Encoder) pointer(v reflect.Value, elem dtype.Type, flow Flow) (int, error) {
	switch v.Kind() {
	case reflect.String:
		return e.stringBlock(v.String(), elem)
	case reflect.Slice:
		if v.IsNil() {
			return -1, nil
		}
		return e.objects(v, true, elem, flow)
	case reflect.Pointer:
		if v.IsNil() {
			return -1, nil
		}
		v = v.Elem()
		if _, isArray := arrayType(elem); v.Kind() == reflect.Array && !isArray {
			return e.objects(v.Slice(0, v.Len()), true, elem, flow)
		}
		return e.objects(v, false, elem, flow)
	}
	return -1, mismatch(v.Type(), dtype.PointerTo(elem))
}

// stringBlock makes a NUL-terminated copy of s as characters of type elem.
func (e *Encoder) stringBlock(s string, elem dtype.Type) (int, error) {
	size := charSize(e.ABI, elem)
	if isVoid(elem) {
		size = 1
	}
	if size == 0 {
		return -1, mismatch(reflect.TypeFor[string](), dtype.PointerTo(elem))
	}
	if i := strings.IndexByte(s, 0); i >= 0 {
		return -1, fmt.Errorf("%w: NUL at byte %d of a string of %d", ErrRange, i, len(s))
	}
	var data []byte
	if size == 1 {
		data = e.alloc(uint64(len(s))+1, 1)
		copy(data, s)
	} else {
		text, err := encodeText(s, size, false)
		if err != nil {
			return -1, err
		}
		data = e.alloc(uint64(len(text))+size, size)
		copy(data, text)
	}
	e.Blocks = append(e.Blocks, Block{Data: data, Align: size, Flow: In})
	return len(e.Blocks) - 1, nil
}

// objects makes the block of the elements of a slice, if v is a list, or of the
// one object v.
func (e *Encoder) objects(v reflect.Value, list bool, elem dtype.Type, flow Flow) (int, error) {
	g := v.Type()
	if list {
		g = g.Elem()
	}
	p, err := pointeeFor(e.ABI, g, elem)
	if err != nil {
		return -1, err
	}
	if p.inPlace {
		b := Block{Align: p.align, Flow: flow}
		if list {
			b.Data = sliceBytes(v)
		} else {
			b.Data = valueBytes(v)
		}
		e.Blocks = append(e.Blocks, b)
		return len(e.Blocks) - 1, nil
	}
	memory, n := goMemory{p: p}, 1
	if list {
		memory.addr, n = v.Pointer(), v.Len()
	} else {
		memory.addr = v.Addr().Pointer()
	}
	memory.n = n
	i, known := e.seen[memory]
	if !known {
		e.Blocks = append(e.Blocks, Block{Data: e.alloc(uint64(n)*p.size, p.align), Align: p.align})
		if i = len(e.copies); e.seen == nil {
			e.seen = map[goMemory]int{}
		}
		e.copies = append(e.copies, goCopy{len(e.Blocks) - 1, v, list, p})
		e.seen[memory] = i
	}
	block := e.copies[i].block
	had := e.Blocks[block].Flow
	e.Blocks[block].Flow |= flow
	if had&In == 0 && flow&In != 0 {
		at := place{data: e.Blocks[block].Data, owner: block}
		if list {
			err = encodeElems(e, at, v, p.codec, p.size)
		} else {
			err = p.codec.encode(e, at, v)
		}
	}
	return block, err
}

// Finish is called when C has returned. It decodes the copies whose Flow has
// Out into the Go values they were made from. Go strings, slices and pointers
// in them still refer to what they did; the elements they refer to are decoded
// in their turn. Pointers of C's are of the given space, which may be nil if
// there are none.
func (e *Encoder) Finish(space Space) error {
	e.release()
	if len(e.copies) == 0 {
		return nil
	}
	d := decoder{abi: e.ABI, space: space, back: true}
	if space != nil {
		d.life = space.Lifetime()
	}
	for _, c := range e.copies {
		b := &e.Blocks[c.block]
		if b.Flow&Out == 0 {
			continue
		}
		var err error
		if c.list {
			err = decodeElems(&d, c.objects, b.Data, c.pointee.codec, c.pointee.size)
		} else {
			err = c.pointee.codec.decode(&d, settable(c.objects), b.Data)
		}
		if err != nil {
			return asError("decode", c.pointee.elem, err)
		}
	}
	return nil
}

// alloc is zeroed room for n bytes at a multiple of align. Blocks keep the room
// they have when more is needed: it does not move.
func (e *Encoder) alloc(n, align uint64) []byte {
	need := n + align
	if uint64(cap(e.room)-len(e.room)) < need {
		e.room = make([]byte, 0, max(need, 2*uint64(cap(e.room)), 256))
	}
	free := e.room[len(e.room) : uint64(len(e.room))+need]
	clear(free)
	skip := -bytesAddr(free) & (align - 1)
	e.room = e.room[:uint64(len(e.room))+skip+n]
	return free[skip : skip+n : skip+n]
}
