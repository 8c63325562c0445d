package memory

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// arrayFrom is a slice as an array on linux-amd64.
func arrayFrom[T any](t testing.TB, s []T, shape ...int) Array {
	t.Helper()
	return must(ArrayFrom(dtype.LinuxAMD64, s, shape...))(t)
}

func values[T any](t testing.TB, a Array) []T {
	t.Helper()
	return must(must(Typed[T](a))(t).Values())(t)
}

func TestOps(t *testing.T) {
	a, b := arrayFrom(t, []int32{1, 2, 3, 4, 5, 6}, 2, 3), arrayFrom(t, []float32{10, 20, 30})
	assert.Equal(t, []float64{11, 22, 33, 14, 25, 36}, values[float64](t, must(Add.Of(a, b))(t)))
	assert.Equal(t, []float64{.5, 1, 1.5, 2, 2.5, 3}, values[float64](t, must(Div.Of(a, arrayFrom(t, []int8{2})))(t)))
	assert.Equal(t, "[[ True  True False]\n [False False False]]", must(Less.Of(a, arrayFrom(t, []int64{3})))(t).String())
	out := must(Zeros(dtype.LinuxAMD64, dtype.Int16, 2, 3))(t)
	require.NoError(t, Mul.Into(out, a, a))
	assert.Equal(t, []int16{1, 4, 9, 16, 25, 36}, values[int16](t, out))
	require.NoError(t, Sub.Into(a, a, a), "in place")
	assert.Equal(t, make([]int32, 6), values[int32](t, a))

	for want, err := range map[string]error{
		"memory: add float[2]: shapes do not match: [3] into [2]":                   Add.Into(arrayFrom(t, []float32{0, 0}), b, b),
		"memory: add int16_t[2][3]: wrong type: double to int16_t is not same_kind": Add.Into(out, a, b),
		"memory: subtract _Bool[1]: not supported: subtract of _Bool":               errorOf(Sub.Of(bools(t), bools(t))),
		"memory: Op(99) _Bool[1]: wrong type: no such operation Op(99)":             errorOf(Op(99).Of(bools(t), bools(t))),
		"memory: add float[3]: shapes do not match: [[3] [2]]":                      errorOf(Add.Of(b, arrayFrom(t, []int8{1, 2}))),
		"memory: add: NULL pointer access":                                          errorOf(Add.Of(Array{}, b)),
	} {
		assert.EqualError(t, err, want)
	}
	assert.ErrorIs(t, Add.Into(a.ReadOnly(), a, a), ErrReadOnly)
	require.NoError(t, Add.Into(a, a.ReadOnly(), a.ReadOnly()))
	record := must(Zeros(dtype.LinuxAMD64, structOf(t, "p", f("x", dtype.Int32)), 1))(t)
	assert.ErrorIs(t, errorOf(Maximum.Of(record, record)), ErrType)
	_, err := record.Sum()
	assert.ErrorIs(t, err, ErrType)
}

func errorOf(_ Array, err error) error { return err }

func bools(t testing.TB) Array { return must(Zeros(dtype.LinuxAMD64, dtype.CBool, 1))(t) }

func TestReductions(t *testing.T) {
	a := arrayFrom(t, []int8{1, 2, 3, -4, 5, 100}, 2, 3)
	assert.Equal(t, []int64{107}, values[int64](t, must(a.Sum())(t)))
	assert.Equal(t, []int64{-3, 7, 103}, values[int64](t, must(a.Sum(0))(t)))
	kept := must(a.Sum(1, KeepDims))(t)
	assert.Equal(t, []int{2, 1}, kept.Shape())
	assert.InDelta(t, 107/6., must(LoadItem[float64](must(a.Mean())(t)))(t), 1e-15)
	assert.Equal(t, []int64{1, 0, 0}, values[int64](t, must(must(a.Transpose())(t).ArgMin(1))(t))[:3])
	assert.Equal(t, int64(5), must(LoadItem[int64](must(a.ArgMax())(t)))(t))
	empty := must(a.Slice(Range(0, 0, 1)))(t)
	assert.Equal(t, int64(0), must(LoadItem[int64](must(empty.Sum())(t)))(t))
	for _, f := range []func(...int) (Array, error){empty.Min, empty.Max, empty.ArgMin, empty.ArgMax} {
		_, err := f()
		assert.ErrorIs(t, err, ErrEmpty)
	}
	for _, axes := range [][]int{{2}, {-1}, {0, 0}} {
		_, err := a.Sum(axes...)
		assert.ErrorIs(t, err, ErrRange, "%v", axes)
	}
	nan := arrayFrom(t, []float64{1, math.NaN(), 3})
	assert.True(t, math.IsNaN(must(LoadItem[float64](must(nan.Min())(t)))(t)))
	assert.Equal(t, int64(1), must(LoadItem[int64](must(nan.ArgMax())(t)))(t))
}

// Long doubles and __int128 against math/big.
func TestWideArrays(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, abi := range []*dtype.ABI{dtype.LinuxAMD64, dtype.LinuxARM64, dtype.WASM32} {
		n := 50
		x, y := make([]int64, n), make([]int64, n)
		for i := range x {
			x[i], y[i] = int64(rng.Uint64()), int64(rng.Uint64())
		}
		ax, ay := must(ArrayFrom(abi, x))(t), must(ArrayFrom(abi, y))(t)
		wx, wy := must(ax.AsType(nil, dtype.CInt128, Safe))(t), must(ay.AsType(nil, dtype.CInt128, Safe))(t)
		p := must(Mul.Of(wx, wy))(t)
		l := must(ax.AsType(nil, dtype.CLongDouble, Safe))(t)
		sum := must(Add.Of(l, l))(t)
		for i := range x {
			want := new(big.Int).Mul(big.NewInt(x[i]), big.NewInt(y[i]))
			got := must(Load[*big.Int](must(p.At(i))(t)))(t)
			require.Zero(t, want.Cmp(got), "%d × %d = %d", x[i], y[i], got)
			f := must(Load[*big.Float](must(sum.At(i))(t)))(t)
			back, _ := f.Int(nil)
			require.Zero(t, back.Cmp(new(big.Int).Lsh(big.NewInt(x[i]), 1)), "long double holds 64 bits: %v", f)
		}
		assert.Equal(t, x, values[int64](t, must(wx.AsType(nil, dtype.Int64, Unsafe))(t)))
		assert.Equal(t, x, values[int64](t, must(l.AsType(nil, dtype.Int64, Unsafe))(t)))
		same := must(ArrayEqual(wx, wx))(t)
		assert.True(t, same)
		least := must(wx.Min())(t)
		at := must(LoadItem[int64](must(wx.ArgMin())(t)))(t)
		assert.Equal(t, x[at], must(LoadItem[int64](must(least.AsType(nil, dtype.Int64, Unsafe))(t)))(t))
		assert.ErrorIs(t, errorOf(Div.Of(wx, wy)), ErrNotSupported)
		special := must(ArrayFrom(abi, []float64{math.NaN(), math.Inf(1), math.Copysign(0, -1), 0x1p-1074}))(t)
		round := must(must(special.AsType(nil, dtype.CLongDouble, Safe))(t).AsType(nil, dtype.CDouble, Unsafe))(t)
		assert.Equal(t, special.String(), round.String())
		zero := must(must(Zeros(abi, dtype.CLongDouble, 1))(t).AsType(nil, dtype.CLongDouble, Safe))(t)
		assert.Equal(t, "[nan]", must(Div.Of(zero, zero))(t).String())
	}
}

func TestAssign(t *testing.T) {
	a := arrayFrom(t, []int32{0, 1, 2, 3, 4, 5})
	require.NoError(t, Assign(must(a.Slice(Range(1, 6, 1)))(t), must(a.Slice(Range(0, 5, 1)))(t), Safe), "as memmove")
	assert.Equal(t, []int32{0, 0, 1, 2, 3, 4}, values[int32](t, a))
	require.NoError(t, Assign(a, must(a.Flip())(t), Safe))
	assert.Equal(t, []int32{4, 3, 2, 1, 0, 0}, values[int32](t, a))
	assert.ErrorIs(t, Assign(a, arrayFrom(t, []float64{1}), SameKind), ErrType)
	require.NoError(t, Assign(a, arrayFrom(t, []float64{7.9}), Unsafe))
	assert.Equal(t, []int32{7, 7, 7, 7, 7, 7}, values[int32](t, a))
	assert.ErrorIs(t, Assign(a, arrayFrom(t, []int32{1, 2}), Safe), ErrShape)
	assert.ErrorIs(t, Assign(a.ReadOnly(), a, Safe), ErrReadOnly)
	assert.ErrorIs(t, Assign(Array{}, a, Safe), ErrNull)
	// On another ABI the numbers are the same, not the bytes.
	long := must(Zeros(dtype.WASM32, dtype.CLong, 6))(t)
	require.NoError(t, Assign(long, a, Safe))
	assert.Equal(t, []int32{7, 7, 7, 7, 7, 7}, values[int32](t, long))

	assert.ErrorIs(t, a.Fill("x"), ErrType)
	assert.ErrorIs(t, a.Fill(1<<40), ErrRange)
	assert.ErrorIs(t, a.ReadOnly().Fill(1), ErrReadOnly)
	texts := must(Zeros(dtype.LinuxAMD64, arrayOf(t, dtype.CChar, 5), 3))(t)
	require.NoError(t, texts.Fill("abc"))
	assert.Equal(t, "[b'abc' b'abc' b'abc']", texts.String())
}

func TestReadOnly(t *testing.T) {
	a := arrayFrom(t, []int32{1, 2, 3, 4}, 2, 2).ReadOnly()
	assert.False(t, a.Flags().Has(Writeable))
	row := must(a.Index(1))(t)
	assert.ErrorIs(t, Store(must(row.At(0))(t), int32(9)), ErrReadOnly)
	assert.ErrorIs(t, UseArray(row, func(*Strided[int32]) error { return nil }), ErrReadOnly)
	assert.ErrorIs(t, UseSlice(a, func([]int32) error { return nil }), ErrReadOnly)
	assert.ErrorIs(t, must(a.At(0, 0))(t).Use(func([]byte) error { return nil }), ErrReadOnly)
	assert.ErrorIs(t, a.ByteSwap(), ErrReadOnly)
	assert.Equal(t, int32(3), must(Load[int32](must(row.At(0))(t)))(t))
	require.NoError(t, ReadArray(a, func(r Reader[int32]) error {
		assert.Equal(t, int32(4), r.At2(1, 1))
		assert.Equal(t, int32(4), r.At(1, 1))
		assert.Equal(t, 2, r.Len(0))
		sum := int32(0)
		for index, x := range r.All() {
			sum += x * int32(1+index[0])
		}
		assert.Equal(t, int32(17), sum)
		return nil
	}))
	assert.ErrorIs(t, ReadArray(row, func(r Reader[int32]) error { r.At1(2); return nil }), ErrOutOfBounds)
	wide := must(row.BroadcastTo(3, 2))(t)
	assert.ErrorIs(t, wide.Fill(1), ErrReadOnly)
	assert.True(t, must(wide.Copy(nil))(t).Flags().Has(Writeable|OwnData|CContiguous))
	assert.Equal(t, "C_CONTIGUOUS,F_CONTIGUOUS,WRITEABLE,ALIGNED", arrayFrom(t, []int32{1}).Flags().String())
}

func TestTyped(t *testing.T) {
	a := must(Typed[float64](arrayFrom(t, []float64{1, 2, 3, 4}, 2, 2)))(t)
	require.NoError(t, a.Set(9, 1, 0))
	assert.Equal(t, 9., must(a.Get(1, 0))(t))
	_, err := a.Get(2, 0)
	assert.ErrorIs(t, err, ErrOutOfBounds)
	assert.ErrorIs(t, a.Set(1, 0), ErrRange)
	require.NoError(t, a.Use(func(s *Strided[float64]) error {
		for index, p := range s.All() {
			*p *= float64(index[1] + 1)
		}
		return nil
	}))
	assert.Equal(t, []float64{1, 4, 9, 8}, must(a.Values())(t))
	_, err = Typed[int64](a.Array)
	assert.ErrorIs(t, err, ErrType)
	_, err = Typed[int64](Array{})
	assert.ErrorIs(t, err, ErrNull)
	rows := 0
	for i, row := range a.Rows() {
		assert.Equal(t, i, rows)
		assert.Equal(t, []int{2}, row.Shape())
		rows++
	}
	assert.Equal(t, 2, rows)
}

func TestGoSlicesAreShared(t *testing.T) {
	s := []float32{1, 2, 3, 4, 5, 6}
	a := arrayFrom(t, s, 2, 3)
	require.NoError(t, Store(must(a.At(1, 2))(t), float32(60)))
	assert.Equal(t, float32(60), s[5])
	require.NoError(t, UseSlice(a, func(got []float32) error {
		assert.Same(t, &s[0], &got[0])
		return nil
	}))
	turned := must(a.Transpose())(t)
	assert.ErrorIs(t, UseSlice(turned, func([]float32) error { return nil }), ErrNotContiguous)
	part := must(a.Slice(All, Range(1, 3, 1)))(t)
	require.NoError(t, UseMatrix(part, func(data []float32, rows, cols, stride int) error {
		assert.Equal(t, []int{2, 2, 3}, []int{rows, cols, stride})
		assert.Equal(t, []float32{2, 3, 4, 5, 60}, data)
		return nil
	}))
	assert.ErrorIs(t, UseMatrix(turned, func([]float32, int, int, int) error { return nil }), ErrNotContiguous)
	assert.ErrorIs(t, UseMatrix(must(a.Index(0))(t), func([]float32, int, int, int) error { return nil }), ErrShape)
	assert.ErrorIs(t, UseMatrix(part, func([]float64, int, int, int) error { return nil }), ErrType)
	_, err := ArrayFrom(dtype.LinuxAMD64, s, 4)
	assert.ErrorIs(t, err, ErrRange)
	_, err = ArrayFrom(dtype.LinuxAMD64, []string{"x"})
	assert.ErrorIs(t, err, ErrType)
	_, err = ArrayFrom(dtype.LinuxAMD64, []bool{true})
	assert.ErrorIs(t, err, ErrType)
}

func TestArrayEqual(t *testing.T) {
	elem := structOf(t, "p", f("c", dtype.CSChar), f("x", dtype.CDouble), f("s", arrayOf(t, dtype.CChar, 4)))
	a, b := must(Zeros(dtype.LinuxAMD64, elem, 2))(t), must(Zeros(dtype.LinuxAMD64, elem, 2))(t)
	require.NoError(t, a.space.WriteAt([]byte{1, 2, 3}, a.addr+1), "in a hole")
	require.NoError(t, a.space.WriteAt([]byte("ab"), a.addr+16))
	require.NoError(t, b.space.WriteAt([]byte("ab"), b.addr+16))
	assert.True(t, must(ArrayEqual(a, b))(t))
	require.NoError(t, b.space.WriteAt([]byte("abc"), b.addr+16))
	assert.False(t, must(ArrayEqual(a, b))(t))
	_, err := ArrayEqual(a, arrayFrom(t, []int8{1, 2}))
	assert.ErrorIs(t, err, ErrType)
	assert.False(t, must(ArrayEqual(a, arrayFrom(t, []int8{1})))(t))
}

func TestArenaArrays(t *testing.T) {
	arena := arenaOn(t, dtype.WASM32)
	a := must(arena.Zeros(dtype.CShort, 3, 4))(t)
	assert.Equal(t, make([]byte, 24), must(a.ToBytes())(t))
	assert.True(t, a.Flags().Has(OwnData|Aligned|CContiguous))
	b := must(must(a.Transpose())(t).Copy(arena))(t)
	assert.True(t, sharesWith(a.Space(), b.Space()))
	assert.False(t, must(a.Transpose())(t).Flags().Has(OwnData))
	require.NoError(t, arena.Free(must(b.At(0, 0))(t)))
	_, err := b.ToBytes()
	assert.ErrorIs(t, err, ErrEnded, "an array is an object of its own")
	assert.Equal(t, make([]byte, 24), must(a.ToBytes())(t))
	require.NoError(t, arena.Close())
	for _, f := range []func(...int) (Array, error){a.Sum, a.Max, a.ArgMax} {
		_, err := f()
		assert.ErrorIs(t, err, ErrEnded)
	}
	_, err = Add.Of(a, a)
	assert.ErrorIs(t, err, ErrEnded)
	_, err = a.ToBytes()
	assert.ErrorIs(t, err, ErrEnded)
	_, err = arena.Zeros(dtype.CShort, 3)
	assert.ErrorIs(t, err, ErrEnded)
	_, err = Zeros(dtype.WASM32, dtype.CInt, 1<<31, 1<<31)
	assert.ErrorIs(t, err, ErrNoMemory)
	_, err = Zeros(dtype.WASM32, dtype.CVoid, 1)
	assert.Error(t, err)
}

// noBytes is a space that lends nothing.
type noBytes struct{ Space }

func (noBytes) Bytes(addr, n uint64) ([]byte, error) { return nil, ErrNotSupported }

func TestSpaceWithoutBytes(t *testing.T) {
	a := counting(t, 2, 3)
	want := must(a.ToBytes())(t)
	a.space = noBytes{a.space}
	assert.True(t, bytes.Equal(want, must(a.ToBytes())(t)))
	assert.Equal(t, "[[0 1 2]\n [3 4 5]]", a.String())
	assert.ErrorIs(t, errorOf(a.Sum()), ErrNotSupported)
}

// What is added eight bytes at a time, at every alignment and length.
func TestNarrowWords(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range 40 {
		x, y, d := make([]int8, n+1), make([]int8, n+1), make([]int8, n+1)
		for i := range x {
			x[i], y[i] = int8(rng.Uint32()), int8(rng.Uint32())
		}
		if n == 0 {
			continue
		}
		a, b, out := arrayFrom(t, x[1:]), arrayFrom(t, y[1:]), arrayFrom(t, d[1:])
		require.NoError(t, Add.Into(out, a, b))
		sum := int64(0)
		for i := range n {
			require.Equal(t, x[i+1]+y[i+1], d[i+1])
			sum += int64(x[i+1])
		}
		require.Equal(t, sum, must(LoadItem[int64](must(a.Sum())(t)))(t))
		require.NoError(t, Sub.Into(out, a, b))
		for i := range n {
			require.Equal(t, x[i+1]-y[i+1], d[i+1])
		}
		w, z := must(a.AsType(nil, dtype.Int16, Safe))(t), must(b.AsType(nil, dtype.Int16, Safe))(t)
		for i, v := range values[int16](t, must(Sub.Of(w, z))(t)) {
			require.Equal(t, int16(x[i+1])-int16(y[i+1]), v)
		}
	}
}
