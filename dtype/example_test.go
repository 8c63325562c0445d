package dtype_test

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

func point() *dtype.Struct {
	s, err := dtype.NewStruct("point", // struct point {
		dtype.Field{Name: "id", Type: dtype.CLong},                         //     long id;
		dtype.Field{Name: "tag", Type: dtype.CChar},                        //     char tag;
		dtype.Field{Name: "name", Type: dtype.PointerToConst(dtype.CChar)}) //     const char *name; };
	if err != nil {
		panic(err)
	}
	return s
}

// One type has a layout for each machine.
func ExampleABI_Layout() {
	for _, abi := range []*dtype.ABI{dtype.WASM32, dtype.LinuxAMD64, dtype.WindowsAMD64} {
		l, err := abi.Layout(point())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(abi, l.Size, l.Fields[2].Offset)
	}
	// Output:
	// wasm32 12 8
	// linux-amd64 24 16
	// windows-amd64 16 8
}

func ExampleABI_Find() {
	poly, err := dtype.ArrayOf(point(), 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	at, err := dtype.WASM32.Find(poly, "[2].name")
	fmt.Println(at.Type, at.Offset, err)
	_, err = dtype.WASM32.Find(poly, "[2].nam")
	fmt.Println(err)
	// Output:
	// const char * 32 <nil>
	// dtype: path (struct point [10])[2].nam: struct point: no such member
}

func ExampleABI_Describe() {
	d, err := dtype.WASM32.Describe(point())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d)
	text, _ := json.Marshal(d)
	fmt.Println(string(text))
	// Output:
	// struct point {         // wasm32: size 12, align 4, padding 3
	//     long id;           //    0            4
	//     char tag;          //    4            1
	//                        //    5            3 hole
	//     const char *name;  //    8            4
	// };
	// {"type":"struct point","abi":"wasm32","size":12,"align":4,"padding":3,"fields":[{"name":"id","type":"long","offset":0,"size":4},{"name":"tag","type":"char","offset":4,"size":1},{"name":"name","type":"const char *","offset":8,"size":4}]}
}

func ExampleSideBySide() {
	a, _ := dtype.WASM32.Describe(point())
	b, _ := dtype.LinuxAMD64.Describe(point())
	fmt.Println(dtype.SideBySide(a, b))
	// Output:
	//   struct point      wasm32  linux-amd64
	// * long id           0 4     0 8
	// * char tag          4 1     8 1
	// * const char *name  8 4     16 8
	// * size              12      24
	// * align             4       8
	// * padding           3       7
}

// A Go struct stands for a C struct; tags give what Go's types do not say.
func ExampleFromGo() {
	type header struct {
		_      struct{}      `c:"hdr,pack=1"`
		Kind   uint8         `c:"kind"`
		Urgent bool          `c:"urgent,bits=1"`
		Parts  uint32        `c:"parts,bits=7"`
		Length dtype.Size    `c:"length"`
		Next   *header       `c:"next"`
		Name   [8]dtype.Char `c:"name"`
	}
	t, err := dtype.FromGo(reflect.TypeFor[header]())
	fmt.Println(dtype.Define(t), err)
	// Output:
	// _Pragma("pack(push, 1)") struct hdr { uint8_t kind; _Bool urgent: 1; uint32_t parts: 7; size_t length; struct hdr *next; char name[8]; }; _Pragma("pack(pop)") <nil>
}

// Where Go and C agree byte for byte, one may look at the other's memory.
func ExampleABI_MatchGo() {
	type pair struct {
		A int32
		B dtype.Long
	}
	c, err := dtype.NewStruct("pair", dtype.Field{Name: "a", Type: dtype.CInt}, dtype.Field{Name: "b", Type: dtype.CLong})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(dtype.LinuxAMD64.MatchGo(reflect.TypeFor[pair](), c))
	fmt.Println(dtype.WASM32.MatchGo(reflect.TypeFor[pair](), c))
	// Output:
	// <nil>
	// dtype: go type on wasm32 dtype_test.pair.B: long: go and C types differ: offset 8 in Go, 4 in C
}

// A recursive type is declared first and defined later.
func ExampleDeclareStruct() {
	node := dtype.DeclareStruct("node")
	err := node.Define(dtype.Attr{},
		dtype.Field{Name: "value", Type: dtype.CInt},
		dtype.Field{Name: "next", Type: dtype.PointerTo(node)})
	fmt.Println(dtype.Define(node), err)
	// Output:
	// struct node { int value; struct node *next; } <nil>
}

// Each call of a variadic function has a shape of its own.
func ExampleFunc_WithArgs() {
	printf, err := dtype.NewFunc(dtype.CInt, []dtype.Param{{Name: "fmt", Type: dtype.PointerToConst(dtype.CChar)}}, true)
	if err != nil {
		fmt.Println(err)
		return
	}
	call, err := printf.WithArgs(dtype.CFloat, dtype.CShort)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(printf)
	for _, p := range call.Params() {
		fmt.Println(p.Type)
	}
	// Output:
	// int (const char *fmt, ...)
	// const char *
	// double
	// int
}

// A record array's dtype is a C struct.
func ExampleABI_FromNumPy() {
	t, err := dtype.WASM32.FromNumPy("[('timestamp', '<i4'), ('desc', '|S12')]")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(dtype.Define(t))
	s, err := dtype.WASM32.NumPy(t)
	fmt.Println(s, err)
	s, err = dtype.WASM32.BufferFormat(t)
	fmt.Println(s, err)
	// Output:
	// struct { int32_t timestamp; char desc[12]; }
	// [('timestamp', '<i4'), ('desc', '|S12')] <nil>
	// T{<i:timestamp:12s:desc:} <nil>
}
