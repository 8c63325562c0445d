// A Go slice of slices is C's array of row pointers: float foo(float **, int).
//
//	go run ./examples/rows                 # the embedded module, sandboxed
//	go run ./examples/rows ./librows.so    # a shared library
package main

import (
	_ "embed"
	"fmt"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/examples/internal/demo"
)

//go:embed rows.wasm
var module []byte

func main() { demo.Main("rows", module, run) }

func run(lib wasmffi.Library) error {
	foo, err := wasmffi.Bind[func(data [][]float32, n int32) float32](lib, "foo")
	if err != nil {
		return err
	}
	x := [][]float32{{10, 20, 30}, {40, 50, 60}, {80, 90, 100}}
	fmt.Println("sum", foo(x, int32(len(x))))
	for _, row := range x {
		fmt.Println(row)
	}
	return nil
}
