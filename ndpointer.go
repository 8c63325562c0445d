package wasmffi

import (
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// arrayArg passes a memory.Array: its address where it is the library's own
// memory, else as a slice's memory is passed.
func arrayArg(t *dtype.Pointer, flow memory.Flow) argFunc {
	return func(c *call, i int, v reflect.Value) error {
		return c.passArray(i, v.Interface().(memory.Array), t, flow, false)
	}
}

func (c *call) passArray(i int, a memory.Array, t *dtype.Pointer, flow memory.Flow, strided bool) error {
	block, addr, err := c.enc.Array(a, t, flow, strided)
	if err != nil {
		return err
	}
	at := c.plan.shape.Params[i].First
	if block >= 0 {
		c.enc.Pointers = append(c.enc.Pointers, memory.BlockPointer{Offset: uint64(8 * at), To: block})
		return nil
	}
	c.words[at] = addr
	if c.plan.contract && a.Space() != nil {
		_, high := a.Bounds()
		c.extents[i] = high - a.Addr()
	}
	return nil
}

// An ndArgument is an array that satisfies an [memory.NDPointer], or a copy of
// one that does.
type ndArgument struct {
	pass, from memory.Array
	back       bool // what C writes to pass goes to from
	strided    bool
}

var ndArgumentType = reflect.TypeFor[ndArgument]()

// ndArg passes an ndArgument.
func ndArg(t *dtype.Pointer, flow memory.Flow) argFunc {
	return func(c *call, i int, v reflect.Value) error {
		nd := v.Interface().(ndArgument)
		if nd.back {
			c.after = append(c.after, func() error { return memory.Assign(nd.from, nd.pass, memory.Unsafe) })
		}
		return c.passArray(i, nd.pass, t, flow, nd.strided)
	}
}

// ndArgumentOf is the argument x as n demands it: a memory.Array, a View, or a
// Go slice or nil.
func ndArgumentOf(abi *dtype.ABI, n *memory.NDPointer, x any) (any, error) {
	var a memory.Array
	var err error
	switch x := x.(type) {
	case nil:
	case memory.Array:
		a = x
	case memory.View:
		a, err = memory.AsArray(x)
	default:
		var ok bool
		if a, ok, err = sliceArray(abi, x); !ok {
			err = fmt.Errorf("%w: Go %T for %v", memory.ErrType, x, n)
		}
	}
	if err != nil {
		return nil, err
	}
	pass, back, err := n.Prepare(a)
	if err != nil {
		return nil, err
	}
	ordered := n.Flags&(memory.CContiguous|memory.FContiguous) != 0
	return ndArgument{pass: pass, from: a, back: back, strided: !ordered || !pass.Flags().Has(memory.CContiguous)}, nil
}

// sliceArray is a Go slice of numbers as an array that shares its memory; ok is
// false for anything else.
func sliceArray(abi *dtype.ABI, x any) (a memory.Array, ok bool, err error) {
	switch x := x.(type) {
	case []float64:
		a, err = memory.ArrayFrom(abi, x, len(x))
	case []float32:
		a, err = memory.ArrayFrom(abi, x, len(x))
	case []int8:
		a, err = memory.ArrayFrom(abi, x, len(x))
	case []int16:
		a, err = memory.ArrayFrom(abi, x, len(x))
	case []int32:
		a, err = memory.ArrayFrom(abi, x, len(x))
	case []int64:
		a, err = memory.ArrayFrom(abi, x, len(x))
	case []uint8:
		a, err = memory.ArrayFrom(abi, x, len(x))
	case []uint16:
		a, err = memory.ArrayFrom(abi, x, len(x))
	case []uint32:
		a, err = memory.ArrayFrom(abi, x, len(x))
	case []uint64:
		a, err = memory.ArrayFrom(abi, x, len(x))
	case []complex64:
		a, err = memory.ArrayFrom(abi, x, len(x))
	case []complex128:
		a, err = memory.ArrayFrom(abi, x, len(x))
	default:
		return a, false, nil
	}
	return a, true, err
}

// ndResult is a result that points to the array that n describes.
func ndResult(n *memory.NDPointer) resultFunc {
	return func(c *call, v reflect.Value) error {
		var p memory.Pointer
		if err := decodedResult(c, reflect.ValueOf(&p).Elem()); err != nil {
			return err
		}
		a, err := n.Array(p)
		v.Set(reflect.ValueOf(a))
		return err
	}
}
