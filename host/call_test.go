package host

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

func TestScalars(t *testing.T) {
	f32 := func(f float32) uint64 { return uint64(math.Float32bits(f)) }
	tests := []struct {
		name string
		sig  *dtype.Func
		args []uint64
		want uint64
	}{
		{"addd", proto(dtype.CDouble, dtype.CDouble, dtype.CDouble), []uint64{math.Float64bits(1.5), math.Float64bits(2)}, math.Float64bits(3.5)},
		{"addi", proto(dtype.CInt, dtype.CInt, dtype.CInt), []uint64{neg(3), 1}, neg(2)},
		{"addi", proto(dtype.CUInt, dtype.CUInt, dtype.CUInt), []uint64{1<<32 - 3, 1}, 1<<32 - 2},
		{"neg8", proto(dtype.Int8, dtype.Int8), []uint64{5}, neg(5)},
		{"neg8", proto(dtype.Int8, dtype.Int8), []uint64{neg(128)}, neg(128)},
		{"inc16", proto(dtype.Uint16, dtype.Uint16), []uint64{65535}, 0},
		{"add64", proto(dtype.CLongLong, dtype.CLongLong, dtype.CLongLong), []uint64{neg(1), neg(2)}, neg(3)},
		{"half", proto(dtype.CFloat, dtype.CFloat), []uint64{f32(3)}, f32(1.5)},
		{"not_", proto(dtype.CBool, dtype.CBool), []uint64{0}, 1},
		{"not_", proto(dtype.CBool, dtype.CBool), []uint64{1}, 0},
		{"umax", proto(dtype.CUInt), nil, 1<<32 - 1},
		{"umax", proto(dtype.CInt), nil, neg(1)},
		{"nothing", proto(dtype.CVoid), nil, 0},
	}
	for _, interpreter := range []bool{false, true} {
		lib := openTest(t, "basic.wasm", Options{Interpreter: interpreter})
		for _, tt := range tests {
			t.Run(dtype.Declare(tt.sig, tt.name), func(t *testing.T) {
				got, err := call(t, lib, tt.name, tt.sig, tt.args...)
				require.NoError(t, err)
				assert.Equal(t, tt.want, got)
				few := prepare(t, lib, tt.name, tt.sig).(*fewCallable)
				args := append(slices.Clone(tt.args), make([]uint64, maxFew)...)
				for range 2 * firstStreak { // with and without a tenure
					got, err = few.CallFew(args[0], args[1], args[2], args[3])
					require.NoError(t, err)
					if len(few.sig.Type.Results) > 0 {
						require.Equal(t, tt.want, got)
					}
				}
			})
		}
	}
}

func TestWrongSignature(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	sym, err := lib.Lookup("addd")
	require.NoError(t, err)
	assert.Equal(t, "(f64, f64) -> f64", sym.Signature)
	_, err = lib.Prepare(sym, proto(dtype.CInt, dtype.CDouble))
	require.ErrorIs(t, err, wasmffi.ErrSignature)
	assert.EqualError(t, err, "signature mismatch: int addd(double) is called as (f64) -> i32, but the module has (f64, f64) -> f64")
}

func TestMissingSymbol(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	_, err := lib.Lookup("ad_d")
	require.ErrorIs(t, err, wasmffi.ErrNotFound)
	assert.Contains(t, err.Error(), "addd")
}
