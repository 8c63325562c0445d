package wasmffitest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// mixedStruct is struct mixed: never used in place, for its bool.
type mixedStruct struct {
	A int32    `c:"a"`
	B float64  `c:"b"`
	C [4]int32 `c:"c"`
	D bool     `c:"d"`
}

func references(t *testing.T, b Backend) {
	lib := b.open(t)
	readInt := bindFuncOf(t, lib, "read_int", fn(t, dtype.CInt, constInts))
	writeInt := bindFuncOf(t, lib, "write_int", fn(t, dtype.CInt, intPtr, dtype.CInt))
	call := func(t *testing.T, f *wasmffi.Func, args ...any) any {
		t.Helper()
		r, err := f.Call(nil, args...)
		require.NoError(t, err)
		return r
	}
	t.Run("byref", func(t *testing.T) {
		x := int32(5)
		require.Equal(t, int32(5), call(t, readInt, wasmffi.ByRef(&x)))
		call(t, writeInt, wasmffi.ByRef(&x), 6)
		require.EqualValues(t, 6, x)
		require.Equal(t, int32(-1), call(t, readInt, wasmffi.ByRef(nil)))
		require.Equal(t, int32(-1), call(t, readInt, wasmffi.Reference{}))
		require.Equal(t, int32(-1), call(t, readInt, wasmffi.ByRef((*int32)(nil))))
	})
	t.Run("byref with an offset into a slice", func(t *testing.T) {
		x := []int32{1, 2, 3, 4}
		require.Equal(t, int32(3), call(t, readInt, wasmffi.ByRefAt(x, 8)))
		call(t, writeInt, wasmffi.ByRefAt(x, 4), 77)
		require.Equal(t, []int32{1, 77, 3, 4}, x)
		a := [4]int32{5, 6, 7, 8}
		call(t, writeInt, wasmffi.ByRefAt(&a, 12), 9)
		require.Equal(t, [4]int32{5, 6, 7, 9}, a)
		rs := []rect{{1, 2, 3, 4}, {5, 6, 7, 8}}
		require.Equal(t, int32(7), call(t, readInt, wasmffi.ByRefAt(rs, 24)))
		chars := bindFuncOf(t, lib, "read_char", fn(t, dtype.CChar, text))
		require.EqualValues(t, dtype.Char('l'), call(t, chars, wasmffi.ByRefAt([]byte("hello"), 2)))
	})
	t.Run("byref with an offset into a struct", func(t *testing.T) {
		r := rect{1, 2, 3, 4}
		require.Equal(t, int32(3), call(t, readInt, wasmffi.ByRefAt(&r, 8)))
		call(t, writeInt, wasmffi.ByRefAt(&r, 12), 40)
		require.Equal(t, rect{1, 2, 3, 40}, r)
		m := mixedStruct{A: 1, B: 2.5, C: [4]int32{10, 20, 30, 40}, D: true}
		require.Equal(t, 2.5, call(t, bindFuncOf(t, lib, "read_double", fn(t, dtype.CDouble, dtype.PointerToConst(dtype.CDouble))), wasmffi.ByRefAt(&m, 8)))
		call(t, writeInt, wasmffi.ByRefAt(&m, 20), 21)
		require.Equal(t, mixedStruct{1, 2.5, [4]int32{10, 21, 30, 40}, true}, m, "a converted copy comes back whole")
	})
	t.Run("the part and the whole are one object", func(t *testing.T) {
		diff := bindFuncOf(t, lib, "ptr_diff", fn(t, dtype.SizeT, text, text))
		buf := []byte("some text")
		require.EqualValues(t, dtype.Size(5), call(t, diff, buf, wasmffi.ByRefAt(buf, 5)))
	})
	t.Run("byref into the library's memory", func(t *testing.T) {
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		v, err := arena.NewOf(rect{1, 2, 3, 4})
		require.NoError(t, err)
		require.Equal(t, int32(1), call(t, bindFuncOf(t, lib, "read_int", fn(t, dtype.CInt, voidPtr)), wasmffi.ByRef(v)))
		require.Equal(t, int32(2), call(t, readInt, wasmffi.ByRefAt(v, 4)))
		call(t, writeInt, wasmffi.ByRefAt(v, 8), 33)
		got, err := memory.Load[rect](v)
		require.NoError(t, err)
		require.Equal(t, rect{1, 2, 33, 4}, got)
		require.NoError(t, arena.Close())
		_, err = readInt.Call(nil, wasmffi.ByRefAt(v, 4))
		require.ErrorIs(t, err, memory.ErrEnded)
	})
	t.Run("in a Go func type and in variadics", func(t *testing.T) {
		isNull := bind[func(wasmffi.Reference) int32](t, lib, "is_null")
		require.EqualValues(t, 1, isNull(wasmffi.ByRef(nil)))
		require.EqualValues(t, 0, isNull(wasmffi.ByRefAt([]int16{1, 2}, 3)))
		scan := bind[func(s, format string, args ...any) int32](t, lib, "scan")
		var i int32
		var f float32
		s := make([]byte, 32)
		require.EqualValues(t, 3, scan("1 3.14 Hello", "%d %f %s", wasmffi.ByRef(&i), wasmffi.ByRef(&f), s))
		require.EqualValues(t, 1, i)
		require.Equal(t, float32(3.14), f)
		require.Equal(t, "Hello", string(s[:5]))
	})
	t.Run("wrong references", func(t *testing.T) {
		x, r := []int32{1, 2}, rect{}
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		v, err := arena.NewOf(rect{})
		require.NoError(t, err)
		for _, c := range []struct {
			ref  wasmffi.Reference
			is   error
			want string
		}{
			{wasmffi.ByRefAt(x, 8), memory.ErrOutOfBounds, "offset 8 of 8 bytes"},
			{wasmffi.ByRefAt(x, -4), memory.ErrOutOfBounds, "offset -4 of 8 bytes"},
			{wasmffi.ByRefAt(v, 16), memory.ErrOutOfBounds, "offset 16 of 16 bytes"},
			{wasmffi.ByRefAt(x, 2), memory.ErrType, "no int at offset 2 of"},
			{wasmffi.ByRefAt(&r, 3), memory.ErrType, "no int at offset 3 of"},
			{wasmffi.ByRefAt(v, 1), memory.ErrType, "no int at offset 1 of"},
			{wasmffi.ByRefAt([]float64{1, 2}, 8), memory.ErrType, "no int at offset 0 of double"},
			{wasmffi.ByRef([]float64{1}), memory.ErrType, ""},
			{wasmffi.ByRef(5), memory.ErrType, "a reference to Go int, which is no pointer, slice or View"},
			{wasmffi.ByRef("text"), memory.ErrType, "a reference to Go string"},
			{wasmffi.ByRefAt(nil, 4), memory.ErrNull, "offset 4 into NULL"},
			{wasmffi.ByRefAt((*rect)(nil), 4), memory.ErrNull, "offset 4 into NULL"},
		} {
			_, err := readInt.Call(nil, c.ref)
			require.ErrorIs(t, err, c.is, c.want)
			require.ErrorContains(t, err, c.want)
			var e *wasmffi.Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, 1, e.Arg)
		}
	})
}

// Where T * is declared a value of T may be given.
func automaticReferences(t *testing.T, b Backend) {
	lib := b.open(t)
	width := bindFuncOf(t, lib, "rect_width", fn(t, dtype.CInt, dtype.PointerToConst(rectType(t))))
	readInt := bindFuncOf(t, lib, "read_int", fn(t, dtype.CInt, constInts))
	for _, x := range []any{
		rect{Left: 3, Right: 10}, &rect{Left: 3, Right: 10}, []rect{{Left: 3, Right: 10}},
		memory.Record{{Name: "left", Value: 3}, {Name: "right", Value: 10}},
		map[string]any{"left": 3, "right": 10},
	} {
		r, err := width.Call(nil, x)
		require.NoError(t, err, "%T", x)
		require.Equal(t, int32(7), r, "%T", x)
	}
	r, err := readInt.Call(nil, int32(42))
	require.NoError(t, err)
	require.Equal(t, int32(42), r)
	r, err = width.Call(nil, nil)
	require.NoError(t, err)
	require.Equal(t, int32(-1), r, "nil is NULL")
	typed, err := wasmffi.BindAs[func(rect) int32](lib, "rect_width", width.Signature())
	require.NoError(t, err)
	require.EqualValues(t, 5, typed(rect{Left: 1, Right: 6}))
	copied := rect{1, 2, 3, 4}
	swap := bindFuncOf(t, lib, "swap_rects", fn(t, dtype.CVoid, dtype.PointerTo(rectType(t)), dtype.PointerTo(rectType(t))))
	other := rect{5, 6, 7, 8}
	_, err = swap.Call(nil, copied, &other)
	require.NoError(t, err)
	require.Equal(t, rect{1, 2, 3, 4}, copied, "a value is copied")
	require.Equal(t, rect{1, 2, 3, 4}, other)

	sum := bindFuncOf(t, lib, "mixed_sum", fn(t, dtype.CDouble, dtype.PointerToConst(mixedType(t))))
	got, err := sum.Call(nil, mixedStruct{1, 2.5, [4]int32{1, 2, 3, 4}, true})
	require.NoError(t, err)
	require.Equal(t, 14.5, got)
	for _, wrong := range []any{5, int64(5), uint32(5), 2.5, struct{ A, B int32 }{}, [4]int16{}, true} {
		_, err := readInt.Call(nil, wrong)
		require.ErrorIs(t, err, memory.ErrType, "%T", wrong)
	}
	_, err = width.Call(nil, point{})
	require.ErrorIs(t, err, memory.ErrType)
	_, err = wasmffi.BindAs[func(point) int32](lib, "rect_width", width.Signature())
	require.ErrorIs(t, err, memory.ErrType)
	_, err = width.Call(nil, map[string]any{"left": 3, "wrong": 10})
	require.Error(t, err)
}

func mixedType(t testing.TB) *dtype.Struct {
	t.Helper()
	four, err := dtype.ArrayOf(dtype.CInt, 4)
	require.NoError(t, err)
	s, err := dtype.NewStruct("mixed", dtype.Field{Name: "a", Type: dtype.CInt}, dtype.Field{Name: "b", Type: dtype.CDouble},
		dtype.Field{Name: "c", Type: four}, dtype.Field{Name: "d", Type: dtype.CBool})
	require.NoError(t, err)
	return s
}
