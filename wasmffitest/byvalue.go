package wasmffitest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

type (
	wideStruct struct {
		V [6]float64 `c:"v"`
		N int32      `c:"n"`
	}
	vec3   struct{ X, Y, Z float32 }
	color3 struct{ R, G, B uint8 }
	tiny   struct{ V int16 }
	odd    struct {
		C dtype.Char `c:"c"`
		I int32      `c:"i"`
	}
)

// byValue calls without reflection: the arguments in a struct, structs among
// them.
func byValue(t *testing.T, b Backend) {
	lib := b.open(t)
	type two[T any] struct{ A, B T }
	t.Run("structs of every class", func(t *testing.T) {
		require.Equal(t, point{2, 3}, prepare[two[point], point](t, lib, "midpoint").Call(two[point]{point{1, 1}, point{3, 5}}))
		require.Equal(t, rect{-4, 2, 8, 4}, prepare[struct {
			R  rect
			By int32
		}, rect](t, lib, "widen").Call(struct {
			R  rect
			By int32
		}{rect{1, 2, 3, 4}, 5}))
		require.Equal(t, vec3{0, 0, 1}, prepare[two[vec3], vec3](t, lib, "cross").Call(two[vec3]{vec3{1, 0, 0}, vec3{0, 1, 0}}))
		require.Equal(t, color3{2, 3, 1}, prepare[struct{ C color3 }, color3](t, lib, "rotate").Call(struct{ C color3 }{color3{1, 2, 3}}))
		require.Equal(t, tiny{-77}, prepare[struct{ T tiny }, tiny](t, lib, "negate_tiny").Call(struct{ T tiny }{tiny{77}}))
	})
	t.Run("structs in memory", func(t *testing.T) {
		type args struct {
			W  wideStruct
			By float32
		}
		f := prepare[args, wideStruct](t, lib, "scale_wide")
		got := f.Call(args{wideStruct{V: [6]float64{1, 2, 3, 4, 5, 6}, N: 7}, 2})
		require.Equal(t, wideStruct{V: [6]float64{2, 4, 6, 8, 10, 12}, N: 8}, got)
		rects := prepare[struct{ A, B, C, D, E rect }, int64](t, lib, "count_rects")
		require.EqualValues(t, 10000+200+30+4+100000, rects.Call(struct{ A, B, C, D, E rect }{
			rect{Left: 10000}, rect{Top: 200}, rect{Right: 30}, rect{Bottom: 4}, rect{Left: 100000}}))
	})
	t.Run("structs among scalars", func(t *testing.T) {
		type args struct {
			A int8
			O odd
			U uint16
			P point
			B bool
			L dtype.Long
		}
		f := prepare[args, int32](t, lib, "mix_all")
		require.EqualValues(t, -3+2*50+65535+7+1-1000, f.Call(args{-3, odd{C: 2, I: 50}, 65535, point{3, 4}, true, -1000}))
		if lib.Space().ABI().PointerSize() == 4 {
			_, err := f.CallContext(nil, args{L: 1 << 40})
			require.ErrorIs(t, err, memory.ErrRange)
			require.ErrorContains(t, err, "arg 6: ")
		}
	})
	t.Run("scalars alone, and nothing", func(t *testing.T) {
		require.EqualValues(t, 5, prepare[two[int32], int32](t, lib, "plus").Call(two[int32]{2, 3}))
		declared, err := wasmffi.Prepare[two[int64], int64](lib, "plus", intIntInt(t))
		require.NoError(t, err)
		require.EqualValues(t, -5, declared.Call(two[int64]{-2, -3}))
		_, err = declared.CallContext(nil, two[int64]{1 << 40, 0})
		require.ErrorIs(t, err, memory.ErrRange)
		none := prepare[struct{}, wasmffi.Void](t, lib, "nothing")
		none.Call(struct{}{})
		dropped, err := wasmffi.Prepare[two[int32], wasmffi.Void](lib, "plus", intIntInt(t))
		require.NoError(t, err)
		dropped.Call(two[int32]{})
	})
	t.Run("a context", func(t *testing.T) {
		f := prepare[two[point], point](t, lib, "midpoint")
		ctx, cancel := context.WithCancel(context.Background())
		_, err := f.CallContext(ctx, two[point]{})
		require.NoError(t, err)
		cancel()
		_, err = f.CallContext(ctx, two[point]{})
		require.ErrorIs(t, err, context.Canceled)
		e := wasmffi.Errno(5)
		errno := prepare[struct{ By int32 }, int32](t, lib, "errno_plus")
		was, err := errno.CallContext(wasmffi.WithErrno(nil, &e), struct{ By int32 }{3})
		require.NoError(t, err)
		require.EqualValues(t, 5, was)
		require.EqualValues(t, 8, e)
	})
	t.Run("no allocation", func(t *testing.T) {
		mid := prepare[two[point], point](t, lib, "midpoint")
		wide := prepare[struct {
			W  wideStruct
			By float32
		}, wideStruct](t, lib, "scale_wide")
		plus := prepare[two[int32], int32](t, lib, "plus")
		rects := prepare[struct{ A, B, C, D, E rect }, int64](t, lib, "count_rects")
		for name, f := range map[string]func(){
			"midpoint":    func() { mid.Call(two[point]{point{1, 2}, point{3, 4}}) },
			"plus":        func() { plus.Call(two[int32]{1, 2}) },
			"count_rects": func() { rects.Call(struct{ A, B, C, D, E rect }{}) },
			"scale_wide": func() {
				wide.Call(struct {
					W  wideStruct
					By float32
				}{})
			},
		} {
			if n := testing.AllocsPerRun(200, f); n != 0 && !raceEnabled {
				t.Errorf("%s: %v allocations", name, n)
			}
		}
	})
	t.Run("wrong ones", func(t *testing.T) {
		refused := func(err error, is error, want string) {
			t.Helper()
			require.ErrorIs(t, err, is)
			require.ErrorContains(t, err, want)
		}
		_, err := wasmffi.Prepare[int32, int32](lib, "plus", nil)
		refused(err, memory.ErrType, "int32 is no struct of arguments")
		_, err = wasmffi.Prepare[struct{ A int32 }, int32](lib, "plus", intIntInt(t))
		refused(err, wasmffi.ErrArgCount, "has 1 for int plus(int, int)")
		_, err = wasmffi.Prepare[struct{ A int32 }, int32](lib, "plus", nil)
		refused(err, wasmffi.ErrSignature, "plus")
		_, err = wasmffi.Prepare[struct{ S string }, dtype.Size](lib, "length", nil)
		refused(err, memory.ErrType, "arg 1: S: ")
		_, err = wasmffi.Prepare[struct{ P *int32 }, int32](lib, "read_int", nil)
		refused(err, memory.ErrType, "arg 1: P: ")
		_, err = wasmffi.Prepare[two[int32], person](lib, "plus", intIntInt(t))
		refused(err, memory.ErrType, "result: ")
		_, err = wasmffi.Prepare[struct{}, int32](lib, "nothing", fn(t, dtype.CVoid))
		refused(err, memory.ErrType, "result: ")
		_, err = wasmffi.Prepare[struct{ A chan int }, int32](lib, "plus", nil)
		refused(err, wasmffi.ErrNotSupported, "A: ")
		var zero wasmffi.Prepared[two[int32], int32]
		_, err = zero.CallContext(nil, two[int32]{})
		require.Error(t, err)
	})
}

func prepare[A, R any](t testing.TB, lib wasmffi.Library, name string) *wasmffi.Prepared[A, R] {
	t.Helper()
	p, err := wasmffi.Prepare[A, R](lib, name, nil)
	require.NoError(t, err)
	return &p
}
