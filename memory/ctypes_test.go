package memory

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// What the ctypes documentation says of memory, in its order, with the Python
// beside.

func field(t testing.TB, v View, path string) View {
	t.Helper()
	return must(v.At(path))(t)
}

func loadAny(t testing.TB, v View) any {
	t.Helper()
	return must(v.Load())(t)
}

func TestCtypesFundamentalTypes(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	i := must(arena.New(dtype.CInt))(t) // c_int() is 0
	assert.Equal(t, int32(0), loadAny(t, i))
	i = must(arena.NewValue(dtype.CInt, 42))(t) // i = c_int(42)
	require.NoError(t, i.Store(-99))            // i.value = -99
	assert.Equal(t, int32(-99), loadAny(t, i))
	_, err := arena.NewValue(dtype.CUShort, -3) // c_ushort(-3) is 65533: here an error
	assert.ErrorIs(t, err, ErrRange)

	// c_wchar_p(s).value = "Hi, there" changes where it points to, not what
	// was there.
	s := must(arena.NewValue(dtype.PointerTo(dtype.WCharT), "Hello, World"))(t)
	first := must(Load[Pointer](s))(t)
	require.NoError(t, s.SetPointer(must(arena.UnicodeBuffer("Hi, there", 0))(t).Pointer()))
	second := must(Load[Pointer](s))(t)
	assert.NotEqual(t, first.Addr(), second.Addr())
	assert.Equal(t, "Hi, there", must(second.GoString())(t))
	assert.Equal(t, "Hello, World", must(first.GoString())(t))
}

func TestCtypesStringBuffers(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	raw := func(v View) string { return string(must(v.Bytes())(t)) }
	value := func(v View) string { return must(Load[string](v))(t) }

	p := must(arena.StringBuffer("", 3))(t) // create_string_buffer(3)
	assert.EqualValues(t, 3, p.Size())
	assert.Equal(t, "\x00\x00\x00", raw(p))
	p = must(arena.StringBuffer("Hello", 0))(t) // create_string_buffer(b"Hello")
	assert.Equal(t, "Hello\x00", raw(p))
	assert.Equal(t, "Hello", value(p))
	p = must(arena.StringBuffer("Hello", 10))(t) // create_string_buffer(b"Hello", 10)
	assert.Equal(t, "Hello\x00\x00\x00\x00\x00", raw(p))
	require.NoError(t, p.SetText("Hi")) // p.value = b"Hi"
	assert.Equal(t, "Hi\x00lo\x00\x00\x00\x00\x00", raw(p))
	assert.Equal(t, "Hi", value(p))
	require.NoError(t, p.SetBytes([]byte("abc"))) // p.raw = b"abc"
	assert.Equal(t, "abclo", value(p))
	require.NoError(t, p.SetText("a\x00b")) // p.value = b"a\0b"
	assert.Equal(t, "a\x00b\x00o\x00\x00\x00\x00\x00", raw(p))
	require.NoError(t, Store(p, "C")) // char p[10] = "C"
	assert.Equal(t, "C\x00\x00\x00\x00\x00\x00\x00\x00\x00", raw(p))
	require.NoError(t, p.SetText("0123456789")) // no room for the NUL
	assert.Equal(t, "0123456789", value(p))
	assert.ErrorIs(t, p.SetText("0123456789a"), ErrRange)                  // ValueError: byte string too long
	assert.ErrorIs(t, p.SetBytes(make([]byte, 11)), ErrOutOfBounds)        // ValueError: byte string too long
	assert.Equal(t, "01234", raw(must(arena.StringBuffer("01234", 5))(t))) // create_string_buffer(b"01234", 5)
	_, err := arena.StringBuffer("012345", 5)
	assert.ErrorIs(t, err, ErrRange)
	assert.ErrorIs(t, must(arena.NewArray(dtype.CInt, 2))(t).SetText("x"), ErrType)
	assert.ErrorIs(t, View{}.SetText("x"), ErrNull)

	// create_unicode_buffer, where wchar_t has 4 bytes and where it has 2
	for abi, clef := range map[*dtype.ABI]uint64{dtype.LinuxAMD64: 1, dtype.WindowsAMD64: 2} {
		arena := arenaOn(t, abi)
		unit := abi.IntSize(dtype.WCharT)
		u := must(arena.UnicodeBuffer("𝄞é", 0))(t)
		assert.Equal(t, clef+2, u.Len())
		assert.Equal(t, (clef+2)*unit, u.Size())
		assert.Equal(t, "𝄞é", value(u))
		u = must(arena.UnicodeBuffer("Hello", 8))(t)
		require.NoError(t, u.SetText("Hi"))
		assert.Equal(t, "Hi", value(u))
		assert.Equal(t, "Hi\x00lo\x00\x00\x00", must(u.Pointer().StringN(8))(t))
		assert.ErrorIs(t, u.SetText("123456789"), ErrRange)
		_, err := arena.UnicodeBuffer("123456789", 8)
		assert.ErrorIs(t, err, ErrRange)
	}
}

func TestCtypesStructures(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	pt := structOf(t, "POINT", f("x", dtype.CInt), f("y", dtype.CInt))
	load := func(v View) any { return loadAny(t, v) }
	xy := func(x, y int32) Record { return Record{{"x", x}, {"y", y}} }

	assert.Equal(t, xy(10, 20), load(must(arena.NewValue(pt, []any{10, 20}))(t)))        // POINT(10, 20)
	assert.Equal(t, xy(0, 5), load(must(arena.NewValue(pt, Record{{"y", 5}}))(t)))       // POINT(y=5)
	assert.Equal(t, xy(0, 5), load(must(arena.NewValue(pt, map[string]int{"y": 5}))(t))) // the same
	_, err := arena.NewValue(pt, []int{1, 2, 3})                                         // POINT(1, 2, 3)
	assert.EqualError(t, err, "memory: encode struct POINT: value out of range: too many initialisers: 3 for 2")
	_, err = arena.NewValue(pt, Record{{"z", 1}}) // here no new attribute
	assert.ErrorIs(t, err, dtype.ErrNoMember)

	rect := structOf(t, "RECT", f("upperleft", pt), f("lowerright", pt))
	point := must(arena.NewValue(pt, []any{0, 5}))(t)
	rc := must(arena.NewValue(rect, []any{point}))(t) // RECT(point)
	assert.Equal(t, Record{{"upperleft", xy(0, 5)}, {"lowerright", xy(0, 0)}}, load(rc))
	both := Record{{"upperleft", xy(1, 2)}, {"lowerright", xy(3, 4)}}
	for _, init := range []any{
		[]any{must(arena.NewValue(pt, []int{1, 2}))(t), must(arena.NewValue(pt, []int{3, 4}))(t)}, // RECT(POINT(1, 2), POINT(3, 4))
		[]any{[]int{1, 2}, []int{3, 4}}, // RECT((1, 2), (3, 4))
		Record{{"lowerright", Record{{"y", 4}, {"x", 3}}}, {"upperleft", []int{1, 2}}},
		[2][2]int32{{1, 2}, {3, 4}},
	} {
		if _, isArray := init.([2][2]int32); isArray {
			init = [][]int32{{1, 2}, {3, 4}}
		}
		assert.Equal(t, both, load(must(arena.NewValue(rect, init))(t)))
	}
	_, err = arena.NewValue(rect, []any{[]int{1, 2}, []int{3, 4, 5}})
	assert.EqualError(t, err, "memory: encode struct RECT.lowerright: value out of range: too many initialisers: 3 for 2")

	// Unions: one value by position; by name the later ones lie over the earlier.
	u := unionOf(t, "U", f("i", dtype.CInt), f("b", arrayOf(t, dtype.CUChar, 2)))
	v := must(arena.NewValue(u, []any{0x01020304}))(t)
	assert.Equal(t, Record{{"i", int32(0x01020304)}, {"b", []any{uint8(4), uint8(3)}}}, load(v))
	_, err = arena.NewValue(u, []any{1, 2})
	assert.ErrorContains(t, err, "too many initialisers: 2 for 1")
	v = must(arena.NewValue(u, Record{{"i", 0x01020304}, {"b", []int{9, 0}}}))(t)
	assert.Equal(t, int32(0x01020009), load(field(t, v, "i")))
	_, err = arena.NewValue(u, map[string]any{"i": 1, "b": []int{1}})
	assert.ErrorIs(t, err, ErrType, "a map has no order")
	_, err = arena.NewValue(u, Record{{"f", 1}})
	assert.ErrorIs(t, err, dtype.ErrNoMember)

	// Members of anonymous members, directly: td.lptdesc is td.u.lptdesc.
	inner := unionOf(t, "", f("lptdesc", dtype.CInt), f("lpadesc", dtype.CFloat))
	td := must(arena.New(structOf(t, "TYPEDESC", f("", inner), f("vt", dtype.CShort))))(t)
	require.NoError(t, field(t, td, "lptdesc").Store(5))
	assert.Equal(t, int32(5), load(field(t, td, "lptdesc")))
	td = must(arena.NewValue(td.Type(), Record{{"lpadesc", 1.5}, {"vt", 2}}))(t)
	assert.Equal(t, float32(1.5), load(field(t, td, "lpadesc")))
}

func TestCtypesArrays(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	ii := must(arena.NewValue(arrayOf(t, dtype.CInt, 10), []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}))(t)
	assert.EqualValues(t, 10, ii.Len())
	_, err := arena.NewValue(arrayOf(t, dtype.CInt, 2), []int{1, 2, 3})
	assert.ErrorContains(t, err, "too many initialisers: 3 for 2")
	assert.Equal(t, []any{int32(1), int32(0)}, loadAny(t, must(arena.NewValue(arrayOf(t, dtype.CInt, 2), []int{1}))(t)))
	_, err = ii.Index(10) // IndexError: invalid index
	assert.ErrorIs(t, err, ErrOutOfBounds)
	assert.Equal(t, int32(10), loadAny(t, must(ii.FromEnd(1))(t))) // ii[-1]
	assert.Equal(t, int32(1), loadAny(t, must(ii.FromEnd(10))(t)))
	for _, i := range []uint64{0, 11} {
		_, err = ii.FromEnd(i)
		assert.ErrorIs(t, err, ErrOutOfBounds)
	}
	_, err = must(ii.Index(0))(t).FromEnd(1)
	assert.ErrorIs(t, err, ErrType)
	_, err = View{}.FromEnd(1)
	assert.ErrorIs(t, err, ErrNull)

	span := func(s Span) []int { return must(LoadSpan[int](ii, s))(t) }
	assert.Equal(t, []int{2, 3}, span(Range(1, 3, 1)))               // ii[1:3]
	assert.Equal(t, []int{1, 4, 7, 10}, span(Range(Open, Open, 3)))  // ii[::3]
	assert.Equal(t, []int{10, 8}, span(Range(-1, -5, -2)))           // ii[-1:-5:-2]
	assert.Equal(t, []int{9, 10}, span(Range(8, 100, 1)))            // ii[8:100]
	assert.Empty(t, span(Range(3, 1, 1)))                            // ii[3:1]
	require.NoError(t, StoreSpan(ii, Range(1, 3, 1), []int{20, 30})) // ii[1:3] = 20, 30
	require.NoError(t, StoreSpan(ii, Range(9, 6, -1), []int{-1, -2, -3}))
	assert.Equal(t, []int{1, 20, 30, 4, 5, 6, 7, -3, -2, -1}, span(All))
	assert.ErrorIs(t, StoreSpan(ii, Range(0, 3, 1), []int{1}), ErrRange) // Can only assign sequence of same size
	assert.ErrorIs(t, StoreSpan(ii, Range(0, 2, 1), []int{7, 1 << 40}), ErrRange)
	assert.Equal(t, []int{1, 20}, span(Range(0, 2, 1)), "all or nothing")
	_, err = LoadSpan[int](ii, Range(0, 1, 0))
	assert.ErrorIs(t, err, ErrRange) // slice step cannot be zero
	_, err = LoadSpan[int](must(ii.Index(0))(t), All)
	assert.ErrorIs(t, err, ErrType)
	text := must(arena.NewOf("spam and eggs"))(t)
	assert.Equal(t, "and", string(must(LoadSpan[byte](text, Range(5, 8, 1)))(t))) // buf[5:8]
}

func TestCtypesPointers(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	i := must(arena.NewValue(dtype.CInt, 42))(t)
	pi := must(arena.NewValue(dtype.PointerTo(dtype.CInt), i))(t) // pi = pointer(i)
	assert.True(t, pi.IsPointer())
	assert.False(t, i.IsPointer())
	assert.Equal(t, int32(42), loadAny(t, must(pi.Deref())(t))) // pi.contents
	j := must(arena.NewValue(dtype.CInt, 99))(t)
	require.NoError(t, pi.SetPointer(j.Pointer())) // pi.contents = j
	p := must(Load[Pointer](pi))(t)
	assert.Equal(t, j.Addr(), p.Addr())
	assert.Equal(t, int32(42), loadAny(t, i), "what it pointed to stays")
	require.NoError(t, must(pi.Deref())(t).Store(22)) // pi[0] = 22
	assert.Equal(t, int32(22), loadAny(t, j))
	assert.ErrorIs(t, pi.Store(42), ErrType) // TypeError: expected c_long instead of int

	// Other indexes: who asks must know what is there.
	ints := must(arena.NewOf([]int32{1, 2, 3, 4, 5}))(t)
	_, err := p.Index(1)
	assert.ErrorIs(t, err, ErrOutOfBounds, "from C: not known to have more than one")
	p = ints.Pointer()
	mid := must(p.Add(2))(t)
	assert.EqualValues(t, 3, mid.Len())
	assert.Equal(t, int32(4), loadAny(t, must(mid.Index(1))(t)))
	_, err = mid.Index(-1)
	assert.ErrorIs(t, err, ErrOutOfBounds, "negative only when asked for")
	assert.Equal(t, int32(2), loadAny(t, must(must(mid.Add(-1))(t).Contents())(t))) // mid[-1]
	assert.Equal(t, []int32{2, 3}, must(Load[[]int32](must(p.Slice(1, 3))(t)))(t))  // p[1:3]
	_, err = p.Slice(1, 6)
	assert.ErrorIs(t, err, ErrOutOfBounds)
	_, err = p.Slice(3, 1)
	assert.ErrorIs(t, err, ErrOutOfBounds)

	// NULL pointers
	null := must(arena.New(dtype.PointerTo(dtype.CInt)))(t)
	q := must(Load[Pointer](null))(t)
	assert.True(t, q.IsNull()) // bool(null_ptr)
	_, err = null.Deref()      // null_ptr[0]
	assert.ErrorContains(t, err, "NULL pointer access")
	for what, err := range map[string]error{
		"Contents": second(q.Contents()), "Index": second(q.Index(0)), "Array": second(q.Array()), "Slice": second(q.Reinterpret(2).Slice(0, 1)),
		"Add": second(q.Add(1)), "StringN": second(q.Cast(dtype.CChar).StringN(1)), "GoString": second(q.Cast(dtype.CChar).GoString()),
		"Bounded": second(q.Bounded(1)), "memmove": Memmove(q, p, 4), "memset": Memset(q, 0, 1), "from NULL": Memmove(p, q, 4),
	} {
		assert.ErrorIs(t, err, ErrNull, what)
		assert.ErrorContains(t, err, "NULL pointer access", what)
	}
	assert.Equal(t, q, Pointer{elem: dtype.CInt}, "NULLs are equal")

	// POINTER(c_int) is one type, however often it is made.
	assert.True(t, dtype.Identical(dtype.PointerTo(dtype.CInt), dtype.PointerTo(dtype.CInt)))

	// float ** from rows
	rows := must(arena.NewValue(arrayOf(t, dtype.PointerTo(dtype.CFloat), 2), [][]float32{{1, 2}, {3, 4}}))(t)
	pp := rows.Pointer()
	assert.Equal(t, "float **", dtype.PointerTo(pp.Elem()).String())
	row := must(Load[Pointer](must(pp.Index(1))(t)))(t)
	assert.Equal(t, []float32{3, 4}, must(Load[[]float32](must(row.Reinterpret(2).Array())(t)))(t))
}

func second[T any](_ T, err error) error { return err }

func TestPointerAddLimits(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 64)
	p := NewPointer(space, nil, 0x1000, dtype.CInt, 4)
	for _, i := range []int64{0x3fffffff, 1 << 32, 1<<63 - 1, -0x400, -1 << 32, -1 << 63} {
		_, err := p.Add(i)
		assert.ErrorIs(t, err, ErrOutOfBounds, "%d", i)
	}
	assert.Equal(t, uint64(4), must(p.Add(-0x3ff))(t).Addr())
	assert.Equal(t, uint64(0xfffffffc), must(p.Add(0x3ffffbff))(t).Addr())
	for i, n := range map[int64]uint64{0: 4, 1: 3, 4: 0, 5: 0, -1: 0} {
		assert.Equal(t, n, must(p.Add(i))(t).Len(), "%d", i)
	}
	_, err := NewPointer(space, nil, 0x1000, dtype.CVoid, 0).Add(1)
	assert.ErrorIs(t, err, dtype.ErrIncomplete)
}

func TestPointerBounded(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 64)
	p := NewPointer(space, nil, space.Base(), dtype.CInt, 0)
	assert.EqualValues(t, 16, must(p.Bounded(16))(t).Len())
	assert.EqualValues(t, 0, must(p.Bounded(0))(t).Len())
	for _, n := range []int64{-1, 17, 1 << 31, 1 << 62, -1 << 63} {
		_, err := p.Bounded(n)
		assert.Error(t, err, "%d", n)
	}
	_, err := p.Bounded(17)
	assert.EqualError(t, err, "memory: reinterpret int *: address 0x1000: 17 elements: memory: bytes: address 0x1000+68 exceeds size 4160: out of bounds")
	_, err = p.Bounded(-1)
	assert.ErrorIs(t, err, ErrOutOfBounds)
	require.NoError(t, space.Close())
	_, err = p.Bounded(1)
	assert.ErrorIs(t, err, ErrEnded)
}

func TestCtypesConversions(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	bar := must(arena.New(structOf(t, "Bar", f("count", dtype.CInt), f("values", dtype.PointerTo(dtype.CInt)))))(t)
	values := field(t, bar, "values")
	three := must(arena.NewValue(arrayOf(t, dtype.CInt, 3), []int{1, 2, 3}))(t)
	require.NoError(t, values.Store(three)) // bar.values = (c_int * 3)(1, 2, 3)
	p := must(Load[Pointer](values))(t).Reinterpret(3)
	assert.Equal(t, []int32{1, 2, 3}, must(Load[[]int32](must(p.Array())(t)))(t))
	require.NoError(t, values.Store(nil)) // bar.values = None
	assert.True(t, must(Load[Pointer](values))(t).IsNull())

	four := must(arena.NewArray(dtype.CSChar, 4))(t)
	err := values.Store(four) // TypeError: incompatible types
	assert.ErrorIs(t, err, ErrType)
	assert.ErrorIs(t, values.SetPointer(four.Pointer()), ErrType)
	cast := four.Pointer().Cast(dtype.CInt) // cast((c_byte * 4)(), POINTER(c_int))
	assert.EqualValues(t, 1, cast.Len())
	require.NoError(t, values.SetPointer(cast))
	assert.Equal(t, int32(0), loadAny(t, must(values.Deref())(t)))
	assert.Equal(t, four.Addr(), must(Load[Pointer](values))(t).Addr())
	assert.EqualValues(t, 0, four.Pointer().Cast(dtype.CLong).Len(), "too few bytes for one")
	_, err = four.Cast(dtype.CLong)
	assert.ErrorIs(t, err, ErrOutOfBounds)
	void := must(arena.New(dtype.PointerTo(dtype.CVoid)))(t)
	require.NoError(t, void.Store(three), "void * takes any")
	back := must(Load[Pointer](void))(t).Cast(dtype.CInt)
	assert.Equal(t, int32(1), loadAny(t, must(back.Contents())(t)))
}

func TestCtypesIncompleteTypes(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	cell := dtype.DeclareStruct("cell")
	require.NoError(t, cell.Define(dtype.Attr{}, f("name", dtype.PointerTo(dtype.CChar)), f("next", dtype.PointerTo(cell))))
	c1 := must(arena.NewValue(cell, Record{{"name", "foo"}}))(t)
	c2 := must(arena.NewValue(cell, Record{{"name", "bar"}}))(t)
	require.NoError(t, field(t, c1, "next").SetPointer(c2.Pointer())) // c1.next = pointer(c2)
	require.NoError(t, field(t, c2, "next").SetPointer(c1.Pointer()))
	var names []string
	for p, i := c1, 0; i < 4; i++ {
		names = append(names, must(must(Load[Pointer](field(t, p, "name")))(t).GoString())(t))
		p = must(field(t, p, "next").Deref())(t) // p = p.next[0]
	}
	assert.Equal(t, []string{"foo", "bar", "foo", "bar"}, names)
}

// The surprise: rc.a, rc.b = rc.b, rc.a gives 3 4 3 4 in ctypes, because rc.b
// and rc.a are views of rc's own memory. So it would here.
func TestCtypesSurprise(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	pt := structOf(t, "POINT", f("x", dtype.CInt), f("y", dtype.CInt))
	rc := must(arena.NewValue(structOf(t, "RECT", f("a", pt), f("b", pt)), [][]int{{1, 2}, {3, 4}}))(t)
	numbers := func() []int32 { return must(Load[[]int32](must(rc.Cast(arrayOf(t, dtype.CInt, 4)))(t)))(t) }
	a, b := field(t, rc, "a"), field(t, rc, "b")
	temp0, temp1 := b, a // no copies
	require.NoError(t, a.Store(temp0))
	require.NoError(t, b.Store(temp1))
	assert.Equal(t, []int32{3, 4, 3, 4}, numbers())
	require.NoError(t, rc.Store([][]int{{1, 2}, {3, 4}}))
	require.NoError(t, Swap(a, b))
	assert.Equal(t, []int32{3, 4, 1, 2}, numbers())
	require.NoError(t, Copy(a, b))
	assert.Equal(t, []int32{1, 2, 1, 2}, numbers())
	saved := must(a.Load())(t) // a Go value is a copy
	require.NoError(t, a.Store([]int{8, 9}))
	require.NoError(t, b.Store(saved))
	assert.Equal(t, []int32{8, 9, 1, 2}, numbers())
}

func TestCtypesResize(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	short := must(arena.NewArray(dtype.CShort, 4))(t)
	assert.EqualValues(t, 8, short.Size())
	short = must(arena.Resize(short, 16))(t) // resize(short_array, 32)
	assert.EqualValues(t, 32, short.Size())
	_, err := short.Index(15) // in ctypes an IndexError
	require.NoError(t, err)
	_, err = short.Index(16)
	assert.ErrorIs(t, err, ErrOutOfBounds)
}
