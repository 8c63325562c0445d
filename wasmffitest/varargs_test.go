package wasmffitest_test

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

type (
	vaPoint struct{ X, Y float64 }
	vaMixed struct {
		I int32
		F float32
	}
	vaLarge struct{ V [5]float64 }
)

// printer is Go for int (*)(const char *format, ...).
type printer = func(string, wasmffi.Varargs) (int32, error)

func onVarargs(t *testing.T, f func(t *testing.T, lib wasmffi.Library)) {
	imports := wasmffi.Imports{{Name: "host_print", Func: func(format string, args wasmffi.Varargs) (int32, error) {
		n, err := wasmffi.VaArg[int32](args.VaList)
		if err != nil {
			return 0, err
		}
		x, err := wasmffi.VaArg[float64](args.VaList)
		if n == 0 {
			err = errEmpty
		}
		return int32(len(fmt.Sprintf(format, n, x))), err
	}}}
	onBoth(t, "varargs", []wasmffi.Options{imports}, f)
}

var errEmpty = errors.New("nothing to print")

// TestVarargs has C call variadic callbacks.
func TestVarargs(t *testing.T) {
	onVarargs(t, func(t *testing.T, lib wasmffi.Library) {
		t.Run("what a C compiler passes", func(t *testing.T) {
			check := func(format string, ap wasmffi.VaList) (int32, error) {
				require.Equal(t, "all kinds", format)
				p, m := vaPoint{1.5, 2.5}, vaMixed{3, 4.5}
				nextIs(t, ap, int32(-1))
				nextIs(t, ap, uint32(2))
				nextIs(t, ap, dtype.Long(-3))
				nextIs(t, ap, uint64(4))
				nextIs(t, ap, 5.5)
				nextIs(t, ap, "six")
				nextIs(t, ap, dtype.LongDouble(7.5))
				nextIs(t, ap, p)
				nextIs(t, ap, m)
				nextIs(t, ap, vaLarge{[5]float64{1, 2, 3, 4, 5}})
				nextIs(t, ap, int32('8'))
				nextIs(t, ap, 9.5)
				nextIs(t, ap, int32(-10))
				for x := 12.5; x < 18; x++ {
					nextIs(t, ap, x)
				}
				nextIs(t, ap, int32(18))
				nextIs(t, ap, p)
				nextIs(t, ap, dtype.LongDouble(20.5))
				nextIs(t, ap, m)
				nextIs(t, ap, int32(21))
				return 77, nil
			}
			report, err := wasmffi.Bind[func(printer) (int32, error)](lib, "report")
			require.NoError(t, err)
			r, err := report(func(format string, args wasmffi.Varargs) (int32, error) { return check(format, args.VaList) })
			require.NoError(t, err)
			require.EqualValues(t, 77, r)
			// Declared by debug info, a VaList will do.
			v, err := wasmffi.Call(context.Background(), lib, "report", check)
			require.NoError(t, err)
			require.EqualValues(t, 77, v)
		})

		t.Run("in registers and beyond", func(t *testing.T) {
			pairs, err := wasmffi.Bind[func(printer, int32) (int32, error)](lib, "pairs")
			require.NoError(t, err)
			for _, n := range []int32{0, 1, 2, 9} {
				r, err := pairs(func(format string, args wasmffi.Varargs) (int32, error) {
					require.Equal(t, fmt.Sprint(n), format)
					for i := range n {
						nextIs(t, args.VaList, float64(i)+1.5)
						nextIs(t, args.VaList, i+1)
					}
					return n, nil
				}, n)
				require.NoError(t, err)
				require.Equal(t, n, r)
			}
		})

		t.Run("structs in memory, and out", func(t *testing.T) {
			scaled, err := wasmffi.Bind[func(func(vaLarge, dtype.LongDouble, wasmffi.Varargs) (vaLarge, error)) (float64, error)](lib, "scaled")
			require.NoError(t, err)
			r, err := scaled(func(l vaLarge, by dtype.LongDouble, args wasmffi.Varargs) (vaLarge, error) {
				require.EqualValues(t, 2.5, by)
				nextIs(t, args.VaList, int32(3))
				nextIs(t, args.VaList, 0.5)
				for i := range l.V {
					l.V[i] *= float64(by)
				}
				return l, nil
			})
			require.NoError(t, err)
			require.Equal(t, 2.5+10*12.5, r)
		})

		t.Run("no register left", func(t *testing.T) {
			type (
				i = int32
				d = float64
			)
			crowd, err := wasmffi.Bind[func(func(i, i, i, i, i, i, i, i, i, d, d, d, d, d, d, d, d, d, dtype.Char, wasmffi.Varargs) (int32, error)) (int32, error)](lib, "crowd")
			require.NoError(t, err)
			r, err := crowd(func(_, _, _, _, _, _, _, _, last i, _, _, _, _, _, _, _, _, lastDouble d, c dtype.Char, args wasmffi.Varargs) (int32, error) {
				require.EqualValues(t, 9, last)
				require.EqualValues(t, 9, lastDouble)
				require.EqualValues(t, 'c', c)
				nextIs(t, args.VaList, i(10))
				nextIs(t, args.VaList, 10.5)
				nextIs(t, args.VaList, "eleven")
				return 5, nil
			})
			require.NoError(t, err)
			require.EqualValues(t, 5, r)
		})

		t.Run("handed on to C", func(t *testing.T) {
			weighed, err := wasmffi.Bind[func(int32, wasmffi.VaList) float64](lib, "weighed")
			require.NoError(t, err)
			pairs, err := wasmffi.Bind[func(printer, int32) (int32, error)](lib, "pairs")
			require.NoError(t, err)
			var sum, want float64
			_, err = pairs(func(_ string, args wasmffi.Varargs) (int32, error) {
				nextIs(t, args.VaList, 1.5)
				nextIs(t, args.VaList, int32(1))
				sum = weighed(8, args.VaList)
				return 0, nil
			}, 9)
			require.NoError(t, err)
			for i := 2.0; i <= 9; i++ {
				want += (i + 0.5) * i
			}
			require.Equal(t, want, sum)
		})

		t.Run("an import", func(t *testing.T) {
			through, err := wasmffi.Bind[func(int32) (int32, error)](lib, "print_through_import")
			require.NoError(t, err)
			n, err := through(12)
			require.NoError(t, err)
			require.EqualValues(t, len("12 of 4.5"), n)
			_, err = through(0)
			require.ErrorIs(t, err, errEmpty)
		})

		t.Run("kept, without reflection", func(t *testing.T) {
			sig, err := dtype.NewFunc(dtype.CInt, []dtype.Param{{Type: dtype.PointerToConst(dtype.CChar)}}, true)
			require.NoError(t, err)
			cb, err := wasmffi.NewCallback(lib, func(f *wasmffi.Frame) error {
				ap, err := lib.(wasmffi.VaLister).VaList(f.Words[1:2]) // the format, the list, the result
				if err != nil {
					return err
				}
				var n [4]byte
				if err := ap.Next(dtype.CInt, n[:]); err != nil {
					return err
				}
				f.Words[2] = uint64(n[0]) + 1
				return nil
			}, &wasmffi.CallbackOptions{Sig: sig, Fallback: int32(-1)})
			require.NoError(t, err)
			keep, err := wasmffi.Bind[func(dtype.Addr) error](lib, "keep")
			require.NoError(t, err)
			require.NoError(t, keep(dtype.Addr(cb.Address())))
			printKept, err := wasmffi.Bind[func(int32) (int32, error)](lib, "print_kept")
			require.NoError(t, err)
			r, err := printKept(41)
			require.NoError(t, err)
			require.EqualValues(t, 42, r)
			require.NoError(t, cb.Free())
			_, err = printKept(41)
			require.ErrorIs(t, err, wasmffi.ErrCallback)
		})

		t.Run("stale when the callback has returned", func(t *testing.T) {
			pairs, err := wasmffi.Bind[func(printer, int32) (int32, error)](lib, "pairs")
			require.NoError(t, err)
			var kept wasmffi.Varargs
			_, err = pairs(func(_ string, args wasmffi.Varargs) (int32, error) { kept = args; panic("x") }, 2)
			require.ErrorIs(t, err, wasmffi.ErrCallback)
			_, err = wasmffi.VaArg[float64](kept.VaList)
			require.ErrorIs(t, err, memory.ErrEnded)
		})

		t.Run("refused", func(t *testing.T) {
			// C's "..." are no va_list, and the other way round.
			_, err := wasmffi.Bind[func(func(string, wasmffi.VaList) (int32, error)) (int32, error)](lib, "report")
			require.ErrorIs(t, err, wasmffi.ErrSignature)
			require.ErrorContains(t, err, "one of them is variadic")
			_, err = wasmffi.Bind[func(func(string) (int32, error)) (int32, error)](lib, "report")
			require.ErrorIs(t, err, wasmffi.ErrSignature)
			sig, err := dtype.NewFunc(dtype.CInt, []dtype.Param{{Type: dtype.CInt}}, true)
			require.NoError(t, err)
			for _, fn := range []any{
				func(int32) int32 { return 0 },
				func(wasmffi.Varargs) int32 { return 0 },
				func(wasmffi.Varargs, int32) int32 { return 0 },
				func(int32, ...any) int32 { return 0 },
				func(int32, wasmffi.VaList, wasmffi.VaList) int32 { return 0 },
			} {
				_, err = wasmffi.NewCallback(lib, fn, &wasmffi.CallbackOptions{Sig: sig})
				require.Error(t, err, "%T", fn)
			}
			_, err = wasmffi.Bind[func(int32, wasmffi.Varargs) (int32, error)](lib, "print_kept")
			require.ErrorIs(t, err, memory.ErrType)
			require.ErrorContains(t, err, "a call's are ...any")
		})
	})
}

func nextIs[T any](t *testing.T, ap wasmffi.VaList, want T) {
	t.Helper()
	got, err := wasmffi.VaArg[T](ap)
	require.NoError(t, err)
	require.Equal(t, want, got)
}
