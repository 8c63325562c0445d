package memory_test

import (
	"fmt"
	"log"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func check[T any](x T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return x
}

// A struct allocated for C, read and written member by member.
func Example() {
	space := check(memory.NewBufferSpace(dtype.WASM32, 1<<16)) // or a library's Space
	arena := memory.NewArena(space)
	defer arena.Close()

	point := check(dtype.NewStruct("point",
		dtype.Field{Name: "x", Type: dtype.CInt},
		dtype.Field{Name: "y", Type: dtype.CInt}))
	p := check(arena.New(point))    // struct point *p = calloc(1, sizeof *p);
	y := check(p.Field("y"))        // &p->y
	err := memory.Store(y, 7)       // p->y = 7;
	v := check(memory.Load[int](y)) // p->y
	fmt.Println(v, err)
	fmt.Println(memory.Store(y, int64(1<<40)))
	fmt.Println(p)
	// Output:
	// 7 <nil>
	// memory: store struct point.y: value out of range: 1099511627776 does not fit int (-2147483648…2147483647)
	// struct point @ 0x1000 = {x: 0, y: 7}
}

// A C list as a Go struct with a typed pointer in it.
func ExamplePtr() {
	type node struct { // struct node {
		Value int32            //     int32_t Value;
		Next  memory.Ptr[node] //     struct node *Next;
	} // };
	arena := memory.NewArena(check(memory.NewBufferSpace(dtype.LinuxAMD64, 4096)))
	defer arena.Close()

	var head memory.Ptr[node]
	for i := range int32(3) {
		v := check(arena.NewOf(node{Value: i, Next: head}))
		head = memory.Ptr[node]{Pointer: v.Pointer()}
	}
	for p := head; !p.IsNull(); {
		n := check(p.Get())
		fmt.Println(n.Value)
		p = n.Next
	}
	_, err := memory.Ptr[node]{}.Get()
	fmt.Println(err)
	// Output:
	// 2
	// 1
	// 0
	// memory: deref: NULL pointer access
}

// NewOf places a Go value and everything it points to.
func ExampleArena_NewOf() {
	type config struct { // struct config {
		Name  string    //     const char *Name;
		Gains []float32 //     float *Gains;
		Count int32     //     int32_t Count;
	} // };
	arena := memory.NewArena(check(memory.NewBufferSpace(dtype.WASM32, 4096)))
	defer arena.Close()

	v := check(arena.NewOf(config{"main", []float32{0.5, 2}, 2}))
	name := check(memory.Load[memory.Pointer](check(v.Field("Name"))))
	gains := check(memory.Load[memory.Pointer](check(v.Field("Gains"))))
	fmt.Println(check(name.GoString()))

	_, err := gains.Index(1) // C does not say how many there are
	fmt.Println(err)
	fmt.Println(check(memory.Load[float32](check(gains.Reinterpret(2).Index(1)))))
	// Output:
	// main
	// memory: index float *: address 0x1020: out of bounds: index 1 of 0 known elements
	// 2
}

// Hot loops work on C's memory as a Go slice, under a lease.
func ExampleUse() {
	arena := memory.NewArena(check(memory.NewBufferSpace(dtype.WASM32, 4096)))
	defer arena.Close()
	v := check(arena.NewArray(dtype.CDouble, 4))
	err := memory.Use(v, func(s []float64) error {
		for i := range s {
			s[i] = float64(i * i)
		}
		return nil
	})
	fmt.Println(check(memory.Load[[]float64](v)), err)
	// Output: [0 1 4 9] <nil>
}

// Slicing, reversing and transposing make views of the same elements.
func ExampleArray() {
	arena := memory.NewArena(check(memory.NewBufferSpace(dtype.WASM32, 4096)))
	defer arena.Close()
	v := check(arena.NewOf([]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}))
	a := check(memory.AsArray(v, 3, 4))
	fmt.Println(a)
	b := check(a.Slice(memory.All, memory.Range(3, 0, -2))) // a[:, 3:0:-2]
	fmt.Println(b)
	_ = memory.Store(check(b.At(0, 0)), 42)
	fmt.Println(check(a.Index(0)))
	fmt.Println(check(b.Transpose()))
	// Output:
	// [[ 0  1  2  3]
	//  [ 4  5  6  7]
	//  [ 8  9 10 11]]
	// [[ 3  1]
	//  [ 7  5]
	//  [11  9]]
	// [ 0  1  2 42]
	// [[42  7 11]
	//  [ 1  5  9]]
}

// Elements of a strided array as Go values in C's memory.
func ExampleUseArray() {
	arena := memory.NewArena(check(memory.NewBufferSpace(dtype.WASM32, 4096)))
	defer arena.Close()
	a := check(memory.AsArray(check(arena.NewOf([]float64{1, 2, 3, 4, 5, 6})), 2, 3))
	err := memory.UseArray(a, func(s *memory.Strided[float64]) error {
		for i := range s.Len(0) {
			for j := range s.Len(1) {
				*s.At2(i, j) *= 10
			}
		}
		return nil
	})
	fmt.Println(a, err)
	err = memory.UseArray(a, func(s *memory.Strided[float64]) error {
		*s.At2(0, 3) = 1
		return nil
	})
	fmt.Println(err)
	// Output:
	// [[10. 20. 30.]
	//  [40. 50. 60.]] <nil>
	// memory: use double[2][3]: out of bounds: index 3 of axis 1 with 3 elements
}

// Bytes of a file or message, seen as C has them. The slice is shared.
func ExampleBufferSpaceOf() {
	header := check(dtype.NewStructAttr("header", dtype.Attr{Packed: true, Endian: dtype.BigEndian},
		dtype.Field{Name: "kind", Type: dtype.Uint8},
		dtype.Field{Name: "length", Type: dtype.Uint32},
		dtype.Field{Name: "flags", Type: dtype.Uint8, BitField: true, Bits: 3},
		dtype.Field{Name: "version", Type: dtype.Uint8, BitField: true, Bits: 5}))
	packet := []byte{7, 0, 0, 1, 2, 0b101_00010}
	space := check(memory.BufferSpaceOf(dtype.WASM32, packet))
	v := check(memory.NewView(space, nil, space.Base(), 0, header))
	fmt.Println(check(v.Load()))
	_ = memory.Store(check(v.Field("length")), 3)
	fmt.Println(packet)
	// Output:
	// {kind: 7, length: 258, flags: 5, version: 2}
	// [7 0 0 0 3 162]
}

// What a call does with its arguments: words, and blocks they point to.
func ExampleEncoder() {
	e := memory.Encoder{ABI: dtype.WASM32}
	w, err := e.Scalar(reflect.ValueOf(-1), dtype.CInt)
	fmt.Printf("%#x %v\n", w, err)
	_, err = e.Scalar(reflect.ValueOf(300), dtype.CUChar)
	fmt.Println(err)

	sizes := []dtype.Long{1, 2} // 8 bytes each in Go, 4 in C
	block, err := e.Pointer(reflect.ValueOf(sizes), dtype.CLong, memory.InOut)
	fmt.Println(e.Blocks[block].Data, err)
	e.Blocks[block].Data[4] = 9 // what C does
	fmt.Println(e.Finish(nil), sizes)
	// Output:
	// 0xffffffffffffffff <nil>
	// memory: encode: value out of range: 300 does not fit unsigned char (0…255)
	// [1 0 0 0 2 0 0 0] <nil>
	// <nil> [1 9]
}

// Natural Go values for C objects that Go has no type for.
func ExampleDecodeAny() {
	space := check(memory.NewBufferSpace(dtype.LinuxAMD64, 0))
	num := check(dtype.NewUnion("num",
		dtype.Field{Name: "i", Type: dtype.CInt},
		dtype.Field{Name: "f", Type: dtype.CFloat}))
	x := check(memory.DecodeAny(num, []byte{0, 0, 0x80, 0x3f}, space, nil))
	fmt.Println(x)
	// Output: {i: 1065353216, f: 1}
}
