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
// method is called on the zero value.
type GoTyper interface{ CType() (Type, error) }

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
// padding. Go's int and uint have no counterpart in C: whether int32 or Long
// is meant must be said.
func FromGo(t reflect.Type) (Type, error) {
	if c, ok := fromGo.Load(t); ok {
		return c.(Type), nil
	}
	c, err := (&goMapper{open: map[reflect.Type]*Struct{}}).convert(t)
	if err != nil {
		return nil, err
	}
	// Another goroutine may have been first: one Go type has one C type.
	got, _ := fromGo.LoadOrStore(t, c)
	return got.(Type), nil
}

var fromGo sync.Map // reflect.Type → Type

// goMapper converts one Go type; open holds structs that are being converted,
// for recursion through pointers.
type goMapper struct{ open map[reflect.Type]*Struct }

func (m *goMapper) convert(t reflect.Type) (Type, error) {
	if c, ok := goTypes[t]; ok {
		return c, nil
	}
	if c, ok := m.open[t]; ok {
		return c, nil
	}
	if c, ok := fromGo.Load(t); ok {
		return c.(Type), nil
	}
	if t.Implements(reflect.TypeFor[GoTyper]()) && t.Kind() != reflect.Interface {
		return reflect.Zero(t).Interface().(GoTyper).CType()
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
		elem, err := m.convert(t.Elem())
		if err != nil {
			return nil, err
		}
		return PointerTo(elem), nil
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

func (m *goMapper) convertStruct(t reflect.Type) (Type, error) {
	s := DeclareStruct(t.Name())
	m.open[t] = s
	defer delete(m.open, t)
	var fields []Field
	for i := range t.NumField() {
		f := t.Field(i)
		name, skip := FieldName(f)
		if skip {
			continue
		}
		c, err := m.convert(f.Type)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		if name == "_" {
			name = fmt.Sprintf("_pad%d", i)
		}
		fields = append(fields, Field{Name: name, Type: c})
	}
	if err := s.Define(Attr{}, fields...); err != nil {
		return nil, err
	}
	return s, nil
}

// FieldName is the C name of a Go struct field, or skip if `c:"-"` leaves it
// out.
func FieldName(f reflect.StructField) (name string, skip bool) {
	tag, _, _ := strings.Cut(f.Tag.Get("c"), ",")
	switch {
	case tag == "-", f.Type == hostLayout:
		return "", true
	case tag != "":
		return tag, false
	case f.Anonymous && f.Type.Kind() == reflect.Struct:
		return "", false
	}
	return f.Name, false
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
