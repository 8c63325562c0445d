package memory

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

func polyType(t *testing.T) *dtype.Struct {
	cPoint := structOf(t, "point", f("x", dtype.CInt), f("y", dtype.CInt))
	return structOf(t, "poly", f("n", dtype.CInt), f("pts", arrayOf(t, cPoint, 3)),
		f("", unionOf(t, "", f("i", dtype.CInt), f("f", dtype.CFloat))),
		bitField("flag", dtype.CUInt, 3), bitField("delta", dtype.CInt, 4))
}

func TestViewNavigation(t *testing.T) {
	v := must(arenaOn(t, dtype.WASM32).New(polyType(t)))(t)
	base := v.Addr()
	assert.Equal(t, "struct poly", v.Path())
	assert.EqualValues(t, 36, v.Size())
	for _, tt := range []struct {
		path  string
		off   uint64
		size  uint64
		typ   string
		where string
	}{
		{"", 0, 36, "struct poly", "struct poly"},
		{"n", 0, 4, "int", "struct poly.n"},
		{".n", 0, 4, "int", "struct poly.n"},
		{"pts", 4, 24, "struct point [3]", "struct poly.pts"},
		{"pts[2]", 20, 8, "struct point", "struct poly.pts[2]"},
		{"pts[0x2].y", 24, 4, "int", "struct poly.pts[2].y"},
		{"f", 28, 4, "float", "struct poly.f"},
		{"i", 28, 4, "int", "struct poly.i"},
		{"flag", 0, 36, "unsigned int", "struct poly.flag"},
	} {
		at, err := v.At(tt.path)
		require.NoError(t, err, tt.path)
		assert.Equal(t, base+tt.off, at.Addr(), tt.path)
		assert.Equal(t, tt.size, at.Size(), tt.path)
		assert.Equal(t, tt.typ, at.Type().String(), tt.path)
		assert.Equal(t, tt.where, at.Path())
	}
	grid := must(arenaOn(t, dtype.WASM32).New(arrayOf(t, arrayOf(t, dtype.CInt, 4), 3)))(t)
	assert.Equal(t, "int [3][4][2][1]", must(grid.At("[2][1]"))(t).Path())

	for _, tt := range []struct{ path, err string }{
		{"z", `memory: field struct poly: no such member: no member "z" in struct poly`},
		{"n.x", `memory: field struct poly.n: wrong type: int has no members`},
		{"n[0]", `memory: index struct poly.n: wrong type: int is no array`},
		{"pts[3]", `memory: index struct poly.pts: out of bounds: index 3 of 3 elements`},
		{"pts[-1]", `memory: path struct poly: no such member: "pts[-1]" has no index at "[-1]"`},
		{"pts[1", `memory: path struct poly: no such member: "pts[1" has no index at "[1"`},
		{"pts[1]x", `memory: path struct poly: no such member: "pts[1]x" has no . at "x"`},
		{"pts[1].q", `memory: field struct poly.pts[1]: no such member: no member "q" in struct point`},
	} {
		_, err := v.At(tt.path)
		assert.EqualError(t, err, tt.err, tt.path)
	}
}

func TestViewLoadStore(t *testing.T) {
	v := must(arenaOn(t, dtype.WASM32).New(polyType(t)))(t)
	set := func(path string, x any) error { return must(v.At(path))(t).Store(x) }
	get := func(path string) any { return must(must(v.At(path))(t).Load())(t) }

	require.NoError(t, set("n", 3))
	assert.Equal(t, int32(3), get("n"))
	require.NoError(t, set("pts", []any{[]any{1, 2}, point{3, 4}, Record{{"y", 6}}}))
	assert.Equal(t, int32(4), get("pts[1].y"))
	assert.Equal(t, int32(0), get("pts[2].x"))
	require.NoError(t, set("f", 1))
	assert.Equal(t, int32(0x3f800000), get("i"), "a union's members share bytes")

	require.NoError(t, set("flag", 5))
	require.NoError(t, set("delta", -8))
	assert.Equal(t, uint32(5), get("flag"))
	assert.Equal(t, int32(-8), get("delta"))
	assert.EqualError(t, set("flag", 8), "memory: store struct poly.flag: value out of range: 8 does not fit unsigned int : 3 (0…7)")
	assert.EqualError(t, set("delta", -9), "memory: store struct poly.delta: value out of range: -9 does not fit int : 4 (-8…7)")
	assert.Equal(t, uint32(5), get("flag"), "other bits are kept")

	assert.Equal(t, Record{{"n", int32(3)}, {"pts", []any{
		Record{{"x", int32(1)}, {"y", int32(2)}}, Record{{"x", int32(3)}, {"y", int32(4)}}, Record{{"x", int32(0)}, {"y", int32(6)}}}},
		{"i", int32(0x3f800000)}, {"f", float32(1)}, {"flag", uint32(5)}, {"delta", int32(-8)}}, get(""))
	assert.EqualError(t, set("pts[1].y", int64(1<<31)), "memory: store struct poly.pts[1].y: value out of range: 2147483648 does not fit int (-2147483648…2147483647)")
	assert.EqualError(t, set("pts", []any{nil}), "memory: store struct poly.pts[0]: wrong type: nil for C struct point")
	assert.ErrorIs(t, set("n", nil), ErrType)
}

func TestGenericLoadStore(t *testing.T) {
	v := must(arenaOn(t, dtype.WASM32).New(polyType(t)))(t)
	n := must(v.Field("n"))(t)
	require.NoError(t, Store(n, int64(-5)))
	assert.Equal(t, int8(-5), must(Load[int8](n))(t))
	assert.Equal(t, dtype.Long(-5), must(Load[dtype.Long](n))(t))
	assert.Equal(t, any(int32(-5)), must(Load[any](n))(t))
	assert.EqualError(t, Store(n, 1.5), "memory: store struct poly.n: wrong type: Go float64 for C int")
	_, err := Load[uint8](n)
	assert.EqualError(t, err, "memory: load struct poly.n: value out of range: -5 does not fit Go uint8 (0…255)")
	_, err = Load[string](n)
	assert.EqualError(t, err, "memory: load struct poly.n: wrong type: Go string for C int")

	flag := must(v.Field("flag"))(t)
	require.NoError(t, Store(flag, uint8(7)))
	assert.Equal(t, uint8(7), must(Load[uint8](flag))(t))
	assert.Equal(t, any(uint32(7)), must(Load[any](flag))(t))
	assert.EqualError(t, Store(flag, uint8(8)), "memory: store struct poly.flag: value out of range: 8 does not fit unsigned int : 3 (0…7)")
	_, err = Load[Record](flag)
	assert.ErrorIs(t, err, ErrType)

	pts := must(v.Field("pts"))(t)
	require.NoError(t, Store(pts, [3]point{{1, 2}, {3, 4}, {5, 6}}))
	assert.Equal(t, point{3, 4}, must(Load[point](must(pts.Index(1))(t)))(t))
	assert.Equal(t, []point{{1, 2}, {3, 4}, {5, 6}}, must(Load[[]point](pts))(t))
	assert.Equal(t, [3]point{{1, 2}, {3, 4}, {5, 6}}, must(Load[[3]point](pts))(t))
	_, err = Load[[2]point](pts)
	assert.EqualError(t, err, "memory: load struct poly.pts: wrong type: Go [2]memory.point for C struct point [3]")

	// Scalars of every Go kind.
	arena := arenaOn(t, dtype.LinuxAMD64)
	d := must(arena.New(dtype.CDouble))(t)
	require.NoError(t, Store(d, float32(0.5)))
	assert.Equal(t, 0.5, must(Load[float64](d))(t))
	b := must(arena.New(dtype.CBool))(t)
	require.NoError(t, Store(b, true))
	assert.True(t, must(Load[bool](b))(t))
	p := must(arena.New(dtype.PointerTo(dtype.CInt)))(t)
	require.NoError(t, Store(p, dtype.Addr(1<<30)))
	assert.Equal(t, uintptr(1<<30), must(Load[uintptr](p))(t))
	c := must(arena.New(dtype.ComplexOf(dtype.CDouble)))(t)
	require.NoError(t, Store(c, 1+2i))
	assert.Equal(t, complex64(1+2i), must(Load[complex64](c))(t))
}

func TestUseSharesMemory(t *testing.T) {
	v := must(arenaOn(t, dtype.WASM32).New(polyType(t)))(t)
	pts := must(v.Field("pts"))(t)
	require.NoError(t, Use(pts, func(s []point) error {
		require.Len(t, s, 3)
		s[2].y = 9
		return nil
	}))
	assert.Equal(t, int32(9), must(Load[int32](must(pts.At("[2].y"))(t)))(t))
	require.NoError(t, Use(must(v.Field("n"))(t), func(s []int32) error {
		s[0] = 4
		assert.Len(t, s, 1)
		return nil
	}))
	require.NoError(t, v.Use(func(b []byte) error {
		assert.Len(t, b, 36)
		assert.EqualValues(t, 4, b[0])
		b[0] = 5
		return nil
	}))
	copied := must(v.Bytes())(t)
	assert.EqualValues(t, 5, copied[0])
	copied[0] = 6
	assert.Equal(t, int32(5), must(Load[int32](must(v.Field("n"))(t)))(t))

	mine := errors.New("mine")
	assert.Equal(t, mine, v.Use(func([]byte) error { return mine }))
	assert.Equal(t, mine, Use(pts, func([]point) error { return mine }))

	assert.ErrorContains(t, Use(pts, func([]int64) error { return nil }), "memory: use struct poly.pts: wrong type: Go int64 cannot share memory with C struct point: ")
	assert.ErrorIs(t, Use(pts, func([]int64) error { return nil }), ErrType)
	assert.ErrorIs(t, Use(must(v.Field("flag"))(t), func([]uint32) error { return nil }), ErrType, "a bit-field has no address")
	packed := structAttr(t, "packed", dtype.Attr{Packed: true}, f("c", dtype.CChar), f("i", dtype.CInt))
	odd := must(must(arenaOn(t, dtype.WASM32).New(packed))(t).Field("i"))(t)
	assert.EqualError(t, Use(odd, func([]int32) error { return nil }), "memory: use struct packed.i: wrong type: Go int32 needs a multiple of 4")
	be := structAttr(t, "be", dtype.Attr{Endian: dtype.BigEndian}, f("i", dtype.CInt))
	assert.ErrorIs(t, Use(must(must(arenaOn(t, dtype.WASM32).New(be))(t).Field("i"))(t), func([]int32) error { return nil }), ErrType)
}

func TestViewBigEndianMember(t *testing.T) {
	be := structAttr(t, "be", dtype.Attr{Endian: dtype.BigEndian}, f("i", dtype.CInt), f("a", arrayOf(t, dtype.CShort, 2)), bitField("b", dtype.CUInt, 4))
	v := must(arenaOn(t, dtype.WASM32).New(be))(t)
	require.NoError(t, Store(must(v.Field("i"))(t), 1))
	require.NoError(t, Store(must(v.At("a[1]"))(t), 2))
	require.NoError(t, Store(must(v.At("b"))(t), 3))
	assert.Equal(t, []byte{0, 0, 0, 1, 0, 0, 0, 2, 0x30, 0, 0, 0}, must(v.Bytes())(t))
	assert.Equal(t, []int16{0, 2}, must(Load[[]int16](must(v.Field("a"))(t)))(t))
	assert.Equal(t, Record{{"i", int32(1)}, {"a", []any{int16(0), int16(2)}}, {"b", uint32(3)}}, must(v.Load())(t))
	require.NoError(t, must(v.Field("a"))(t).Store([]int{5}))
	assert.Equal(t, int16(5), must(Load[int16](must(v.At("a[0]"))(t)))(t))
}

func TestFlexibleArrayView(t *testing.T) {
	c := structOf(t, "msg", f("n", dtype.CShort), f("data", flexible(t, dtype.CShort)))
	space := bufferOf(t, dtype.WASM32, 64)
	addr := must(space.Alloc(8, 4))(t)
	v := must(NewView(space, nil, addr, 8, c))(t)
	data := must(v.Field("data"))(t)
	assert.EqualValues(t, 3, data.Len())
	require.NoError(t, v.Store(Record{{"n", 3}, {"data", []any{1, 2, 3}}}))
	assert.Equal(t, []int16{1, 2, 3}, must(Load[[]int16](data))(t))
	_, err := data.Index(3)
	assert.ErrorIs(t, err, ErrOutOfBounds)
	assert.ErrorIs(t, v.Store(Record{{"data", []any{1, 2, 3, 4}}}), ErrRange)
	short := must(NewView(space, nil, addr, 0, c))(t)
	assert.EqualValues(t, 2, short.Size())
	assert.Zero(t, must(short.Field("data"))(t).Len())
}

func TestNewViewErrors(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 64)
	opaque := dtype.DeclareStruct("opaque")
	for _, tt := range []struct {
		addr, size uint64
		c          dtype.Type
		is         error
	}{
		{0, 0, dtype.CInt, ErrNull},
		{8, 2, dtype.CInt, ErrOutOfBounds},
		{8, 8, dtype.CInt, ErrOutOfBounds},
		{8, 0, opaque, dtype.ErrIncomplete},
		{0xfffffffe, 0, dtype.CInt, ErrOutOfBounds},
		{1 << 32, 0, dtype.CInt, ErrOutOfBounds},
	} {
		_, err := NewView(space, nil, tt.addr, tt.size, tt.c)
		assert.ErrorIs(t, err, tt.is, "%+v", tt)
	}
	v := must(NewView(space, nil, space.Base(), 4, opaque))(t)
	assert.Equal(t, []byte{0, 0, 0, 0}, must(v.Bytes())(t), "a type without a size is viewed as bytes")
	must(NewView(space, nil, 0xfffffffc, 0, dtype.CInt))(t) // whether it is mapped is checked on access
}

// Every access to what is not there says where it was, in C.
func TestViewErrorsNameThePlace(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 0x10000-0x1000)
	cPoint := structOf(t, "point", f("x", dtype.CDouble), f("y", dtype.CDouble))
	poly := structOf(t, "poly", f("pts", arrayOf(t, cPoint, 4)))
	v := must(NewView(space, nil, 0xffe0, 0, poly))(t)
	y := must(v.At("pts[2].y"))(t)
	_, err := y.Load()
	assert.EqualError(t, err, "memory: load struct poly.pts[2].y: address 0x10008+8 exceeds size 65536: out of bounds")
	_, err = Load[float64](y)
	assert.EqualError(t, err, "memory: load struct poly.pts[2].y: address 0x10008+8 exceeds size 65536: out of bounds")
	assert.EqualError(t, y.Store(1.0), "memory: store struct poly.pts[2].y: address 0x10008+8 exceeds size 65536: out of bounds")
	assert.EqualError(t, Store(y, 1.0), "memory: store struct poly.pts[2].y: address 0x10008+8 exceeds size 65536: out of bounds")
	_, err = v.Load()
	assert.EqualError(t, err, "memory: load struct poly: address 0xffe0+64 exceeds size 65536: out of bounds")
	assert.EqualError(t, v.Use(nil), "memory: use struct poly: address 0xffe0+64 exceeds size 65536: out of bounds")
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.EqualValues(t, 0xffe0, e.Addr)

	var none View
	for what, err := range map[string]error{
		"load": func() error { _, err := none.Load(); return err }(), "store": none.Store(1), "use": none.Use(nil),
		"field": func() error { _, err := none.Field("x"); return err }(), "index": func() error { _, err := none.Index(0); return err }(),
		"generic load": func() error { _, err := Load[int](none); return err }(), "generic store": Store(none, 1),
		"generic use": Use(none, func([]int32) error { return nil }), "bytes": func() error { _, err := none.Bytes(); return err }(),
		"cast": func() error { _, err := none.Cast(dtype.CInt); return err }(), "deref": func() error { _, err := none.Deref(); return err }(),
		"array": func() error { _, err := AsArray(none); return err }(), "pointer": func() error { _, err := none.Pointer().Contents(); return err }(),
	} {
		assert.Error(t, err, what)
	}
	assert.Equal(t, "NULL view", none.String())
	assert.Zero(t, none.Len())
}

func TestViewCast(t *testing.T) {
	v := must(arenaOn(t, dtype.WASM32).New(polyType(t)))(t)
	ints := must(v.Cast(arrayOf(t, dtype.CInt, 9)))(t)
	require.NoError(t, ints.Store([]int{7, 8}))
	assert.Equal(t, int32(8), must(must(v.At("pts[0].x"))(t).Load())(t))
	assert.EqualValues(t, 4, must(v.Cast(dtype.CInt))(t).Size())
	_, err := v.Cast(arrayOf(t, dtype.CInt, 10))
	assert.EqualError(t, err, "memory: cast struct poly: out of bounds: int [10] has 36 bytes of 40")
	assert.EqualValues(t, 9, must(v.Cast(flexible(t, dtype.CInt)))(t).Len())
	assert.EqualValues(t, 36, must(v.Cast(dtype.CVoid))(t).Size())
	_, err = must(v.Field("flag"))(t).Cast(dtype.CInt)
	assert.ErrorIs(t, err, ErrType)
}

func TestViewEnds(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<10)
	arena := NewArena(space)
	v := must(arena.New(arrayOf(t, dtype.CInt, 4)))(t)
	e := must(v.Index(1))(t)
	p := v.Pointer()
	a := must(AsArray(v))(t)
	require.NoError(t, arena.Close())
	_, err := Load[int32](e)
	assert.EqualError(t, err, "memory: load int [4][1]: memory is no longer valid")
	assert.ErrorIs(t, Store(e, 1), ErrEnded)
	assert.ErrorIs(t, e.Store(1), ErrEnded)
	_, err = v.Load()
	assert.ErrorIs(t, err, ErrEnded)
	assert.ErrorIs(t, v.Use(nil), ErrEnded)
	assert.ErrorIs(t, Use(v, func([]int32) error { return nil }), ErrEnded)
	c := must(p.Contents())(t)
	_, err = c.Load()
	assert.ErrorIs(t, err, ErrEnded, "pointers know it too")
	_, err = a.ToBytes()
	assert.ErrorIs(t, err, ErrEnded)
	assert.ErrorIs(t, UseArray(a, func(*Strided[int32]) error { return nil }), ErrEnded)
}

func TestViewString(t *testing.T) {
	arena := arenaOn(t, dtype.WASM32)
	v := must(arena.NewValue(structOf(t, "point", f("x", dtype.CInt), f("y", dtype.CInt)), point{1, 2}))(t)
	assert.Equal(t, "struct point @ 0x1000 = {x: 1, y: 2}", v.String())
	assert.Equal(t, "char [300] @ 0x1010, 300 bytes", must(arena.NewArray(dtype.CChar, 300))(t).String())
	require.NoError(t, arena.Close())
	assert.Equal(t, "struct point @ 0x1000: memory: load struct point: memory is no longer valid", v.String())
}

func TestScalarAccessDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool drops items at random under the race detector: run without -race")
	}
	v := must(arenaOn(t, dtype.WASM32).New(arrayOf(t, dtype.CInt, 4)))(t)
	for what, f := range map[string]func(){
		"Load":  func() { e, _ := v.Index(1); _, _ = Load[int32](e) },
		"Store": func() { e, _ := v.Index(1); _ = Store(e, int64(5)) },
		"Use":   func() { _ = Use(v, func(s []int32) error { s[0]++; return nil }) },
		"Bytes": func() { _ = v.Use(func(b []byte) error { b[0]++; return nil }) },
	} {
		assert.Zero(t, testing.AllocsPerRun(100, f), what)
	}
}
