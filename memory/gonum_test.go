package memory_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// gonum works on C's memory, and an array on gonum's, without copying.
func TestGonum(t *testing.T) {
	space, err := memory.NewBufferSpace(dtype.WASM32, 1<<16)
	require.NoError(t, err)
	arena := memory.NewArena(space)
	defer arena.Close()
	a, err := arena.Zeros(dtype.CDouble, 4, 5)
	require.NoError(t, err)
	require.NoError(t, a.Fill(2))
	part, err := a.Slice(memory.Range(1, 4, 1), memory.Range(1, 4, 1)) // rows with a gap between them
	require.NoError(t, err)

	require.NoError(t, memory.UseMatrix(part, func(data []float64, rows, cols, stride int) error {
		m := blas64.General{Rows: rows, Cols: cols, Stride: stride, Data: data}
		x := blas64.General{Rows: cols, Cols: cols, Stride: cols, Data: []float64{1, 0, 0, 0, 3, 0, 0, 0, 5}}
		out := blas64.General{Rows: rows, Cols: cols, Stride: cols, Data: make([]float64, rows*cols)}
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, m, x, 0, out)
		for i := range rows {
			copy(data[i*stride:i*stride+cols], out.Data[i*cols:])
		}
		return nil
	}))
	require.Equal(t, "[[ 2.  2.  2.  2.  2.]\n [ 2.  2.  6. 10.  2.]\n [ 2.  2.  6. 10.  2.]\n [ 2.  2.  6. 10.  2.]]", a.String())

	whole, err := a.Slice(memory.Range(0, 4, 1), memory.Range(0, 5, 1))
	require.NoError(t, err)
	require.NoError(t, memory.UseMatrix(whole, func(data []float64, rows, cols, stride int) error {
		require.Equal(t, cols, stride, "mat.NewDense wants rows without gaps")
		d := mat.NewDense(rows, cols, data)
		d.Set(0, 0, mat.Sum(d))
		return nil
	}))
	first, err := a.At(0, 0)
	require.NoError(t, err)
	sum, err := memory.Load[float64](first)
	require.NoError(t, err)
	require.False(t, math.IsNaN(sum))
	require.Equal(t, 4*5*2.+3*(4+8), sum)

	d := mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6})
	raw := d.RawMatrix()
	b, err := memory.ArrayFrom(dtype.WASM32, raw.Data, raw.Rows, raw.Stride)
	require.NoError(t, err)
	require.NoError(t, memory.Add.Into(b, b, b))
	require.Equal(t, 12., d.At(1, 2))
}
