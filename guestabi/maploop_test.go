package guestabi_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
)

// mapGuest is a guest that exports a memory, a table of one function, and
// nothing else:
//
//	(func (param i32 i32) (result i32) local.get 0 i32.const 3 i32.mul local.get 1 i32.add)
var mapGuest = []byte("\x00asm\x01\x00\x00\x00" +
	"\x01\x07\x01\x60\x02\x7f\x7f\x01\x7f" +
	"\x03\x02\x01\x00" +
	"\x04\x04\x01\x70\x00\x01" +
	"\x05\x03\x01\x00\x01" +
	"\x07\x0e\x02\x01t\x01\x00\x06memory\x02\x00" +
	"\x09\x07\x01\x00\x41\x00\x0b\x01\x00" +
	"\x0a\x0c\x01\x0a\x00\x20\x00\x41\x03\x6c\x20\x01\x6a\x0b")

// TestMapModule runs a generated loop over scalars of several widths.
func TestMapModule(t *testing.T) {
	sig, err := dtype.NewFunc(dtype.Int16, []dtype.Param{{Type: dtype.Int8}, {Type: dtype.Uint8}}, false)
	require.NoError(t, err)
	lowered, err := guestabi.Lower(sig)
	require.NoError(t, err)
	name := func(s string) guestabi.Name { return guestabi.Name{Module: "guest", Name: s} }
	wasm, err := guestabi.MapModule(lowered, guestabi.Name{}, name("t"), name("memory"))
	require.NoError(t, err)
	requireValid(t, wasm)
	for engine, rc := range engines() {
		t.Run(engine, func(t *testing.T) {
			var guest api.Module
			ctx := experimental.WithImportResolver(context.Background(), func(string) api.Module { return guest })
			rt := wazero.NewRuntimeWithConfig(ctx, rc)
			defer rt.Close(ctx)
			anonymous := wazero.NewModuleConfig().WithName("")
			guest, err := rt.InstantiateWithConfig(ctx, mapGuest, anonymous)
			require.NoError(t, err)
			loop, err := rt.InstantiateWithConfig(experimental.WithImportResolver(ctx, func(string) api.Module { return guest }), wasm, anonymous)
			require.NoError(t, err)
			mem := guest.Memory()
			mem.Write(0, []byte{1, 0xfe, 3, 4, 5, 6, 7, 0x80, 200, 100})
			// Two rounds of three: the first parameter forwards, the second
			// stays in a round, the results with a gap of one byte.
			args := []uint64{0, 3, 2, 0, 1, 0, 8, 0, 1, 100, 3, 1}
			_, err = loop.ExportedFunction(guestabi.MapCall).Call(ctx, args...)
			require.NoError(t, err)
			at := []uint32{100, 103, 106, 110, 113, 116}
			for i, want := range []int16{3 + 200, -6 + 200, 9 + 200, 12 + 100, 15 + 100, 18 + 100} {
				got, ok := mem.ReadUint16Le(at[i])
				require.True(t, ok)
				require.Equal(t, want, int16(got), i)
			}
		})
	}
	for _, bad := range []dtype.Type{dtype.CLongDouble, dtype.ComplexOf(dtype.CFloat), dtype.CInt128} {
		sig, err := dtype.NewFunc(dtype.CVoid, []dtype.Param{{Type: bad}}, false)
		require.NoError(t, err)
		lowered, err := guestabi.Lower(sig)
		require.NoError(t, err)
		_, err = guestabi.MapModule(lowered, guestabi.Name{}, name("t"), name("memory"))
		require.ErrorIs(t, err, dtype.ErrNotSupported, "%v", bad)
	}
}
