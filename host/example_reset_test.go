package host_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
)

// cells are functions of a module: what is bound once for each instance.
type cells struct {
	Set func(value int32) error `c:"set"`
	Get func() (int32, error)   `c:"g32"`
}

func bindCells(lib wasmffi.Library) (*cells, error) {
	c := new(cells)
	return c, wasmffi.BindAll(lib, c)
}

// C's global is what it was when the library was opened, or at a snapshot.
func ExampleLibrary_Reset() {
	ctx := context.Background()
	lib, err := host.Open(ctx, "testdata/reset.wasm", host.Options{Resettable: true})
	if err != nil {
		log.Fatal(err)
	}
	defer lib.Close()
	c, err := bindCells(lib)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Get())
	fmt.Println(c.Set(42))
	saved, err := lib.Snapshot(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(lib.Reset(ctx))
	fmt.Println(c.Get())
	fmt.Println(lib.Restore(ctx, saved))
	fmt.Println(c.Get())
	// Output:
	// 11 <nil>
	// <nil>
	// <nil>
	// 11 <nil>
	// <nil>
	// 42 <nil>
}

// Each Do has an instance for itself, as new.
func ExampleNewPool() {
	ctx := context.Background()
	wasm, err := os.ReadFile("testdata/reset.wasm")
	if err != nil {
		log.Fatal(err)
	}
	pool, err := host.NewPool(ctx, "reset.wasm", wasm, host.PoolOptions{Instances: 4}, bindCells)
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close(ctx)
	for range 2 {
		err := pool.Do(ctx, func(c *cells) error {
			fmt.Println(c.Get())
			return c.Set(42)
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// 11 <nil>
	// 11 <nil>
}
