//go:build linux && (amd64 || arm64)

package native_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
	"github.com/wasmffi/wasmffi/native"
)

func faultsSource(t testing.TB) string {
	source, err := os.ReadFile(filepath.Join("testdata", "faults.c"))
	require.NoError(t, err)
	return string(source)
}

// buildFaults has C touch each page of its frames: one frame that skips the
// guard page would write to whatever the process keeps below.
func buildFaults(t testing.TB, flags ...string) string {
	return build(t, compilers(t)[0], "-O1", faultsSource(t), append([]string{"-pthread", "-fstack-clash-protection"}, flags...)...)
}

func openFaults(t testing.TB, path string, o native.Options) wasmffi.Library {
	t.Helper()
	lib, err := native.Open(ctx, path, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, lib.Close()) })
	return lib
}

// lineOf is the number of the line of faults.c that holds a text.
func lineOf(t testing.TB, text string) int {
	before, _, ok := strings.Cut(faultsSource(t), text)
	require.True(t, ok)
	return 1 + strings.Count(before, "\n")
}

// onAMD64 skips what does not fault elsewhere.
func onAMD64(t testing.TB) {
	if runtime.GOARCH != "amd64" {
		t.Skip("LEFT OUT: the instruction does not fault on this architecture")
	}
}

func fault(t testing.TB, err error) *native.FaultError {
	t.Helper()
	require.ErrorIs(t, err, wasmffi.ErrTrap)
	var f *native.FaultError
	require.ErrorAs(t, err, &f)
	return f
}

func TestFaults(t *testing.T) {
	path := buildFaults(t, "-g")
	load := func(addr dtype.Addr) func(t *testing.T, lib wasmffi.Library) error {
		return func(t *testing.T, lib wasmffi.Library) error {
			_, err := bind[func(dtype.Addr) (int32, error)](t, lib, "load")(addr)
			return err
		}
	}
	for _, c := range []struct {
		name     string
		amd64    bool
		call     func(t *testing.T, lib wasmffi.Library) error
		kind     error
		signal   syscall.Signal
		addr     uint64
		function string
		mark     string // text in the C line at fault
		text     string
	}{
		{"a NULL pointer", false, load(0), wasmffi.ErrFault, syscall.SIGSEGV, 0, "load_static", "LOAD",
			" load: SIGSEGV: no access to address 0x0, in load_static (/"},
		{"a wild pointer", false, load(0x5eadbee0), wasmffi.ErrFault, syscall.SIGSEGV, 0x5eadbee0, "load_static", "LOAD", ""},
		{"no address at all", true, load(0xdeadbeefdeadbee0), wasmffi.ErrFault, syscall.SIGSEGV, 0, "load_static", "LOAD",
			"SIGSEGV: no access to what is no address, in load_static"},
		{"a write to code", false, func(t *testing.T, lib wasmffi.Library) error {
			at, err := lib.Lookup("add")
			require.NoError(t, err)
			return bind[func(dtype.Addr) error](t, lib, "store")(dtype.Addr(at.Addr))
		}, wasmffi.ErrFault, syscall.SIGSEGV, 1, "store", "void store", ""},
		{"division by zero", true, func(t *testing.T, lib wasmffi.Library) error {
			_, err := bind[func(int32, int32) (int32, error)](t, lib, "divide")(1, 0)
			return err
		}, wasmffi.ErrDivideByZero, syscall.SIGFPE, 1, "divide", "DIVIDE", "SIGFPE: integer divide by zero, in divide (/"},
		{"__builtin_trap", false, func(t *testing.T, lib wasmffi.Library) error {
			return bind[func() error](t, lib, "trap")()
		}, wasmffi.ErrUnreachable, map[string]syscall.Signal{"amd64": syscall.SIGILL, "arm64": syscall.SIGTRAP}[runtime.GOARCH],
			1, "trap", "void trap", ": unreachable code reached, in trap"},
		{"a call of NULL", false, func(t *testing.T, lib wasmffi.Library) error {
			return bind[func(dtype.Addr) error](t, lib, "jump")(0)
		}, wasmffi.ErrFault, syscall.SIGSEGV, 0, "jump", "", ""},
		{"recursion without end", false, func(t *testing.T, lib wasmffi.Library) error {
			_, err := bind[func(int32) (int32, error)](t, lib, "recurse")(0)
			return err
		}, wasmffi.ErrStackOverflow, syscall.SIGSEGV, 1, "deeper", "", ": SIGSEGV: stack overflow, in deeper"},
		{"a frame larger than the stack", false, func(t *testing.T, lib wasmffi.Library) error {
			_, err := bind[func(dtype.Long) (int32, error)](t, lib, "large_frame")(64 << 20)
			return err
		}, wasmffi.ErrStackOverflow, syscall.SIGSEGV, 1, "large_frame", "", ""},
		{"beyond the end of a mapped file", false, func(t *testing.T, lib wasmffi.Library) error {
			_, err := bind[func() (int32, error)](t, lib, "beyond_file")()
			return err
		}, wasmffi.ErrFault, syscall.SIGBUS, 1, "beyond_file", "int beyond_file", "SIGBUS: no access to address"},
		{"a struct by value", false, func(t *testing.T, lib wasmffi.Library) error {
			_, err := bind[func(big, dtype.Addr) (big, error)](t, lib, "load_big")(big{}, 8)
			return err
		}, wasmffi.ErrFault, syscall.SIGSEGV, 8, "load_big", "", ""},
		{"arguments on the stack", false, func(t *testing.T, lib wasmffi.Library) error {
			l := dtype.Long(1)
			f := bind[func(a, b, c, d, e, f, g, h, i, j dtype.Long, p dtype.Addr) (int32, error)](t, lib, "stack_arguments")
			_, err := f(l, l, l, l, l, l, l, l, l, l, 8)
			return err
		}, wasmffi.ErrFault, syscall.SIGSEGV, 8, "load_static", "LOAD", ""},
		{"errno wanted", false, func(t *testing.T, lib wasmffi.Library) error {
			_, _, err := bind[func(dtype.Addr) (int32, wasmffi.Errno, error)](t, lib, "errno_then_load")(8)
			return err
		}, wasmffi.ErrFault, syscall.SIGSEGV, 8, "load_static", "LOAD", ""},
		{"after a callback", false, func(t *testing.T, lib wasmffi.Library) error {
			f := bind[func(func(int32) int32, dtype.Addr) (int32, error)](t, lib, "call_then_load")
			_, err := f(func(x int32) int32 { growStack(200); return x }, 8)
			return err
		}, wasmffi.ErrFault, syscall.SIGSEGV, 8, "load_static", "LOAD", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.amd64 {
				onAMD64(t)
			}
			lib := openFaults(t, path, native.Options{})
			err := c.call(t, lib)
			require.ErrorIs(t, err, c.kind)
			f := fault(t, err)
			require.Equal(t, c.signal, f.Signal)
			require.Positive(t, f.Code)
			if c.addr != 1 {
				require.Equal(t, c.addr, f.Addr)
			}
			require.Equal(t, c.function, f.Function)
			require.Equal(t, path, f.Object)
			require.Equal(t, "test.c", filepath.Base(f.File))
			require.Positive(t, f.Line)
			if c.mark != "" {
				require.Equal(t, lineOf(t, c.mark), f.Line)
			}
			require.ErrorContains(t, err, c.text)

			err = c.call(t, lib)
			require.ErrorIs(t, err, wasmffi.ErrPoisoned)
			require.NotErrorIs(t, err, wasmffi.ErrTrap, "this call did not fault")
			require.ErrorContains(t, err, f.Error(), "but says what did")
		})
	}
}

type big struct{ A [8]dtype.Long }

func TestFaultWithoutDebugInfo(t *testing.T) {
	load := func(t *testing.T, lib wasmffi.Library) *native.FaultError {
		_, err := bind[func(dtype.Addr) (int32, error)](t, lib, "load")(4)
		return fault(t, err)
	}
	t.Run("symbols", func(t *testing.T) {
		path := buildFaults(t, "-g0")
		f := load(t, openFaults(t, path, native.Options{}))
		require.Equal(t, "load_static", f.Function, "not the nearest one exported")
		require.Zero(t, f.File)
		require.Equal(t, "SIGSEGV: no access to address 0x4, in load_static of libtest.so", f.Error())
	})
	t.Run("stripped", func(t *testing.T) {
		f := load(t, openFaults(t, buildFaults(t, "-s"), native.Options{}))
		require.Empty(t, f.Function, "the exported function before it is another one")
		require.Regexp(t, `^SIGSEGV: no access to address 0x4, at 0x[0-9a-f]+ of libtest.so$`, f.Error())
	})
	t.Run("from memory", func(t *testing.T) {
		data, err := os.ReadFile(buildFaults(t, "-g"))
		require.NoError(t, err)
		lib, err := native.OpenBytes(ctx, "embedded", data, native.Options{})
		require.NoError(t, err)
		defer lib.Close()
		f := load(t, lib)
		require.Equal(t, lineOf(t, "LOAD"), f.Line)
	})
	t.Run("another library", func(t *testing.T) {
		_, err := bind[func(dtype.Addr) (dtype.Long, error)](t, openFaults(t, buildFaults(t), native.Options{}), "length")(8)
		f := fault(t, err)
		require.Contains(t, filepath.Base(f.Object), "libc")
		require.LessOrEqual(t, f.Addr, uint64(8), "or what is read with it at once")
	})
}

// What a library can still do after a fault, and that nothing of the dead call
// is left in its thread.
func TestAfterFault(t *testing.T) {
	path := buildFaults(t, "-g")
	t.Run("allowed", func(t *testing.T) {
		lib := openFaults(t, path, native.Options{AllowAfterFault: true})
		load := bind[func(dtype.Addr) (int32, error)](t, lib, "load")
		apply := bind[func(func(int32) int32, int32) int32](t, lib, "apply")
		for i := range 2000 {
			_, err := load(8)
			fault(t, err)
			require.EqualValues(t, i, apply(func(x int32) int32 { return x }, int32(i)))
		}
		x := new(int32)
		*x = 20
		v, err := bind[func(*int32) (int32, error)](t, lib, "load")(x)
		require.NoError(t, err)
		require.EqualValues(t, 42, v)
	})
	t.Run("poisoned", func(t *testing.T) {
		lib := openFaults(t, path, native.Options{})
		add := bind[func(int32, int32) (int32, error)](t, lib, "add")
		_, err := bind[func(dtype.Addr) (int32, error)](t, lib, "load")(8)
		fault(t, err)
		_, err = add(1, 2)
		require.ErrorIs(t, err, wasmffi.ErrPoisoned)
		require.ErrorIs(t, lib.(wasmffi.Flusher).Flush(), wasmffi.ErrPoisoned)
		_, err = lib.Lookup("add")
		require.NoError(t, err, "looking is allowed")
		other := openFaults(t, path, native.Options{})
		require.EqualValues(t, 3, bind[func(int32, int32) int32](t, other, "add")(1, 2), "opened again")
		require.NoError(t, lib.Close())
		_, err = add(1, 2)
		require.ErrorIs(t, err, wasmffi.ErrClosed)
	})
	t.Run("locks are left taken", func(t *testing.T) {
		lib := openFaults(t, path, native.Options{})
		lock := bind[func(dtype.Addr) error](t, lib, "lock_and_load")
		wait := bind[func() error](t, lib, "wait_for_lock")
		entered := make(chan struct{})
		go bind[func(func()) error](t, lib, "jump")(func() { close(entered); _ = wait() })
		<-entered
		fault(t, lock(8))
		done := make(chan error)
		go func() { done <- lib.Close() }()
		select {
		case err := <-done:
			require.NoError(t, err)
		case <-time.After(10 * time.Second):
			t.Fatal("Close waits for what will never come back")
		}
	})
	t.Run("floating-point modes", func(t *testing.T) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		lib := openFaults(t, path, native.Options{AllowAfterFault: true})
		err := bind[func(dtype.Addr) error](t, lib, "spoil")(8)
		fault(t, err)
		one, ten, tiny := opaque(1.0), opaque(10.0), opaque(5e-324)
		require.Equal(t, 0.1, one/ten, "rounds to nearest")
		require.NotZero(t, tiny*1, "no flushing to zero")
		b := make([]byte, 100)
		copy(b[1:], b) // copies in the right direction
	})
	t.Run("inside a callback", func(t *testing.T) {
		lib := openFaults(t, path, native.Options{})
		load := bind[func(dtype.Addr) (int32, error)](t, lib, "load")
		apply := bind[func(func(int32) (int32, error), int32) (int32, error)](t, lib, "apply")
		var inner error
		r, err := apply(func(x int32) (int32, error) {
			_, inner = load(8)
			return x + 1, nil
		}, 1)
		require.NoError(t, err, "the outer call goes on")
		require.EqualValues(t, 2, r)
		fault(t, inner)
		_, err = apply(nil, 0)
		require.ErrorIs(t, err, wasmffi.ErrPoisoned)

		lib = openFaults(t, path, native.Options{})
		load = bind[func(dtype.Addr) (int32, error)](t, lib, "load")
		apply = bind[func(func(int32) (int32, error), int32) (int32, error)](t, lib, "apply")
		_, err = apply(func(x int32) (int32, error) { return load(8) }, 1)
		fault(t, err)
	})
	t.Run("in leaf calls", func(t *testing.T) {
		lib := openFaults(t, path, native.Options{AllowAfterFault: true})
		load := bind[func(dtype.Addr) (int32, error)](t, native.Leaf(lib), "load")
		recurse := bind[func(int32) (int32, error)](t, native.Leaf(lib), "recurse")
		add := bind[func(int32, int32) int32](t, native.Leaf(lib), "add")
		for i := range int32(2000) {
			_, err := load(8)
			require.Equal(t, "load_static", fault(t, err).Function)
			require.Equal(t, i+1, add(i, 1))
		}
		_, err := recurse(1)
		require.ErrorIs(t, err, wasmffi.ErrStackOverflow)
	})
	t.Run("after a callback that failed", func(t *testing.T) {
		lib := openFaults(t, path, native.Options{})
		mine := errors.New("mine")
		f := bind[func(func(int32) (int32, error), dtype.Addr) (int32, error)](t, lib, "call_then_load")
		_, err := f(func(int32) (int32, error) { return 0, mine }, 8)
		fault(t, err)
		require.ErrorIs(t, err, mine)
	})
	t.Run("on a thread of C's that called Go", func(t *testing.T) {
		lib := openFaults(t, path, native.Options{AllowAfterFault: true})
		load := bind[func(dtype.Addr) (int32, error)](t, lib, "load")
		var seen atomic.Int32
		_, err := bind[func(func()) (int32, error)](t, lib, "on_thread")(func() {
			for range 3 {
				_, err := load(8)
				if errors.Is(err, wasmffi.ErrFault) {
					seen.Add(1)
				}
			}
		})
		require.NoError(t, err)
		require.EqualValues(t, 3, seen.Load())
	})
}

// opaque keeps the compiler from computing with x.
//
//go:noinline
func opaque(x float64) float64 { return x }

// Go's own faults are Go's, with the guard in place and with C further up the
// stack.
func TestFaultsOfGo(t *testing.T) {
	lib := openFaults(t, buildFaults(t), native.Options{})
	apply := bind[func(func(int32) int32, int32) (int32, error)](t, lib, "apply")
	divide := func() (recovered any) {
		defer func() { recovered = recover() }()
		return 1 / opaqueInt(0)
	}
	badRead := func() error { return lib.Space().ReadAt(make([]byte, 8), 0x5eadbee0) }
	check := func() {
		require.ErrorContains(t, nilPanic().(error), "nil pointer")
		require.ErrorContains(t, divide().(error), "divide by zero")
		require.ErrorIs(t, badRead(), memory.ErrOutOfBounds)
		require.ErrorIs(t, lib.Space().WriteAt(make([]byte, 8), 0x5eadbee0), memory.ErrOutOfBounds)
		_, err := lib.Space().Bytes(0x5eadbee0, 8)
		require.ErrorIs(t, err, memory.ErrOutOfBounds)
	}
	check()
	_, err := apply(func(x int32) int32 { check(); return x }, 1)
	require.NoError(t, err)
	_, err = apply(func(x int32) int32 { var p *int32; return *p }, 1)
	var p *wasmffi.PanicError
	require.ErrorAs(t, err, &p)
	require.ErrorContains(t, err, "nil pointer")
	check()
}

func nilPanic() (recovered any) {
	defer func() { recovered = recover() }()
	var p *[100]int
	return p[opaqueInt(3)]
}

//go:noinline
func opaqueInt(x int) int { return x }
