package memory_test

import (
	"encoding/json"
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

// The surprise of ctypes: a and b are not copies, they look into rc. So
// rc.a, rc.b = rc.b, rc.a cannot be written by storing one after the other.
func ExampleSwap() {
	point := check(dtype.NewStruct("point",
		dtype.Field{Name: "x", Type: dtype.CInt},
		dtype.Field{Name: "y", Type: dtype.CInt}))
	rect := check(dtype.NewStruct("rect", dtype.Field{Name: "a", Type: point}, dtype.Field{Name: "b", Type: point}))
	arena := memory.NewArena(check(memory.NewBufferSpace(dtype.WASM32, 4096)))
	defer arena.Close()
	rc := check(arena.NewValue(rect, [][]int{{1, 2}, {3, 4}}))
	a, b := check(rc.Field("a")), check(rc.Field("b"))

	oldA := a // a view, not a copy
	_, _ = a.Store(b), b.Store(oldA)
	fmt.Println(check(rc.Load()))

	_ = rc.Store([][]int{{1, 2}, {3, 4}})
	_ = memory.Swap(a, b)
	fmt.Println(check(rc.Load()))
	_ = memory.Copy(a, b)
	fmt.Println(check(rc.Load()))
	// Output:
	// {a: {x: 3, y: 4}, b: {x: 3, y: 4}}
	// {a: {x: 3, y: 4}, b: {x: 1, y: 2}}
	// {a: {x: 1, y: 2}, b: {x: 1, y: 2}}
}

// A pointer variable of C's is re-pointed, followed and indexed.
func ExamplePointer() {
	arena := memory.NewArena(check(memory.NewBufferSpace(dtype.LinuxAMD64, 4096)))
	defer arena.Close()
	i, j := check(arena.NewValue(dtype.CInt, 42)), check(arena.NewValue(dtype.CInt, 99))
	pi := check(arena.NewValue(dtype.PointerTo(dtype.CInt), i)) // int *pi = &i;
	fmt.Println(check(check(pi.Deref()).Load()))                // *pi
	_ = pi.SetPointer(j.Pointer())                              // pi = &j;
	_ = check(pi.Deref()).Store(22)                             // *pi = 22;
	fmt.Println(check(i.Load()), check(j.Load()))

	p := check(arena.NewOf([]int32{1, 2, 3, 4})).Pointer()
	mid := check(p.Add(2))                                          // p + 2
	fmt.Println(check(check(mid.Index(1)).Load()))                  // mid[1]
	fmt.Println(check(check(check(mid.Add(-1)).Contents()).Load())) // mid[-1]
	_, err := mid.Index(-1)
	fmt.Println(err)
	_ = pi.Store(nil) // pi = NULL;
	_, err = pi.Deref()
	fmt.Println(err)
	// Output:
	// 42
	// 42 22
	// 4
	// 2
	// memory: index int32_t *: address 0x1038: out of bounds: index -1 of 2 known elements
	// memory: deref int *: NULL pointer access
}

// A length that C gave is checked before it is used.
func ExamplePointer_Bounded() {
	space := check(memory.NewBufferSpace(dtype.WASM32, 64))
	items := memory.NewPointer(space, nil, space.Base(), dtype.CInt, 0) // from C
	for _, n := range []int32{16, 17, -1} {                             // from C, too
		p, err := items.Bounded(int64(n))
		fmt.Println(p.Len(), err)
	}
	// Output:
	// 16 <nil>
	// 0 memory: reinterpret int *: address 0x1000: 17 elements: memory: bytes: address 0x1000+68 exceeds size 4160: out of bounds
	// 0 memory: reinterpret int *: address 0x1000: out of bounds: -1 elements
}

// Text for C to change: value and raw of ctypes' create_string_buffer.
func ExampleArena_StringBuffer() {
	arena := memory.NewArena(check(memory.NewBufferSpace(dtype.WASM32, 4096)))
	defer arena.Close()
	buf := check(arena.StringBuffer("Hello", 10)) // char buf[10] = "Hello";
	_ = buf.SetText("Hi")                         // strcpy(buf, "Hi");
	fmt.Printf("%q %q\n", check(memory.Load[string](buf)), check(buf.Bytes()))
	fmt.Printf("%q\n", check(memory.StringAt(arena.Space(), buf.Addr(), 5)))
	fmt.Println(buf.SetText("more than there is"))
	// Output:
	// "Hi" "Hi\x00lo\x00\x00\x00\x00\x00"
	// "Hi\x00lo"
	// memory: store char [10]: value out of range: too many initialisers: 18 for 10
}

// An object that was freed is gone for every view of it, also where another one
// has its address.
func ExampleArena_Free() {
	arena := memory.NewArena(check(memory.NewBufferSpace(dtype.WASM32, 4096)))
	defer arena.Close()
	old := check(arena.NewOf(int32(1)))
	fmt.Println(arena.Free(old))
	again := check(arena.NewOf(int32(2)))
	fmt.Println(old.Addr() == again.Addr())
	_, err := memory.Load[int32](old)
	fmt.Println(err)
	fmt.Println(arena.Free(old))
	// Output:
	// <nil>
	// true
	// memory: load int32_t: memory is no longer valid
	// memory: free int32_t: memory is no longer valid: freed before
}

func ExampleArena_Resize() {
	arena := memory.NewArena(check(memory.NewBufferSpace(dtype.WASM32, 4096)))
	defer arena.Close()
	v := check(arena.NewOf([]int16{1, 2, 3}))
	w := check(arena.Resize(v, 5)) // realloc
	fmt.Println(check(memory.Load[[]int16](w)))
	_, err := v.Load()
	fmt.Println(err)
	// Output:
	// [1 2 3 0 0]
	// memory: load int16_t [3]: memory is no longer valid
}

func ExampleScoped() {
	space := check(memory.NewBufferSpace(dtype.WASM32, 4096))
	err := memory.Scoped(space, func(a *memory.Arena) error {
		v, err := a.NewOf([]int32{1, 2, 3})
		fmt.Println(v)
		return err
	}) // all freed
	fmt.Println(err)
	// Output:
	// int32_t [3] @ 0x1000 = [1 2 3]
	// <nil>
}

func ExampleMemmove() {
	arena := memory.NewArena(check(memory.NewBufferSpace(dtype.WASM32, 4096)))
	defer arena.Close()
	v := check(arena.NewOf([]byte("0123456789")))
	p := v.Pointer()
	_ = memory.Memmove(check(p.Add(2)), p, 6)
	_ = memory.Memset(p, '-', 2)
	fmt.Printf("%s\n", check(v.Bytes()))
	fmt.Println(memory.Memset(p, 0, 11))
	// Output:
	// --01234589
	// memory: memset uint8_t *: address 0x1000+11 exceeds size 10: out of bounds
}

// Bytes of Go's seen as C has them, shared, at an offset.
func ExampleFromBuffer() {
	point := check(dtype.NewStruct("point",
		dtype.Field{Name: "x", Type: dtype.CShort},
		dtype.Field{Name: "y", Type: dtype.CShort}))
	buf := make([]byte, 6)
	p := check(memory.FromBuffer(dtype.WASM32, point, buf, 2))
	_ = p.Store([]int{1, 2})
	fmt.Println(buf)
	_, err := memory.FromBuffer(dtype.WASM32, point, buf, 3)
	fmt.Println(err)
	// Output:
	// [0 0 1 0 2 0]
	// memory: view struct point: address 0x3+4 exceeds size 6: out of bounds
}

// Spans copy, as ctypes' slices do.
func ExampleLoadSpan() {
	arena := memory.NewArena(check(memory.NewBufferSpace(dtype.WASM32, 4096)))
	defer arena.Close()
	v := check(arena.NewOf([]int32{0, 1, 2, 3, 4, 5}))
	_ = memory.StoreSpan(v, memory.Range(1, 4, 1), []int{10, 20, 30})    // v[1:4] = 10, 20, 30
	fmt.Println(check(memory.LoadSpan[int](v, memory.Range(-1, 0, -2)))) // v[-1:0:-2]
	// Output: [5 30 10]
}

// A value without pointers goes to another machine by names.
func ExampleView_MarshalJSON() {
	reading := check(dtype.NewStruct("reading",
		dtype.Field{Name: "station", Type: check(dtype.ArrayOf(dtype.CChar, 8))},
		dtype.Field{Name: "time", Type: dtype.CLong},
		dtype.Field{Name: "celsius", Type: check(dtype.ArrayOf(dtype.CFloat, 2))}))
	here := memory.NewArena(check(memory.NewBufferSpace(dtype.LinuxAMD64, 4096)))
	defer here.Close()
	v := check(here.NewValue(reading, []any{"north", 1700000000, []float64{20.5, 21}}))
	text := check(json.Marshal(v))
	fmt.Println(string(text))

	there := memory.NewArena(check(memory.NewBufferSpace(dtype.WASM32, 4096)))
	defer there.Close()
	w := check(there.New(reading))
	fmt.Println(json.Unmarshal(text, &w))
	fmt.Println(w.Size(), "bytes instead of", v.Size(), check(check(w.Field("time")).Load()))
	// Output:
	// {"station":"north","time":1700000000,"celsius":[20.5,21]}
	// <nil>
	// 20 bytes instead of 24 1700000000
}

// A typed pointer's objects are Go's in place where C lays them out as Go does
// and they hold neither pointers nor bools; others are converted.
func ExamplePtr_Use() {
	type pixel struct{ R, G, B uint8 } // struct pixel { uint8_t r, g, b; };
	type flag struct {                 // struct flag {
		On   bool       //     _Bool on;
		Size dtype.Long //     long size;
	} // };
	arena := memory.NewArena(check(memory.NewBufferSpace(dtype.WASM32, 4096)))
	defer arena.Close()
	px := memory.Ptr[pixel]{Pointer: check(arena.NewOf(pixel{1, 2, 3})).Pointer()}
	err := px.Use(func(p *pixel) error { // C's memory itself
		p.G = 20
		return nil
	})
	fmt.Println(check(px.Get()), err)

	p := memory.Ptr[flag]{Pointer: check(arena.NewOf(flag{true, 5})).Pointer()}
	fmt.Println(p.Use(func(*flag) error { return nil }))
	f := check(p.Get()) // a copy, its long wider than C's
	f.Size++
	fmt.Println(p.Set(f), check(p.Get()))
	// Output:
	// {1 20 3} <nil>
	// memory: use struct flag: wrong type: Go memory_test.flag cannot share memory with C struct flag: dtype: go type on wasm32 memory_test.flag: struct flag: go and C types differ: a Go struct holds pointers or bools
	// <nil> {true 6}
}
