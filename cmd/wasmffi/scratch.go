package main

import (
	"fmt"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A scratch is the library's memory that one call uses: what pointers given by
// value point to. It is freed after the call.
type scratch struct {
	space memory.Space
	arena *memory.Arena
	// types finds the C type of a stated argument: {"c":"char[64]","v":"abc"}.
	types func(name string) (dtype.Type, error)
	// placed are the objects by address, to print a pointer to one of them as
	// its value.
	placed map[uint64]*object
}

func newScratch(space memory.Space, types func(string) (dtype.Type, error)) *scratch {
	return &scratch{space: space, arena: memory.NewArena(space), types: types, placed: map[uint64]*object{}}
}

func (s *scratch) abi() *dtype.ABI { return s.space.ABI() }
func (s *scratch) free() error     { return s.arena.Close() }

// An object is a C object in scratch memory.
type object struct {
	addr, size uint64
	// typ is its type: of n elements in a row if many is set.
	typ  dtype.Type
	many bool
	n    uint64
	// text: printed as a C string, which ends at the first NUL.
	text bool
	// flexible is the length of the flexible array that it ends in.
	flexible uint64
}

// place allocates an object and writes its bytes.
func (s *scratch) place(o object, data []byte, align uint64) (uint64, error) {
	addr, err := s.arena.Alloc(max(uint64(len(data)), 1), align)
	if err != nil {
		return 0, err
	}
	if len(data) > 0 {
		if err := s.space.WriteAt(data, addr); err != nil {
			return 0, err
		}
	}
	o.addr, o.size = addr, uint64(len(data))
	s.placed[addr] = &o
	return addr, nil
}

// pointer is the address for a JSON value where C wants a pointer: null, an
// address, or that of the value in scratch memory.
func (s *scratch) pointer(t *dtype.Pointer, v value) (uint64, error) {
	_, isFunc := dtype.Resolve(t.Elem()).(*dtype.Func)
	switch {
	case v.kind == nullValue:
		return 0, nil
	case v.kind == numberValue && isTextPointer(t):
		return 0, fmt.Errorf(`%w: %v for %v; write a string, or {"c":"void *","v":%v} for an address`, memory.ErrType, v, t, v)
	case v.kind == numberValue:
		return s.address(t, v)
	case v.kind == stringValue:
		return s.stringPointer(t, v)
	case s.statedFor(t.Elem(), v):
		return s.statedPointer(t, v)
	case isFunc:
		return 0, fmt.Errorf("%w: %v for the function pointer %v, which is an address or null", memory.ErrType, v, t)
	case v.kind == objectValue:
		return s.placeOne(t.Elem(), v)
	case v.kind == arrayValue:
		return s.placeMany(t.Elem(), v)
	}
	return 0, fmt.Errorf("%w: %v for %v; write [%v] for a pointer to one", memory.ErrType, v, t, v)
}

func (s *scratch) address(t *dtype.Pointer, v value) (uint64, error) {
	n, err := integer(v)
	if err != nil {
		return 0, err
	}
	if err := checkRange(n, 8*uint(s.abi().PointerSize()), false, t); err != nil {
		return 0, err
	}
	return n.Uint64(), nil
}

// stringPointer places a string for a pointer to characters or void; for other
// pointers a string such as "0x1f" is an address.
func (s *scratch) stringPointer(t *dtype.Pointer, v value) (uint64, error) {
	if _, hex := hexInteger(v.text); hex && !isTextPointer(t) {
		return s.address(t, v)
	}
	elem := t.Elem()
	if isVoid(elem) {
		elem = dtype.CChar
	}
	units, err := s.stringUnits(elem, v.text)
	if err != nil {
		return 0, fmt.Errorf("%w: %v for %v", memory.ErrType, v, t)
	}
	if i := strings.IndexByte(v.text, 0); i >= 0 {
		return 0, fmt.Errorf(`%w: the string has a NUL at byte %d; write {"c":"char[%d]","v":%v}`, memory.ErrType, i, len(v.text)+1, v)
	}
	size, err := s.abi().Size(elem)
	if err != nil {
		return 0, err
	}
	units = append(units, make([]byte, size)...)
	return s.place(object{typ: elem, many: true, n: uint64(len(units)) / size, text: true}, units, size)
}

// placeOne places one object of type t.
func (s *scratch) placeOne(t dtype.Type, v value) (uint64, error) {
	size, flexible, err := s.objectSize(t, v)
	if err != nil {
		return 0, needsType(t, err)
	}
	align, err := s.abi().Align(t)
	if err != nil {
		return 0, err
	}
	if err := checkSize(size, t); err != nil {
		return 0, err
	}
	data := make([]byte, size)
	if err := s.put(data, t, v, false); err != nil {
		return 0, throughPointer(err)
	}
	return s.place(object{typ: t, flexible: flexible}, data, align)
}

// maxObject is the size in bytes of the largest object that is made.
const maxObject = 1 << 30

func checkSize(size uint64, t dtype.Type) error {
	if size > maxObject {
		return fmt.Errorf("%w: %d bytes for %v, more than %d", memory.ErrRange, size, t, maxObject)
	}
	return nil
}

// placeMany places the elements of a JSON array as T[n].
func (s *scratch) placeMany(t dtype.Type, v value) (uint64, error) {
	size, err := s.abi().Size(t)
	if err != nil {
		return 0, needsType(t, err)
	}
	align, err := s.abi().Align(t)
	if err != nil {
		return 0, err
	}
	if err := checkSize(size, t); err != nil {
		return 0, err
	}
	if err := checkSize(size*uint64(len(v.elems)), t); err != nil {
		return 0, err
	}
	data := make([]byte, size*uint64(len(v.elems)))
	for i, e := range v.elems {
		at := uint64(i) * size
		if err := s.put(data[at:at+size], t, e, false); err != nil {
			return 0, within(fmt.Sprintf("[%d]", i), err)
		}
	}
	return s.place(object{typ: t, many: true, n: uint64(len(v.elems))}, data, align)
}

// stated reports whether a value states its C type: {"c":"char[64]","v":"abc"}.
func stated(v value) bool {
	if v.kind != objectValue || len(v.members) != 2 {
		return false
	}
	c, ok := v.member("c")
	_, hasValue := v.member("v")
	return ok && hasValue && c.kind == stringValue
}

// statedFor is stated where a value of type t is wanted: an object for a struct
// or union that has members c and v is one of these.
func (s *scratch) statedFor(t dtype.Type, v value) bool {
	if !stated(v) {
		return false
	}
	for _, name := range v.members {
		if _, err := s.abi().Member(t, name); err != nil {
			return true
		}
	}
	return false
}

// statedType is the type that a value states, and the value itself.
func (s *scratch) statedType(v value) (dtype.Type, value, error) {
	c, _ := v.member("c")
	inner, _ := v.member("v")
	t, err := s.types(c.text)
	return t, inner, err
}

// statedPointer is the pointer for a value that states its type: the type of
// the buffer, or of the pointer itself.
func (s *scratch) statedPointer(t *dtype.Pointer, v value) (uint64, error) {
	st, inner, err := s.statedType(v)
	if err != nil {
		return 0, err
	}
	if p, ok := dtype.Resolve(st).(*dtype.Pointer); ok && !dtype.Equivalent(p, t.Elem()) {
		return s.pointer(p, inner)
	}
	a, isArray := dtype.Resolve(st).(*dtype.Array)
	if isArray && a.Flexible() {
		if a, err = dtype.ArrayOf(a.Elem(), flexibleLen(inner)); err != nil {
			return 0, err
		}
		st = a
	}
	addr, err := s.placeOne(st, inner)
	if err != nil {
		return 0, err
	}
	if isArray {
		o := s.placed[addr]
		o.typ, o.many, o.n = a.Elem(), true, a.Len()
		o.text = isTextPointer(t) && isText(a.Elem())
	}
	return addr, nil
}

func needsType(t dtype.Type, err error) error {
	if isVoid(t) {
		return fmt.Errorf(`%w: a value for void *; state its type, as in {"c":"int[4]","v":[1,2]}`, memory.ErrType)
	}
	return err
}

func isVoid(t dtype.Type) bool { return dtype.Resolve(t) == dtype.CVoid }

// isText reports whether C strings are made of t: char or wchar_t. The other
// types of one byte are numbers.
func isText(t dtype.Type) bool {
	r := dtype.Resolve(t)
	return r == dtype.CChar || r == dtype.WCharT
}

// isTextPointer reports whether t is char * or wchar_t *, const or not.
func isTextPointer(t *dtype.Pointer) bool { return isText(t.Elem()) }
