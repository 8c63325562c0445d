package wasmffitest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// person has a string, a bool and a long: never the same bytes in Go and C.
type person struct {
	Name  string     `c:"name"`
	Adult bool       `c:"adult"`
	ID    dtype.Long `c:"id"`
}

func personType(t testing.TB) *dtype.Struct {
	t.Helper()
	s, err := dtype.NewStruct("person", dtype.Field{Name: "name", Type: text},
		dtype.Field{Name: "adult", Type: dtype.CBool}, dtype.Field{Name: "id", Type: dtype.CLong})
	require.NoError(t, err)
	return s
}

func divMod(t testing.TB) wasmffi.Proto {
	return wasmffi.Proto{
		Sig:    fn(t, dtype.CInt, dtype.CInt, dtype.CInt, intPtr, intPtr),
		Params: []wasmffi.Param{{Name: "a"}, {Name: "b"}, {Name: "quot", Dir: dtype.Out}, {Name: "rem", Dir: dtype.Out}},
	}
}

func typedPrototypes(t *testing.T, b Backend) {
	lib := b.open(t)
	window := dtype.Addr(1)
	t.Run("RECT GetWindowRect(HWND)", func(t *testing.T) {
		failed := errors.New("no such window")
		p := getWindowRect(t)
		p.ErrCheck = func(r *wasmffi.Returned) (any, error) {
			if r.Result == int32(0) {
				return nil, failed
			}
			return r.Result, nil
		}
		get, err := wasmffi.BindProto[func(hwnd dtype.Addr) (rect, error)](lib, "get_window_rect", p)
		require.NoError(t, err)
		rc, err := get(window)
		require.NoError(t, err)
		require.Equal(t, rect{1, 2, 30, 40}, rc)
		rc, err = get(0)
		require.ErrorIs(t, err, failed)
		require.Zero(t, rc)
		p.ErrCheck = func(*wasmffi.Returned) (any, error) { return nil, failed }
		never, err := wasmffi.BindProto[func(hwnd dtype.Addr) (int32, rect, error)](lib, "get_window_rect", p)
		require.NoError(t, err)
		n, rc, err := never(window)
		require.ErrorIs(t, err, failed)
		require.Zero(t, n, "a call that fails has no results")
		require.Zero(t, rc)
		must, err := wasmffi.BindProto[func(hwnd dtype.Addr) rect](lib, "get_window_rect", p)
		require.NoError(t, err)
		require.PanicsWithError(t, "wasmffi: call "+lib.Name()+" get_window_rect: no such window", func() { must(0) })
	})
	t.Run("C's result, out parameters, errno, error", func(t *testing.T) {
		get, err := wasmffi.BindProto[func(context.Context, dtype.Addr) (int32, rect, wasmffi.Errno, error)](lib, "get_window_rect", getWindowRect(t))
		require.NoError(t, err)
		ok, rc, errno, err := get(context.Background(), window)
		require.NoError(t, err)
		require.EqualValues(t, 1, ok)
		require.Zero(t, errno)
		require.Equal(t, rect{1, 2, 30, 40}, rc)
		ok, rc, errno, err = get(context.Background(), 0)
		require.NoError(t, err)
		require.Zero(t, ok)
		require.Zero(t, rc)
		require.NotZero(t, errno)
		canceled, cancel := context.WithCancel(context.Background())
		cancel()
		_, _, _, err = get(canceled, window)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("several results", func(t *testing.T) {
		dm, err := wasmffi.BindProto[func(a, b int32) (quot, rem int64)](lib, "div_mod", divMod(t))
		require.NoError(t, err)
		q, r := dm(-17, 5)
		require.Equal(t, []int64{-3, -2}, []int64{q, r})
		status, err := wasmffi.BindProto[func(a, b any) (ok bool, quot int32, rem int8, err error)](lib, "div_mod", func() wasmffi.Proto {
			p := divMod(t)
			p.ErrCheck = func(r *wasmffi.Returned) (any, error) { return r.Result == int32(0), nil }
			return p
		}())
		require.NoError(t, err)
		ok, quot, rem, err := status(17, int8(5))
		require.NoError(t, err)
		require.True(t, ok)
		require.EqualValues(t, 3, quot)
		require.EqualValues(t, 2, rem)
		ok, _, _, err = status(17, 0)
		require.NoError(t, err)
		require.False(t, ok)
		_, _, _, err = status(2000, 1)
		require.NoError(t, err)
		_, _, _, err = status(1, 2000)
		require.NoError(t, err)
		_, _, _, err = status(999, 1000)
		require.ErrorIs(t, err, memory.ErrRange, "999 is no int8")
		require.ErrorContains(t, err, "arg 4: rem: ")
	})
	t.Run("inout", func(t *testing.T) {
		p := wasmffi.Proto{Sig: fn(t, dtype.CInt, intPtr, dtype.CInt), Params: []wasmffi.Param{{Name: "x", Dir: dtype.InOut}, {Name: "by"}}}
		bump, err := wasmffi.BindProto[func(x int, by int32) (old, x2 int)](lib, "bump_by", p)
		require.NoError(t, err)
		old, now := bump(5, 3)
		require.Equal(t, []int{5, 8}, []int{old, now})
		same, err := wasmffi.BindProto[func(x *int32, by int32) *int32](lib, "bump_by", p)
		require.NoError(t, err)
		x := int32(1)
		require.Same(t, &x, same(&x, 9))
		require.EqualValues(t, 10, x)
	})
	t.Run("results that C lays out otherwise", func(t *testing.T) {
		get, err := wasmffi.BindProto[func() person](lib, "get_person", wasmffi.Proto{
			Sig: fn(t, dtype.CVoid, dtype.PointerTo(personType(t))), Params: []wasmffi.Param{{Dir: dtype.Out}}})
		require.NoError(t, err)
		require.Equal(t, person{"ada", true, -36}, get())
		name, err := wasmffi.BindProto[func(int32) (string, error)](lib, "get_name", wasmffi.Proto{
			Sig: fn(t, dtype.CInt, dtype.CInt, dtype.PointerTo(text)), Params: []wasmffi.Param{{}, {Dir: dtype.Out}}})
		require.NoError(t, err)
		for i, want := range []string{"zero", "one", ""} {
			s, err := name(int32(i))
			require.NoError(t, err)
			require.Equal(t, want, s)
		}
	})
	t.Run("a declared out parameter left out of a Go func", func(t *testing.T) {
		sig, err := dtype.NewFunc(dtype.CDouble, []dtype.Param{{Name: "x", Type: dtype.CDouble}, {Name: "exp", Type: intPtr, Dir: dtype.Out}}, false)
		require.NoError(t, err)
		split, err := wasmffi.BindAs[func(float64) (frac float64, exp int32)](lib, "split", sig)
		require.NoError(t, err)
		frac, exp := split(40)
		require.Equal(t, 0.625, frac)
		require.EqualValues(t, 6, exp)
		plain, err := wasmffi.BindAs[func(float64, *int32) float64](lib, "split", sig)
		require.NoError(t, err)
		var e int32
		require.Equal(t, 0.625, plain(40, &e))
		require.EqualValues(t, 6, e)
	})
	t.Run("a checked result of C's own type", func(t *testing.T) {
		f, err := wasmffi.BindProto[func(a, b int32) (dtype.Long, error)](lib, "plus", wasmffi.Proto{Sig: intIntInt(t),
			ErrCheck: func(r *wasmffi.Returned) (any, error) {
				switch sum := r.Result.(int32); sum {
				case 1:
					return "text", nil
				case 2:
					return nil, nil
				default:
					return sum * 2, nil
				}
			}})
		require.NoError(t, err)
		r, err := f(20, 3)
		require.NoError(t, err)
		require.EqualValues(t, 46, r)
		for _, b := range []int32{1, 2} {
			_, err = f(0, b)
			require.ErrorIs(t, err, memory.ErrType)
			require.ErrorContains(t, err, "checked result: ")
		}
	})
}

// What can be known to be wrong is an error when binding.
func wrongPrototypes(t *testing.T, b Backend) {
	lib := b.open(t)
	mismatch := wasmffi.ErrSignature
	outOf := func(c dtype.Type) wasmffi.Proto {
		return wasmffi.Proto{Sig: fn(t, dtype.CVoid, c), Params: []wasmffi.Param{{Name: "p", Dir: dtype.Out}}}
	}
	variadic, err := dtype.NewFunc(dtype.CInt, nil, true)
	require.NoError(t, err)
	two := func(a, b wasmffi.Param) wasmffi.Proto {
		return wasmffi.Proto{Sig: intIntInt(t), Params: []wasmffi.Param{a, b}}
	}
	bump := func(p wasmffi.Param) wasmffi.Proto {
		return wasmffi.Proto{Sig: fn(t, dtype.CInt, intPtr, dtype.CInt), Params: []wasmffi.Param{p, {}}}
	}
	incomplete := dtype.DeclareStruct("unknown")
	for _, c := range []struct {
		what, name string
		proto      wasmffi.Proto
		is         error
		want       string
	}{
		{"no signature", "plus", wasmffi.Proto{}, mismatch, "without a signature"},
		{"a missing function", "plusplus", two(wasmffi.Param{}, wasmffi.Param{}), wasmffi.ErrNotFound, ""},
		{"a variadic one", "format", wasmffi.Proto{Sig: variadic}, wasmffi.ErrNotSupported, ""},
		{"too few parameters", "plus", wasmffi.Proto{Sig: intIntInt(t), Params: []wasmffi.Param{{}}}, wasmffi.ErrArgCount, "the prototype has 1 for int plus(int, int)"},
		{"one name twice", "plus", two(wasmffi.Param{Name: "a"}, wasmffi.Param{Name: "a"}), wasmffi.ErrArgName, "arg 2: a: "},
		{"an out parameter that is no pointer", "plus", two(wasmffi.Param{Name: "a", Dir: dtype.Out}, wasmffi.Param{}), mismatch, "arg 1: a: signature mismatch: out parameter of type int, which is no pointer"},
		{"one of unknown size", "is_null", wasmffi.Proto{Sig: fn(t, dtype.CInt, voidPtr), Params: []wasmffi.Param{{Name: "p", Dir: dtype.Out}}}, mismatch, "the size of void is unknown"},
		{"one of an incomplete type", "tls_set", outOf(dtype.PointerTo(incomplete)), nil, ""},
		{"one to const", "read_int", wasmffi.Proto{Sig: fn(t, dtype.CInt, constInts), Params: []wasmffi.Param{{Dir: dtype.Out}}}, mismatch, "which C does not write"},
		{"a buffer of characters", "is_null", wasmffi.Proto{Sig: fn(t, dtype.CInt, dtype.PointerTo(dtype.CChar)), Params: []wasmffi.Param{{Dir: dtype.Out}}}, mismatch, "which is a buffer: pass one"},
		{"a buffer by contract", "sum_ints", wasmffi.Proto{Sig: contracted(t, fn(t, dtype.CInt, intPtr, dtype.CInt), "x", "n"), Params: []wasmffi.Param{{Dir: dtype.Out}, {}}}, mismatch, "which is a buffer: pass one"},
		{"an out parameter with a default", "bump_by", bump(wasmffi.Param{Dir: dtype.Out, Default: 5}), mismatch, "takes no argument"},
		{"a default out of range", "plus", two(wasmffi.Param{Name: "a", Default: int64(1) << 40}, wasmffi.Param{}), memory.ErrRange, "arg 1: a: default: "},
		{"a default of another type", "plus", two(wasmffi.Param{}, wasmffi.Param{Name: "b", Default: "x"}), memory.ErrType, "arg 2: b: default: "},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := wasmffi.BindProtoFunc(lib, c.name, c.proto)
			require.Error(t, err)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			require.ErrorContains(t, err, c.want)
			var e *wasmffi.Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, "bind", e.Op)
		})
	}
	refused := func(err error, is error, want string) {
		t.Helper()
		require.ErrorIs(t, err, is)
		require.ErrorContains(t, err, want)
	}
	_, err = wasmffi.BindProto[int](lib, "div_mod", divMod(t))
	refused(err, memory.ErrType, "int is no func type")
	_, err = wasmffi.BindProto[func(a int32) (q, r int32)](lib, "div_mod", divMod(t))
	refused(err, wasmffi.ErrArgCount, "arg 2: wrong number of arguments: func(int32) (int32, int32) leaves out b")
	_, err = wasmffi.BindProto[func(a, b, c int32) (q, r int32)](lib, "div_mod", divMod(t))
	refused(err, wasmffi.ErrArgCount, "has 3 for at most 2")
	_, err = wasmffi.BindProto[func(a, b int32) int32](lib, "div_mod", divMod(t))
	refused(err, wasmffi.ErrArgCount, "has 1 results for 2 out parameters")
	_, err = wasmffi.BindProto[func(a, b int32) (s, q, r, x int32)](lib, "div_mod", divMod(t))
	refused(err, wasmffi.ErrArgCount, "has 4 results for 2 out parameters")
	_, err = wasmffi.BindProto[func(a string, b int32) (q, r int32)](lib, "div_mod", divMod(t))
	refused(err, memory.ErrType, "arg 1: a: ")
	_, err = wasmffi.BindProto[func(a, b int32) (q int32, r string)](lib, "div_mod", divMod(t))
	refused(err, memory.ErrType, "arg 4: rem: ")
	_, err = wasmffi.BindProto[func(a, b int32) (s string, q, r int32)](lib, "div_mod", divMod(t))
	refused(err, memory.ErrType, "result: ")
}

// contracted is a signature of a pointer and its length, which a rule says.
func contracted(t testing.TB, sig *dtype.Func, pointer, length string) *dtype.Func {
	t.Helper()
	ps := append([]dtype.Param(nil), sig.Params()...)
	ps[0].Name, ps[1].Name = pointer, length
	named, err := dtype.NewFunc(sig.Result(), ps, false)
	require.NoError(t, err)
	f, err := named.WithContract(pointer + "[" + length + "]")
	require.NoError(t, err)
	return f
}
