package wasmffitest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

type mixed struct {
	I int32
	F float32
}

type large struct{ V [5]float64 }

// vaLists has C hand "..." on to Go.
func vaLists(t *testing.T, b Backend) {
	lib := b.open(t)
	type logger = func(string, wasmffi.VaList) (int32, error)
	forward := bind[func(logger, string, ...any) (int32, error)](t, lib, "forward")

	t.Run("what a C compiler passes", func(t *testing.T) {
		r, err := bind[func(logger) (int32, error)](t, lib, "forward_literals")(func(format string, ap wasmffi.VaList) (int32, error) {
			require.Equal(t, "literals", format)
			p, m, l := point{1.5, 2.5}, mixed{3, 4.5}, large{[5]float64{1, 2, 3, 4, 5}}
			vaEqual(t, ap, int32(-1))
			vaEqual(t, ap, uint32(2))
			vaEqual(t, ap, dtype.Long(-3))
			vaEqual(t, ap, uint64(4))
			vaEqual(t, ap, 5.5)
			vaEqual(t, ap, "six")
			vaEqual(t, ap, dtype.Addr(0))
			vaEqual(t, ap, dtype.LongDouble(7.5))
			vaEqual(t, ap, p)
			vaEqual(t, ap, m)
			vaEqual(t, ap, l)
			vaEqual(t, ap, int32('8'))
			vaEqual(t, ap, 9.5)
			vaEqual(t, ap, int32(-10))
			wide, err := ap.Next(dtype.CInt128)
			require.NoError(t, err)
			require.Equal(t, "-11", fmt.Sprint(wide))
			for _, x := range []float64{12.5, 13.5, 14.5, 15.5, 16.5, 17.5} {
				vaEqual(t, ap, x)
			}
			vaEqual(t, ap, int32(18))
			vaEqual(t, ap, int32(19))
			vaEqual(t, ap, p)
			vaEqual(t, ap, dtype.LongDouble(20.5))
			vaEqual(t, ap, m)
			vaEqual(t, ap, int32(21))
			return 77, nil
		})
		require.NoError(t, err)
		require.EqualValues(t, 77, r)
	})

	t.Run("random arguments", func(t *testing.T) {
		rounds, seed := 100, rand.Uint64()
		if s := os.Getenv("WASMFFI_SIGNATURES"); s != "" {
			n, err := strconv.Atoi(s)
			require.NoError(t, err)
			rounds = n
		}
		t.Logf("seed %d", seed)
		rnd := rand.New(rand.NewPCG(seed, 1))
		for range rounds {
			var args []any
			var checks []func(wasmffi.VaList)
			for range rnd.IntN(20) {
				arg, check := randomVaArg(t, rnd)
				args, checks = append(args, arg), append(checks, check)
			}
			r, err := forward(func(_ string, ap wasmffi.VaList) (int32, error) {
				for _, check := range checks {
					check(ap)
				}
				return int32(len(checks)), nil
			}, "", args...)
			require.NoError(t, err, "seed %d: %v", seed, args)
			require.EqualValues(t, len(args), r)
		}
	})

	t.Run("C goes on where Go has stopped", func(t *testing.T) {
		vformat := bind[func([]byte, dtype.Size, string, wasmffi.VaList) int32](t, lib, "vformat")
		var text string
		for read := range 12 { // in registers, and beyond them
			args := make([]any, 0, 2*read+2)
			for range read {
				args = append(args, int32(1), 1.5)
			}
			_, err := forward(func(_ string, ap wasmffi.VaList) (int32, error) {
				for range read {
					vaEqual(t, ap, int32(1))
					vaEqual(t, ap, 1.5)
				}
				buf := make([]byte, 40)
				n := vformat(buf, 40, "%d of %.1f", ap)
				text = string(buf[:n])
				return n, nil
			}, "", append(args, int32(3), 4.5)...)
			require.NoError(t, err)
			require.Equal(t, "3 of 4.5", text)
		}
	})

	t.Run("promoted types are refused", func(t *testing.T) {
		_, err := forward(func(_ string, ap wasmffi.VaList) (int32, error) {
			_, err := wasmffi.VaArg[int8](ap)
			require.ErrorIs(t, err, memory.ErrType)
			require.EqualError(t, err, "va_arg: wrong type: int8_t is passed as int")
			_, err = wasmffi.VaArg[float32](ap)
			require.ErrorIs(t, err, memory.ErrType)
			_, err = wasmffi.VaArg[int](ap)
			require.ErrorIs(t, err, wasmffi.ErrNotSupported)
			vaEqual(t, ap, int32(5)) // nothing was taken
			return 0, nil
		}, "", int32(5))
		require.NoError(t, err)
	})

	t.Run("a list is stale when the callback has returned or panicked", func(t *testing.T) {
		var kept wasmffi.VaList
		stale := func() {
			_, err := wasmffi.VaArg[int32](kept)
			require.ErrorIs(t, err, memory.ErrEnded)
			_, err = bind[func(wasmffi.VaList) (int32, error)](t, lib, "next_int")(kept)
			require.ErrorIs(t, err, memory.ErrEnded)
		}
		stale() // the zero VaList
		_, err := forward(func(_ string, ap wasmffi.VaList) (int32, error) { kept = ap; return 0, nil }, "", int32(5))
		require.NoError(t, err)
		stale()
		_, err = forward(func(_ string, ap wasmffi.VaList) (int32, error) { kept = ap; panic("x") }, "", int32(5))
		require.ErrorIs(t, err, wasmffi.ErrCallback)
		stale()
	})
}

func vaEqual[T any](t *testing.T, ap wasmffi.VaList, want T) {
	t.Helper()
	got, err := wasmffi.VaArg[T](ap)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// randomVaArg is an argument for "..." and its reader.
func randomVaArg(t *testing.T, rnd *rand.Rand) (any, func(wasmffi.VaList)) {
	switch rnd.IntN(13) {
	case 0:
		return vaArg(t, int32(rnd.Uint32()))
	case 1:
		return vaArg(t, rnd.Uint32())
	case 2:
		return vaArg(t, dtype.Long(int32(rnd.Uint32())))
	case 3:
		return vaArg(t, int64(rnd.Uint64()))
	case 4:
		return vaArg(t, rnd.NormFloat64())
	case 5:
		return vaArg(t, strconv.Itoa(rnd.Int()))
	case 6:
		return vaArg(t, dtype.Addr(rnd.Uint32()))
	case 7:
		return vaArg(t, dtype.LongDouble(rnd.NormFloat64()))
	case 8:
		return vaArg(t, point{rnd.NormFloat64(), rnd.NormFloat64()})
	case 9:
		return vaArg(t, mixed{rnd.Int32(), rnd.Float32()})
	case 10:
		return vaArg(t, large{[5]float64{rnd.Float64(), rnd.Float64(), 3, 4, 5}})
	case 11:
		return vaArg(t, complex(rnd.NormFloat64(), rnd.NormFloat64()))
	}
	return vaArg(t, struct{ A, B, C uint8 }{1, 2, uint8(rnd.Uint32())})
}

func vaArg[T any](t *testing.T, x T) (any, func(wasmffi.VaList)) {
	return x, func(ap wasmffi.VaList) { vaEqual(t, ap, x) }
}
