package memory

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

func f(name string, t dtype.Type) dtype.Field { return dtype.Field{Name: name, Type: t} }

func bitField(name string, t dtype.Type, bits uint8) dtype.Field {
	return dtype.Field{Name: name, Type: t, BitField: true, Bits: bits}
}

func structOf(tb testing.TB, tag string, fields ...dtype.Field) *dtype.Struct {
	tb.Helper()
	t, err := dtype.NewStruct(tag, fields...)
	require.NoError(tb, err)
	return t
}

func unionOf(tb testing.TB, tag string, fields ...dtype.Field) *dtype.Union {
	tb.Helper()
	t, err := dtype.NewUnion(tag, fields...)
	require.NoError(tb, err)
	return t
}

func structAttr(tb testing.TB, tag string, attr dtype.Attr, fields ...dtype.Field) *dtype.Struct {
	tb.Helper()
	t, err := dtype.NewStructAttr(tag, attr, fields...)
	require.NoError(tb, err)
	return t
}

func arrayOf(tb testing.TB, elem dtype.Type, n uint64) *dtype.Array {
	tb.Helper()
	a, err := dtype.ArrayOf(elem, n)
	require.NoError(tb, err)
	return a
}

func flexible(tb testing.TB, elem dtype.Type) *dtype.Array {
	tb.Helper()
	a, err := dtype.FlexibleArrayOf(elem)
	require.NoError(tb, err)
	return a
}

func bufferOf(tb testing.TB, abi *dtype.ABI, size uint64) *BufferSpace {
	tb.Helper()
	s, err := NewBufferSpace(abi, size)
	require.NoError(tb, err)
	return s
}

func arenaOn(tb testing.TB, abi *dtype.ABI) *Arena {
	tb.Helper()
	return NewArena(bufferOf(tb, abi, 1<<16))
}

// must is for setting a test up.
func must[T any](x T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		require.NoError(tb, err)
		return x
	}
}
