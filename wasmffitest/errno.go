package wasmffitest

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// errnoExchange gives C an errno of the caller's own, and takes it back.
func errnoExchange(t *testing.T, b Backend) {
	lib := b.open(t)
	reflected := bind[func(context.Context, int32) (int32, wasmffi.Errno, error)](t, lib, "errno_plus")
	scalar := bind[func(context.Context, int32) (int32, error)](t, lib, "errno_plus")
	t.Run("in and out", func(t *testing.T) {
		var e wasmffi.Errno
		ctx := wasmffi.WithErrno(nil, &e)
		for i, call := range []func(by int32) int32{
			func(by int32) int32 { was, err := scalar(ctx, by); require.NoError(t, err); return was },
			func(by int32) int32 {
				was, errno, err := reflected(ctx, by)
				require.NoError(t, err)
				require.Equal(t, e, errno)
				return was
			},
			func(by int32) int32 {
				r, err := bindFuncOf(t, lib, "errno_plus", fn(t, dtype.CInt, dtype.CInt)).Call(ctx, by)
				require.NoError(t, err)
				return r.(int32)
			},
			func(by int32) int32 {
				var was int32
				p := wasmffi.Proto{Sig: fn(t, dtype.CInt, dtype.CInt), ErrCheck: func(r *wasmffi.Returned) (any, error) {
					require.Equal(t, e, r.Errno)
					was = r.Result.(int32)
					return nil, nil
				}}
				_, _, err := bindProto(t, lib, "errno_plus", p).Call(ctx, by)
				require.NoError(t, err)
				return was
			},
		} {
			e = wasmffi.Errno(100 * (i + 1))
			require.EqualValues(t, 100*(i+1), call(5), "C finds the caller's errno")
			require.EqualValues(t, 100*(i+1)+5, e, "the caller finds C's")
			call(1)
			require.EqualValues(t, 100*(i+1)+6, e)
		}
		timed, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err := scalar(timed, 1)
		require.NoError(t, err)
		require.EqualValues(t, 407, e, "contexts made of it have it too")
	})
	t.Run("a call that fails before C leaves it alone", func(t *testing.T) {
		e := wasmffi.Errno(9)
		ctx, cancel := context.WithCancel(wasmffi.WithErrno(context.Background(), &e))
		cancel()
		_, err := scalar(ctx, 1)
		require.ErrorIs(t, err, context.Canceled)
		require.EqualValues(t, 9, e)
	})
	t.Run("each goroutine has its own", func(t *testing.T) {
		parallel(8, func(g int) {
			var e wasmffi.Errno
			ctx := wasmffi.WithErrno(context.Background(), &e)
			for i := range 200 {
				want := e
				was, err := scalar(ctx, int32(g+1))
				if err != nil || wasmffi.Errno(was) != want || e != want+wasmffi.Errno(g+1) {
					t.Errorf("call %d: errno %d, then %d, %v; had %d", i, was, e, err, want)
					return
				}
				if i%16 == 0 {
					runtime.Gosched()
				}
			}
		})
	})
	t.Run("through a callback", func(t *testing.T) {
		around := bind[func(context.Context, int32, func() error) (int32, error)](t, lib, "errno_around")
		outer := wasmffi.Errno(1)
		ctx := wasmffi.WithErrno(nil, &outer)
		inner := wasmffi.Errno(50)
		_, err := around(ctx, 7, func() error {
			_, err := scalar(wasmffi.WithErrno(nil, &inner), 2)
			return err
		})
		require.NoError(t, err)
		require.EqualValues(t, 52, inner)
	})
}
