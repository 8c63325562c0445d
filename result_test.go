package wasmffi_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A struct of 20 bytes takes three words of a frame, whose last four bytes are
// no element of the array that it ends in.
func TestResultEndsInsideAWord(t *testing.T) {
	rest, err := dtype.FlexibleArrayOf(dtype.Int32)
	require.NoError(t, err)
	five, err := dtype.ArrayOf(dtype.Int32, 5)
	require.NoError(t, err)
	s, err := dtype.NewStruct("s", dtype.Field{Name: "a", Type: five}, dtype.Field{Name: "rest", Type: rest})
	require.NoError(t, err)
	lib := newFake(t, dtype.LinuxAMD64, map[string]func(*wasmffi.Frame) error{
		"f": func(f *wasmffi.Frame) error {
			for i := range f.Words {
				f.Words[i] = 7<<32 | 7
			}
			return nil
		},
	})
	fn, err := wasmffi.BindFunc(lib, "f", sigOf(t, s))
	require.NoError(t, err)
	result, err := fn.Call(context.Background())
	require.NoError(t, err)
	require.Equal(t, memory.Record{
		{Name: "a", Value: []any{int32(7), int32(7), int32(7), int32(7), int32(7)}},
		{Name: "rest", Value: []any{}},
	}, result)
	type list struct {
		A    [5]int32 `c:"a"`
		Rest []int32  `c:"rest"`
	}
	f, err := wasmffi.BindAs[func() (list, error)](lib, "f", sigOf(t, s))
	require.NoError(t, err)
	typed, err := f()
	require.NoError(t, err)
	require.Equal(t, list{[5]int32{7, 7, 7, 7, 7}, []int32{}}, typed)
}
