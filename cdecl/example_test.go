package cdecl_test

import (
	"fmt"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

// C text declares types and functions; sizes come from an ABI of dtype.
func ExampleParse() {
	decls, err := cdecl.Parse(`
		typedef struct point { double x, y; char *label; } point_t;
		double dist(const point_t *a, const point_t *b);`, cdecl.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, _ := decls.Func("dist")
	fmt.Println(dtype.Declare(f, "dist"))
	p, _ := decls.Type("point_t")
	for _, abi := range []*dtype.ABI{dtype.WASM32, dtype.LinuxAMD64} {
		size, _ := abi.Size(p)
		fmt.Println(abi, size)
	}
	// Output:
	// double dist(const point_t *a, const point_t *b)
	// wasm32 24
	// linux-amd64 24
}

// A mistake is shown where it is.
func ExampleParse_error() {
	_, err := cdecl.Parse("struct point { int x, y; };\nint area(const rect *r);", cdecl.Options{})
	fmt.Println(err)
	// Output:
	// cdecl: <decl>:2:16: unknown type name "rect"
	// 	int area(const rect *r);
}

// One prototype is read in the context of other declarations.
func ExampleDecls_Proto() {
	decls, _ := cdecl.Parse("struct st { int size, mode; };", cdecl.Options{})
	name, f, err := decls.Proto("int stat_(const char *path, struct st *out)")
	fmt.Println(name, len(f.Params()), f.Result(), err)
	// Output:
	// stat_ 2 int <nil>
}

// Any type name is a type.
func ExampleDecls_Type() {
	decls, _ := cdecl.Parse("#define LENGTH 16\nstruct st { int size, mode; };", cdecl.Options{})
	for _, name := range []string{"struct st", "char[4 * LENGTH]", "int (*)(const struct st *)", "struct ts"} {
		t, err := decls.Type(name)
		fmt.Println(t, err)
	}
	// Output:
	// struct st <nil>
	// char [64] <nil>
	// int (*)(const struct st *) <nil>
	// <nil> cdecl: no struct ts; did you mean struct st?
}

// Enumeration constants and macros have values.
func ExampleDecls_All() {
	decls, _ := cdecl.Parse(`
		#define VERSION "1.2"
		#define FLAGS (1u << 4 | BLUE)
		enum colour { RED, GREEN, BLUE };`, cdecl.Options{})
	for c := range decls.All(cdecl.Constant) {
		fmt.Printf("%s = %v\n", c.Name, c.Value)
	}
	// Output:
	// RED = 0
	// GREEN = 1
	// BLUE = 2
	// VERSION = 1.2
	// FLAGS = 18
}
