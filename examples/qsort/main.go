// qsort with a comparator in Go: libc's own natively, wasi-libc's sandboxed.
//
//	go run ./examples/qsort              # the embedded module, sandboxed
//	go run ./examples/qsort libc.so.6    # the system's libc
package main

import (
	_ "embed"
	"fmt"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/examples/internal/demo"
)

//go:embed qsort.wasm
var module []byte

func main() { demo.Main("qsort", module, run) }

func run(lib wasmffi.Library) error {
	qsort, err := wasmffi.Bind[func(base []int32, n, size dtype.Size, compare func(a, b *int32) int32) error](lib, "qsort")
	if err != nil {
		return err
	}
	x := []int32{5, 1, 7, 33, 99, -4}
	err = qsort(x, dtype.Size(len(x)), 4, func(a, b *int32) int32 { return *a - *b })
	fmt.Println(x)
	return err
}
