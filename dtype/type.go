// Package dtype describes C types and lays them out.
//
// A [Type] says what C says and no more: it carries no size. An [ABI] gives
// sizes, alignments and offsets, so that one struct type has one layout for
// each machine it is used on:
//
//	point, _ := dtype.NewStruct("point",        // struct point {
//		dtype.Field{Name: "x", Type: dtype.CLong},  //     long x;
//		dtype.Field{Name: "p", Type: dtype.PointerTo(dtype.CChar)}) // char *p; };
//	l32, _ := dtype.WASM32.Layout(point)     // 8 bytes, align 4
//	l64, _ := dtype.LinuxAMD64.Layout(point) // 16 bytes, align 8
//
// Types are immutable once complete and safe for concurrent use. A struct or
// union may first be declared and later be defined, which is how recursive
// types are made; see [DeclareStruct]. [ExtendStruct] makes a struct that begins
// with another, as ctypes' classes and Go's embedding do.
//
// A type comes from a constructor, from a Go type ([FromGo]), from a NumPy dtype
// or buffer format ([ABI.FromNumPy], [ABI.FromBufferFormat]), or from the
// packages cdecl and debuginfo.
//
// # Layout
//
// Structs and unions are laid out by the rules of the ABI's own compiler
// ([Dialect]): System V's, those of gcc's and clang's ms_struct, which mingw
// uses, or Microsoft's. Attributes (packed, aligned, #pragma pack, byte order)
// belong to the type ([Attr], [Field]). [ABI.Describe] and the %+v of a struct
// show offsets, bits and holes.
//
// # Identity
//
// Two types are identical ([Identical]) when C would spell them the same:
// same kind, same typedef names, same tags, same members. They are equivalent
// ([Equivalent]) when they are identical after typedef names are resolved.
// They are layout-equal on an ABI ([ABI.LayoutEqual]) when every byte of one
// means the same in the other: int and long on windows-amd64, size_t and
// unsigned int on wasm32. Pointers are layout-equal when what they point to
// is, or when one of them is void *.
package dtype

import "fmt"

// A Type is a C type: one of *Void, *Bool, *Int, *Float, *Complex, *Vector,
// *Pointer, *Array, *Struct, *Union, *Enum, *Func or *Named. The set is closed.
type Type interface {
	// String is the type as C spells it: "int", "struct point *",
	// "int (*)(const char *)". Only a type without a tag is spelt by its
	// definition; see [Declare] and [Define].
	String() string
	sealed()
}

// Void is the C type void.
type Void struct{}

// Bool is the C type _Bool.
type Bool struct{}

// A Named is a typedef name.
type Named struct {
	name  string
	under Type
	align uint64 // from aligned(n); 0 if not given
}

// A Pointer is a pointer to an object or function type.
type Pointer struct {
	elem      Type
	constElem bool
}

// An Array is T[n], or with n unknown the flexible array member T[].
type Array struct {
	elem     Type
	n        uint64
	flexible bool
}

// A Complex is _Complex of a floating type.
type Complex struct{ part *Float }

func (*Void) sealed()    {}
func (*Bool) sealed()    {}
func (*Int) sealed()     {}
func (*Float) sealed()   {}
func (*Complex) sealed() {}
func (*Pointer) sealed() {}
func (*Array) sealed()   {}
func (*Struct) sealed()  {}
func (*Union) sealed()   {}
func (*Enum) sealed()    {}
func (*Func) sealed()    {}
func (*Named) sealed()   {}

// NewNamed makes a typedef name for under.
func NewNamed(name string, under Type) (*Named, error) {
	if name == "" || under == nil {
		return nil, &Error{Op: "typedef", Path: name, Err: fmt.Errorf("%w: a typedef needs a name and a type", ErrInvalid)}
	}
	return &Named{name: name, under: under}, nil
}

// NewNamedAligned makes a typedef name with __attribute__((aligned(align))),
// which replaces the alignment of under, downwards too.
func NewNamedAligned(name string, under Type, align uint64) (*Named, error) {
	t, err := NewNamed(name, under)
	if err != nil {
		return nil, err
	}
	if err := checkAlign(align); err != nil {
		return nil, &Error{Op: "typedef", Path: name, Err: err}
	}
	t.align = align
	return t, nil
}

// checkAlign refuses what aligned(n) does not take. The greatest alignment is
// the one that gcc and clang share.
func checkAlign(n uint64) error {
	if n&(n-1) != 0 || n > 1<<28 {
		return fmt.Errorf("%w: alignment %d is no power of two up to 1<<28", ErrInvalid, n)
	}
	return nil
}

// Name is the typedef's name.
func (t *Named) Name() string { return t.name }

// Underlying is the type that the typedef names; it may be a typedef again.
func (t *Named) Underlying() Type { return t.under }

// Align is the alignment in bytes that the typedef states; 0 if it states none.
func (t *Named) Align() uint64 { return t.align }

// Resolve follows typedef names to the type they stand for.
func Resolve(t Type) Type {
	for {
		n, ok := t.(*Named)
		if !ok {
			return t
		}
		t = n.under
	}
}

// PointerTo is elem *. A nil elem means void.
func PointerTo(elem Type) *Pointer {
	if elem == nil {
		elem = CVoid
	}
	return &Pointer{elem: elem}
}

// PointerToConst is const elem *.
func PointerToConst(elem Type) *Pointer {
	p := PointerTo(elem)
	p.constElem = true
	return p
}

// Elem is the type pointed to.
func (t *Pointer) Elem() Type { return t.elem }

// ConstElem reports whether the type pointed to is const-qualified: C promises
// not to write through the pointer.
func (t *Pointer) ConstElem() bool { return t.constElem }

// ArrayOf is elem[n].
func ArrayOf(elem Type, n uint64) (*Array, error) {
	if err := checkElem(elem); err != nil {
		return nil, err
	}
	return &Array{elem: elem, n: n}, nil
}

// FlexibleArrayOf is elem[], as the last member of a struct.
func FlexibleArrayOf(elem Type) (*Array, error) {
	if err := checkElem(elem); err != nil {
		return nil, err
	}
	return &Array{elem: elem, flexible: true}, nil
}

func checkElem(elem Type) error {
	switch e := Resolve(elem).(type) {
	case nil:
		return &Error{Op: "array", Err: fmt.Errorf("%w: no element type", ErrInvalid)}
	case *Void, *Func:
		return &Error{Op: "array", Type: elem, Err: fmt.Errorf("%w: array of %v", ErrInvalid, elem)}
	case *Array:
		if e.flexible {
			return &Error{Op: "array", Type: elem, Err: fmt.Errorf("%w: array of arrays of unknown length", ErrInvalid)}
		}
	}
	return nil
}

// Elem is the element type.
func (t *Array) Elem() Type { return t.elem }

// Len is the number of elements; 0 for a flexible array.
func (t *Array) Len() uint64 { return t.n }

// Flexible reports whether the length is unknown, as in a struct's last
// member T a[].
func (t *Array) Flexible() bool { return t.flexible }

// ComplexOf is _Complex part. A nil part means double.
func ComplexOf(part *Float) *Complex {
	if part == nil {
		part = CDouble
	}
	return &Complex{part: part}
}

// Part is the type of the real and the imaginary part.
func (t *Complex) Part() *Float { return t.part }
