package wasmffi_test

import (
	"context"
	"fmt"
	"log"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/host"
)

// The prototype tells how long the array is; a call that passes less is an error,
// and C is not entered.
func Example_contract() {
	lib, err := host.Open(context.Background(), "testdata/wasm/arrays.wasm", host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer lib.Close()
	decls, err := cdecl.Parse("double total(const double x[n], int n);", cdecl.Options{ABI: dtype.WASM32})
	if err != nil {
		log.Fatal(err)
	}
	sig, err := decls.Func("total")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sig.Rules())
	total, err := wasmffi.BindAs[func(x []float64, n int32) (float64, error)](lib, "total", sig)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(total([]float64{1, 2, 3}, 3))
	_, err = total([]float64{1, 2, 3}, 4)
	fmt.Println(err)
	// Output:
	// x[n]
	// 6 <nil>
	// wasmffi: call testdata/wasm/arrays.wasm total: arg 1: contract violated: x[n]: x has 24 bytes, 32 are needed, n is 4
}
