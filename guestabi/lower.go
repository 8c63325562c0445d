package guestabi

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// Signature is a C function type lowered to wasm32, as clang does it and as
// BasicCABI.md of WebAssembly/tool-conventions describes it: how each C
// parameter and the result travel in wasm values and memory. It is data: a
// caller or a callee is built from it.
type Signature struct {
	// Type is the wasm type of the function.
	Type FuncType
	// Words is how many words of 64 bits the wasm parameters take: two for a
	// v128, one for every other.
	Words int
	// Params are the C parameters in order; in a variadic call's shape those
	// after the declared ones travel in the variadic buffer.
	Params []Place
	// Result is how the result comes back. A result passed [ByPointer] is
	// written through a hidden pointer, which is then the first wasm parameter.
	Result Place
	// Buffer describes the variadic buffer; nil for a function that takes none.
	Buffer *Buffer
}

// Buffer is the memory in which the arguments that match "..." are passed.
type Buffer struct {
	First int    // of the wasm parameter that points to it, always the last, as in [Place]
	Size  uint64 // bytes
	Align uint64 // bytes, at least 4
}

// Passing is how a C value travels.
type Passing uint8

const (
	// Nowhere: void, and structs and unions without a member that takes space.
	Nowhere Passing = iota
	// ByValue: one wasm value, a scalar or a struct that is one scalar.
	ByValue
	// InPair: two i64, the low half first: long double and __int128.
	InPair
	// ByPointer: an i32, the address of a copy. The callee may write to it.
	ByPointer
	// InVector: one v128, of a module that uses SIMD: a vector of 16 bytes, or
	// one of 8 in the lower half.
	InVector
)

// Place is the lowering of one parameter or of the result.
type Place struct {
	// Type is the C type, Size and Align its bytes on wasm32; 0 for void.
	Type        dtype.Type
	Size, Align uint64

	How Passing
	// First is where the value is among the wasm parameters, counted in words
	// of 64 bits: a v128 takes two, every other wasm value one. It is -1 for a
	// result passed by value, and for what is in the buffer.
	First int
	// Variadic tells that the value, or its address where it is passed
	// [ByPointer], is at Offset in the variadic buffer.
	Variadic bool
	Offset   uint64

	// Scalar is the scalar that travels ByValue or InPair: the type itself, or
	// what a struct or union consists of. Value is its wasm type.
	Scalar dtype.Type
	Value  ValueType
	// BitField tells that Scalar is a bit-field's type. It travels with the
	// padding beside it.
	BitField bool
}

// Lower computes how a function of C type sig is called in wasm32. Errors wrap
// those of [dtype.ABI.Layout].
func Lower(sig *dtype.Func) (*Signature, error) {
	s := &Signature{}
	var err error
	if s.Result, err = place(sig.Result()); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	switch s.Result.How {
	case InPair:
		// Two results need multi-value, which C's ABI does not use.
		s.Result.How = ByPointer
		s.Result.First = s.push(I32)
	case ByPointer:
		s.Result.First = s.push(I32)
	case ByValue, InVector:
		s.Type.Results = []ValueType{s.Result.Value}
	}
	var buf Buffer
	for i, p := range sig.Params() {
		at, err := place(p.Type)
		if err != nil {
			return nil, fmt.Errorf("parameter %d: %w", i+1, err)
		}
		if i >= sig.Fixed() {
			buf.add(&at)
		} else {
			s.pass(&at)
		}
		s.Params = append(s.Params, at)
	}
	if sig.Variadic() {
		buf.Align = max(buf.Align, 4)
		buf.First = s.push(I32)
		s.Buffer = &buf
	}
	return s, nil
}

// push adds a wasm parameter and returns its first word.
func (s *Signature) push(t ValueType) int {
	first := s.Words
	s.Type.Params = append(s.Type.Params, t)
	s.Words++
	if t == V128 {
		s.Words++
	}
	return first
}

// pass gives a declared parameter its wasm parameters.
func (s *Signature) pass(at *Place) {
	switch at.How {
	case ByValue, InVector:
		at.First = s.push(at.Value)
	case InPair:
		at.First = s.push(I64)
		s.push(I64)
	case ByPointer:
		at.First = s.push(I32)
	}
}

// add puts a parameter into the variadic buffer: each at its natural
// alignment, or 4 if that is less.
func (b *Buffer) add(at *Place) {
	at.Variadic = true
	size, align := at.Size, max(at.Align, 4)
	switch at.How {
	case Nowhere:
		// clang's va_arg goes on by the size of a record of unnamed bit-fields,
		// and to the alignment of an empty one.
		b.Size = alignUp(b.Size, align) + alignUp(size, 4)
		b.Align = max(b.Align, align)
		return
	case ByPointer:
		size, align = 4, 4
	case ByValue:
		size = max(size, 4)
	}
	at.Offset = alignUp(b.Size, align)
	b.Size = at.Offset + size
	b.Align = max(b.Align, align)
}

func alignUp(n, align uint64) uint64 { return (n + align - 1) &^ (align - 1) }

// place classifies a type.
func place(t dtype.Type) (Place, error) {
	at := Place{Type: t, First: -1}
	if _, ok := dtype.Resolve(t).(*dtype.Void); ok {
		return at, nil
	}
	l, err := dtype.WASM32.Layout(t)
	if err != nil {
		return at, err
	}
	at.Size, at.Align = l.Size, l.Align
	switch dtype.Resolve(t).(type) {
	case *dtype.Struct, *dtype.Union:
		if emptyRecord(t) {
			return at, nil
		}
		sole, err := soleScalar(t)
		if err != nil {
			return at, err
		}
		if sole.Type == nil {
			at.How = ByPointer
			return at, nil
		}
		at.Scalar, at.BitField = sole.Type, sole.BitField
	case *dtype.Complex:
		at.How = ByPointer
		return at, nil
	default:
		at.Scalar = t
	}
	at.How = ByValue
	if at.Value, err = scalarType(at.Scalar); err != nil {
		return at, err
	}
	switch {
	case at.Value == V128:
		at.How = InVector
	case at.Size == 16:
		at.How = InPair
	}
	return at, nil
}

// scalarType is the wasm type of a C scalar, I64 for one that takes two.
func scalarType(t dtype.Type) (ValueType, error) {
	size, err := dtype.WASM32.Size(t)
	if err != nil {
		return 0, err
	}
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Float:
		switch size {
		case 4:
			return F32, nil
		case 8:
			return F64, nil
		}
		return I64, nil
	case *dtype.Bool, *dtype.Int, *dtype.Enum, *dtype.Pointer:
		if size > 4 {
			return I64, nil
		}
		return I32, nil
	case *dtype.Vector:
		if elem, err := dtype.WASM32.Size(t.Elem()); err != nil || size != 8 && size != 16 || elem > 8 {
			return 0, fmt.Errorf("%w: %v by value: only vectors of 8 and 16 bytes, of lanes of up to 8, are one wasm value", dtype.ErrNotSupported, t)
		}
		return V128, nil
	default:
		return 0, fmt.Errorf("%w: %v as a parameter or result", dtype.ErrNotSupported, t)
	}
}

// soleScalar is the one scalar member a struct or union consists of, with no
// type if it does not. Members that take no space do not count, an array of one
// counts as its element, and the scalar must fill the struct: padding makes it
// travel by pointer.
func soleScalar(t dtype.Type) (found dtype.Field, err error) {
	none := dtype.Field{}
	for _, f := range dtype.Members(t) {
		if emptyMember(f) {
			continue
		}
		if found.Type != nil {
			return none, nil
		}
		for {
			a, ok := dtype.Resolve(f.Type).(*dtype.Array)
			if !ok || a.Len() != 1 || a.Flexible() {
				break
			}
			f.Type = a.Elem()
		}
		switch dtype.Resolve(f.Type).(type) {
		case *dtype.Struct, *dtype.Union:
			if f, err = soleScalar(f.Type); f.Type == nil || err != nil {
				return none, err
			}
		case *dtype.Array, *dtype.Complex:
			return none, nil
		}
		found = f
	}
	if found.Type == nil {
		return none, nil
	}
	whole, err := dtype.WASM32.Size(t)
	if err != nil {
		return none, err
	}
	part, err := dtype.WASM32.Size(found.Type)
	if err != nil || part != whole {
		return none, err
	}
	return found, nil
}

// emptyRecord reports whether a struct or union has no member that counts.
func emptyRecord(t dtype.Type) bool {
	for _, f := range dtype.Members(t) {
		if !emptyMember(f) {
			return false
		}
	}
	return true
}

// emptyMember reports whether a member counts for nothing: an unnamed
// bit-field, an empty struct, or an array of none or of empty ones. A flexible
// array member counts.
func emptyMember(f dtype.Field) bool {
	if f.BitField && f.Name == "" {
		return true
	}
	t := dtype.Resolve(f.Type)
	for {
		a, ok := t.(*dtype.Array)
		if !ok {
			break
		}
		if a.Flexible() {
			return false
		}
		if a.Len() == 0 {
			return true
		}
		t = dtype.Resolve(a.Elem())
	}
	switch t.(type) {
	case *dtype.Struct, *dtype.Union:
		return emptyRecord(t)
	}
	return false
}
