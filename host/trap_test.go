package host

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// engines runs a test on the compiler, on machine code that was in a cache (but
// for a module's first time), and on the interpreter.
func engines(t *testing.T, test func(t *testing.T, opts Options)) {
	t.Run("compiler", func(t *testing.T) { test(t, Options{}) })
	t.Run("cached", func(t *testing.T) {
		dir, err := sharedCache()
		require.NoError(t, err)
		test(t, Options{Cache: testCache(t, dir)})
	})
	t.Run("interpreter", func(t *testing.T) { test(t, Options{Interpreter: true}) })
}

func TestTraps(t *testing.T) {
	tests := []struct {
		name string
		kind uint64
		want error
		text string
	}{
		{"__builtin_trap", 0, ErrUnreachable, "trap: unreachable code reached in crash(0)"},
		{"store beyond memory", 1, ErrOutOfBounds, "trap: out of bounds memory access in crash(1)"},
		{"1/0", 2, ErrDivideByZero, "trap: integer divide by zero in divide, called from crash(2)"},
		{"INT_MIN/-1", 3, ErrOverflow, "trap: integer overflow in divide, called from crash(3)"},
		{"wild function pointer", 4, ErrBadFuncPointer, "trap: call through a function pointer that points to no function in crash(4)"},
		{"function pointer of another type", 5, ErrFuncType, "trap: call through a function pointer of another type in crash(5)"},
	}
	engines(t, func(t *testing.T, opts Options) {
		lib := openTest(t, "basic.wasm", opts)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				_, err := call(t, lib, "crash", proto(dtype.CVoid, dtype.CInt), tt.kind)
				require.ErrorIs(t, err, wasmffi.ErrTrap)
				require.ErrorIs(t, err, tt.want)
				assert.EqualError(t, err, tt.text)
				requireUsable(t, lib)
			})
		}
	})
}

// requireUsable checks that a library works and that nothing is left of the
// last call.
func requireUsable(t *testing.T, lib *Library) {
	t.Helper()
	got, err := call(t, lib, "addi", proto(dtype.CInt, dtype.CInt, dtype.CInt), 1, 2)
	require.NoError(t, err)
	require.EqualValues(t, 3, got)
	requireStackIntact(t, lib)
}

// requireStackIntact checks that C's stack pointer is where it was.
func requireStackIntact(t *testing.T, lib *Library) {
	t.Helper()
	require.EqualValues(t, lib.in.spBase, uint32(lib.in.sp.Get()))
}

func TestStackOverflow(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		lib := openTest(t, "basic.wasm", opts)
		sig := proto(dtype.CInt, dtype.CInt)
		for range 3 {
			_, err := call(t, lib, "deep", sig, 1_000_000)
			require.ErrorIs(t, err, wasmffi.ErrStackOverflow)
			require.ErrorIs(t, err, wasmffi.ErrTrap)
			requireUsable(t, lib)
		}
		_, err := call(t, lib, "deep", sig, 10)
		require.NoError(t, err)
	})
}

func TestExit(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		lib := openTest(t, "basic.wasm", opts)
		_, err := call(t, lib, "leave", proto(dtype.CVoid, dtype.CInt), 3)
		require.ErrorIs(t, err, wasmffi.ErrExit)
		var exit *wasmffi.ExitError
		require.ErrorAs(t, err, &exit)
		assert.EqualValues(t, 3, exit.Code)
		assert.EqualError(t, err, "exited with status 3")
		requireUsable(t, lib)
	})
}

func TestDeadline(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		lib := openTest(t, "basic.wasm", opts)
		spin := prepare(t, lib, "spin", proto(dtype.CVoid))
		for range 2 {
			ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
			_, err := callWords(ctx, spin)
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded)
			requireUsable(t, lib)
		}
	})
}

func TestCancel(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	spin := prepare(t, lib, "spin", proto(dtype.CVoid))
	reason := errors.New("enough")
	ctx, cancel := context.WithCancelCause(background)
	time.AfterFunc(5*time.Millisecond, func() { cancel(reason) })
	_, err := callWords(ctx, spin)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, reason)
	requireUsable(t, lib)

	_, err = callWords(ctx, prepare(t, lib, "nothing", proto(dtype.CVoid)))
	require.ErrorIs(t, err, context.Canceled, "a context that has ended lets nobody in")
}

func TestDefaultTimeout(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{Timeout: 30 * time.Millisecond})
	_, err := call(t, lib, "spin", proto(dtype.CVoid))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.EqualError(t, err, "call took longer than the library's limit of 30ms")
	requireUsable(t, lib)

	// A context's own deadline comes first, even if it is later.
	ctx, cancel := context.WithTimeout(background, time.Minute)
	defer cancel()
	_, err = callWords(ctx, prepare(t, lib, "count", proto(dtype.CULongLong, dtype.CULongLong)), 50_000_000)
	require.NoError(t, err)
}

func TestCloseDuringCall(t *testing.T) {
	lib, err := OpenBytes(background, "basic.wasm", fixture(t, "basic.wasm"), Options{})
	require.NoError(t, err)
	spin := prepare(t, lib, "spin", proto(dtype.CVoid))
	done := make(chan error)
	go func() {
		_, err := callWords(nil, spin)
		done <- err
	}()
	time.Sleep(10 * time.Millisecond)
	require.NoError(t, lib.Close())
	require.ErrorIs(t, <-done, wasmffi.ErrClosed)

	_, err = callWords(nil, spin)
	require.ErrorIs(t, err, wasmffi.ErrClosed)
	_, err = lib.Lookup("spin")
	require.ErrorIs(t, err, wasmffi.ErrClosed)
	_, err = lib.Space().Alloc(8, 8)
	require.ErrorIs(t, err, wasmffi.ErrClosed)
	require.Error(t, lib.Space().ReadAt(make([]byte, 4), 1024))
	require.NoError(t, lib.Close(), "closing twice is no error")
}

// TestNamesWithoutNameSection: functions are called by what they are exported
// as, or by number.
func TestNamesWithoutNameSection(t *testing.T) {
	lib := openTest(t, "bare.wasm", Options{})
	_, err := call(t, lib, "crash", nullary)
	assert.EqualError(t, err, "trap: unreachable code reached in crash")

	lib = openTest(t, "hostile.wasm", Options{})
	_, err = call(t, lib, "set_malloc", proto(dtype.CVoid, dtype.CInt), neg(2))
	require.NoError(t, err)
	_, err = lib.Space().Alloc(8, 8)
	assert.EqualError(t, err, "memory: alloc: malloc: trap: unreachable code reached in malloc")
}
