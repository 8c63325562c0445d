package wasmffi_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
	"github.com/wasmffi/wasmffi/memory"
)

func openConform() wasmffi.Library {
	lib, err := host.Open(context.Background(), "testdata/wasm/conform.wasm", host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	return lib
}

// C keeps the function pointer until it is freed.
func ExampleNewCallback() {
	lib := openConform()
	defer lib.Close()

	// void save(int (*f)(int)); int call_saved(int x);
	save := wasmffi.MustBind[func(wasmffi.Callback)](lib, "save")
	callSaved := wasmffi.MustBind[func(int32) (int32, error)](lib, "call_saved")
	triple, err := wasmffi.NewCallback(lib, func(x int32) int32 { return 3 * x }, nil)
	if err != nil {
		log.Fatal(err)
	}
	save(triple)
	fmt.Println(callSaved(14))
	_ = triple.Free()
	_, err = callSaved(14)
	fmt.Println(errors.Is(err, wasmffi.ErrCallback))
	// Output:
	// 42 <nil>
	// true
}

// A variadic function of C's hands what it was given on to Go.
func ExampleVaArg() {
	lib := openConform()
	defer lib.Close()

	// int forward(int (*f)(const char *format, va_list ap), const char *format, ...);
	type logger = func(format string, ap wasmffi.VaList) (int32, error)
	forward := wasmffi.MustBind[func(logger, string, ...any) (int32, error)](lib, "forward")
	_, err := forward(func(format string, ap wasmffi.VaList) (int32, error) {
		n, err := wasmffi.VaArg[int32](ap) // va_arg(ap, int)
		if err != nil {
			return 0, err
		}
		x, err := wasmffi.VaArg[float64](ap) // va_arg(ap, double)
		fmt.Println(format, n, x)
		return n, err
	}, "an int and a double:", int32(3), 2.5)
	fmt.Println(err)
	// Output:
	// an int and a double: 3 2.5
	// <nil>
}

// Go functions in a struct that C calls through, until the arena is closed.
func ExampleNewArena() {
	lib := openConform()
	defer lib.Close()

	// struct ops { int (*first)(int), (*second)(int); };
	// int run_ops(const struct ops *o, int x);      calls second(first(x))
	type ops struct{ First, Second func(int32) int32 }
	arena := wasmffi.NewArena(lib)
	defer arena.Close()
	o, err := arena.NewOf(ops{
		First:  func(x int32) int32 { return x + 1 },
		Second: func(x int32) int32 { return x * x },
	})
	if err != nil {
		log.Fatal(err)
	}
	run := wasmffi.MustBind[func(memory.View, int32) int32](lib, "run_ops")
	fmt.Println(run(o, 4))
	// Output: 25
}
