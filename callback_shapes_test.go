package wasmffi_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// The Go functions that C calls without reflection: each gets its words as they
// are, returns its result, and allocates nothing.
func TestCallbackShapes(t *testing.T) {
	var got [3]uint64
	set := func(words ...uint64) { got = [3]uint64{}; copy(got[:], words) }
	type addr = dtype.Addr
	type size = dtype.Size
	minus := func(n int64) uint64 { return uint64(n) }
	f64, f32 := math.Float64bits, func(x float32) uint64 { return uint64(math.Float32bits(x)) }
	for _, c := range []struct {
		fn     any
		args   []uint64
		result []uint64
	}{
		{func() { set(7) }, nil, nil},
		{func() int32 { set(7); return -2 }, nil, []uint64{minus(-2)}},
		{func() addr { set(7); return 5 }, nil, []uint64{5}},
		{func() float64 { set(7); return 1.5 }, nil, []uint64{f64(1.5)}},
		{func(a int32) { set(uint64(a)) }, []uint64{minus(-9)}, nil},
		{func(a addr) { set(uint64(a)) }, []uint64{9}, nil},
		{func(a, b int32) { set(uint64(a), uint64(b)) }, []uint64{minus(-9), 3}, nil},
		{func(a, b, c uint32) { set(uint64(a), uint64(b), uint64(c)) }, []uint64{1, 2, math.MaxUint32}, nil},
		{func(a, b float32) { set(f32(a), f32(b)) }, []uint64{f32(0.5), f32(-1)}, nil},
		{func(a addr, b int32) { set(uint64(a), uint64(b)) }, []uint64{16, minus(-1)}, nil},
		{func(a int32, b addr) { set(uint64(a), uint64(b)) }, []uint64{minus(-1), 16}, nil},
		{func(a addr, b size) { set(uint64(a), uint64(b)) }, []uint64{16, 4}, nil},
		{func(a addr, b uint32) addr { set(uint64(a), uint64(b)); return a + 1 }, []uint64{16, 4}, []uint64{17}},
		{func(a addr, b int32) int32 { set(uint64(a), uint64(b)); return -b }, []uint64{16, 4}, []uint64{minus(-4)}},
		{func(a int32, b addr) int32 { set(uint64(a), uint64(b)); return -a }, []uint64{4, 16}, []uint64{minus(-4)}},
		{func(a int32, b addr, c int32) int32 { set(uint64(a), uint64(b), uint64(c)); return c - a }, []uint64{4, 16, 1}, []uint64{minus(-3)}},
		{func(a int32, b addr, c int32) { set(uint64(a), uint64(b), uint64(c)) }, []uint64{4, 16, 1}, nil},
		{func(a addr, b, c size) size { set(uint64(a), uint64(b), uint64(c)); return b * c }, []uint64{16, 3, 4}, []uint64{12}},
		{func(a, b addr) { set(uint64(a), uint64(b)) }, []uint64{16, 3}, nil},
		{func(a int64, b int32) int32 { set(uint64(a), uint64(b)); return 1 }, []uint64{minus(-1), minus(-2)}, []uint64{1}},
		{func(a int32, b float64) float64 { set(uint64(a), f64(b)); return b / 2 }, []uint64{3, f64(3)}, []uint64{f64(1.5)}},
	} {
		t.Run(fmt.Sprintf("%T", c.fn), func(t *testing.T) {
			for _, abi := range []*dtype.ABI{dtype.WASM32, dtype.LinuxAMD64} {
				spec, err := wasmffi.NewCallbackSpec(newFake(t, abi, nil), c.fn, nil)
				require.NoError(t, err)
				f := &wasmffi.Frame{Words: append(append([]uint64{}, c.args...), make([]uint64, len(c.result))...)}
				require.NoError(t, spec.Func(f))
				want := [3]uint64{7}
				if c.args != nil {
					want = [3]uint64{}
					copy(want[:], c.args)
				}
				require.Equal(t, want, got)
				require.Equal(t, append([]uint64{}, c.result...), append([]uint64{}, f.Words[len(c.args):]...))
				require.Zero(t, testing.AllocsPerRun(20, func() { _ = spec.Func(f) }))
			}
		})
	}
}

// A result that C's type does not hold is an error, as on the other ways.
func TestCallbackShapeRange(t *testing.T) {
	spec, err := wasmffi.NewCallbackSpec(newFake(t, dtype.WASM32, nil), func() dtype.Addr { return 1 << 32 }, nil)
	require.NoError(t, err)
	require.ErrorIs(t, spec.Func(&wasmffi.Frame{Words: make([]uint64, 1)}), memory.ErrRange)
	spec, err = wasmffi.NewCallbackSpec(newFake(t, dtype.WASM32, nil), func(x int32) int32 { return x },
		&wasmffi.CallbackOptions{Sig: sigOf(t, dtype.CShort, dtype.CInt)})
	require.NoError(t, err)
	require.ErrorIs(t, spec.Func(&wasmffi.Frame{Words: []uint64{40000, 0}}), memory.ErrRange)
}
