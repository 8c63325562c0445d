package memory

import (
	"fmt"
	"math/bits"
	"reflect"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// Zeros makes an array of zeros in C's order. Its memory is Go's: it needs no
// freeing, and C does not reach it but through arguments. See [Arena.Zeros].
func Zeros(abi *dtype.ABI, elem dtype.Type, shape ...int) (Array, error) {
	return newArray(abi, nil, elem, shape, nil)
}

// Zeros makes an array of zeros in C's order in the arena's memory.
func (a *Arena) Zeros(elem dtype.Type, shape ...int) (Array, error) {
	b, err := newArray(nil, a, elem, shape, nil)
	if err != nil {
		return Array{}, err
	}
	err = lend("zeros", 1, func(m []lent) error {
		clear(m[0].mem)
		return nil
	}, b)
	return b, err
}

// newArray makes an array in an arena, contents undefined, or in zeroed memory
// of Go's own if there is none. The axes lie in memory as order has them,
// fastest first; in C's order if it is nil.
func newArray(abi *dtype.ABI, in *Arena, elem dtype.Type, shape, order []int) (Array, error) {
	return newArrayIn(alignedBytes, abi, in, elem, shape, order)
}

// newArrayIn is newArray with Go's memory from room, a multiple of 16.
func newArrayIn(room func(n uint64) []byte, abi *dtype.ABI, in *Arena, elem dtype.Type, shape, order []int) (Array, error) {
	fail := func(err error) (Array, error) {
		return Array{}, &Error{Op: "new", Path: elem.String() + dims(shape), Err: err}
	}
	if in != nil {
		abi = in.Space().ABI()
	}
	l, err := abi.Layout(elem)
	if err != nil {
		return fail(err)
	}
	count, err := product(shape)
	if err != nil {
		return fail(err)
	}
	over, size := bits.Mul64(count, l.Size)
	if over != 0 || size > maxBuffer {
		return fail(ErrNoMemory)
	}
	v := View{size: size, typ: elem, from: &origin{root: elem}}
	if in != nil {
		v, err = in.object(elem, count, size, max(l.Align, 16))
	} else {
		var s *BufferSpace
		s, err = BufferSpaceOf(abi, room(size))
		if err == nil {
			v.space, v.life, v.addr = s, s.Lifetime(), s.Base()
		}
	}
	if err != nil {
		return fail(err)
	}
	strides := cStrides(shape, l.Size)
	if order != nil {
		step := int64(l.Size)
		for _, axis := range order {
			strides[axis] = step
			step *= int64(max(shape[axis], 1))
		}
	}
	b, err := NewArray(v, elem, 0, shape, strides)
	b.owned = true
	return b, err
}

// object makes an object of count elements, contents undefined.
func (a *Arena) object(elem dtype.Type, count, size, align uint64) (View, error) {
	t, err := dtype.ArrayOf(elem, count)
	if err != nil {
		return View{}, err
	}
	o, err := a.newObject(t)
	if err != nil {
		return View{}, err
	}
	defer o.life.Release()
	o.size = size
	if o.addr, err = o.alloc(size, align); err != nil {
		_ = o.end()
		return View{}, err
	}
	return NewView(a.space, &o.life, o.addr, size, t)
}

// like makes an array for the results of an operation on arrays of this shape,
// whose elements lie in memory as theirs do.
func like(abi *dtype.ABI, in *Arena, elem dtype.Type, shape []int, operands ...Array) (Array, error) {
	strides := make([][]int64, len(operands))
	for i, a := range operands {
		strides[i] = a.strides
	}
	return newArray(abi, in, elem, shape, memoryOrder(shape, strides...))
}

// ArrayFrom is a Go slice as an array, without copying: both are the same memory.
// Without a shape it has one axis. T's bytes must be those of its C type
// ([dtype.FromGo]) on the ABI.
func ArrayFrom[T any](abi *dtype.ABI, s []T, shape ...int) (Array, error) {
	if len(shape) == 0 {
		shape = []int{len(s)}
	}
	g := reflect.TypeFor[T]()
	fail := func(err error) (Array, error) {
		return Array{}, &Error{Op: "array", Path: "Go []" + g.String(), Err: err}
	}
	elem, err := dtype.FromGo(g)
	if err != nil {
		return fail(err)
	}
	size, err := sharedAs(abi, g, elem, &origin{root: elem})
	if err != nil {
		return fail(err)
	}
	if n, err := product(shape); err != nil || n != uint64(len(s)) {
		return fail(fmt.Errorf("%w: %d elements for shape %v", ErrRange, len(s), shape))
	}
	space, err := BufferSpaceOf(abi, sliceBytes(reflect.ValueOf(s)))
	if err != nil {
		return fail(err)
	}
	v := View{space: space, life: space.Lifetime(), addr: space.Base(), size: uint64(len(s)) * size, typ: elem, from: &origin{root: elem}}
	return NewArray(v, elem, 0, shape, cStrides(shape, size))
}

// UseSlice lends the elements to f as a Go slice in C's order that shares their
// memory. It must not be used after f has returned. An array with holes, or in
// another order, is an error wrapping [ErrNotContiguous]; T's bytes must be the
// elements' ([dtype.ABI.MatchGo]), aligned as Go needs.
func UseSlice[T any](a Array, f func(s []T) error) error {
	if a.space != nil && a.order()&CContiguous == 0 {
		return a.fail("use", ErrNotContiguous)
	}
	return useMemory(a, func(b []byte, _ uint64) error {
		s, ok := sliceOf[T](b)
		if !ok {
			return a.fail("use", misaligned[T]())
		}
		return f(s)
	}, reflect.TypeFor[T]())
}

// UseMatrix lends a matrix, an array with two axes whose rows have no holes, as
// BLAS and gonum want it: element i, j is data[i*stride+j]. So
//
//	mat.NewDense(rows, cols, data)                          // stride == cols
//	blas64.General{Rows: rows, Cols: cols, Stride: stride, Data: data}
//
// are the array itself. What data has between two rows is not the array's.
func UseMatrix[T float32 | float64 | complex64 | complex128](a Array, f func(data []T, rows, cols, stride int) error) error {
	if a.space == nil {
		return a.fail("use", ErrNull)
	}
	if len(a.shape) != 2 {
		return a.fail("use", fmt.Errorf("%w: %d axes are no matrix", ErrShape, len(a.shape)))
	}
	rows, cols, step := a.shape[0], a.shape[1], a.strides[0]
	if rows <= 1 || cols == 0 {
		step = int64(max(cols, 1)) * int64(a.size)
	}
	if cols > 1 && a.strides[1] != int64(a.size) || step < int64(cols)*int64(a.size) || a.size > 0 && step%int64(a.size) != 0 {
		return a.fail("use", fmt.Errorf("%w: strides %v are no matrix's", ErrNotContiguous, a.strides))
	}
	return useMemory(a, func(b []byte, _ uint64) error {
		s, ok := sliceOf[T](b)
		if !ok {
			return a.fail("use", misaligned[T]())
		}
		return f(s, rows, cols, int(step/int64(a.size)))
	}, reflect.TypeFor[T]())
}

func misaligned[T any]() error {
	return fmt.Errorf("%w: Go %v needs a multiple of %d", ErrType, reflect.TypeFor[T](), reflect.TypeFor[T]().Align())
}

// useMemory lends the bytes from the lowest element to the highest one to f,
// which gets the place of element 0, 0 … in them, if they may be Go's g.
func useMemory(a Array, f func(b []byte, at uint64) error, g reflect.Type) error {
	if a.space == nil {
		return a.fail("use", ErrNull)
	}
	if _, err := sharedAs(a.space.ABI(), g, a.elem, a.from); err != nil {
		return a.fail("use", err)
	}
	below, above, err := reach(a.shape, a.strides)
	if err != nil {
		return a.fail("use", err)
	}
	if err := a.life.Acquire(); err != nil {
		return a.fail("use", err)
	}
	defer a.life.Release()
	size := a.size
	if slices.Contains(a.shape, 0) {
		below, above, size = 0, 0, 0
	}
	b, err := a.space.Bytes(a.addr-below, below+above+size)
	if err != nil {
		return a.fail("use", err)
	}
	return f(b, below)
}
