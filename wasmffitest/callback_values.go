package wasmffitest

import (
	"math/big"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

type bytes3 struct{ B [3]uint8 }

// callbackValues has Go functions of every kind of parameter and result called
// by C.
func callbackValues(t *testing.T, b Backend) {
	lib := b.open(t)
	t.Run("struct of doubles", func(t *testing.T) {
		f := bind[func(func(point, int32) point, point) point](t, lib, "map_point")
		require.Equal(t, point{3.5, 7}, f(func(p point, n int32) point { return point{p.Y + 1, float64(n)} }, point{1.5, 2.5}))
	})
	t.Run("struct of an int and a float", func(t *testing.T) {
		f := bind[func(func(mixed) mixed, mixed) mixed](t, lib, "map_mixed")
		require.Equal(t, mixed{-8, -2.5}, f(func(m mixed) mixed { return mixed{m.I - 1, -m.F} }, mixed{-7, 2.5}))
	})
	t.Run("struct of three bytes", func(t *testing.T) {
		f := bind[func(func(bytes3) bytes3, bytes3) bytes3](t, lib, "map_bytes3")
		require.Equal(t, bytes3{[3]uint8{3, 2, 1}}, f(func(b bytes3) bytes3 { return bytes3{[3]uint8{b.B[2], b.B[1], b.B[0]}} }, bytes3{[3]uint8{1, 2, 3}}))
	})
	t.Run("struct in memory", func(t *testing.T) {
		f := bind[func(func(large, float64) large, large) large](t, lib, "map_large")
		r := f(func(l large, by float64) large {
			for i := range l.V {
				l.V[i] *= by
			}
			return l
		}, large{[5]float64{2, 4, 6, 8, 10}})
		require.Equal(t, large{[5]float64{1, 2, 3, 4, 5}}, r)
	})
	t.Run("union", func(t *testing.T) {
		number, err := dtype.NewUnion("number", dtype.Field{Name: "i", Type: dtype.CInt}, dtype.Field{Name: "d", Type: dtype.CDouble})
		require.NoError(t, err)
		sig := fn(t, number, number)
		f, err := wasmffi.BindFunc(lib, "map_number", fn(t, number, dtype.PointerTo(sig), number))
		require.NoError(t, err)
		r, err := f.Call(nil, func(n memory.Record) map[string]any {
			d, _ := n.Get("d")
			return map[string]any{"d": d.(float64) * 2}
		}, map[string]any{"d": 2.25})
		require.NoError(t, err)
		d, _ := r.(memory.Record).Get("d")
		require.Equal(t, 4.5, d)
	})
	t.Run("float", func(t *testing.T) {
		f := bind[func(func(float32, float64, float32) float32, float32) float32](t, lib, "map_float")
		require.EqualValues(t, 7.5, f(func(a float32, b float64, c float32) float32 { return a + float32(b) + c }, 1.5))
	})
	t.Run("long double", func(t *testing.T) {
		f := bind[func(func(dtype.LongDouble, int32) dtype.LongDouble, dtype.LongDouble) dtype.LongDouble](t, lib, "map_longdouble")
		require.EqualValues(t, -3.75, f(func(x dtype.LongDouble, n int32) dtype.LongDouble { return x * dtype.LongDouble(n) }, -1.25))
	})
	t.Run("double _Complex", func(t *testing.T) {
		f := bind[func(func(complex128, complex64) complex128, complex128) complex128](t, lib, "map_complex")
		require.Equal(t, 3+6i, f(func(z complex128, w complex64) complex128 { return z * complex128(w) }, 2+4i))
	})
	t.Run("float _Complex", func(t *testing.T) {
		f := bind[func(func(complex64) complex64, complex64) complex64](t, lib, "map_complexf")
		require.Equal(t, complex64(-4+2i), f(func(z complex64) complex64 { return z * 1i }, 2+4i))
	})
	t.Run("__int128", func(t *testing.T) {
		sig := fn(t, dtype.CInt128, dtype.CInt128, dtype.CUInt128)
		f, err := wasmffi.BindFunc(lib, "map_int128", fn(t, dtype.CInt128, dtype.PointerTo(sig), dtype.CInt128))
		require.NoError(t, err)
		r, err := f.Call(nil, func(x, y *big.Int) *big.Int { return new(big.Int).Mul(x, y) }, big.NewInt(-5))
		require.NoError(t, err)
		require.Equal(t, new(big.Int).Lsh(big.NewInt(-5), 100), r)
	})
	t.Run("one of everything", func(t *testing.T) {
		type all = func(int32, large, dtype.LongDouble, mixed, float64, *big.Int, point, float32, complex128, int64, [8]byte, bytes3) point
		number, err := dtype.NewUnion("number", dtype.Field{Name: "i", Type: dtype.CInt}, dtype.Field{Name: "d", Type: dtype.CDouble})
		require.NoError(t, err)
		c := func(g any) dtype.Type { return goType(t, g) }
		sig := fn(t, c(point{}), dtype.CInt, c(large{}), dtype.CLongDouble, c(mixed{}), dtype.CDouble, dtype.CInt128, c(point{}),
			dtype.CFloat, dtype.ComplexOf(dtype.CDouble), dtype.CLongLong, number, c(bytes3{}))
		f, err := wasmffi.BindFunc(lib, "map_all", fn(t, c(point{}), dtype.PointerTo(sig), c(large{})))
		require.NoError(t, err)
		var got []any
		r, err := f.Call(nil, all(func(a int32, b large, c dtype.LongDouble, d mixed, e float64, f *big.Int, g point, h float32, i complex128, j int64, k [8]byte, l bytes3) point {
			got = []any{a, b, c, d, e, f.Int64(), g, h, i, j, k[7], l}
			return point{-1, -2}
		}), large{[5]float64{1, 2, 3, 4, 5}})
		require.NoError(t, err)
		require.Equal(t, []any{int32(9), large{[5]float64{1, 2, 3, 4, 5}}, dtype.LongDouble(10.5), mixed{1, 2.5}, 11.5, int64(-12),
			point{3.5, 4.5}, float32(13.5), complex128(14.5), int64(-15), byte(0x40), bytes3{[3]uint8{6, 7, 8}}}, got)
		x, _ := r.(memory.Record).Get("X")
		y, _ := r.(memory.Record).Get("Y")
		require.Equal(t, []any{-1.0, -2.0}, []any{x, y})
	})
	t.Run("a frame as it is", func(t *testing.T) {
		sig := fn(t, goType(t, point{}), goType(t, point{}), dtype.CInt)
		cb, err := wasmffi.NewCallback(lib, func(f *wasmffi.Frame) error {
			f.Words[3], f.Words[4] = f.Words[1], f.Words[0] // x and y, n, the result
			return nil
		}, &wasmffi.CallbackOptions{Sig: sig})
		require.NoError(t, err)
		defer cb.Free()
		f := bind[func(wasmffi.Callback, point) point](t, lib, "map_point")
		require.Equal(t, point{2.5, 1.5}, f(cb, point{1.5, 2.5}))
	})
	t.Run("the fallback of a struct", func(t *testing.T) {
		cb, err := wasmffi.NewCallback(lib, func(point, int32) (point, error) { return point{}, errBoom },
			&wasmffi.CallbackOptions{Fallback: point{5, 6}})
		require.NoError(t, err)
		defer cb.Free()
		var got any
		f := bind[func(wasmffi.Callback, point) (point, error)](t, lib, "map_point")
		got, err = f(cb, point{1, 2})
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, point{}, got, "the outer call failed, whatever C made of the fallback")
	})
}

func goType(t *testing.T, g any) dtype.Type {
	t.Helper()
	c, err := dtype.FromGo(reflect.TypeOf(g))
	require.NoError(t, err)
	return c
}
