package host_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/host"
)

// A module gets memory and time, and what Options say.
func ExampleOpen() {
	ctx := context.Background()
	lib, err := host.Open(ctx, "testdata/basic.wasm", host.Options{
		MemoryLimit: 16 << 20,
		Timeout:     time.Second,
		Stdout:      os.Stdout,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer lib.Close()

	// int addi(int a, int b);
	addi, err := wasmffi.Bind[func(a, b int32) int32](lib, "addi")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(addi(2, 3))

	// int say(const char *s);
	say, err := wasmffi.Bind[func(s string) (int32, error)](lib, "say")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := say("hello from C\n"); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 5
	// hello from C
}

// A module from memory, as a //go:embed variable holds it, that imports Go
// functions.
func ExampleOpenBytes() {
	wasm, err := os.ReadFile("testdata/imports.wasm")
	if err != nil {
		log.Fatal(err)
	}
	lib, err := host.OpenBytes(context.Background(), "imports.wasm", wasm, host.Options{
		Imports: wasmffi.Imports{
			{Name: "f", Func: func(x int32) int32 { return x * x }},              // extern int f(int x);
			{Name: "g", Func: func(x float64, text string) float64 { return x }}, // extern double g(double x, const char *text);
			{Name: "h", Func: func() { fmt.Println("called from C") }},           // extern void h(void);
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer lib.Close()
	sum, err := wasmffi.Bind[func(n int32) int32](lib, "repeat_import")
	if err != nil {
		log.Fatal(err)
	}
	callH, err := wasmffi.Bind[func()](lib, "call_h")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sum(4))
	callH()
	// Output:
	// 14
	// called from C
}

// C that loops for ever ends under a deadline, and C that crashes is an error;
// the library can be called again.
func ExampleLibrary() {
	lib, err := host.Open(context.Background(), "testdata/basic.wasm", host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer lib.Close()
	spin, err := wasmffi.Bind[func(context.Context) error](lib, "spin")
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	fmt.Println(spin(ctx))

	divide, err := wasmffi.Bind[func(a, b int32) (int32, error)](lib, "divide")
	if err != nil {
		log.Fatal(err)
	}
	_, err = divide(1, 0)
	fmt.Println(err)
	fmt.Println(errors.Is(err, host.ErrDivideByZero))
	fmt.Println(divide(6, 2))
	// Output:
	// wasmffi: call testdata/basic.wasm spin: context deadline exceeded
	// wasmffi: call testdata/basic.wasm divide: trap: integer divide by zero in divide(1, 0)
	// true
	// 3 <nil>
}

// Plans can be prepared and called without the typed layer.
func ExampleLibrary_Prepare() {
	lib, err := host.Open(context.Background(), "testdata/basic.wasm", host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer lib.Close()
	sym, err := lib.Lookup("addi")
	if err != nil {
		log.Fatal(err)
	}
	sig, err := dtype.NewFunc(dtype.CInt, []dtype.Param{{Type: dtype.CInt}, {Type: dtype.CInt}}, false)
	if err != nil {
		log.Fatal(err)
	}
	add, err := lib.Prepare(sym, sig)
	if err != nil {
		log.Fatal(err)
	}
	frame := wasmffi.Frame{Words: []uint64{2, 3, 0}}
	if err := add.Call(&frame); err != nil {
		log.Fatal(err)
	}
	fmt.Println(sym.Signature, frame.Words[2])
	// Output: (i32, i32) -> i32 5
}

// A plug-in whose file is compiled again while the program runs.
func ExamplePlugin() {
	ctx := context.Background()
	wasm, err := os.ReadFile("testdata/basic.wasm")
	if err != nil {
		log.Fatal(err)
	}
	type funcs struct {
		Add func(a, b int32) (int32, error) `c:"addi"`
	}
	setup := func(lib wasmffi.Library) (*funcs, error) {
		f := new(funcs)
		return f, wasmffi.BindAll(lib, f)
	}
	plugin, err := host.NewPlugin(ctx, "adder", wasm, host.Options{}, setup)
	if err != nil {
		log.Fatal(err)
	}
	defer plugin.Close(ctx)
	add := func(f *funcs) error {
		n, err := f.Add(2, 3)
		fmt.Println(plugin.Name(), n)
		return err
	}
	fmt.Println(plugin.Do(ctx, add))

	// A module that lacks what setup binds is refused; the old one stays.
	bad, err := os.ReadFile("testdata/bare.wasm")
	if err != nil {
		log.Fatal(err)
	}
	err = plugin.Replace(ctx, "broken", bad, nil)
	fmt.Println(errors.Is(err, wasmffi.ErrNotFound))
	fmt.Println(plugin.Do(ctx, add))

	fmt.Println(plugin.Replace(ctx, "adder 2", wasm, nil))
	fmt.Println(plugin.Do(ctx, add))
	// Output:
	// adder 5
	// <nil>
	// true
	// adder 5
	// <nil>
	// <nil>
	// adder 2 5
	// <nil>
}
