//go:build (linux || darwin) && (amd64 || arm64)

package native_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
	"github.com/wasmffi/wasmffi/native"
)

const leafSource = `
	#include <errno.h>
	int add(int a, int b) { return a + b; }
	double sum8(double a, float b, int c, long d, double e, short f, unsigned char g, long h) {
		return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h;
	}
	long ints10(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j) {
		return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
	}
	int fails(int e) { errno = e; return -e; }
	_Bool both(_Bool a, _Bool b) { return a && b; }
	signed char narrow(int x) { return x; }
	int counter;
	void count(void) { counter++; }
	int number(void) { return 42; }
	int first(const int *p) { return *p; }
	int apply(int (*f)(int), int x) { return f(x) + f(x + 1); }
	struct pair { double x, y; };
	struct pair swap(struct pair p) { struct pair r = {p.y, p.x}; return r; }
`

func TestLeaf(t *testing.T) {
	lib := compile(t, compilers(t)[0], "-O1", leafSource)
	leaf := native.Leaf(lib)
	t.Run("scalars", func(t *testing.T) {
		require.EqualValues(t, 5, bind[func(int32, int32) int32](t, leaf, "add")(2, 3))
		require.EqualValues(t, 42, bind[func() int32](t, leaf, "number")())
		require.EqualValues(t, -56, bind[func(int32) int8](t, leaf, "narrow")(200))
		require.True(t, bind[func(bool, bool) bool](t, leaf, "both")(true, true))
		sum := bind[func(float64, float32, int32, dtype.Long, float64, int16, uint8, dtype.Long) float64](t, leaf, "sum8")
		require.Equal(t, 1+4+9+16+25+36+49-64.0, sum(1, 2, 3, 4, 5, 6, 7, -8))
		l := func(x int) dtype.Long { return dtype.Long(x) }
		ints := bind[func(a, b, c, d, e, f, g, h, i, j dtype.Long) dtype.Long](t, leaf, "ints10")
		require.EqualValues(t, 385, ints(l(1), l(2), l(3), l(4), l(5), l(6), l(7), l(8), l(9), l(10)))
		bind[func()](t, leaf, "count")()
		bind[func(context.Context) error](t, leaf, "count")(ctx)
		n, err := wasmffi.Var(leaf, "counter", dtype.CInt)
		require.NoError(t, err)
		x, err := memory.Load[int32](n)
		require.NoError(t, err)
		require.EqualValues(t, 2, x)
	})
	t.Run("errno, pointers and contexts", func(t *testing.T) {
		r, e := bind[func(int32) (int32, wasmffi.Errno)](t, leaf, "fails")(7)
		require.EqualValues(t, -7, r)
		require.EqualValues(t, 7, e)
		require.EqualValues(t, 9, bind[func(*int32) int32](t, leaf, "first")(&[]int32{9}[0]))
		over, cancel := context.WithCancel(ctx)
		cancel()
		_, err := bind[func(context.Context, int32, int32) (int32, error)](t, leaf, "add")(over, 1, 2)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("allocates nothing", func(t *testing.T) {
		add := bind[func(int32, int32) int32](t, leaf, "add")
		add(1, 2)
		sum, err := wasmffi.Bind8[float64, float32, int32, dtype.Long, float64, int16, uint8, dtype.Long, float64](leaf, "sum8", nil)
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(100, func() { add(1, 2); sum.Call(1, 2, 3, 4, 5, 6, 7, 8) }))
	})
	t.Run("what is refused", func(t *testing.T) {
		type pair struct{ X, Y float64 }
		_, err := wasmffi.Bind[func(pair) pair](leaf, "swap")
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)
		_, err = wasmffi.NewCallback(leaf, func(int32) int32 { return 0 }, nil)
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)
		_, err = bind[func(func(int32) int32, int32) (int32, error)](t, leaf, "apply")(func(x int32) int32 { return x }, 1)
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)
	})
	t.Run("on threads that come and go, under collections", func(t *testing.T) {
		add := bind[func(int32, int32) int32](t, leaf, "add")
		var wrong atomic.Int32
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				runtime.LockOSThread() // the thread ends with the goroutine
				for i := range int32(2000) {
					if add(i, 1) != i+1 {
						wrong.Add(1)
					}
				}
			})
			runtime.GC()
		}
		all.Wait()
		require.Zero(t, wrong.Load())
	})
}

// A callback in a leaf call ends the call. It is not carried out, nor is the
// rest of the C function.
func TestLeafCallsBack(t *testing.T) {
	path := build(t, compilers(t)[0], "-O1", leafSource)
	lib, err := native.Open(ctx, path, native.Options{AllowAfterFault: true})
	require.NoError(t, err)
	defer lib.Close()
	called := 0
	cb, err := wasmffi.NewCallback(lib, func(x int32) int32 { called++; return x }, nil)
	require.NoError(t, err)
	apply := bind[func(dtype.Addr, int32) (int32, error)](t, native.Leaf(lib), "apply")
	normal := bind[func(dtype.Addr, int32) (int32, error)](t, lib, "apply")
	for range 2000 {
		_, err := apply(dtype.Addr(cb.Address()), 1)
		require.ErrorIs(t, err, wasmffi.ErrCallback)
		require.ErrorContains(t, err, "C called back in a leaf call")
	}
	require.Zero(t, called)
	r, err := normal(dtype.Addr(cb.Address()), 1)
	require.NoError(t, err)
	require.EqualValues(t, 3, r)
	// A leaf call inside an ordinary call's callback, calling back itself.
	var inner error
	outer := bind[func(func(int32) int32, int32) (int32, error)](t, lib, "apply")
	r, err = outer(func(x int32) int32 {
		_, inner = apply(dtype.Addr(cb.Address()), 1)
		return x
	}, 1)
	require.NoError(t, err)
	require.EqualValues(t, 3, r)
	require.ErrorIs(t, inner, wasmffi.ErrCallback)

	poisoned, err := native.Open(ctx, path, native.Options{})
	require.NoError(t, err)
	defer poisoned.Close()
	apply = bind[func(dtype.Addr, int32) (int32, error)](t, native.Leaf(poisoned), "apply")
	_, err = apply(dtype.Addr(cb.Address()), 1)
	require.ErrorIs(t, err, wasmffi.ErrCallback)
	_, err = apply(dtype.Addr(cb.Address()), 1)
	require.ErrorIs(t, err, wasmffi.ErrPoisoned)
}
