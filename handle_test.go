package wasmffi_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func TestHandle(t *testing.T) {
	lib := newFake(t, dtype.WASM32, map[string]func(*wasmffi.Frame) error{"echo": echo})
	back, err := wasmffi.Bind[func(wasmffi.Handle) wasmffi.Handle](lib, "echo")
	require.NoError(t, err)
	h, err := wasmffi.NewHandle(lib, "value")
	require.NoError(t, err)
	v, err := back(h).Value()
	require.NoError(t, err)
	require.Equal(t, "value", v)

	t.Run("deleted", func(t *testing.T) {
		require.NoError(t, h.Delete())
		_, err := back(h).Value()
		require.ErrorIs(t, err, memory.ErrEnded)
		require.ErrorIs(t, h.Delete(), memory.ErrEnded)
	})
	t.Run("made up by C", func(t *testing.T) {
		forge, err := wasmffi.Bind[func(dtype.Addr) wasmffi.Handle](lib, "echo")
		require.NoError(t, err)
		for _, word := range []dtype.Addr{0, 1, 0xffff, 0x10001, 0xffffffff} {
			_, err = forge(word).Value()
			require.ErrorIs(t, err, memory.ErrEnded, "%#x", word)
		}
	})
	t.Run("of another library", func(t *testing.T) {
		other := newFake(t, dtype.WASM32, nil)
		h, err := wasmffi.NewHandle(other, 1)
		require.NoError(t, err)
		defer h.Delete()
		send, err := wasmffi.Bind[func(wasmffi.Handle) (wasmffi.Handle, error)](lib, "echo")
		require.NoError(t, err)
		_, err = send(h)
		require.ErrorIs(t, err, memory.ErrType)
	})
}

func TestHandlesAreLimited(t *testing.T) {
	lib := newFake(t, dtype.WASM32, nil)
	var all []wasmffi.Handle
	for {
		h, err := wasmffi.NewHandle(lib, nil)
		if err != nil {
			require.ErrorIs(t, err, wasmffi.ErrLimit)
			break
		}
		all = append(all, h)
	}
	require.Len(t, all, 65535)
	for _, h := range all {
		require.NoError(t, h.Delete())
	}
	h, err := wasmffi.NewHandle(lib, 1)
	require.NoError(t, err)
	require.NoError(t, h.Delete())
}
