// C asks Go for memory through a callback: void foo(allocator_t allocate).
// The memory is the library's own, so that C may use it in either backend, and
// Go reads the array afterwards.
//
//	go run ./examples/allocator                      # the embedded module, sandboxed
//	go run ./examples/allocator ./liballocator.so    # a shared library
package main

import (
	_ "embed"
	"fmt"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/examples/internal/demo"
	"github.com/wasmffi/wasmffi/memory"
)

//go:embed allocator.wasm
var module []byte

func main() { demo.Main("allocator", module, run) }

// A matrix is an array that C asked for.
type matrix struct {
	rows, columns int
	data          memory.View
}

func run(lib wasmffi.Library) error {
	foo, err := wasmffi.Bind[func(allocate func(dim int32, shape memory.Pointer) (memory.View, error)) error](lib, "foo")
	if err != nil {
		return err
	}
	arena := memory.NewArena(lib.Space())
	defer arena.Close()

	var allocated []matrix
	err = foo(func(dim int32, shape memory.Pointer) (memory.View, error) {
		// What C says of its pointer: there are dim ints.
		shape = shape.Cast(dtype.CInt).Reinterpret(uint64(dim))
		var n [2]int32
		for i := range n {
			v, err := shape.Index(int64(i))
			if err != nil {
				return memory.View{}, err
			}
			if n[i], err = memory.Load[int32](v); err != nil {
				return memory.View{}, err
			}
		}
		data, err := arena.NewArray(dtype.CFloat, uint64(n[0]*n[1]))
		allocated = append(allocated, matrix{int(n[0]), int(n[1]), data})
		return data, err
	})
	if err != nil {
		return err
	}
	if err := wasmffi.Flush(lib); err != nil {
		return err
	}
	for _, m := range allocated {
		fmt.Println("allocated", m.rows, "x", m.columns)
		err := memory.Use(m.data, func(x []float32) error {
			for r := range m.rows {
				fmt.Println(x[r*m.columns : (r+1)*m.columns])
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
