package dtype

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// Go types for the C types whose size depends on the ABI, so that one Go
// source is right for ILP32, LP64 and LLP64. Each is wide enough for every
// ABI; a value that does not fit the C type is an error when it is stored or
// passed.
type (
	Long    int64  // long
	ULong   uint64 // unsigned long
	Size    uint64 // size_t
	SSize   int64  // ssize_t
	PtrDiff int64  // ptrdiff_t
	IntPtr  int64  // intptr_t
	WChar   int32  // wchar_t
	Char    byte   // char, whatever its sign
	Addr    uint64 // void *: an address in the library's memory, 0 is NULL

	// LongDouble is long double, converted to and from float64: rounded to
	// nearest where the C type holds more digits.
	LongDouble float64
)

var goTypes = map[reflect.Type]Type{
	reflect.TypeFor[Long]():       CLong,
	reflect.TypeFor[ULong]():      CULong,
	reflect.TypeFor[Size]():       SizeT,
	reflect.TypeFor[SSize]():      SSizeT,
	reflect.TypeFor[PtrDiff]():    PtrDiffT,
	reflect.TypeFor[IntPtr]():     IntPtrT,
	reflect.TypeFor[WChar]():      WCharT,
	reflect.TypeFor[Char]():       CChar,
	reflect.TypeFor[LongDouble](): CLongDouble,
}

// A GoTyper is a Go type that says itself which C type it stands for. The
// method is called on the zero value. It must not ask [FromGo] for a type that
// may contain this one; a pointer type is a [GoPointer] instead.
type GoTyper interface{ CType() (Type, error) }

// A GoPointer is a Go type that stands for a pointer to the C type of another
// Go type, which may be recursive: a list's node may hold a GoPointer to itself.
// The method is called on the zero value.
type GoPointer interface{ CPointerTo() reflect.Type }

// CType makes Addr stand for void *.
func (Addr) CType() (Type, error) { return PointerTo(CVoid), nil }

// FromGo is the C type that a Go type stands for:
//
//	bool                        _Bool
//	int8 … int64, uint8 …       int8_t … int64_t, uint8_t …
//	uintptr                     uintptr_t
//	float32, float64            float, double
//	complex64, complex128       _Complex float, _Complex double
//	Long, Size, WChar, Addr …   long, size_t, wchar_t, void * …
//	string                      const char *
//	*T, []T                     T *
//	unsafe.Pointer              void *
//	[n]T                        T[n]
//	func(…) …                   pointer to function
//	struct                      struct, members in order
//
// A struct's members take their C names from `c:"name"` tags, else from the
// field names as they are; `c:"-"` leaves a field out. Blank fields are
// padding, embedded structs are anonymous members. After the name a tag may
// hold options: bits=3 makes a bit-field (of width 3; on a blank field an
// unnamed one), align=16 and packed are the attributes of the member, const
// its qualifier. A blank field of type struct{} or structs.HostLayout has the
// tag of the struct itself, with the options packed, pack=1 (as #pragma pack),
// align=64, ms_struct, gcc_struct, big and little (byte order):
//
//	type header struct {                  // #pragma pack(1)
//		_     struct{} `c:"hdr,pack=1"`   // struct hdr {
//		Kind  uint8    `c:"kind"`         //     uint8_t kind;
//		Flags uint32   `c:"flags,bits=3"` //     uint32_t flags : 3;
//	}                                     // };
//
// Go's int and uint have no counterpart in C: whether int32 or Long is meant
// must be said.
//
// One Go type has one C type, compared with ==, in all calls.
func FromGo(t reflect.Type) (Type, error) {
	if t == nil {
		return nil, &Error{Op: "go type", Err: fmt.Errorf("%w: no type", ErrInvalid)}
	}
	for {
		m := &goMapper{done: map[reflect.Type]Type{}}
		c, err := m.convert(t)
		if err != nil || m.publish() {
			return c, err
		}
	}
}

var (
	fromGo   sync.Map // reflect.Type → Type, complete
	fromGoMu sync.Mutex
)

// goMapper converts one Go type. done holds what it has converted and the
// structs it has begun; others see them when all are complete.
type goMapper struct{ done map[reflect.Type]Type }

// publish makes the converted types known. It reports false if another
// goroutine was first with one of them, so that ours would be a second one.
func (m *goMapper) publish() bool {
	if len(m.done) == 0 {
		return true
	}
	fromGoMu.Lock()
	defer fromGoMu.Unlock()
	for t := range m.done {
		if _, taken := fromGo.Load(t); taken {
			return false
		}
	}
	for t, c := range m.done {
		fromGo.Store(t, c)
	}
	return true
}

func (m *goMapper) convert(t reflect.Type) (Type, error) {
	if c, ok := goTypes[t]; ok {
		return c, nil
	}
	if c, ok := fromGo.Load(t); ok {
		return c.(Type), nil
	}
	if c, ok := m.done[t]; ok {
		return c, nil
	}
	c, err := m.convertNew(t)
	if err == nil {
		m.done[t] = c
	}
	return c, err
}

func (m *goMapper) convertNew(t reflect.Type) (Type, error) {
	// A *T has T's methods too, but none that may be called on nil.
	if t.Kind() != reflect.Interface && t.Kind() != reflect.Pointer {
		switch v := reflect.Zero(t).Interface().(type) {
		case GoTyper:
			return v.CType()
		case GoPointer:
			return m.pointerTo(v.CPointerTo())
		}
	}
	switch t.Kind() {
	case reflect.Bool:
		return CBool, nil
	case reflect.Int8:
		return Int8, nil
	case reflect.Int16:
		return Int16, nil
	case reflect.Int32:
		return Int32, nil
	case reflect.Int64:
		return Int64, nil
	case reflect.Uint8:
		return Uint8, nil
	case reflect.Uint16:
		return Uint16, nil
	case reflect.Uint32:
		return Uint32, nil
	case reflect.Uint64:
		return Uint64, nil
	case reflect.Uintptr:
		return UIntPtrT, nil
	case reflect.Float32:
		return CFloat, nil
	case reflect.Float64:
		return CDouble, nil
	case reflect.Complex64:
		return ComplexOf(CFloat), nil
	case reflect.Complex128:
		return ComplexOf(CDouble), nil
	case reflect.String:
		return PointerToConst(CChar), nil
	case reflect.UnsafePointer:
		return PointerTo(CVoid), nil
	case reflect.Pointer, reflect.Slice:
		return m.pointerTo(t.Elem())
	case reflect.Array:
		elem, err := m.convert(t.Elem())
		if err != nil {
			return nil, err
		}
		return ArrayOf(elem, uint64(t.Len()))
	case reflect.Func:
		f, err := m.convertFunc(t)
		if err != nil {
			return nil, err
		}
		return PointerTo(f), nil
	case reflect.Struct:
		return m.convertStruct(t)
	case reflect.Int, reflect.Uint:
		return nil, goError(t, "%w: C has no type of Go's %v; use int32 for int, dtype.Long for long, dtype.Size for size_t", ErrNotSupported, t.Kind())
	}
	return nil, goError(t, "%w: no C type for it", ErrNotSupported)
}

func (m *goMapper) pointerTo(t reflect.Type) (Type, error) {
	elem, err := m.convert(t)
	if err != nil {
		return nil, err
	}
	return PointerTo(elem), nil
}

func (m *goMapper) convertStruct(t reflect.Type) (Type, error) {
	tag, attr, err := structAttr(t)
	if err != nil {
		return nil, err
	}
	s := DeclareStruct(tag)
	m.done[t] = s // before its members, which may point to it
	var fields []Field
	for i := range t.NumField() {
		f := t.Field(i)
		if _, skip := FieldName(f); skip {
			continue
		}
		field, err := goField(f)
		if err == nil {
			field.Type, err = m.convert(f.Type)
		}
		if err != nil {
			return nil, &Error{Op: "go type", Path: t.String() + "." + f.Name, Err: err}
		}
		fields = append(fields, field)
	}
	if err := s.Define(attr, fields...); err != nil {
		return nil, &Error{Op: "go type", Path: t.String(), Err: err}
	}
	return s, nil
}

// structAttr is the C tag and the attributes of a Go struct. A generic type's
// name is no C identifier, so it has no tag unless one is given.
func structAttr(t reflect.Type) (tag string, attr Attr, err error) {
	for i := range t.NumField() {
		if f := t.Field(i); isMarker(f) {
			if tag, attr, err = goAttr(f); err != nil {
				return "", Attr{}, &Error{Op: "go type", Path: t.String(), Err: err}
			}
		}
	}
	if tag == "" && !strings.Contains(t.Name(), "[") {
		tag = t.Name()
	}
	return tag, attr, nil
}

func (m *goMapper) convertFunc(t reflect.Type) (Type, error) {
	if t.IsVariadic() || t.NumOut() > 1 {
		return nil, goError(t, "%w: a C function pointer has no variadic Go form and one result at most", ErrNotSupported)
	}
	var params []Param
	for i := range t.NumIn() {
		c, err := m.convert(t.In(i))
		if err != nil {
			return nil, err
		}
		params = append(params, Param{Type: c})
	}
	var result Type = CVoid
	if t.NumOut() == 1 {
		var err error
		if result, err = m.convert(t.Out(0)); err != nil {
			return nil, err
		}
	}
	return NewFunc(result, params, false)
}

func goError(t reflect.Type, format string, args ...any) error {
	return &Error{Op: "go type", Path: t.String(), Err: fmt.Errorf(format, args...)}
}
