package debuginfo_test

import (
	"fmt"
	"log"

	"github.com/wasmffi/wasmffi/debuginfo"
	"github.com/wasmffi/wasmffi/dtype"
)

// The library's source is testdata/geo.c.
func Example() {
	info, err := debuginfo.Open("testdata/geo.wasm")
	if err != nil {
		log.Fatal(err)
	}
	defer info.Close()

	area, err := info.Func("area")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s; // %s:%d\n", dtype.Declare(area.Type, area.Name), area.File, area.Line)

	points := area.Type.Params()[0].Type.(*dtype.Pointer).Elem()
	fmt.Println(dtype.Define(dtype.Resolve(points)))
	// Output:
	// double area(const point_t *pts, int n); // geo.c:41
	// struct point { double x; double y; }
}

func ExampleInfo_Funcs() {
	info, err := debuginfo.Open("testdata/geo.wasm")
	if err != nil {
		log.Fatal(err)
	}
	defer info.Close()
	for f, err := range info.Funcs() {
		if err != nil {
			log.Print(err)
			continue
		}
		fmt.Println(dtype.Declare(f.Type, f.Name))
	}
	// Output:
	// double area(const point_t *pts, int n)
	// unsigned int bits(union word w, ...)
	// int visit(const struct shape *first, visitor f, void *data)
}

func ExampleInfo_Type() {
	info, err := debuginfo.Open("testdata/geo.wasm")
	if err != nil {
		log.Fatal(err)
	}
	defer info.Close()
	unit, err := info.Type("enum unit")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dtype.Define(unit))
	// Output: enum unit { MM, CM = 10, M = 1000 }
}

func ExampleInfo_Var() {
	info, err := debuginfo.Open("testdata/geo.wasm")
	if err != nil {
		log.Fatal(err)
	}
	defer info.Close()
	v, err := info.Var("primes")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s at 0x%x\n", dtype.Declare(v.Type, v.Name), v.Addr)
	// Output: int primes[2][3] at 0x10000
}

func ExampleInfo_Line() {
	info, err := debuginfo.Open("testdata/geo.wasm")
	if err != nil {
		log.Fatal(err)
	}
	defer info.Close()
	frames, err := info.Line(0x62) // an address in area, where cross was inlined
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range frames {
		fmt.Printf("%s %s:%d\n", f.Func, f.File, f.Line)
	}
	// Output:
	// cross geo.c:38
	// area geo.c:45
}
