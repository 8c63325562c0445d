package host

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
)

// A module compiled without SIMD has the lanes for parameters: that is said.
func TestVectorWithoutSIMD(t *testing.T) {
	v4, err := dtype.VectorOf(dtype.CFloat, 4)
	require.NoError(t, err)
	sig, err := guestabi.Lower(proto(v4, v4))
	require.NoError(t, err)
	lanes := guestabi.FuncType{Params: []guestabi.ValueType{guestabi.I32, guestabi.F32, guestabi.F32, guestabi.F32, guestabi.F32}}
	err = matchSignature("f", proto(v4, v4), sig.Type, lanes)
	require.ErrorIs(t, err, wasmffi.ErrSignature)
	require.ErrorContains(t, err, "compiled without SIMD (-msimd128)")
	require.NoError(t, matchSignature("f", proto(v4, v4), sig.Type, sig.Type))
}
