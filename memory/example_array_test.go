package memory_test

import (
	"bytes"
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// Python's basic indexing.
func ExampleArray_Select() {
	a := check(memory.ArrayFrom(dtype.LinuxAMD64, []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 3, 4))
	fmt.Println(check(a.Select(memory.Ellipsis, memory.Range(memory.Open, memory.Open, 2)))) // a[..., ::2]
	fmt.Println(check(a.Select(memory.Last(1))))                                             // a[-1]
	fmt.Println(check(a.Select(memory.All, memory.I(1), memory.NewAxis)).Shape())            // a[:, 1, None].shape
	_, err := a.Select(memory.I(-1))
	fmt.Println(err)
	// Output:
	// [[ 0  2]
	//  [ 4  6]
	//  [ 8 10]]
	// [ 8  9 10 11]
	// [3 1]
	// memory: select int32_t[3][4]: out of bounds: index -1 of axis 0 with 3 elements
}

// A view where strides can tell, else an error: copies are asked for.
func ExampleArray_Reshape() {
	a := check(memory.ArrayFrom(dtype.LinuxAMD64, []int16{0, 1, 2, 3, 4, 5}, 2, 3))
	fmt.Println(check(a.Reshape(3, -1)))
	turned := check(a.Transpose())
	_, err := turned.Reshape(6)
	fmt.Println(err)
	fmt.Println(check(turned.ReshapeCopy(nil, 6)))
	// Output:
	// [[0 1]
	//  [2 3]
	//  [4 5]]
	// memory: reshape int16_t[3][2]: array is not contiguous: shape [6] would need a copy
	// [0 3 1 4 2 5]
}

// Universal functions: broadcast, with a result of the common type.
func ExampleOp() {
	a := check(memory.ArrayFrom(dtype.LinuxAMD64, []int32{1, 2, 3, 4, 5, 6}, 2, 3))
	b := check(memory.ArrayFrom(dtype.LinuxAMD64, []float32{0.5, 1, 2}))
	c := check(memory.Mul.Of(a, b)) // np.multiply(a, b)
	fmt.Println(c, c.Elem())
	fmt.Println(memory.Add.Into(a, a, b)) // np.add(a, b, out=a)
	fmt.Println(check(memory.Less.Of(a, b)))
	// Output:
	// [[ 0.5  2.   6. ]
	//  [ 2.   5.  12. ]] double
	// memory: add int32_t[2][3]: wrong type: double to int32_t is not same_kind
	// [[False False False]
	//  [False False False]]
}

// Reductions give new arrays; one without axes holds a single element.
func ExampleArray_Sum() {
	a := check(memory.ArrayFrom(dtype.LinuxAMD64, []uint8{200, 100, 50, 25, 12, 6}, 2, 3))
	fmt.Println(check(a.Sum(0)), check(a.Max(1, memory.KeepDims)).Shape())
	total := check(a.Sum())
	fmt.Println(check(memory.LoadItem[int](total)), total.Elem())
	fmt.Println(check(a.Mean()), check(a.ArgMin(1)))
	// Output:
	// [225 112  56] [2 1]
	// 393 uint64_t
	// 65.5 [2 2]
}

// A record array: a column of it is a strided array of numbers.
func ExampleArray_Field() {
	weather := check(dtype.LinuxAMD64.FromNumPy("[('timestamp', '<i4'), ('desc', 'S12')]"))
	a := check(memory.Zeros(dtype.LinuxAMD64, weather, 3))
	stamps := check(a.Field("timestamp"))
	_ = memory.Assign(stamps, check(memory.ArrayFrom(dtype.LinuxAMD64, []int32{10, 20, 30})), memory.Safe)
	_ = check(a.Field("desc")).Fill("sunny")
	fmt.Println(a)
	fmt.Println(stamps.Strides(), check(stamps.Sum()))
	// Output:
	// [(10, b'sunny') (20, b'sunny') (30, b'sunny')]
	// [16] 60
}

// A Go slice and an array are the same memory; a matrix is lent as BLAS and
// gonum.org/v1/gonum/mat take it.
func ExampleUseMatrix() {
	data := []float64{1, 2, 3, 4, 5, 6, 7, 8}
	a := check(memory.ArrayFrom(dtype.LinuxAMD64, data, 2, 4))
	part := check(a.Slice(memory.All, memory.Range(1, 3, 1)))
	err := memory.UseMatrix(part, func(data []float64, rows, cols, stride int) error {
		// blas64.General{Rows: rows, Cols: cols, Stride: stride, Data: data}
		fmt.Println(data, rows, cols, stride)
		data[0] = 20
		return nil
	})
	fmt.Println(data[1], err)
	// Output:
	// [2 3 4 5 6 7] 2 2 4
	// 20 <nil>
}

// What numpy.load reads.
func ExampleWriteNPY() {
	a := check(memory.ArrayFrom(dtype.LinuxAMD64, []float32{1, 2, 3, 4}, 2, 2))
	var file bytes.Buffer
	_ = memory.WriteNPY(&file, a)
	b, err := memory.ReadNPY(&file, dtype.WASM32, 1<<20)
	fmt.Println(b, err)
	// Output:
	// [[1. 2.]
	//  [3. 4.]] <nil>
}
