package dtype_test

import (
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

// A SIMD vector has the bytes of an array, but an alignment of its own.
func ExampleVectorOf() {
	v4, err := dtype.VectorOf(dtype.CFloat, 4) // typedef float v4 __attribute__((vector_size(16)));
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := dtype.NewStruct("s", dtype.Field{Name: "c", Type: dtype.CChar}, dtype.Field{Name: "v", Type: v4})
	if err != nil {
		fmt.Println(err)
		return
	}
	at, err := dtype.WASM32.Find(s, "v[3]")
	fmt.Println(v4, at.Offset, err)
	// Output: float __attribute__((vector_size(16))) 28 <nil>
}

// V4 is a Go type that stands for a vector.
type V4 [4]float32

func (V4) CType() (dtype.Type, error) { return dtype.VectorOf(dtype.CFloat, 4) }

// A Go type can say that it is a vector in C.
func ExampleGoTyper() {
	type ray struct {
		Origin V4 `c:"origin"`
		Length float32
	}
	t, err := dtype.FromGo(reflect.TypeFor[ray]())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(dtype.Define(t))
	// Output: struct ray { float __attribute__((vector_size(16))) origin; float Length; }
}

// class Point3(Point): _fields_ = [("z", c_int)]
func ExampleExtendStruct() {
	point, err := dtype.NewStruct("point", dtype.Field{Name: "x", Type: dtype.CInt}, dtype.Field{Name: "y", Type: dtype.CInt})
	if err != nil {
		fmt.Println(err)
		return
	}
	point3, err := dtype.ExtendStruct("point3", point, dtype.Field{Name: "z", Type: dtype.CInt})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(dtype.Define(point3))
	z, err := dtype.WASM32.Find(point3, "z")
	fmt.Println(z.Offset, err)
	// Output:
	// struct point3 { struct { int x; int y; }; int z; }
	// 8 <nil>
}

// Constants of an enum may be any number of 64 bits, signed or not.
func ExampleUnsignedConst() {
	e, err := dtype.NewEnum("flags", dtype.EnumConst{Name: "NONE"}, dtype.UnsignedConst("ALL", 1<<64-1))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(dtype.Define(e), e.Base())
	// Output: enum flags { NONE, ALL = 18446744073709551615ull } unsigned long long
}

// Attributes belong to the type: this header is packed and big-endian on every
// machine.
func ExampleAttr() {
	head, err := dtype.NewStructAttr("head", dtype.Attr{Endian: dtype.BigEndian, Packed: true},
		dtype.Field{Name: "kind", Type: dtype.Uint8}, dtype.Field{Name: "size", Type: dtype.Uint32})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := dtype.LinuxAMD64.Describe(head)
	fmt.Println(d, err)
	// Output:
	// struct head {       // linux-amd64: size 5, align 1, padding 0
	//     uint8_t kind;   //    0            1
	//     uint32_t size;  //    1            4
	// }; <nil>
}
