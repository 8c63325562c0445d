package wasmffitest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// faults are what the sandbox makes errors of, and what goes on afterwards.
func faults(t *testing.T, b Backend) {
	for _, c := range []struct {
		name string
		call func(lib wasmffi.Library) error
		want error
		text string
	}{
		{"a pointer out of bounds", func(lib wasmffi.Library) error {
			_, err := bind[func(dtype.Addr) (int32, error)](t, lib, "load_int")(0xfffffff0)
			return err
		}, wasmffi.ErrTrap, "load_int: trap: out of bounds memory access"},
		{"division by zero", func(lib wasmffi.Library) error {
			_, err := bind[func(int32, int32) (int32, error)](t, lib, "divide")(1, 0)
			return err
		}, wasmffi.ErrTrap, "divide: trap: integer divide by zero"},
		{"__builtin_trap", func(lib wasmffi.Library) error {
			return bind[func() error](t, lib, "crash")()
		}, wasmffi.ErrTrap, "crash: trap: unreachable"},
		{"recursion without end", func(lib wasmffi.Library) error {
			_, err := bind[func(int32) (int32, error)](t, lib, "recurse")(0)
			return err
		}, wasmffi.ErrStackOverflow, "recurse: "},
		{"exit", func(lib wasmffi.Library) error {
			return bind[func(int32) error](t, lib, "stop")(3)
		}, wasmffi.ErrExit, "stop: exited with status 3"},
		{"an endless loop under a deadline", func(lib wasmffi.Library) error {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			return bind[func(context.Context) error](t, lib, "spin")(ctx)
		}, context.DeadlineExceeded, "spin: context deadline exceeded"},
		{"an endless loop that is cancelled", func(lib wasmffi.Library) error {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(10*time.Millisecond, cancel)
			defer cancel()
			return bind[func(context.Context) error](t, lib, "spin")(ctx)
		}, context.Canceled, "spin: context canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lib := b.open(t)
			err := c.call(lib)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, "wasmffi: call "+lib.Name()+" "+c.text)
			require.EqualValues(t, 5, bind[func(int32, int32) int32](t, lib, "add")(2, 3), "usable afterwards")
			err = c.call(lib)
			require.ErrorIs(t, err, c.want, "the same again")
		})
	}
	t.Run("a trap inside a callback's call", func(t *testing.T) {
		lib := b.open(t)
		divide := bind[func(int32, int32) (int32, error)](t, lib, "divide")
		apply := bind[func(func(int32) int32, int32) (int32, error)](t, lib, "apply")
		var inner error
		r, err := apply(func(x int32) int32 {
			_, inner = divide(x, 0)
			return 8
		}, 1)
		require.NoError(t, err)
		require.EqualValues(t, 8, r)
		require.ErrorIs(t, inner, wasmffi.ErrTrap)
	})
	t.Run("Close ends a call", func(t *testing.T) {
		lib := b.Open(t)
		spin := bind[func() error](t, lib, "spin")
		time.AfterFunc(10*time.Millisecond, func() { _ = lib.Close() })
		require.ErrorIs(t, spin(), wasmffi.ErrClosed)
		require.NoError(t, lib.Close())
	})
	t.Run("memory past the limit", func(t *testing.T) {
		lib := b.open(t)
		obtain := bind[func(dtype.Size) dtype.Addr](t, lib, "obtain")
		require.Zero(t, obtain(3<<30), "malloc returns NULL")
		require.NotZero(t, obtain(1<<16))
	})
}
