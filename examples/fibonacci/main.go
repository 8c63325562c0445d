// Fibonacci numbers from C: a scalar function, one over a series and one over
// a matrix.
//
//	go run ./examples/fibonacci                     # the embedded module, sandboxed
//	go run ./examples/fibonacci ./libfibonacci.so   # a shared library
package main

import (
	_ "embed"
	"fmt"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/examples/internal/demo"
)

//go:embed fibonacci.wasm
var module []byte

func main() { demo.Main("fibonacci", module, run) }

func run(lib wasmffi.Library) error {
	var c struct {
		Fib       func(n int32) int32                                                       `c:"fib"`
		FibSeries func(n wasmffi.In[int32], count int32, series wasmffi.Out[int32])         `c:"fibseries"`
		FibMatrix func(n wasmffi.In[int32], rows, columns int32, matrix wasmffi.Out[int32]) `c:"fibmatrix"`
	}
	if err := wasmffi.BindAll(lib, &c); err != nil {
		return err
	}

	for _, n := range []int32{8, 23, 0} {
		fmt.Printf("fib(%d) = %d\n", n, c.Fib(n))
	}

	indexes := []int32{5, 13, 2, 6}
	series := make([]int32, len(indexes))
	c.FibSeries(indexes, int32(len(indexes)), series)
	fmt.Println("fibseries", indexes, "=", series)

	const rows, columns = 3, 3
	matrix := make([]int32, rows*columns)
	c.FibMatrix([]int32{1, 2, 3, 4, 5, 6, 7, 8, 9}, rows, columns, matrix)
	fmt.Println("fibmatrix =")
	for r := range rows {
		fmt.Println(matrix[r*columns : (r+1)*columns])
	}
	return nil
}
