// A slice of float64 given to C, which prints it: int bar(double *data, int len).
//
//	go run ./examples/bar                # the embedded module, sandboxed
//	go run ./examples/bar ./libbar.so    # a shared library
package main

import (
	_ "embed"
	"fmt"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/examples/internal/demo"
)

//go:embed bar.wasm
var module []byte

func main() { demo.Main("bar", module, run) }

func run(lib wasmffi.Library) error {
	bar, err := wasmffi.Bind[func(data []float64, n int32) int32](lib, "bar")
	if err != nil {
		return err
	}
	data := []float64{0.5, -1.25, 3}
	n := bar(data, int32(len(data)))
	// C's stdio may still hold what bar printed.
	if err := wasmffi.Flush(lib); err != nil {
		return err
	}
	fmt.Println("bar returned", n)
	return nil
}
