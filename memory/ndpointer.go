package memory

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// An NDPointer says what a pointer parameter demands of the array that is
// passed for it, or what array a result points to: numpy.ctypeslib.ndpointer.
// The zero value takes any array.
//
//	ndpointer(dtype=float64, ndim=1, flags="C_CONTIGUOUS")
//	memory.NDPointer{Elem: dtype.CDouble, Dims: 1, Flags: memory.CContiguous}
type NDPointer struct {
	// Elem is the type of the elements, in the library's byte order; nil is
	// any type.
	Elem dtype.Type
	// Dims is the number of axes; 0 is any number.
	Dims int
	// Shape is the shape; nil is any, and -1 in it any length.
	Shape []int
	// Flags are all to be set. WriteBackIfCopy is no demand but a permission:
	// see Copy. Without CContiguous or FContiguous C has to be told the
	// strides.
	Flags Flags
	// Nullable lets NULL through, and the zero Array as NULL.
	Nullable bool
	// Copy has an array that lacks some of this copied into one that does not:
	// contiguous, aligned, of elements converted by the rule of same kinds. It
	// is C's for the call; what C writes to it comes back only if Flags has
	// WriteBackIfCopy. Number and length of axes must be right by themselves.
	Copy bool
}

// ErrNDPointer: an array is not as an [NDPointer] demands.
var ErrNDPointer = errors.New("array does not satisfy")

// ParseFlags reads the names and letters of ndpointer's flags, with commas
// between them: "C_CONTIGUOUS", "C", "CONTIGUOUS"; "F_CONTIGUOUS", "F",
// "FORTRAN"; "OWNDATA", "O"; "WRITEABLE", "W"; "ALIGNED", "A";
// "WRITEBACKIFCOPY", "X", and its old name "UPDATEIFCOPY", "U".
func ParseFlags(s string) (Flags, error) {
	var f Flags
	for name := range strings.SplitSeq(s, ",") {
		switch strings.ToUpper(strings.TrimSpace(name)) {
		case "C_CONTIGUOUS", "C", "CONTIGUOUS":
			f |= CContiguous
		case "F_CONTIGUOUS", "F", "FORTRAN":
			f |= FContiguous
		case "OWNDATA", "O":
			f |= OwnData
		case "WRITEABLE", "W":
			f |= Writeable
		case "ALIGNED", "A":
			f |= Aligned
		case "WRITEBACKIFCOPY", "X", "UPDATEIFCOPY", "U":
			f |= WriteBackIfCopy
		case "":
		default:
			return 0, &Error{Op: "flags", Path: s, Err: fmt.Errorf("%w: %q is no flag", ErrType, name)}
		}
	}
	return f, nil
}

// String is as NumPy writes it: ndpointer(double, ndim=1, C_CONTIGUOUS).
func (n NDPointer) String() string {
	var parts []string
	if n.Elem != nil {
		parts = append(parts, n.Elem.String())
	}
	if n.Dims != 0 {
		parts = append(parts, fmt.Sprintf("ndim=%d", n.Dims))
	}
	if n.Shape != nil {
		parts = append(parts, fmt.Sprintf("shape=%v", n.Shape))
	}
	if n.Flags != 0 {
		parts = append(parts, n.Flags.String())
	}
	return "ndpointer(" + strings.Join(parts, ", ") + ")"
}

// demands are the flags to be set.
func (n NDPointer) demands() Flags { return n.Flags &^ WriteBackIfCopy }

// Check reports, as an error wrapping [ErrNDPointer], what an array lacks.
func (n NDPointer) Check(a Array) error {
	if a.space == nil {
		if n.Nullable {
			return nil
		}
		return a.fail("ndpointer", fmt.Errorf("%w %v: NULL", ErrNDPointer, n))
	}
	err := n.checkShape(a)
	switch {
	case err != nil:
	case !n.hasElem(a):
		order := ""
		if a.BigEndian() {
			order = "big-endian "
		}
		err = fmt.Errorf("elements are %s%v", order, a.elem)
	case !a.Flags().Has(n.demands()):
		err = fmt.Errorf("it lacks %v", n.demands()&^a.Flags())
	default:
		return nil
	}
	return a.fail("ndpointer", fmt.Errorf("%w %v: %w", ErrNDPointer, n, err))
}

func (n NDPointer) hasElem(a Array) bool {
	return n.Elem == nil || !a.BigEndian() && a.space.ABI().LayoutEqual(a.elem, n.Elem)
}

func (n NDPointer) checkShape(a Array) error {
	if n.Dims != 0 && n.Dims != len(a.shape) {
		return fmt.Errorf("it has %d axes", len(a.shape))
	}
	if n.Shape == nil {
		return nil
	}
	same := slices.EqualFunc(n.Shape, a.shape, func(want, have int) bool { return want == have || want == -1 })
	if !same {
		return fmt.Errorf("its shape is %v", a.shape)
	}
	return nil
}

// Prepare is the array to pass for a: a itself if it is as demanded, else, if
// Copy allows it, a copy that is, in Go's memory. Back is set if what C writes
// to the copy is to be assigned to a.
func (n NDPointer) Prepare(a Array) (pass Array, back bool, err error) {
	err = n.Check(a)
	if err == nil || !n.Copy || a.space == nil || n.checkShape(a) != nil {
		return a, false, err
	}
	elem, casting := n.Elem, SameKind
	if elem == nil {
		elem, casting = a.elem, Unsafe
	}
	back = n.Flags&WriteBackIfCopy != 0
	if back && a.Flags()&Writeable == 0 {
		return a, false, a.fail("ndpointer", fmt.Errorf("%w: what C writes cannot come back", ErrReadOnly))
	}
	order := memoryOrder(a.shape, a.strides)
	if n.Flags&CContiguous != 0 {
		order = nil
	} else if n.Flags&FContiguous != 0 {
		order = fortranOrder(len(a.shape))
	}
	pass, err = a.copied("ndpointer", nil, elem, order, false, casting)
	if err != nil {
		return a, false, err
	}
	return pass, back, n.Check(pass)
}

// fortranOrder is the order of axes in memory that makes the first one fastest.
func fortranOrder(dims int) []int {
	order := make([]int, dims)
	for i := range order {
		order[i] = i
	}
	return order
}

// Array is the array that a result points to: Elem and Shape say what it is. It
// is the zero Array for NULL, which is an error unless it is allowed.
func (n NDPointer) Array(p Pointer) (Array, error) {
	fail := func(err error) (Array, error) {
		return Array{}, &Error{Op: "ndpointer", Path: n.String(), Addr: p.addr, Err: err}
	}
	if p.IsNull() {
		if n.Nullable {
			return Array{}, nil
		}
		return fail(ErrNull)
	}
	if n.Elem == nil || n.Shape == nil || slices.Contains(n.Shape, -1) {
		return fail(fmt.Errorf("%w: a result needs element type and shape", ErrType))
	}
	count, err := product(n.Shape)
	if err != nil {
		return fail(err)
	}
	list, err := dtype.ArrayOf(n.Elem, count)
	if err != nil {
		return fail(err)
	}
	v, err := NewView(p.space, p.life, p.addr, 0, list)
	if err != nil {
		return fail(err)
	}
	var a Array
	if n.Flags&FContiguous != 0 {
		size := int64(v.size / max(count, 1))
		strides := make([]int64, len(n.Shape))
		for i, l := range n.Shape {
			strides[i] = size
			size *= int64(max(l, 1))
		}
		a, err = NewArray(v, n.Elem, 0, n.Shape, strides)
	} else {
		a, err = AsArray(v, n.Shape...)
	}
	if err != nil {
		return fail(err)
	}
	return a, nil
}
