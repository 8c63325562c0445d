package wasmffitest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

func scalarsSig(t testing.TB, result dtype.Type, params ...dtype.Type) *dtype.Func {
	t.Helper()
	var ps []dtype.Param
	for _, p := range params {
		ps = append(ps, dtype.Param{Type: p})
	}
	sig, err := dtype.NewFunc(result, ps, false)
	require.NoError(t, err)
	return sig
}

func vectorize(t testing.TB, lib wasmffi.Library, name string, result dtype.Type, params ...dtype.Type) *wasmffi.Ufunc {
	t.Helper()
	u, err := wasmffi.Vectorize(lib, name, scalarsSig(t, result, params...))
	require.NoError(t, err)
	return u
}

func TestVectorize(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		norm2 := vectorize(t, lib, "norm2", dtype.CDouble, dtype.CDouble, dtype.CDouble)
		out, err := norm2.Map(context.Background(), nil, []float64{1, 2, 3}, 2)
		require.NoError(t, err)
		require.Equal(t, "[ 5.  8. 13.]", out.String())

		column, err := memory.ArrayFrom(lib.Space().ABI(), []int32{10, 20}, 2, 1)
		require.NoError(t, err)
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		out, err = norm2.Map(nil, arena, column, []float32{1, 2, 3})
		require.NoError(t, err)
		require.True(t, out.In(lib.Space()))
		require.Equal(t, "[[101. 104. 109.]\n [401. 404. 409.]]", out.String())

		add := vectorize(t, lib, "add", dtype.CDouble, dtype.CDouble, dtype.CDouble)
		sum, err := add.Reduce(nil, nil, out, 0, nil)
		require.NoError(t, err)
		require.Equal(t, "[502. 508. 518.]", sum.String())
		sum, err = add.Reduce(nil, nil, out, 1, 1000)
		require.NoError(t, err)
		require.Equal(t, "[1314. 2214.]", sum.String())
		running, err := add.Accumulate(nil, nil, out, 1)
		require.NoError(t, err)
		require.Equal(t, "[[ 101.  205.  314.]\n [ 401.  805. 1214.]]", running.String())

		// Results over the arguments themselves, reversed: as if apart.
		back, err := out.Flip(1)
		require.NoError(t, err)
		require.NoError(t, add.Into(nil, back, out, out))
		require.Equal(t, "[[218. 208. 202.]\n [818. 808. 802.]]", out.String())

		count := vectorize(t, lib, "count", nil, dtype.CInt)
		none, err := count.Map(nil, nil, []int32{1, 2, 3})
		require.NoError(t, err)
		require.Nil(t, none.Space())
		entered, err := wasmffi.Var(lib, "entered", dtype.CInt)
		require.NoError(t, err)
		n, err := memory.Load[int32](entered)
		require.NoError(t, err)
		require.EqualValues(t, 6, n)

		empty, err := add.Map(nil, nil, []float64{}, 1)
		require.NoError(t, err)
		require.Zero(t, empty.Len())
	})
}

func TestVectorizeErrors(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		add := vectorize(t, lib, "add", dtype.CDouble, dtype.CDouble, dtype.CDouble)
		narrow := vectorize(t, lib, "narrow", dtype.Int8, dtype.CInt)
		abi := lib.Space().ABI()
		a23, err := memory.Zeros(abi, dtype.CDouble, 2, 3)
		require.NoError(t, err)
		fails := func(want error, arg int, err error) {
			t.Helper()
			require.ErrorIs(t, err, want)
			var e *wasmffi.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, arg, e.Arg, "%v", err)
		}
		mapped := func(u *wasmffi.Ufunc, args ...any) error {
			_, err := u.Map(nil, nil, args...)
			return err
		}
		fails(wasmffi.ErrArgCount, 0, mapped(add, 1.0))
		fails(memory.ErrShape, 0, mapped(add, a23, []float64{1, 2}))
		fails(memory.ErrType, 2, mapped(add, 1, []complex128{1}))
		fails(memory.ErrType, 1, mapped(narrow, []float64{1}))
		fails(memory.ErrType, 1, mapped(narrow, nil))
		fails(memory.ErrType, 1, mapped(narrow, []string{"x"}))
		fails(memory.ErrRange, 1, mapped(narrow, []int64{1, 1 << 40}))
		fails(memory.ErrRange, 1, mapped(narrow, []int64{1, -1 << 40}))
		fails(memory.ErrRange, 1, mapped(narrow, []uint32{1 << 31}))
		fails(memory.ErrRange, 1, mapped(narrow, int64(1<<40)))
		fails(memory.ErrShape, 0, add.Into(nil, a23, []float64{1, 2}, 1))
		fails(memory.ErrShape, 0, add.Into(nil, memory.Array{}, a23, 1))
		fails(memory.ErrReadOnly, 0, add.Into(nil, a23.ReadOnly(), 1, 1))
		_, err = add.Reduce(nil, nil, a23, 2, nil)
		fails(memory.ErrOutOfBounds, 1, err)
		none, err := memory.Zeros(abi, dtype.CDouble, 2, 0)
		require.NoError(t, err)
		_, err = add.Reduce(nil, nil, none, 1, nil)
		fails(memory.ErrShape, 0, err)
		zero, err := add.Reduce(nil, nil, none, 1, 5)
		require.NoError(t, err)
		require.Equal(t, "[5. 5.]", zero.String())
		_, err = narrow.Reduce(nil, nil, a23, 0, nil)
		fails(memory.ErrType, 0, err)

		_, err = wasmffi.Vectorize(lib, "missing", scalarsSig(t, nil, dtype.CInt))
		require.ErrorIs(t, err, wasmffi.ErrNotFound)
		for _, sig := range []*dtype.Func{scalarsSig(t, nil), scalarsSig(t, nil, doubles), scalarsSig(t, doubles, dtype.CInt)} {
			_, err = wasmffi.Vectorize(lib, "add", sig)
			require.ErrorIs(t, err, wasmffi.ErrNotSupported)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = add.Map(ctx, nil, a23, a23)
		require.ErrorIs(t, err, context.Canceled)

		arena := memory.NewArena(lib.Space())
		ended, err := arena.Zeros(dtype.CDouble, 3)
		require.NoError(t, err)
		require.NoError(t, arena.Close())
		fails(memory.ErrEnded, 1, mapped(add, ended, 1))
	})
}

// A trap in the middle ends the map with an error, and the library goes on.
func TestVectorizeTrap(t *testing.T) {
	lib, err := wasmffi.Open(context.Background(), wasmffitest.Fixture("wasm", "arrays.wasm"))
	require.NoError(t, err)
	defer lib.Close()
	divide := vectorize(t, lib, "divide", dtype.CInt, dtype.CInt, dtype.CInt)
	_, err = divide.Map(nil, nil, []int32{6, 6, 6}, []int32{1, 0, 2})
	require.ErrorIs(t, err, wasmffi.ErrTrap)
	out, err := divide.Map(nil, nil, []int32{6, 6, 6}, []int32{1, 3, 2})
	require.NoError(t, err)
	require.Equal(t, "[6 2 3]", out.String())
}

// TestVectorizeGenerated compares maps of random shapes, strides and element
// types, in the library's memory and in Go's, with the same calls one by one.
func TestVectorizeGenerated(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	funcs := []struct {
		name   string
		result dtype.Type
		params []dtype.Type
	}{
		{"norm2", dtype.CDouble, []dtype.Type{dtype.CDouble, dtype.CDouble}},
		{"mix", dtype.CFloat, []dtype.Type{dtype.CFloat, dtype.CDouble, dtype.Int8}},
		{"narrow", dtype.Int8, []dtype.Type{dtype.CInt}},
		{"rotate", dtype.Uint16, []dtype.Type{dtype.Uint16, dtype.Uint8}},
		{"even", dtype.CBool, []dtype.Type{dtype.CLongLong}},
		{"larger", dtype.Int64, []dtype.Type{dtype.Int64, dtype.Int64}},
		{"widen", dtype.CLongDouble, []dtype.Type{dtype.CFloat}},
	}
	elems := []dtype.Type{dtype.CBool, dtype.Int8, dtype.Uint8, dtype.Int16, dtype.Uint16, dtype.Int32, dtype.Uint32, dtype.Int64, dtype.Uint64, dtype.CFloat, dtype.CDouble}
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		good, bad := 0, 0
		for range 1500 {
			f := funcs[rnd.IntN(len(funcs))]
			sig := scalarsSig(t, f.result, f.params...)
			u, err := wasmffi.Vectorize(lib, f.name, sig)
			require.NoError(t, err)
			one, err := wasmffi.BindFunc(lib, f.name, sig)
			require.NoError(t, err)
			arena := memory.NewArena(lib.Space())
			shape := make([]int, rnd.IntN(4))
			for i := range shape {
				shape[i] = 1 + rnd.IntN(5)
			}
			args := make([]any, len(f.params))
			var in []memory.Array
			for i := range args {
				e := f.params[i]
				if rnd.IntN(2) == 0 {
					e = elems[rnd.IntN(len(elems))]
				}
				a := randomArray(t, rnd, lib, arena, e, shape)
				args[i] = a
				in = append(in, a)
			}
			results := arena
			if rnd.IntN(3) == 0 {
				results = nil
			}
			out, err := u.Map(nil, results, args...)
			if err != nil {
				require.True(t, errors.Is(err, memory.ErrType) || errors.Is(err, memory.ErrRange), "%v", err)
				bad++
				require.NoError(t, arena.Close())
				continue
			}
			good++
			for i := range in {
				in[i], err = in[i].BroadcastTo(out.Shape()...)
				require.NoError(t, err)
			}
			for index, v := range out.Elements() {
				xs := make([]any, len(in))
				for i, a := range in {
					e, err := a.At(index...)
					require.NoError(t, err)
					xs[i], err = e.Load()
					require.NoError(t, err)
					if b, ok := xs[i].(bool); ok && f.params[i] != dtype.Type(dtype.CBool) { // as NumPy has it
						xs[i] = int8(0)
						if b {
							xs[i] = int8(1)
						}
					}
				}
				want, err := one.Call(nil, xs...)
				require.NoError(t, err)
				got, err := v.Load()
				require.NoError(t, err)
				require.Equal(t, fmt.Sprint(want), fmt.Sprint(got), "%s%v at %v", f.name, xs, index)
			}
			require.NoError(t, arena.Close())
		}
		require.Greater(t, good, 500)
		require.Greater(t, bad, 20)
	})
}

// randomArray is an array that broadcasts to a shape, of small values, with
// strides of any kind, in the library's memory or in Go's.
func randomArray(t *testing.T, rnd *rand.Rand, lib wasmffi.Library, arena *memory.Arena, e dtype.Type, shape []int) memory.Array {
	t.Helper()
	own := append([]int(nil), shape[rnd.IntN(len(shape)+1):]...)
	for i := range own {
		if rnd.IntN(4) == 0 {
			own[i] = 1
		}
	}
	wide := append([]int(nil), own...)
	spans := make([]memory.Span, len(own))
	for i := range wide {
		spans[i] = memory.All
		switch rnd.IntN(3) {
		case 0:
			spans[i] = memory.Reverse
		case 1:
			spans[i] = memory.Range(0, 2*own[i], 2)
			wide[i] *= 2
		}
	}
	in := arena
	if rnd.IntN(3) == 0 {
		in = nil
	}
	var a memory.Array
	var err error
	if in != nil {
		a, err = in.Zeros(e, wide...)
	} else {
		a, err = memory.Zeros(lib.Space().ABI(), e, wide...)
	}
	require.NoError(t, err)
	if rnd.IntN(5) == 0 && e != dtype.Type(dtype.CBool) {
		a, err = a.NewByteOrder(dtype.BigEndian)
		require.NoError(t, err)
	}
	lo := 0
	if i, ok := e.(*dtype.Int); !ok || lib.Space().ABI().Signed(i) {
		lo = -100
	}
	for _, v := range a.Elements() {
		n := rnd.IntN(101 - lo)
		if _, ok := e.(*dtype.Bool); ok {
			require.NoError(t, v.Store(n&1 == 1))
		} else if _, ok := e.(*dtype.Float); ok {
			require.NoError(t, v.Store(float64(n+lo)/4))
		} else {
			require.NoError(t, v.Store(n+lo))
		}
	}
	a, err = a.Slice(spans...)
	require.NoError(t, err)
	return a
}

// Large arrays go through the library's memory in parts, small ones of many
// axes in one crossing.
func TestVectorizeLarge(t *testing.T) {
	onBoth(t, "arrays", nil, func(t *testing.T, lib wasmffi.Library) {
		add := vectorize(t, lib, "add", dtype.CDouble, dtype.CDouble, dtype.CDouble)
		const n = 100_003
		x, y := make([]int32, n), make([]float32, n)
		for i := range x {
			x[i], y[i] = int32(i), float32(i)/2
		}
		out := make([]float32, n)
		to, err := memory.ArrayFrom(lib.Space().ABI(), out, n)
		require.NoError(t, err)
		require.NoError(t, add.Into(nil, to, x, y))
		for i := range out {
			require.Equal(t, float32(float64(i)+float64(y[i])), out[i])
		}
		ones, err := memory.Zeros(lib.Space().ABI(), dtype.Int16, 3, n)
		require.NoError(t, err)
		require.NoError(t, ones.Fill(1))
		sum, err := add.Reduce(nil, nil, ones, 1, nil)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("[%d. %d. %d.]", n, n, n), sum.String())
		running, err := add.Accumulate(nil, nil, ones, 1)
		require.NoError(t, err)
		last, err := running.At(2, n-1)
		require.NoError(t, err)
		v, err := memory.Load[float64](last)
		require.NoError(t, err)
		require.Equal(t, float64(n), v)
	})
}
