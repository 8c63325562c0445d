package wasmffi_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	_ "github.com/wasmffi/wasmffi/host"
)

func doubleParam(name string) dtype.Param { return dtype.Param{Name: name, Type: dtype.CDouble} }

// A C function of two doubles over arrays, broadcast as NumPy does it.
func ExampleVectorize() {
	ctx := context.Background()
	lib, err := wasmffi.Open(ctx, "testdata/wasm/arrays.wasm")
	if err != nil {
		panic(err)
	}
	defer lib.Close()
	// double norm2(double x, double y) { return x * x + y * y; }
	sig, err := dtype.NewFunc(dtype.CDouble, []dtype.Param{doubleParam("x"), doubleParam("y")}, false)
	if err != nil {
		panic(err)
	}
	norm2, err := wasmffi.Vectorize(lib, "norm2", sig)
	if err != nil {
		panic(err)
	}
	r, err := norm2.Map(ctx, nil, []float64{1, 2, 3}, 10)
	fmt.Println(r, err)
	// Output: [101. 104. 109.] <nil>
}

// A length that depends on another argument is checked before C is entered.
func ExampleContractError() {
	lib, err := wasmffi.Open(context.Background(), "testdata/wasm/arrays.wasm")
	if err != nil {
		panic(err)
	}
	defer lib.Close()
	// double total(const double *x, int n);
	sig, err := dtype.NewFunc(dtype.CDouble, []dtype.Param{
		{Name: "x", Type: dtype.PointerToConst(dtype.CDouble)}, {Name: "n", Type: dtype.CInt},
	}, false)
	if err != nil {
		panic(err)
	}
	if sig, err = sig.WithContract("x[n]"); err != nil {
		panic(err)
	}
	total, err := wasmffi.BindAs[func(x []float64, n int32) (float64, error)](lib, "total", sig)
	if err != nil {
		panic(err)
	}
	fmt.Println(total([]float64{1, 2, 3}, 3))
	_, err = total([]float64{1, 2, 3}, 4)
	var violation *wasmffi.ContractError
	if errors.As(err, &violation) {
		fmt.Println(violation)
	}
	// Output:
	// 6 <nil>
	// contract violated: x[n]: x has 24 bytes, 32 are needed, n is 4
}
