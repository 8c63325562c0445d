// C asks Go for memory through a callback: void foo(allocator_t allocate). The
// memory is the library's own, so that C may use it in either backend, and Go
// reads the array afterwards. ctypes' cookbook has this with the words "but it
// doesn't work yet":
//
//	ALLOCATOR = CFUNCTYPE(ndpointer('f4'), c_int, POINTER(c_int))
//
//	go run ./examples/allocator                      # the embedded module, sandboxed
//	go run ./examples/allocator ./liballocator.so    # a shared library
package main

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/examples/internal/demo"
	"github.com/wasmffi/wasmffi/memory"
)

//go:embed allocator.wasm
var module []byte

func main() { demo.Main("allocator", module, run) }

// An allocator makes the arrays that C asks for and keeps them. Any number of
// goroutines may have C ask it.
type allocator struct {
	arena *memory.Arena

	mu     sync.Mutex
	arrays []memory.Array
}

// allocate is C's float *allocate(int dim, int *shape).
func (a *allocator) allocate(dim int32, shape memory.Ptr[int32]) (memory.Array, error) {
	// What C says of its pointer: there are dim ints.
	ints, err := shape.Reinterpret(uint64(dim)).Array()
	if err != nil {
		return memory.Array{}, err
	}
	n, err := memory.Load[[]int32](ints)
	if err != nil {
		return memory.Array{}, err
	}
	view, err := a.arena.NewArray(dtype.CFloat, uint64(n[0])*uint64(n[1]))
	if err != nil {
		return memory.Array{}, err
	}
	array, err := memory.AsArray(view, int(n[0]), int(n[1]))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.arrays = append(a.arrays, array)
	return array, err
}

// place is void allocate_into(int dim, int *shape, float **data), which sets
// C's pointer.
func (a *allocator) place(dim int32, shape memory.Ptr[int32], data *memory.Ptr[float32]) error {
	array, err := a.allocate(dim, shape)
	if err != nil {
		return err
	}
	first, err := array.At(0, 0)
	*data = memory.Ptr[float32]{Pointer: first.Pointer()}
	return err
}

func run(lib wasmffi.Library) error {
	foo, err := wasmffi.Bind[func(allocate func(int32, memory.Ptr[int32]) (memory.Array, error)) error](lib, "foo")
	if err != nil {
		return err
	}
	bar, err := wasmffi.Bind[func(place func(int32, memory.Ptr[int32], *memory.Ptr[float32]) error) error](lib, "bar")
	if err != nil {
		return err
	}
	arena := memory.NewArena(lib.Space())
	defer arena.Close()

	a := &allocator{arena: arena}
	if err := foo(a.allocate); err != nil {
		return err
	}
	if err := bar(a.place); err != nil {
		return err
	}
	if err := wasmffi.Flush(lib); err != nil {
		return err
	}
	for _, array := range a.arrays {
		fmt.Println("allocated", array.Shape())
		fmt.Println(array)
	}

	// The same from several goroutines at once.
	var wg sync.WaitGroup
	many := &allocator{arena: arena}
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 10 {
				if err := bar(many.place); err != nil {
					fmt.Println(err)
				}
			}
		}()
	}
	wg.Wait()
	fmt.Println("allocated by 8 goroutines:", len(many.arrays))
	return nil
}
