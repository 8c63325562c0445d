package wasmffitest

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

var errBoom = errors.New("boom")

func callbacks(t *testing.T, b Backend) {
	lib := b.open(t)
	type apply = func(func(int32) int32, int32) int32
	t.Run("int apply(int (*)(int), int)", func(t *testing.T) {
		require.EqualValues(t, 42, bind[apply](t, lib, "apply")(func(x int32) int32 { return x * 2 }, 21))
	})
	t.Run("double integrate(double (*)(double), double, double, int)", func(t *testing.T) {
		f := bind[func(func(float64) float64, float64, float64, int32) float64](t, lib, "integrate")
		require.InDelta(t, 2, f(math.Sin, 0, math.Pi, 1000), 1e-5)
	})
	t.Run("a parameter of every kind", func(t *testing.T) {
		var got []any
		many := bind[func(func(int8, uint16, int64, float32, float64, bool, dtype.Addr, int32, int32, int32) int32) int32](t, lib, "many")
		r := many(func(a int8, b uint16, c int64, d float32, e float64, f bool, g dtype.Addr, h, i, j int32) int32 {
			got = []any{a, b, c, d, e, f, g, h, i, j}
			return -7
		})
		require.EqualValues(t, -7, r)
		require.Equal(t, []any{int8(-1), uint16(65535), int64(-5000000000), float32(1.5), 2.25, true, dtype.Addr(0), int32(8), int32(9), int32(10)}, got)
	})
	t.Run("qsort with a Go comparator", func(t *testing.T) {
		x := []int32{5, -1, 3, 0, 9, -7}
		sort := bind[func([]int32, dtype.Size, dtype.Size, func(a, b *int32) int32)](t, lib, "sort")
		sort(x, 6, 4, func(a, b *int32) int32 { return *a - *b })
		require.Equal(t, []int32{-7, -1, 0, 3, 5, 9}, x)
	})
	t.Run("kept by C until it is freed", func(t *testing.T) {
		cb, err := wasmffi.NewCallback(lib, func(x int32) int32 { return x + 100 }, nil)
		require.NoError(t, err)
		bind[func(wasmffi.Callback)](t, lib, "save")(cb)
		call := bind[func(int32) (int32, error)](t, lib, "call_saved")
		r, err := call(1)
		require.NoError(t, err)
		require.EqualValues(t, 101, r)
		require.NoError(t, cb.Free())
		require.NoError(t, cb.Free(), "twice is no error")
		_, err = call(1)
		require.ErrorIs(t, err, wasmffi.ErrCallback)
	})
	t.Run("slots are reused", func(t *testing.T) {
		f := bind[apply](t, lib, "apply")
		for i := range int32(3000) {
			require.Equal(t, i+1, f(func(x int32) int32 { return x + 1 }, i))
		}
	})
	t.Run("an error reaches the outer call", func(t *testing.T) {
		f := bind[func(func(int32) (int32, error), int32) (int32, error)](t, lib, "apply")
		_, err := f(func(int32) (int32, error) { return 0, errBoom }, 1)
		require.ErrorIs(t, err, errBoom)
		r, err := f(func(x int32) (int32, error) { return x, nil }, 3)
		require.NoError(t, err)
		require.EqualValues(t, 3, r)
	})
	t.Run("a panic reaches the outer call", func(t *testing.T) {
		f := bind[func(func(int32) int32, int32) (int32, error)](t, lib, "apply")
		_, err := f(func(int32) int32 { panic("oh no") }, 1)
		require.ErrorIs(t, err, wasmffi.ErrCallback)
		require.EqualError(t, err, "wasmffi: call "+lib.Name()+" apply: panic in callback: oh no")
		var p *wasmffi.PanicError
		require.ErrorAs(t, err, &p)
		require.Equal(t, "oh no", p.Value)
		require.Contains(t, string(p.Stack), "callbacks.go")
		_, err = f(func(int32) int32 { panic(errBoom) }, 1)
		require.ErrorIs(t, err, errBoom)
	})
	t.Run("the error handler is told at once", func(t *testing.T) {
		var told error
		cb, err := wasmffi.NewCallback(lib, func(int32) (int32, error) { return 0, errBoom },
			&wasmffi.CallbackOptions{Fallback: int32(55), OnError: func(err error) { told = err }})
		require.NoError(t, err)
		defer cb.Free()
		_, err = bind[func(wasmffi.Callback, int32) (int32, error)](t, lib, "survive")(cb, 1)
		require.ErrorIs(t, err, errBoom)
		require.ErrorIs(t, told, errBoom)
	})
	t.Run("the error handler may fail too", func(t *testing.T) {
		cb, err := wasmffi.NewCallback(lib, func(int32) (int32, error) { return 0, errBoom },
			&wasmffi.CallbackOptions{Fallback: int32(55), OnError: func(error) { panic("handler") }})
		require.NoError(t, err)
		defer cb.Free()
		survive := bind[func(wasmffi.Callback, int32) (int32, error)](t, lib, "survive")
		for range 3 {
			_, err = survive(cb, 1)
			require.ErrorIs(t, err, errBoom)
			require.ErrorContains(t, err, "panic in callback: handler")
		}
		ends, err := wasmffi.NewCallback(lib, func(int32) (int32, error) { return 0, errBoom },
			&wasmffi.CallbackOptions{OnError: func(error) { runtime.Goexit() }})
		require.NoError(t, err)
		defer ends.Free()
		for range 3 {
			done := make(chan bool)
			go func() {
				defer close(done)
				_, _ = survive(ends, 1)
				t.Error("returned from Goexit")
			}()
			<-done
			require.EqualValues(t, 3, bind[func(int32, int32) int32](t, lib, "add")(1, 2), "usable afterwards")
		}
	})
	t.Run("re-entrant", func(t *testing.T) {
		f := bind[apply](t, lib, "apply")
		var down func(x int32) int32
		down = func(x int32) int32 {
			if x == 0 {
				return 0
			}
			return 1 + f(down, x-1)
		}
		require.EqualValues(t, 20, f(down, 20))
	})
	t.Run("the context reaches the callback", func(t *testing.T) {
		type key struct{}
		f := bind[func(context.Context, func(context.Context, int32) int32, int32) (int32, error)](t, lib, "apply")
		var got any
		_, err := f(context.WithValue(context.Background(), key{}, "here"), func(ctx context.Context, x int32) int32 {
			got = ctx.Value(key{})
			return x
		}, 1)
		require.NoError(t, err)
		require.Equal(t, "here", got)
	})
	t.Run("recursion without end", func(t *testing.T) {
		f := bind[func(func(int32) (int32, error), int32) (int32, error)](t, lib, "apply")
		depth := 0
		var down func(x int32) (int32, error)
		down = func(x int32) (int32, error) { depth++; return f(down, x+1) }
		_, err := f(down, 0)
		require.ErrorIs(t, err, wasmffi.ErrDepth)
		require.Greater(t, depth, 50)
		require.EqualValues(t, 3, bind[func(int32, int32) int32](t, lib, "add")(1, 2), "usable afterwards")
	})
	t.Run("Goexit ends the goroutine and nothing else", func(t *testing.T) {
		var wg sync.WaitGroup
		f := bind[apply](t, lib, "apply")
		wg.Add(1)
		go func() {
			defer wg.Done()
			f(func(int32) int32 { runtime.Goexit(); return 0 }, 1)
			t.Error("returned from Goexit")
		}()
		wg.Wait()
		require.EqualValues(t, 3, bind[func(int32, int32) int32](t, lib, "add")(1, 2), "usable afterwards")
	})
	t.Run("a string given to a callback is a copy", func(t *testing.T) {
		sig := fn(t, dtype.CInt, dtype.PointerToConst(dtype.CChar))
		cb, err := wasmffi.NewCallback(lib, func(s string) int32 { return int32(len(s)) }, &wasmffi.CallbackOptions{Sig: sig})
		require.NoError(t, err)
		defer cb.Free()
		f, err := wasmffi.BindAddr(lib, dtype.Addr(cb.Address()), sig)
		require.NoError(t, err)
		n, err := f.Call(nil, "five!")
		require.NoError(t, err)
		require.EqualValues(t, 5, n)
	})
	t.Run("results that C would keep are refused", func(t *testing.T) {
		_, err := wasmffi.NewCallback(lib, func() string { return "go" }, nil)
		require.ErrorIs(t, err, memory.ErrType)
		_, err = wasmffi.NewCallback(lib, func() []int32 { return nil }, nil)
		require.ErrorIs(t, err, memory.ErrType)
	})
	t.Run("what does not fit is refused", func(t *testing.T) {
		_, err := wasmffi.NewCallback(lib, 7, nil)
		require.ErrorIs(t, err, memory.ErrType)
		_, err = wasmffi.NewCallback(lib, func(a int32) {}, &wasmffi.CallbackOptions{Sig: intIntInt(t)})
		require.ErrorIs(t, err, wasmffi.ErrArgCount)
	})
}
