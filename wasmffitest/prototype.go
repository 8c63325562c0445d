package wasmffitest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// RunPrototypes runs the cases of what ctypes calls function prototypes, each
// group on a library of its own. Its C side is testdata/c/proto.c, which b.Open
// opens.
func RunPrototypes(t *testing.T, b Backend) {
	for _, group := range []struct {
		name string
		run  func(*testing.T, Backend)
	}{
		{"Undeclared", undeclared},
		{"Adapters", adapters},
		{"Named", namedArguments},
		{"Out", outParameters},
		{"TypedOut", typedPrototypes},
		{"Wrong", wrongPrototypes},
		{"References", references},
		{"AutomaticReferences", automaticReferences},
		{"Variadic", variadicPromotions},
		{"Errno", errnoExchange},
		{"FunctionPointers", functionPointers},
		{"Tables", functionTables},
		{"ByValue", byValue},
		{"Threads", pinnedThreads},
	} {
		t.Run(group.name, func(t *testing.T) { group.run(t, b) })
	}
}

// rect is struct rect.
type rect struct {
	Left   int32 `c:"left"`
	Top    int32 `c:"top"`
	Right  int32 `c:"right"`
	Bottom int32 `c:"bottom"`
}

var (
	voidPtr   = dtype.PointerTo(dtype.CVoid)
	text      = dtype.PointerToConst(dtype.CChar)
	intPtr    = dtype.PointerTo(dtype.CInt)
	constInts = dtype.PointerToConst(dtype.CInt)
)

// rectType is struct rect in C.
func rectType(t testing.TB) *dtype.Struct {
	t.Helper()
	var fs []dtype.Field
	for _, name := range []string{"left", "top", "right", "bottom"} {
		fs = append(fs, dtype.Field{Name: name, Type: dtype.CInt})
	}
	s, err := dtype.NewStruct("rect", fs...)
	require.NoError(t, err)
	return s
}

func bindProto(t testing.TB, lib wasmffi.Library, name string, p wasmffi.Proto) *wasmffi.ProtoFunc {
	t.Helper()
	f, err := wasmffi.BindProtoFunc(lib, name, p)
	require.NoError(t, err)
	return f
}

func messageBox(t testing.TB) wasmffi.Proto {
	return wasmffi.Proto{
		Sig: fn(t, dtype.CInt, voidPtr, text, text, dtype.CUInt),
		Params: []wasmffi.Param{
			{Name: "hwnd", Optional: true}, {Name: "text", Default: "Hi"},
			{Name: "caption", Default: "Hello from ctypes"}, {Name: "flags", Default: 0},
		},
	}
}

// The MessageBox of ctypes' paramflags.
func namedArguments(t *testing.T, b Backend) {
	lib := b.open(t)
	last := bind[func() string](t, lib, "last_box")
	box := bindProto(t, lib, "message_box", messageBox(t))
	for _, c := range []struct {
		args []any
		want string
	}{
		{nil, "NULL|Hi|Hello from ctypes|0"},
		{[]any{wasmffi.Named{"text": "Spam, spam, spam"}}, "NULL|Spam, spam, spam|Hello from ctypes|0"},
		{[]any{wasmffi.Named{"flags": 2, "text": "foo bar"}}, "NULL|foo bar|Hello from ctypes|2"},
		{[]any{nil, "by position", wasmffi.Named{"caption": "by name"}}, "NULL|by position|by name|0"},
		{[]any{dtype.Addr(1), "a", "b", 7}, "window|a|b|7"},
		{[]any{nil, nil, wasmffi.Named{"caption": nil}}, "NULL|NULL|NULL|0"},
		{[]any{wasmffi.Named{}}, "NULL|Hi|Hello from ctypes|0"},
	} {
		n, outs, err := box.Call(nil, c.args...)
		require.NoError(t, err, "%v", c.args)
		require.Empty(t, outs)
		require.Equal(t, c.want, last())
		require.Equal(t, int32(len(c.want)), n)
	}
	require.Equal(t, "message_box", box.Name())
	require.Equal(t, "int message_box(void *, const char *, const char *, unsigned int)", box.String())

	t.Run("names from the signature", func(t *testing.T) {
		sig, err := dtype.NewFunc(dtype.CInt, []dtype.Param{{Name: "a", Type: dtype.CInt}, {Name: "b", Type: dtype.CInt}}, false)
		require.NoError(t, err)
		plus := bindProto(t, lib, "plus", wasmffi.Proto{Sig: sig})
		r, _, err := plus.Call(nil, wasmffi.Named{"b": 1, "a": 41})
		require.NoError(t, err)
		require.Equal(t, int32(42), r)
	})
	t.Run("optional parameters are zero", func(t *testing.T) {
		plus := bindProto(t, lib, "plus", wasmffi.Proto{Sig: intIntInt(t), Params: []wasmffi.Param{{Name: "a", Optional: true}, {Name: "b", Optional: true}}})
		for _, args := range [][]any{{41}, {wasmffi.Named{"b": 41}}, {nil, 41}} {
			r, _, err := plus.Call(nil, args...)
			require.NoError(t, err)
			require.Equal(t, int32(41), r)
		}
	})
	t.Run("defaults of a Go function", func(t *testing.T) {
		f, err := wasmffi.BindProto[func(hwnd dtype.Addr, text string) int32](lib, "message_box", messageBox(t))
		require.NoError(t, err)
		f(0, "typed")
		require.Equal(t, "NULL|typed|Hello from ctypes|0", last())
		none, err := wasmffi.BindProto[func() (int32, error)](lib, "message_box", messageBox(t))
		require.NoError(t, err)
		_, err = none()
		require.NoError(t, err)
		require.Equal(t, "NULL|Hi|Hello from ctypes|0", last())
	})
	t.Run("wrong arguments", func(t *testing.T) {
		p := messageBox(t)
		p.Params[1] = wasmffi.Param{Name: "text"}
		box := bindProto(t, lib, "message_box", p)
		const decl = "int message_box(void *, const char *, const char *, unsigned int)"
		for _, c := range []struct {
			args []any
			is   error
			arg  int
			want string
		}{
			{nil, wasmffi.ErrArgCount, 2, "text is missing for " + decl},
			{[]any{1, 2, 3, 4, 5}, wasmffi.ErrArgCount, 0, "5 for at most 4 of " + decl},
			{[]any{wasmffi.Named{"text": "x", "titel": "y"}}, wasmffi.ErrArgName, 0, `no parameter "titel" in ` + decl},
			{[]any{nil, "x", wasmffi.Named{"text": "y"}}, wasmffi.ErrArgName, 2, "text is given twice, also by position"},
			{[]any{wasmffi.Named{"text": "x"}, nil}, wasmffi.ErrArgName, 1, "Named arguments come last"},
			{[]any{nil, "x", "y", -1}, memory.ErrRange, 4, "flags: "},
			{[]any{nil, 5}, memory.ErrType, 2, "text: "},
			{[]any{nil, "x", wasmffi.Named{"": 5}}, wasmffi.ErrArgName, 0, `no parameter ""`},
		} {
			_, _, err := box.Call(nil, c.args...)
			require.ErrorIs(t, err, c.is, "%v", c.args)
			require.ErrorContains(t, err, c.want)
			var e *wasmffi.Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, c.arg, e.Arg, "%v", err)
			require.Equal(t, "call", e.Op)
		}
	})
}

// getWindowRect is GetWindowRect of ctypes' paramflags, whose check tells why a
// call failed.
func getWindowRect(t testing.TB) wasmffi.Proto {
	return wasmffi.Proto{
		Sig:    fn(t, dtype.CInt, voidPtr, dtype.PointerTo(rectType(t))),
		Params: []wasmffi.Param{{Name: "hwnd"}, {Name: "lprect", Dir: dtype.Out}},
	}
}

func outParameters(t *testing.T, b Backend) {
	lib := b.open(t)
	window := dtype.Addr(1)
	got := memory.Record{{Name: "left", Value: int32(1)}, {Name: "top", Value: int32(2)}, {Name: "right", Value: int32(30)}, {Name: "bottom", Value: int32(40)}}
	t.Run("one out parameter", func(t *testing.T) {
		f := bindProto(t, lib, "get_window_rect", getWindowRect(t))
		r, outs, err := f.Call(nil, window)
		require.NoError(t, err)
		require.Equal(t, int32(1), r)
		require.Equal(t, []any{got}, outs)
		_, _, err = f.Call(nil, window, wasmffi.Named{"lprect": 1})
		require.ErrorIs(t, err, wasmffi.ErrArgName)
		require.ErrorContains(t, err, "lprect is an out parameter")
	})
	t.Run("errcheck that fails", func(t *testing.T) {
		p := getWindowRect(t)
		p.Errno = true
		p.ErrCheck = func(r *wasmffi.Returned) (any, error) {
			if r.Result == int32(0) {
				return nil, fmt.Errorf("%s: %w", r.Func.Name(), r.Errno)
			}
			return r.Result, nil
		}
		f := bindProto(t, lib, "get_window_rect", p)
		_, outs, err := f.Call(nil, window)
		require.NoError(t, err)
		require.Equal(t, []any{got}, outs)
		_, outs, err = f.Call(nil, nil)
		require.Nil(t, outs)
		require.ErrorContains(t, err, "wasmffi: call "+lib.Name()+" get_window_rect: get_window_rect: errno ")
		var errno wasmffi.Errno
		require.ErrorAs(t, err, &errno)
		require.NotZero(t, errno)
	})
	t.Run("errcheck that makes another result", func(t *testing.T) {
		p := getWindowRect(t)
		p.ErrCheck = func(r *wasmffi.Returned) (any, error) {
			rc := r.Args[1].(memory.Record)
			left, _ := rc.Get("left")
			right, _ := rc.Get("right")
			r.Args = []any{nil, "taken"}
			return [2]any{left, right}, nil
		}
		r, outs, err := bindProto(t, lib, "get_window_rect", p).Call(nil, window)
		require.NoError(t, err)
		require.Equal(t, [2]any{int32(1), int32(30)}, r)
		require.Equal(t, []any{"taken"}, outs)
	})
	t.Run("a result that is checked, as a callable restype", func(t *testing.T) {
		bad := errors.New("not a valid handle")
		f := bindProto(t, lib, "plus", wasmffi.Proto{Sig: intIntInt(t), ErrCheck: func(r *wasmffi.Returned) (any, error) {
			if r.Result.(int32) == 0 {
				return nil, bad
			}
			return uint64(r.Result.(int32)), nil
		}})
		r, _, err := f.Call(nil, 400, 86)
		require.NoError(t, err)
		require.Equal(t, uint64(486), r)
		_, _, err = f.Call(nil, 1, -1)
		require.ErrorIs(t, err, bad)
	})
	t.Run("several out parameters, in order", func(t *testing.T) {
		f := bindProto(t, lib, "div_mod", wasmffi.Proto{
			Sig:    fn(t, dtype.CInt, dtype.CInt, dtype.CInt, intPtr, intPtr),
			Params: []wasmffi.Param{{Name: "a"}, {Name: "b", Default: 7}, {Name: "quot", Dir: dtype.Out}, {Name: "rem", Dir: dtype.Out}},
		})
		r, outs, err := f.Call(nil, 45)
		require.NoError(t, err)
		require.Equal(t, int32(0), r)
		require.Equal(t, []any{int32(6), int32(3)}, outs)
		r, outs, err = f.Call(nil, 1, 0)
		require.NoError(t, err)
		require.Equal(t, int32(-1), r)
		require.Equal(t, []any{int32(0), int32(0)}, outs, "what C did not write is zero")
	})
	t.Run("inout parameters", func(t *testing.T) {
		f := bindProto(t, lib, "bump_by", wasmffi.Proto{
			Sig:    fn(t, dtype.CInt, intPtr, dtype.CInt),
			Params: []wasmffi.Param{{Name: "x", Dir: dtype.InOut}, {Name: "by", Default: 1}},
		})
		r, outs, err := f.Call(nil, 41)
		require.NoError(t, err)
		require.Equal(t, int32(41), r)
		require.Equal(t, []any{int32(42)}, outs)
		x := int32(5)
		_, outs, err = f.Call(nil, &x, 10)
		require.NoError(t, err)
		require.EqualValues(t, 15, x, "a Go pointer is passed as it is")
		require.Equal(t, []any{&x}, outs)
		_, _, err = f.Call(nil, 1<<40)
		require.ErrorIs(t, err, memory.ErrRange)
		require.ErrorContains(t, err, "arg 1: x: ")
		_, _, err = f.Call(nil, "text")
		require.ErrorIs(t, err, memory.ErrType)

		ptr := dtype.PointerTo(rectType(t))
		swap := bindProto(t, lib, "swap_rects", wasmffi.Proto{
			Sig:    fn(t, dtype.CVoid, ptr, ptr),
			Params: []wasmffi.Param{{Name: "a", Dir: dtype.InOut}, {Name: "b", Dir: dtype.InOut}},
		})
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		v, err := arena.NewOf(rect{5, 6, 7, 8})
		require.NoError(t, err)
		r, outs, err = swap.Call(nil, rect{1, 2, 3, 4}, v)
		require.NoError(t, err)
		require.Nil(t, r)
		left, _ := outs[0].(memory.Record).Get("left")
		require.Equal(t, int32(5), left)
		require.Equal(t, v, outs[1])
		inC, err := memory.Load[rect](v)
		require.NoError(t, err)
		require.Equal(t, rect{1, 2, 3, 4}, inC)
	})
	t.Run("pointers, strings and arrays", func(t *testing.T) {
		f := bindProto(t, lib, "get_name", wasmffi.Proto{
			Sig:    fn(t, dtype.CInt, dtype.CInt, dtype.PointerTo(text)),
			Params: []wasmffi.Param{{}, {Dir: dtype.Out}},
		})
		for i, want := range []any{"zero", "one", nil} {
			_, outs, err := f.Call(nil, i)
			require.NoError(t, err)
			require.Equal(t, []any{want}, outs)
		}
		var name memory.Ptr[byte] // what a *memory.Ptr points to is C's to set
		require.EqualValues(t, 1, bind[func(int32, *memory.Ptr[byte]) int32](t, lib, "get_name")(1, &name))
		s, err := name.GoString()
		require.NoError(t, err)
		require.Equal(t, "one", s)
		require.EqualValues(t, 0, bind[func(int32, *memory.Ptr[byte]) int32](t, lib, "get_name")(2, &name))
		require.True(t, name.IsNull())
		four, err := dtype.ArrayOf(dtype.CInt, 4)
		require.NoError(t, err)
		fill := bindProto(t, lib, "fill4", wasmffi.Proto{Sig: fn(t, dtype.CVoid, dtype.PointerTo(four)), Params: []wasmffi.Param{{Dir: dtype.Out}}})
		_, outs, err := fill.Call(nil)
		require.NoError(t, err)
		require.Equal(t, []any{int32(0), int32(1), int32(4), int32(9)}, outs[0])
	})
	t.Run("an inout value that points to more", func(t *testing.T) {
		f := bindProto(t, lib, "get_person", wasmffi.Proto{
			Sig: fn(t, dtype.CVoid, dtype.PointerTo(personType(t))), Params: []wasmffi.Param{{Name: "p", Dir: dtype.InOut}}})
		_, _, err := f.Call(nil, person{Name: "grace"})
		require.ErrorIs(t, err, memory.ErrType)
		require.ErrorContains(t, err, "arg 1: p: ")
		require.ErrorContains(t, err, "pass a pointer to it")
		p := person{Name: "grace"}
		_, outs, err := f.Call(nil, &p)
		require.NoError(t, err)
		require.Same(t, &p, outs[0])
		require.Equal(t, person{"grace", true, -36}, p, "Go's strings stay")
	})
	t.Run("conversions, as from_param", func(t *testing.T) {
		p := wasmffi.Proto{Sig: intIntInt(t), Params: []wasmffi.Param{
			{Name: "a", Convert: func(x any) (any, error) {
				s, ok := x.(string)
				if !ok {
					return nil, errors.New("one character string expected")
				}
				return s[0], nil
			}},
			{Name: "b", Default: 1, Convert: func(x any) (any, error) { return bottles{x.(int)}, nil }},
		}}
		f := bindProto(t, lib, "plus", p)
		r, _, err := f.Call(nil, "A")
		require.NoError(t, err)
		require.Equal(t, int32('A'+1), r)
		_, _, err = f.Call(nil, 5)
		require.EqualError(t, err, "wasmffi: call "+lib.Name()+" plus: arg 1: a: one character string expected")
		typed, err := wasmffi.BindProto[func(string, int) int32](lib, "plus", p)
		require.NoError(t, err)
		require.EqualValues(t, 'B'+7, typed("B", 7))
	})
	t.Run("from many goroutines", func(t *testing.T) {
		f := bindProto(t, lib, "div_mod", divMod(t))
		typed, err := wasmffi.BindProto[func(a, b int32) (quot, rem int32, err error)](lib, "div_mod", divMod(t))
		require.NoError(t, err)
		parallel(8, func(g int) {
			for i := range 100 {
				a, b := int32(1000*g+i), int32(i+1)
				_, outs, err := f.Call(nil, wasmffi.Named{"a": a, "b": b})
				q, r, err2 := typed(a, b)
				if err != nil || err2 != nil || outs[0] != a/b || outs[1] != a%b || q != a/b || r != a%b {
					t.Errorf("%d / %d: %v, %d, %d; %v, %v", a, b, outs, q, r, err, err2)
				}
			}
		})
	})
	t.Run("of an address", func(t *testing.T) {
		sym, err := lib.Lookup("bump_by")
		require.NoError(t, err)
		addr, err := lib.Address(sym)
		require.NoError(t, err)
		f, err := wasmffi.BindProtoAddr(lib, dtype.Addr(addr), wasmffi.Proto{
			Sig: fn(t, dtype.CInt, intPtr, dtype.CInt), Params: []wasmffi.Param{{Dir: dtype.InOut}, {}}})
		require.NoError(t, err)
		_, outs, err := f.Call(context.Background(), 1, 2)
		require.NoError(t, err)
		require.Equal(t, []any{int32(3)}, outs)
		_, err = wasmffi.BindProtoAddr(lib, 0, wasmffi.Proto{})
		require.ErrorIs(t, err, memory.ErrNull)
	})
}
