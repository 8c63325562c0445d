package wasmffitest

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// arrays are strided arrays over the library's own memory.
func arrays(t *testing.T, b Backend) {
	t.Run("what C sees", func(t *testing.T) {
		lib := b.open(t)
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		v, err := arena.NewArray(dtype.CDouble, 12)
		require.NoError(t, err)
		a, err := memory.AsArray(v, 3, 4)
		require.NoError(t, err)
		counts, err := memory.ArrayFrom(lib.Space().ABI(), []int16{1, 2, 3})
		require.NoError(t, err)
		turned, err := a.Transpose()
		require.NoError(t, err)
		require.NoError(t, memory.Assign(turned, counts, memory.Safe))
		last, err := a.Select(memory.Last(1), memory.Reverse)
		require.NoError(t, err)
		require.NoError(t, memory.Add.Into(last, last, last))
		require.EqualValues(t, 4*(1+2+6), bind[func(memory.View, int32) float64](t, lib, "sum")(v, 12))
		require.Equal(t, "[[1. 1. 1. 1.]\n [2. 2. 2. 2.]\n [6. 6. 6. 6.]]", a.String())
		sum, err := a.Sum()
		require.NoError(t, err)
		total, err := memory.LoadItem[float64](sum)
		require.NoError(t, err)
		require.EqualValues(t, 36, total)
	})
	t.Run("growth under readers", func(t *testing.T) {
		lib := b.open(t)
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		a := ones(t, arena)
		var grown atomic.Bool
		parallel(4, func(g int) {
			if g == 0 {
				defer grown.Store(true)
				for range 20 { // a sandbox must ask for more pages
					if _, err := arena.Alloc(1<<20, 16); err != nil {
						t.Errorf("alloc: %v", err)
					}
				}
				return
			}
			for !grown.Load() {
				if err := readOnes(a); err != nil {
					t.Errorf("growth ends nothing: %v", err)
					return
				}
			}
		})
		require.NoError(t, readOnes(a))
	})
	t.Run("the arena's end under readers", func(t *testing.T) {
		lib := b.open(t)
		for range 20 {
			arena := memory.NewArena(lib.Space())
			untilEnded(t, ones(t, arena), arena.Close)
		}
	})
	t.Run("Close under readers", func(t *testing.T) {
		for range 5 {
			lib := b.Open(t)
			untilEnded(t, ones(t, memory.NewArena(lib.Space())), lib.Close)
		}
	})
	t.Run("read-only", func(t *testing.T) {
		lib := b.open(t)
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		a := ones(t, arena).ReadOnly()
		require.ErrorIs(t, a.Fill(2), memory.ErrReadOnly)
		v, err := a.At(0, 0)
		require.NoError(t, err)
		total, err := wasmffi.Bind[func(memory.Pointer, int32) (float64, error)](lib, "sum")
		require.NoError(t, err)
		r, err := total(v.Pointer(), 1)
		require.NoError(t, err, "C may read it")
		require.EqualValues(t, 1, r)
	})
}

const onesSide = 100

// ones is a matrix of ones, read along its columns.
func ones(t testing.TB, arena *memory.Arena) memory.Array {
	t.Helper()
	a, err := arena.Zeros(dtype.CDouble, onesSide, onesSide)
	require.NoError(t, err)
	require.NoError(t, a.Fill(1))
	a, err = a.Transpose()
	require.NoError(t, err)
	return a
}

var errOnes = errors.New("the elements are no longer ones")

// readOnes reads every element in several ways: all of them are ones, or the
// memory has ended.
func readOnes(a memory.Array) error {
	sum, err := a.Sum()
	if err != nil {
		return err
	}
	if total, err := memory.LoadItem[float64](sum); err != nil || total != onesSide*onesSide {
		return errors.Join(errOnes, err)
	}
	c, err := a.Copy(nil)
	if err != nil {
		return err
	}
	if least, err := c.Min(); err != nil || least.String() != "1.0" {
		return errors.Join(errOnes, err)
	}
	return memory.ReadArray(a, func(r memory.Reader[float64]) error {
		for i := range onesSide {
			if r.At2(i, i) != 1 {
				return errOnes
			}
		}
		return nil
	})
}

// untilEnded ends an array's memory while goroutines read it, who then get an
// error and never anything but ones.
func untilEnded(t *testing.T, a memory.Array, end func() error) {
	t.Helper()
	parallel(4, func(g int) {
		if g == 0 {
			if err := end(); err != nil {
				t.Errorf("end: %v", err)
			}
			return
		}
		for {
			if err := readOnes(a); err != nil {
				if !errors.Is(err, memory.ErrEnded) || errors.Is(err, errOnes) {
					t.Errorf("want ErrEnded, got %v", err)
				}
				return
			}
		}
	})
	require.ErrorIs(t, readOnes(a), memory.ErrEnded)
}
