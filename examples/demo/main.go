// The main job in one program: a C library in the sandbox, the machine's own
// libraries natively, the same Go code for both, and what the sandbox makes of
// C that goes wrong. Run it with "make demo"; no C compiler is needed.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"time"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	_ "github.com/wasmffi/wasmffi/host"
	_ "github.com/wasmffi/wasmffi/native"
)

//go:embed geo.wasm
var geo []byte

type point struct{ X, Y float64 }

func main() {
	for _, step := range []func(context.Context) error{sandboxed, native, bothQsort, goneWrong} {
		if err := step(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func sandboxed(ctx context.Context) error {
	fmt.Println("# C in the sandbox: examples/demo/c/geo.c, compiled to wasm32")
	lib, err := wasmffi.OpenBytes(ctx, "geo.wasm", geo)
	if err != nil {
		return err
	}
	defer lib.Close()

	var c struct {
		Dist func(ax, ay, bx, by float64) float64                   `c:"dist"`
		Area func(pts wasmffi.In[point], n int32) float64           `c:"area"`
		Each func(pts []point, n int32, move func(float64) float64) `c:"each"`
	}
	if err := wasmffi.BindAll(lib, &c); err != nil {
		return err
	}
	fmt.Println("dist(0, 0, 3, 4) =", c.Dist(0, 0, 3, 4))
	square := []point{{0, 0}, {1, 0}, {1, 1}, {0, 1}}
	fmt.Println("area of the unit square =", c.Area(square, 4))
	c.Each(square, 4, func(v float64) float64 { return 3 * v }) // C calls Go
	fmt.Println("three times as large:", square, "area =", c.Area(square, 4))

	// Nothing declared: the signature comes from the module's debug info.
	d, err := wasmffi.Call(ctx, lib, "dist", 1, 1, 4, 5)
	fmt.Println("dist(1, 1, 4, 5) =", d)
	return err
}

func native(ctx context.Context) error {
	fmt.Println("\n# A library of this machine, without cgo")
	lib, err := wasmffi.Open(ctx, library("m"))
	if err != nil {
		return err
	}
	defer lib.Close()
	cos, err := wasmffi.Bind[func(float64) float64](lib, "cos")
	if err != nil {
		return err
	}
	fmt.Printf("cos(π/3) = %.15g, Go says %.15g\n", cos(math.Pi/3), math.Cos(math.Pi/3))
	return nil
}

// bothQsort is the point of it all: sort knows nothing of backends.
func bothQsort(ctx context.Context) error {
	fmt.Println("\n# The same Go code on both: qsort with a comparator in Go")
	for _, name := range []string{"examples/qsort/qsort.wasm", library("c")} {
		lib, err := wasmffi.Open(ctx, name)
		if err != nil {
			return err
		}
		x := []int32{5, 1, 7, 33, 99, -4}
		if err := sort(lib, x); err != nil {
			return err
		}
		fmt.Println(name+":", x)
		if err := lib.Close(); err != nil {
			return err
		}
	}
	return nil
}

func sort(lib wasmffi.Library, x []int32) error {
	qsort, err := wasmffi.Bind[func(base []int32, n, size dtype.Size, compare func(a, b *int32) int32) error](lib, "qsort")
	if err != nil {
		return err
	}
	return qsort(x, dtype.Size(len(x)), 4, func(a, b *int32) int32 { return *a - *b })
}

func goneWrong(ctx context.Context) error {
	fmt.Println("\n# What goes wrong in the sandbox is an error")
	lib, err := wasmffi.OpenBytes(ctx, "geo.wasm", geo)
	if err != nil {
		return err
	}
	defer lib.Close()

	corner, err := wasmffi.Bind[func(pts wasmffi.In[point], i uint32) (float64, error)](lib, "corner")
	if err != nil {
		return err
	}
	_, err = corner([]point{{1, 2}}, 200_000_000)
	fmt.Println(err)
	if !errors.Is(err, wasmffi.ErrTrap) {
		return fmt.Errorf("want a trap, got %v", err)
	}

	shrink, err := wasmffi.Bind[func(context.Context, float64) (float64, error)](lib, "shrink")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = shrink(ctx, 1)
	fmt.Println(err)
	if !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("want the deadline, got %v", err)
	}

	dist, err := wasmffi.Bind[func(ax, ay, bx, by float64) float64](lib, "dist")
	if err != nil {
		return err
	}
	fmt.Println("and the library goes on: dist(0, 0, 6, 8) =", dist(0, 0, 6, 8))
	return nil
}

// library is the file name of one of the system's libraries.
func library(name string) string {
	if found, err := wasmffi.FindLibrary(name); err == nil {
		return found
	}
	if runtime.GOOS == "darwin" {
		return "/usr/lib/libSystem.B.dylib"
	}
	return "lib" + name + ".so"
}
