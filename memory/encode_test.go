package memory

import (
	"errors"
	"math/big"
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// encodeValue is v as the bytes of a t, without pointers.
func encodeValue(t *testing.T, abi *dtype.ABI, c dtype.Type, v any) ([]byte, error) {
	t.Helper()
	size, err := abi.Size(c)
	require.NoError(t, err)
	data := make([]byte, size)
	for i := range data {
		data[i] = 0xa5 // Value clears what it does not set
	}
	e := Encoder{ABI: abi}
	return data, e.Value(data, -1, 0, reflect.ValueOf(v), c)
}

type point struct{ x, y int32 } // C's names, not exported

type named struct {
	Kind  uint8
	Ratio float64 `c:"ratio"`
}

func TestValue(t *testing.T) {
	cPoint := structOf(t, "point", f("x", dtype.CInt), f("y", dtype.CInt))
	rect := structOf(t, "rect", f("min", cPoint), f("max", cPoint))
	cNamed := structOf(t, "named", f("Kind", dtype.CUChar), f("ratio", dtype.CDouble))
	anon := structOf(t, "anon", f("tag", dtype.CChar), f("", unionOf(t, "", f("i", dtype.CInt), f("f", dtype.CFloat))), f("end", dtype.CChar))
	flags := structOf(t, "flags", bitField("a", dtype.CUInt, 3), bitField("b", dtype.CInt, 5), bitField("c", dtype.CUInt, 9), f("d", dtype.CUChar))
	big16 := structAttr(t, "be", dtype.Attr{Endian: dtype.BigEndian}, f("s", dtype.CShort), f("a", arrayOf(t, dtype.CShort, 2)), f("in", cPoint))
	num := unionOf(t, "num", f("i", dtype.CInt), f("d", dtype.CDouble))
	for _, tt := range []struct {
		c    dtype.Type
		v    any
		want string // bytes
	}{
		{dtype.CShort, -2, "\xfe\xff"},
		{cPoint, point{1, -1}, "\x01\x00\x00\x00\xff\xff\xff\xff"},
		{cPoint, Record{{"y", 2}, {"x", 1}}, "\x01\x00\x00\x00\x02\x00\x00\x00"},
		{cPoint, map[string]any{"y": int8(2)}, "\x00\x00\x00\x00\x02\x00\x00\x00"},
		{cPoint, map[string]int{"x": 3}, "\x03\x00\x00\x00\x00\x00\x00\x00"},
		{cPoint, []any{5}, "\x05\x00\x00\x00\x00\x00\x00\x00"},
		{cPoint, []int{5, 6}, "\x05\x00\x00\x00\x06\x00\x00\x00"},
		{rect, []any{[]any{1, 2}, Record{{"x", 3}}}, "\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00"},
		{rect, map[string]point{"max": {3, 4}}, "\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00"},
		{cNamed, named{7, 1}, "\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0\x3f"},
		{anon, Record{{"tag", "a"[0]}, {"i", 258}, {"end", 9}}, "a\x00\x00\x00\x02\x01\x00\x00\x09\x00\x00\x00"},
		{anon, Record{{"f", 1}}, "\x00\x00\x00\x00\x00\x00\x80\x3f\x00\x00\x00\x00"},
		{flags, Record{{"a", 5}, {"b", -1}, {"c", 256}, {"d", 7}}, "\xfd\x00\x01\x07"},
		{flags, []any{1, 0, 0, 2}, "\x01\x00\x00\x02"},
		{big16, Record{{"s", 1}, {"a", []int{2, 3}}, {"in", []int{4}}}, "\x00\x01\x00\x02\x00\x03\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00"},
		{num, Record{{"d", 1.0}}, "\x00\x00\x00\x00\x00\x00\xf0\x3f"},
		{num, map[string]any{"i": 1}, "\x01\x00\x00\x00\x00\x00\x00\x00"},
		{num, []any{1}, "\x01\x00\x00\x00\x00\x00\x00\x00"},
		{num, [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, "\x01\x02\x03\x04\x05\x06\x07\x08"},
		{num, Record{{"d", 1.0}, {"i", 2}}, "\x02\x00\x00\x00\x00\x00\xf0\x3f"}, // the last wins
		{arrayOf(t, dtype.CInt, 2), [2]int32{1, 2}, "\x01\x00\x00\x00\x02\x00\x00\x00"},
		{arrayOf(t, dtype.CInt, 2), []int64{1}, "\x01\x00\x00\x00\x00\x00\x00\x00"},
		{arrayOf(t, dtype.CShort, 3), []any{1, int8(-1), true}, "\x01\x00\xff\xff\x01\x00"},
		{arrayOf(t, arrayOf(t, dtype.CShort, 2), 2), [][]int{{1}, {2, 3}}, "\x01\x00\x00\x00\x02\x00\x03\x00"},
		{arrayOf(t, dtype.CBool, 2), []bool{true, false}, "\x01\x00"},
		{arrayOf(t, dtype.CChar, 4), "abc", "abc\x00"},
		{arrayOf(t, dtype.CChar, 3), "abc", "abc"},
		{arrayOf(t, dtype.CChar, 4), []byte("ab"), "ab\x00\x00"},
		{arrayOf(t, dtype.Char16T, 4), "é𝄞", "\xe9\x00\x34\xd8\x1e\xdd\x00\x00"},
		{arrayOf(t, dtype.WCharT, 2), "𝄞", "\x1e\xd1\x01\x00\x00\x00\x00\x00"},
		{dtype.ComplexOf(dtype.CFloat), complex64(1 + 2i), "\x00\x00\x80\x3f\x00\x00\x00\x40"},
		{dtype.ComplexOf(dtype.CFloat), 1 + 2i, "\x00\x00\x80\x3f\x00\x00\x00\x40"},
		{dtype.CInt128, -1, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"},
		{dtype.CUInt128, new(big.Int).Lsh(big.NewInt(1), 127), "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80"},
		{dtype.CLongDouble, 1.0, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\x3f"},
		{dtype.PointerTo(dtype.CInt), nil, "\x00\x00\x00\x00"},
		{dtype.PointerTo(dtype.CInt), uintptr(16), "\x10\x00\x00\x00"},
	} {
		got, err := encodeValue(t, dtype.WASM32, tt.c, tt.v)
		if assert.NoError(t, err, "%T for %v", tt.v, tt.c) {
			assert.Equal(t, []byte(tt.want), got, "%+v for %v", tt.v, tt.c)
		}
	}
}

func TestValueErrors(t *testing.T) {
	cPoint := structOf(t, "point", f("x", dtype.CInt), f("y", dtype.CInt))
	poly := structOf(t, "poly", f("n", dtype.CInt), f("pts", arrayOf(t, cPoint, 3)))
	flags := structOf(t, "flags", bitField("a", dtype.CUInt, 3), bitField("b", dtype.CInt, 5))
	num := unionOf(t, "num", f("i", dtype.CInt), f("d", dtype.CDouble))
	for _, tt := range []struct {
		c    dtype.Type
		v    any
		is   error
		want string
	}{
		{cPoint, Record{{"z", 1}}, dtype.ErrNoMember, `encode struct point: no such member: no member "z" in struct point`},
		{cPoint, []any{1, 2, 3}, ErrRange, `encode struct point: value out of range: too many initialisers: 3 for 2`},
		{cPoint, 1, ErrType, `encode struct point: wrong type: Go int for C struct point`},
		{cPoint, nil, ErrType, `encode struct point: wrong type: nil for C struct point`},
		{cPoint, map[int]int{}, ErrType, `encode struct point: wrong type: Go map[int]int for C struct point`},
		{poly, Record{{"pts", []any{nil}}}, ErrType, `encode struct poly.pts[0]: wrong type: nil for C struct point`},
		{poly, Record{{"pts", []any{[]any{1}, Record{{"y", int64(1 << 31)}}}}}, ErrRange,
			`encode struct poly.pts[1].y: value out of range: 2147483648 does not fit int (-2147483648…2147483647)`},
		{poly, Record{{"pts", []point{{}, {}, {}, {}}}}, ErrRange, `encode struct poly.pts: value out of range: too many initialisers: 4 for 3`},
		{poly, Record{{"pts", [2]point{}}}, ErrType, `encode struct poly.pts: wrong type: Go [2]memory.point for C struct point [3]`},
		{poly, Record{{"n", "1"}}, ErrType, `encode struct poly.n: wrong type: Go string for C int`},
		{flags, Record{{"a", 8}}, ErrRange, `encode struct flags.a: value out of range: 8 does not fit unsigned int : 3 (0…7)`},
		{flags, Record{{"b", -17}}, ErrRange, `encode struct flags.b: value out of range: -17 does not fit int : 5 (-16…15)`},
		{flags, Record{{"a", "x"}}, ErrType, `encode struct flags.a: wrong type: Go string for C unsigned int`},
		{num, []any{1, 2}, ErrRange, `encode union num: value out of range: too many initialisers: 2 for 1`},
		{num, map[string]any{"i": 1, "d": 2}, ErrType, `encode union num: wrong type: 2 members of a union in a map, which has no order`},
		{num, [4]byte{}, ErrType, `encode union num: wrong type: Go [4]uint8 for C union num`},
		{arrayOf(t, dtype.CChar, 3), "abcd", ErrRange, `encode char [3]: value out of range: too many initialisers: 4 for 3`},
		{arrayOf(t, dtype.CInt, 3), "abc", ErrType, `encode int [3]: wrong type: Go string for C int [3]`},
		{arrayOf(t, dtype.WCharT, 3), "a\xff", ErrRange, `encode wchar_t [3]: value out of range: "a\xff" is no valid UTF-8`},
		{arrayOf(t, dtype.CInt, 3), 1, ErrType, `encode int [3]: wrong type: Go int for C int [3]`},
		{dtype.CInt128, new(big.Int).Lsh(big.NewInt(1), 127), ErrRange, `encode __int128: value out of range: 170141183460469231731687303715884105728 does not fit __int128 (-170141183460469231731687303715884105728…170141183460469231731687303715884105727)`},
		{dtype.CUInt128, -1, ErrRange, `encode unsigned __int128: value out of range: -1 does not fit unsigned __int128 (0…340282366920938463463374607431768211455)`},
		{dtype.CInt128, 1.5, ErrType, `encode __int128: wrong type: Go float64 for C __int128`},
		{dtype.CLongDouble, "1", ErrType, `encode long double: wrong type: Go string for C long double`},
		{dtype.ComplexOf(dtype.CFloat), 1.0, ErrType, `encode _Complex float: wrong type: Go float64 for C _Complex float`},
		{dtype.ComplexOf(dtype.CFloat), complex(0, 1e300), ErrRange, `encode _Complex float: value out of range: 1e+300 does not fit float`},
		{dtype.PointerTo(dtype.CInt), 5, ErrType, `encode int *: wrong type: Go int for C int *`},
		{dtype.PointerTo(dtype.CInt), "s", ErrType, `encode int *: wrong type: Go string for C int *`},
		{dtype.PointerTo(dtype.CChar), "a\x00b", ErrRange, `encode char *: value out of range: NUL at byte 1 of a string of 3`},
		{dtype.PointerTo(dtype.CInt), []int16{}, ErrType, ``},
	} {
		_, err := encodeValue(t, dtype.WASM32, tt.c, tt.v)
		if tt.want == "" { // converted element by element
			assert.NoError(t, err)
			continue
		}
		assert.EqualError(t, err, "memory: "+tt.want)
		assert.ErrorIs(t, err, tt.is)
	}
}

// pointTo encodes v as what an elem * points to and returns the block.
func pointTo(t *testing.T, e *Encoder, v any, elem dtype.Type, flow Flow) *Block {
	t.Helper()
	i, err := e.Pointer(reflect.ValueOf(v), elem, flow)
	require.NoError(t, err)
	require.GreaterOrEqual(t, i, 0)
	return &e.Blocks[i]
}

// Where Go's bytes are C's, C is given the Go memory itself.
func TestPointerInPlace(t *testing.T) {
	cPoint := structOf(t, "point", f("x", dtype.CInt), f("y", dtype.CInt))
	ints := []int32{1, 2, 3}
	pts := []point{{1, 2}, {3, 4}}
	fixed := [3]float32{1, 2, 3}
	chars := []dtype.Char("abc")
	bytes := []byte("abc")
	for _, tt := range []struct {
		v    any
		elem dtype.Type
		at   unsafe.Pointer
		size int
	}{
		{ints, dtype.CInt, unsafe.Pointer(&ints[0]), 12},
		{ints, dtype.CVoid, unsafe.Pointer(&ints[0]), 12},
		{&ints[1], dtype.CInt, unsafe.Pointer(&ints[1]), 4},
		{pts, cPoint, unsafe.Pointer(&pts[0]), 16},
		{&pts[1], cPoint, unsafe.Pointer(&pts[1]), 8},
		{&fixed, dtype.CFloat, unsafe.Pointer(&fixed), 12},
		{&fixed, arrayOf(t, dtype.CFloat, 3), unsafe.Pointer(&fixed), 12},
		{chars, dtype.CChar, unsafe.Pointer(&chars[0]), 3},
		{bytes, dtype.CChar, unsafe.Pointer(&bytes[0]), 3},
		{bytes, dtype.CVoid, unsafe.Pointer(&bytes[0]), 3},
	} {
		e := Encoder{ABI: dtype.WASM32}
		b := pointTo(t, &e, tt.v, tt.elem, Out)
		assert.Equal(t, tt.at, unsafe.Pointer(unsafe.SliceData(b.Data)), "%T for %v *", tt.v, tt.elem)
		assert.Len(t, b.Data, tt.size, "%T for %v *", tt.v, tt.elem)
		assert.Equal(t, Out, b.Flow)
	}
}

// What has another form in C is copied, converted, and converted back.
func TestPointerCopies(t *testing.T) {
	e := Encoder{ABI: dtype.WASM32}
	longs := []dtype.Long{1, -2}
	b := pointTo(t, &e, longs, dtype.CLong, InOut)
	assert.Equal(t, []byte{1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff}, b.Data)
	assert.EqualValues(t, 4, b.Align)
	b.Data[0] = 7
	flags := []bool{true, false}
	b = pointTo(t, &e, flags, dtype.CBool, In)
	b.Data[0] = 0
	out := []dtype.Long{5}
	b = pointTo(t, &e, out, dtype.CLong, Out)
	assert.Equal(t, make([]byte, 4), b.Data, "Out is not copied in")
	b.Data[0] = 9
	require.NoError(t, e.Finish(nil))
	assert.Equal(t, []dtype.Long{7, -2}, longs)
	assert.Equal(t, []bool{true, false}, flags, "In does not come back")
	assert.Equal(t, []dtype.Long{9}, out)
}

func TestPointerNilAndEmpty(t *testing.T) {
	e := Encoder{ABI: dtype.WASM32}
	for _, v := range []any{nil, []int32(nil), (*int32)(nil), []bool(nil)} {
		i, err := e.Pointer(reflect.ValueOf(v), dtype.CInt, InOut)
		require.NoError(t, err)
		assert.Equal(t, -1, i, "%T", v)
	}
	assert.Empty(t, e.Blocks)
	assert.Equal(t, []byte{}, pointTo(t, &e, []int32{}, dtype.CInt, InOut).Data)
	assert.Equal(t, []byte{}, pointTo(t, &e, []dtype.Long{}, dtype.CLong, InOut).Data)
	assert.Equal(t, []byte{0}, pointTo(t, &e, "", dtype.CChar, InOut).Data)
}

func TestPointerStrings(t *testing.T) {
	e := Encoder{ABI: dtype.WindowsAMD64}
	b := pointTo(t, &e, "abc", dtype.CChar, InOut)
	assert.Equal(t, []byte("abc\x00"), b.Data)
	assert.Equal(t, In, b.Flow, "C cannot write into a Go string")
	assert.Equal(t, []byte("ab\x00"), pointTo(t, &e, "ab", dtype.CVoid, In).Data)
	assert.Equal(t, []byte("h\x00\xe9\x00\x00\x00"), pointTo(t, &e, "hé", dtype.WCharT, In).Data)
	e.ABI = dtype.LinuxAMD64
	b = pointTo(t, &e, "é", dtype.WCharT, In)
	assert.Equal(t, []byte("\xe9\x00\x00\x00\x00\x00\x00\x00"), b.Data)
	assert.EqualValues(t, 4, b.Align)
	_, err := e.Pointer(reflect.ValueOf("x"), dtype.CInt, In)
	assert.EqualError(t, err, "memory: encode int *: wrong type: Go string for C int *")
}

// float ** from rows, char ** from strings: a block of pointers and a block
// for each.
func TestPointerToPointers(t *testing.T) {
	e := Encoder{ABI: dtype.WASM32}
	rows := [][]float32{{1, 2}, nil, {3}}
	b := pointTo(t, &e, rows, dtype.PointerTo(dtype.CFloat), In)
	assert.Len(t, b.Data, 12)
	assert.Equal(t, []BlockPointer{{0, 1}, {8, 2}}, b.Pointers)
	assert.Equal(t, unsafe.Pointer(&rows[0][0]), unsafe.Pointer(unsafe.SliceData(e.Blocks[1].Data)), "rows in place")
	assert.Equal(t, InOut, e.Blocks[1].Flow, "float * may be written through")

	e.Reset()
	b = pointTo(t, &e, []string{"a", "bc"}, dtype.PointerToConst(dtype.CChar), In)
	assert.Equal(t, []BlockPointer{{0, 1}, {4, 2}}, b.Pointers)
	assert.Equal(t, []byte("bc\x00"), e.Blocks[2].Data)

	e.Reset()
	x := []int32{1}
	b = pointTo(t, &e, [][]int32{x}, dtype.PointerToConst(dtype.CInt), In)
	assert.Equal(t, In, e.Blocks[b.Pointers[0].To].Flow, "const int *: goes in only")
}

type person struct {
	name  string
	ages  []dtype.Long
	next  *person
	id    int32
	scale *float64
}

// Strings, slices and pointers in a struct go down and stay what they are; what
// they refer to comes back.
func TestPointerTree(t *testing.T) {
	c := mustType(t, reflect.TypeFor[person]())
	scale := 1.5
	second := &person{name: "Eve", id: 2}
	first := &person{name: "Adam", ages: []dtype.Long{930, 7}, next: second, id: 1, scale: &scale}
	second.next = first // a circle ends
	e := Encoder{ABI: dtype.WASM32}
	root := pointTo(t, &e, first, c, InOut)
	require.Len(t, e.Blocks, 6, "two persons, two names, ages, scale")
	assert.Len(t, root.Data, 20)
	assert.Equal(t, byte(1), root.Data[12])
	byOffset := map[uint64]int{}
	for _, p := range root.Pointers {
		byOffset[p.Offset] = p.To
	}
	assert.Equal(t, "Adam\x00", string(e.Blocks[byOffset[0]].Data))
	ages, next := &e.Blocks[byOffset[4]], &e.Blocks[byOffset[8]]
	assert.Equal(t, []byte("\xa2\x03\x00\x00\x07\x00\x00\x00"), ages.Data)
	assert.Contains(t, next.Pointers, BlockPointer{8, 0}, "second.next is the first block")

	ages.Data[4], root.Data[12], next.Data[12] = 8, 10, 20
	require.NoError(t, e.Finish(nil))
	assert.Equal(t, "Adam", first.name)
	assert.Equal(t, []dtype.Long{930, 8}, first.ages)
	assert.EqualValues(t, 10, first.id)
	assert.EqualValues(t, 20, second.id)
	assert.Same(t, second, first.next)
	assert.Same(t, &scale, first.scale)
}

func TestSameMemoryIsOneBlock(t *testing.T) {
	e := Encoder{ABI: dtype.WASM32}
	s := []dtype.Long{1, 2}
	a, err := e.Pointer(reflect.ValueOf(s), dtype.CLong, Out)
	require.NoError(t, err)
	b, err := e.Pointer(reflect.ValueOf(s), dtype.CLong, In)
	require.NoError(t, err)
	assert.Equal(t, a, b)
	assert.Equal(t, InOut, e.Blocks[a].Flow)
	assert.Equal(t, []byte{1, 0, 0, 0, 2, 0, 0, 0}, e.Blocks[a].Data)
}

// The pointers in the words of a frame are collected apart.
func TestValueInFrame(t *testing.T) {
	c := structOf(t, "msg", f("n", dtype.CInt), f("text", dtype.PointerTo(dtype.CChar)))
	e := Encoder{ABI: dtype.WASM32}
	words := make([]byte, 24)
	require.NoError(t, e.Value(words[16:24], -1, 16, reflect.ValueOf(Record{{"n", 3}, {"text", "hi"}}), c))
	assert.Equal(t, []BlockPointer{{20, 0}}, e.Pointers)
	assert.Equal(t, []byte("hi\x00"), e.Blocks[0].Data)
	e.Reset()
	assert.Empty(t, e.Pointers)
	assert.Empty(t, e.Blocks)
}

func TestEncodeViewsAndPointers(t *testing.T) {
	arena := arenaOn(t, dtype.WASM32)
	cPoint := structOf(t, "point", f("x", dtype.CInt), f("y", dtype.CInt))
	other := structOf(t, "other", f("d", dtype.CDouble))
	pt := must(arena.NewValue(cPoint, point{3, 4}))(t)
	arr := must(arena.NewArray(dtype.CDouble, 4))(t)
	ptr := must(arena.New(dtype.PointerTo(cPoint)))(t)
	require.NoError(t, ptr.SetPointer(pt.Pointer()))
	foreign := must(arenaOn(t, dtype.WASM32).New(dtype.CInt))(t)
	dead := arenaOn(t, dtype.WASM32)
	gone := must(dead.New(dtype.CInt))(t)
	require.NoError(t, dead.Close())

	for _, tt := range []struct {
		v    any
		c    dtype.Type
		want uint64
		err  string
	}{
		{v: pt, c: dtype.PointerTo(cPoint), want: pt.Addr()},
		{v: pt, c: dtype.PointerTo(dtype.CVoid), want: pt.Addr()},
		{v: pt.Pointer(), c: dtype.PointerTo(cPoint), want: pt.Addr()},
		{v: Ptr[point]{pt.Pointer()}, c: dtype.PointerTo(cPoint), want: pt.Addr()},
		{v: arr, c: dtype.PointerTo(dtype.CDouble), want: arr.Addr()},
		{v: ptr, c: dtype.PointerTo(cPoint), want: pt.Addr()},
		{v: ptr, c: dtype.PointerTo(dtype.PointerTo(cPoint)), want: ptr.Addr()},
		{v: must(pt.Field("y"))(t), c: dtype.PointerTo(dtype.CUInt), want: pt.Addr() + 4},
		{v: must(pt.Field("y"))(t), c: dtype.CDouble, want: f64(4)},
		{v: Pointer{}, c: dtype.PointerTo(cPoint), want: 0},
		{v: pt, c: dtype.PointerTo(other), err: "encode: wrong type: C struct point * for C struct other *"},
		{v: arr.Pointer(), c: dtype.PointerTo(dtype.CInt), err: "encode: wrong type: C double * for C int *"},
		{v: foreign, c: dtype.PointerTo(dtype.CInt), err: "encode: wrong type: a pointer into another space"},
		{v: gone.Pointer(), c: dtype.PointerTo(dtype.CInt), err: "encode: wrong type: a pointer into another space"},
		{v: func() {}, c: dtype.PointerTo(dtype.CVoid), err: "encode: wrong type: Go func() for C void *"},
	} {
		e := Encoder{ABI: dtype.WASM32, Space: arena.Space()}
		w, err := e.Scalar(reflect.ValueOf(tt.v), tt.c)
		if tt.err != "" {
			assert.EqualError(t, err, "memory: "+tt.err)
			continue
		}
		if assert.NoError(t, err, "%v for %v", tt.v, tt.c) {
			assert.Equal(t, tt.want, w, "%v for %v", tt.v, tt.c)
		}
	}
	e := Encoder{ABI: dtype.WASM32}
	_, err := e.Scalar(reflect.ValueOf(gone), dtype.PointerTo(dtype.CInt))
	assert.ErrorIs(t, err, ErrEnded)

	data := make([]byte, 8)
	require.NoError(t, e.Value(data, -1, 0, reflect.ValueOf(pt), cPoint), "a view where C wants the struct")
	assert.Equal(t, []byte{3, 0, 0, 0, 4, 0, 0, 0}, data)
}

// What is passed to C is not released while the call lasts.
func TestEncoderHoldsLeases(t *testing.T) {
	for _, done := range []struct {
		how string
		f   func(e *Encoder)
	}{
		{"Reset", func(e *Encoder) { e.Reset() }},
		{"Finish", func(e *Encoder) { require.NoError(t, e.Finish(nil)) }},
	} {
		space := bufferOf(t, dtype.WASM32, 1<<10)
		arena := NewArena(space)
		v := must(arena.New(dtype.CInt))(t)
		e := Encoder{ABI: dtype.WASM32}
		_, err := e.Scalar(reflect.ValueOf(v), dtype.PointerTo(dtype.CInt))
		require.NoError(t, err)
		require.NoError(t, arena.Close())
		assert.Len(t, space.heap.used, 1, done.how)
		done.f(&e)
		assert.Empty(t, space.heap.used, done.how)
	}
}

func TestEncoderOther(t *testing.T) {
	refused := errors.New("refused")
	e := Encoder{ABI: dtype.WASM32, Other: func(v reflect.Value, _ dtype.Type) (uint64, error) {
		if v.Kind() == reflect.Func {
			return 42, nil
		}
		return 0, refused
	}}
	fn := dtype.PointerTo(must(dtype.NewFunc(nil, nil, false))(t))
	w, err := e.Scalar(reflect.ValueOf(func() {}), fn)
	require.NoError(t, err)
	assert.EqualValues(t, 42, w)
	data := make([]byte, 4)
	require.NoError(t, e.Value(data, -1, 0, reflect.ValueOf([]any{func() {}}), structOf(t, "ops", f("f", fn))))
	assert.Equal(t, []byte{42, 0, 0, 0}, data)
	_, err = e.Scalar(reflect.ValueOf(make(chan int)), dtype.PointerTo(dtype.CVoid))
	assert.ErrorIs(t, err, refused)
}

// Embedded structs are anonymous members, blank fields are padding, and a
// flexible array at the end may be missing.
func TestValueStructForms(t *testing.T) {
	type Inner struct{ A, B bool }
	type outer struct {
		_ struct{} `c:"outer"`
		Inner
		_ [2]byte
		P *dtype.Long
		x string `c:"-"`
	}
	inner := structOf(t, "", f("a", dtype.CBool), f("b", dtype.CBool))
	c := structOf(t, "outer", f("", inner), f("p", dtype.PointerTo(dtype.CLong)))
	long := dtype.Long(-1)
	e := Encoder{ABI: dtype.WASM32}
	b := pointTo(t, &e, &outer{Inner: Inner{B: true}, P: &long, x: "not for C"}, c, InOut)
	assert.Equal(t, []byte{0, 1, 0, 0, 0, 0, 0, 0}, b.Data)
	assert.Equal(t, []BlockPointer{{4, 1}}, b.Pointers)
	assert.Equal(t, []byte{255, 255, 255, 255}, e.Blocks[1].Data)

	tailed := structOf(t, "tailed", f("b", dtype.CBool), f("tail", flexible(t, dtype.CInt)))
	b = pointTo(t, &e, &struct{ B bool }{true}, tailed, In)
	assert.Equal(t, []byte{1, 0, 0, 0}, b.Data)

	other := structOf(t, "other", f("a", dtype.CBool))
	_, err := e.Pointer(reflect.ValueOf(&outer{}), other, In)
	assert.ErrorIs(t, err, ErrType)
	assert.ErrorIs(t, err, dtype.ErrMismatch)
	_, err = e.Pointer(reflect.ValueOf([]map[string]int{{"z": 1}}), other, In)
	assert.EqualError(t, err, `memory: encode struct other[0]: no such member: no member "z" in struct other`)
}
