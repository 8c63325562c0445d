package dtype

import "fmt"

// A Vector is a SIMD vector as gcc and clang have it: lanes of one integer or
// floating type, passed and computed with as a whole.
//
//	typedef float v4 __attribute__((vector_size(16))); // VectorOf(CFloat, 4)
//
// It is as large as the array of its lanes ([Vector.Array]), which lie in order
// from the lowest address, and aligned to its size, up to the greatest
// alignment that the ABI gives vectors.
type Vector struct {
	elem  Type
	lanes uint64
}

func (*Vector) sealed() {}

// maxLanes bounds vectors below the limits of gcc and clang.
const maxLanes = 1 << 30

// VectorOf is a vector of lanes elements. As in C, these are of an integer type
// other than _Bool and enums or of a floating type, and their number is a power
// of two.
func VectorOf(elem Type, lanes uint64) (*Vector, error) {
	fail := func(err error) (*Vector, error) { return nil, &Error{Op: "vector", Type: elem, Err: err} }
	switch Resolve(elem).(type) {
	case *Int, *Float:
	case nil:
		return fail(fmt.Errorf("%w: no element type", ErrInvalid))
	default:
		return fail(fmt.Errorf("%w: vector of %v", ErrInvalid, elem))
	}
	if lanes == 0 || lanes&(lanes-1) != 0 || lanes > maxLanes {
		return fail(fmt.Errorf("%w: %d lanes, not a power of two up to 1<<30", ErrInvalid, lanes))
	}
	return &Vector{elem, lanes}, nil
}

// Elem is the type of a lane, a typedef name perhaps.
func (t *Vector) Elem() Type { return t.elem }

// Lanes is the number of elements.
func (t *Vector) Lanes() uint64 { return t.lanes }

// Array is the array type whose bytes mean the same. It may be less aligned.
func (t *Vector) Array() *Array { return &Array{elem: t.elem, n: t.lanes} }

// String states the size in bytes, for an element whose size the ABI chooses
// by sizeof.
func (t *Vector) String() string {
	size := fmt.Sprintf("%d * sizeof(%v)", t.lanes, t.elem)
	switch e := Resolve(t.elem).(type) {
	case *Int:
		if e.size < sizeLong {
			size = fmt.Sprint(t.lanes * uint64(e.size))
		}
	case *Float:
		if e.size != 0 {
			size = fmt.Sprint(t.lanes * uint64(e.size))
		}
	}
	return fmt.Sprintf("%v __attribute__((vector_size(%s)))", t.elem, size)
}

// vector is a vector as a type specifier. gcc makes the vector type when it has
// read the whole declaration, and loses by that a typedef's alignment, the
// length of an array of none, and packed on a member whose lanes have a byte:
// there it gets the type ready made.
func (p *printer) vector(t *Vector) string {
	if p.whole {
		return "__typeof__(" + t.String() + ")"
	}
	return t.String()
}

// wholeVectors makes vectors one specifier, until the result is called.
func (p *printer) wholeVectors() (restore func()) {
	before := p.whole
	p.whole = true
	return func() { p.whole = before }
}

func (a *ABI) vectorInfo(t *Vector) (typeInfo, error) {
	info, err := a.info(Resolve(t.elem))
	if err != nil {
		return typeInfo{}, err
	}
	if t.lanes > a.maxSize()/info.size {
		return typeInfo{}, a.layoutError(t, fmt.Errorf("%w: %d lanes of %d bytes", ErrOverflow, t.lanes, info.size))
	}
	size := info.size * t.lanes
	align := size
	if a.vector != 0 {
		align = min(align, a.vector)
	}
	return typeInfo{size: size, align: align}, nil
}

func pointerOrVector(t Type) string {
	if _, ok := t.(*Vector); ok {
		return "vector"
	}
	return "pointer"
}

// asArray is the array that a vector has the bytes of, or t itself.
func asArray(t Type) Type {
	if v, ok := Resolve(t).(*Vector); ok {
		return v.Array()
	}
	return t
}
