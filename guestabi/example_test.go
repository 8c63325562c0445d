package guestabi_test

import (
	"fmt"
	"os"

	"github.com/wasmffi/wasmffi/guestabi"
)

func ExampleParse() {
	wasm, err := os.ReadFile("../testdata/wasm/kernels/sort.wasm")
	if err != nil {
		panic(err)
	}
	m, err := guestabi.Parse(wasm)
	if err != nil {
		panic(err)
	}
	for _, e := range m.Exports {
		if t, ok := m.FuncType(e.Index); ok && e.Kind == guestabi.KindFunc {
			fmt.Println(e.Name, t)
		}
	}
	fmt.Println(len(m.Codes), "functions,", m.Memories[0].Min, "pages")
	// Output:
	// run (i32) -> (i32)
	// 3 functions, 2 pages
}

func ExampleRewrite() {
	wasm, err := os.ReadFile("../testdata/wasm/kernels/sort.wasm")
	if err != nil {
		panic(err)
	}
	res, err := guestabi.Rewrite(wasm, guestabi.Options{MaxMemoryPages: 16, InitialFuel: 1 << 20})
	if err != nil {
		panic(err)
	}
	fmt.Println("memory:", res.Memory)
	fmt.Println("table:", res.Tables[0])
	fmt.Println("fuel:", res.Fuel)
	fmt.Println("to import:", res.Tick.Module, res.Tick.Name)

	_, err = guestabi.Rewrite(wasm, guestabi.Options{MaxMemoryPages: 1})
	fmt.Println(err)
	// Output:
	// memory: wasmffi$0.memory
	// table: wasmffi$0.table0
	// fuel: wasmffi$0.fuel
	// to import: wasmffi$0.host tick
	// guestabi: rewrite: memory section at 0x25: limit exceeded: memory of 2 pages exceeds 1
}

func ExampleCallIndirectModule() {
	compare := guestabi.FuncType{
		Params:  []guestabi.ValueType{guestabi.I32, guestabi.I32},
		Results: []guestabi.ValueType{guestabi.I32},
	}
	wasm := guestabi.CallIndirectModule(compare, guestabi.Name{Module: "guest", Name: "wasmffi$0.table0"})
	m, err := guestabi.Parse(wasm)
	if err != nil {
		panic(err)
	}
	e, _ := m.Export(guestabi.IndirectCall)
	t, _ := m.FuncType(e.Index)
	fmt.Println(e.Name, t)
	// Output: call (i32, i32, i32) -> (i32)
}
