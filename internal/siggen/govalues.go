package siggen

import (
	"context"
	"reflect"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// plainGo reports whether Go has a value for it that says all: a union's would
// be all of its members, a pointer must point to something, and an array of no
// vectors has lanes in Go that it has not in C.
func (v *Value) plainGo() bool {
	return dtype.Resolve(v.Type) == dtype.CVoid || v.exact && !holds(v.Type, func(t dtype.Type) bool {
		switch t := t.(type) {
		case *dtype.Union, *dtype.Pointer:
			return true
		case *dtype.Array:
			_, vectors := dtype.Resolve(t.Elem()).(*dtype.Vector)
			return vectors && t.Len() == 0
		}
		return false
	})
}

// goValues calls a function with Go values, where it has such.
func (c *checker) goValues(f *Function) {
	c.Helper()
	r := &f.result
	// What matches "..." is of the type that Go's tells; a result that is
	// const char * is followed.
	if f.Sig.Variadic() || !r.plainGo() {
		return
	}
	var args []any
	for i := range f.values {
		v := &f.values[i]
		if !v.plainGo() {
			return
		}
		x, err := memory.DecodeAny(v.Type, v.bytes, c.lib.Space(), nil)
		require.NoError(c, err, "%v", v.Type)
		args = append(args, x)
	}
	fn, err := wasmffi.BindFunc(c.lib, f.Name, f.Sig)
	require.NoError(c, err, f.Prototype())
	result, err := fn.Call(context.Background(), args...)
	if err != nil {
		c.fault(f, "called with Go values", err)
		return
	}
	if bits := c.complaints(); bits != 0 {
		c.wrong(f, "called with Go values: the parameters of bits %b arrived wrong", bits)
	}
	if f.Sig.Result() == dtype.CVoid {
		return
	}
	enc := memory.Encoder{ABI: c.abi}
	data := make([]byte, len(r.bytes))
	require.NoError(c, enc.Value(data, -1, 0, reflect.ValueOf(result), r.Type), f.Prototype())
	for i, b := range r.bytes {
		if (data[i]^b)&r.mask[i] != 0 {
			c.wrong(f, "called with Go values: result %v", result)
			return
		}
	}
}
