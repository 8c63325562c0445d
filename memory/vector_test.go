package memory

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// A vector is loaded, stored, indexed and lent as the array of its lanes.
func TestVectors(t *testing.T) {
	v4 := must(dtype.VectorOf(dtype.CFloat, 4))(t)
	s := structOf(t, "s", f("c", dtype.CChar), f("v", v4), f("a", arrayOf(t, must(dtype.VectorOf(dtype.CShort, 8))(t), 2)))
	for _, abi := range []*dtype.ABI{dtype.WASM32, dtype.LinuxAMD64} {
		v := must(arenaOn(t, abi).New(s))(t)
		lanes := must(v.Field("v"))(t)
		assert.EqualValues(t, 4, lanes.Len())
		assert.EqualValues(t, 16, lanes.Addr()-v.Addr())
		require.NoError(t, lanes.Store([4]float32{1, 2, 3, 4}))
		assert.Equal(t, [4]float32{1, 2, 3, 4}, must(Load[[4]float32](lanes))(t))
		assert.Equal(t, []float64{1, 2, 3, 4}, must(Load[[]float64](lanes))(t), "converted lane by lane")
		assert.Equal(t, float32(3), must(must(v.At("v[2]"))(t).Load())(t))
		require.NoError(t, Use(lanes, func(s []float32) error {
			s[3] = 9
			return nil
		}))
		assert.Equal(t, []any{float32(1), float32(2), float32(3), float32(9)}, must(lanes.Load())(t))
		require.NoError(t, must(v.At("a[1][7]"))(t).Store(-5))
		assert.Equal(t, []int{2, 8}, must(AsArray(must(v.Field("a"))(t)))(t).Shape())

		type goS struct {
			C int8
			V [4]float32
			A [2][8]int16
		}
		got := must(Load[goS](v))(t)
		assert.Equal(t, goS{V: [4]float32{1, 2, 3, 9}, A: [2][8]int16{{}, {7: -5}}}, got)

		for _, g := range []any{[3]float32{}, "abcd", [5]float32{}, 1.5, []float32{1, 2, 3, 4, 5}} {
			assert.Error(t, lanes.Store(g), "%T", g)
		}
		_, err := lanes.Index(4)
		assert.ErrorIs(t, err, ErrOutOfBounds)
	}

	// Go memory that is less aligned than the vector is not shared, but copied.
	e := Encoder{ABI: dtype.LinuxAMD64}
	x := [4]float32{1, 2, 3, 4}
	b := pointTo(t, &e, &x, v4, InOut)
	assert.NotSame(t, (*byte)(unsafe.Pointer(&x)), unsafe.SliceData(b.Data))
	assert.Len(t, b.Data, 16)
	assert.EqualValues(t, 16, b.Align)
}
