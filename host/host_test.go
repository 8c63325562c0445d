package host

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

var background = context.Background()

func fixture(t testing.TB, name string) []byte {
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return data
}

// openTest opens a fixture for the length of the test.
func openTest(t testing.TB, name string, opts Options) *Library {
	lib, err := OpenBytes(background, name, fixture(t, name), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, lib.Close()) })
	return lib
}

// proto is a function type: the result, then the parameters.
func proto(result dtype.Type, params ...dtype.Type) *dtype.Func {
	ps := make([]dtype.Param, len(params))
	for i, p := range params {
		ps[i].Type = p
	}
	f, err := dtype.NewFunc(result, ps, false)
	if err != nil {
		panic(err)
	}
	return f
}

func prepare(t testing.TB, lib *Library, name string, sig *dtype.Func) wasmffi.Callable {
	sym, err := lib.Lookup(name)
	require.NoError(t, err)
	c, err := lib.Prepare(sym, sig)
	require.NoError(t, err)
	return c
}

// callWords calls a function with words for its parameters and returns those of
// its result.
func callWords(ctx context.Context, c wasmffi.Callable, words ...uint64) ([]uint64, error) {
	var shape wasmffi.Shape
	switch c := c.(type) {
	case *fewCallable:
		shape = c.shape
	case *scalarCallable:
		shape = c.shape
	case *callable:
		shape = c.shape
	}
	f := wasmffi.Frame{Ctx: ctx, Words: make([]uint64, shape.Words)}
	copy(f.Words[:shape.Result.First], words)
	err := c.Call(&f)
	return f.Words[shape.Result.First:], err
}

// call is callWords for functions with one result word, without a context.
func call(t testing.TB, lib *Library, name string, sig *dtype.Func, words ...uint64) (uint64, error) {
	out, err := callWords(nil, prepare(t, lib, name, sig), words...)
	if len(out) == 0 {
		return 0, err
	}
	return out[0], err
}

func neg(x int64) uint64 { return uint64(-x) }
