//go:build (linux || darwin) && (amd64 || arm64)

package native_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/native"
)

// buildCalls compiles testdata/calls.c and returns the library's path.
func buildCalls(t testing.TB) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("testdata", "calls.c"))
	require.NoError(t, err)
	flags := []string{"-pthread"}
	if runtime.GOOS == "linux" {
		script, err := filepath.Abs(filepath.Join("testdata", "calls.map"))
		require.NoError(t, err)
		flags = append(flags, "-Wl,--version-script="+script)
	}
	return build(t, compilers(t)[0], "-O2", string(source), flags...)
}

// openCalls opens testdata/calls.c.
func openCalls(t testing.TB) wasmffi.Library {
	t.Helper()
	lib, err := native.Open(context.Background(), buildCalls(t), native.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, lib.Close()) })
	return lib
}

func bind[F any](t testing.TB, lib wasmffi.Library, name string) F {
	t.Helper()
	f, err := wasmffi.Bind[F](lib, name)
	require.NoError(t, err)
	return f
}

func TestCallees(t *testing.T) {
	lib := openCalls(t)
	t.Run("registers that a callback must keep", func(t *testing.T) {
		f := bind[func(func(int32) int32) dtype.Long](t, lib, "kept_registers")
		require.Zero(t, f(func(x int32) int32 { growStack(100); return x }))
	})
	t.Run("errno is the call's own", func(t *testing.T) {
		get := bind[func() (int32, wasmffi.Errno)](t, lib, "get_errno")
		set := bind[func(int32) (int32, wasmffi.Errno)](t, lib, "set_errno")
		_, e := set(11)
		require.EqualValues(t, 11, e)
		seen, e := get()
		require.Zero(t, seen, "each call begins with none")
		require.Zero(t, e)
	})
	t.Run("a callback leaves C's errno alone", func(t *testing.T) {
		set := bind[func(int32) int32](t, lib, "set_errno")
		f := bind[func(func(int32) int32) int32](t, lib, "errno_around")
		require.EqualValues(t, 7, f(func(int32) int32 { return set(99) }))
	})
	t.Run("struct big turn(struct big)", func(t *testing.T) {
		type big struct{ A [8]int64 }
		turn := bind[func(big) big](t, lib, "turn")
		ask := bind[func(func(big) big, big) big](t, lib, "ask_big")
		in, out := big{[8]int64{1, 2, 3, 4, 5, 6, 7, 8}}, big{[8]int64{8, 7, 6, 5, 4, 3, 2, 1}}
		require.Equal(t, out, turn(in))
		require.Equal(t, out, ask(func(b big) big { return turn(b) }, in))
	})
	t.Run("a struct aligned to 64 bytes", func(t *testing.T) {
		over, err := dtype.NewStructAttr("over", dtype.Attr{}, dtype.Field{Name: "c", Type: dtype.CChar, Align: 64})
		require.NoError(t, err)
		sig, err := dtype.NewFunc(dtype.CInt, []dtype.Param{{Type: dtype.CInt}, {Type: over}}, false)
		require.NoError(t, err)
		sym, err := lib.Lookup("aligned64")
		require.NoError(t, err)
		call, err := lib.Prepare(sym, sig)
		require.NoError(t, err)
		for range 20 {
			f := wasmffi.Frame{Words: []uint64{1, 5, 0, 0, 0, 0, 0, 0, 0, 0}}
			require.NoError(t, call.Call(&f))
			require.EqualValues(t, 6, f.Words[9])
		}
	})
	t.Run("a frame that is too small", func(t *testing.T) {
		sig, err := dtype.NewFunc(dtype.CInt, []dtype.Param{{Type: dtype.CInt}, {Type: dtype.CInt}}, false)
		require.NoError(t, err)
		sym, err := lib.Lookup("add")
		require.NoError(t, err)
		call, err := lib.Prepare(sym, sig)
		require.NoError(t, err)
		err = call.Call(&wasmffi.Frame{Words: make([]uint64, 2)})
		require.ErrorIs(t, err, wasmffi.ErrSignature)
		require.EqualError(t, err, "signature mismatch: a frame of 2 words where 3 are needed")
	})
	t.Run("a context that is over", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := bind[func(context.Context, int32, int32) (int32, error)](t, lib, "add")(ctx, 1, 2)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// growStack makes the goroutine's stack move, by needing more of it than it has.
//
//go:noinline
func growStack(n int) int {
	var pad [1024]byte
	if n == 0 {
		return 0
	}
	pad[n%len(pad)] = byte(n)
	return growStack(n-1) + int(pad[n%len(pad)]) - int(byte(n))
}

// The arguments and results of a call, and its context, may be on a stack that
// moves while the call is on its way.
func TestStackMovesDuringCall(t *testing.T) {
	lib := openCalls(t)
	type key struct{}
	f := bind[func(context.Context, func(context.Context, int32) (int32, error), int32) (int32, error)](t, lib, "twice_by")
	add, err := wasmffi.Bind2[int32, int32, int32](lib, "add", nil)
	require.NoError(t, err)
	plain, err := wasmffi.Bind2[dtype.Addr, int32, int32](lib, "twice_by", nil)
	require.NoError(t, err)
	cb, err := wasmffi.NewCallback(lib, func(x int32) int32 { growStack(200); return add.Call(x, 1) }, nil)
	require.NoError(t, err)
	defer cb.Free()
	var wg sync.WaitGroup
	for g := range int32(32) {
		wg.Add(1)
		go func() { // with a small stack to begin with
			defer wg.Done()
			for i := range int32(20) {
				ctx := context.WithValue(context.Background(), key{}, g)
				got, err := f(ctx, func(ctx context.Context, x int32) (int32, error) {
					growStack(int(50 + 10*i))
					if ctx.Value(key{}) != g {
						return 0, errors.New("another context")
					}
					return add.CallContext(ctx, x, 1)
				}, g)
				if err != nil || got != 2*(g+1) {
					t.Errorf("twice_by: %d, %v", got, err)
				}
				if got := plain.Call(dtype.Addr(cb.Address()), g); got != 2*(g+1) {
					t.Errorf("twice_by: %d", got)
				}
				runtime.GC()
			}
		}()
	}
	wg.Wait()
}

func TestDepth(t *testing.T) {
	lib := openCalls(t)
	apply := bind[func(func(int32) (int32, error), int32) (int32, error)](t, lib, "apply")
	deepest := int32(0)
	t.Run("1000 calls", func(t *testing.T) {
		var refused error
		var down func(x int32) (int32, error)
		down = func(x int32) (int32, error) {
			deepest = x
			r, err := apply(down, x+1)
			if refused == nil {
				refused = err
			}
			return r, err
		}
		_, err := apply(down, 1)
		require.ErrorIs(t, err, wasmffi.ErrDepth)
		require.EqualError(t, refused, "wasmffi: call "+lib.Name()+" apply: "+
			"calls nested too deep: more than 1000 calls on this thread, or its stack is nearly full")
		require.EqualValues(t, 1000, deepest)
	})
	t.Run("or the thread's stack", func(t *testing.T) {
		hungry := bind[func(func(int32) (int32, error), int32, int32) (int32, error)](t, lib, "deep")
		var down func(x int32) (int32, error)
		down = func(x int32) (int32, error) {
			deepest = x
			return hungry(down, x+1, 64<<10)
		}
		_, err := hungry(down, 1, 64<<10)
		require.ErrorIs(t, err, wasmffi.ErrDepth)
		require.Less(t, deepest, int32(1000))
	})
	r, err := apply(func(x int32) (int32, error) { return x, nil }, 8)
	require.NoError(t, err)
	require.EqualValues(t, 8, r, "usable afterwards")
}

func TestForeignThreads(t *testing.T) {
	lib := openCalls(t)
	add := bind[func(int32, int32) int32](t, lib, "add")
	t.Run("a thread of C's calls back", func(t *testing.T) {
		require.EqualValues(t, 4950+100, bind[func(func(int32) int32, int32) int32](t, lib, "from_thread")(
			func(x int32) int32 { return add(x, 1) }, 100))
	})
	t.Run("many threads of C's", func(t *testing.T) {
		var calls atomic.Int64
		require.EqualValues(t, 32*4950, bind[func(func(int32) int32, int32, int32) int32](t, lib, "from_threads")(
			func(x int32) int32 { calls.Add(1); growStack(20); return add(x, 0) }, 32, 100))
		require.EqualValues(t, 3200, calls.Load())
	})
	t.Run("a failure there gives the fallback and goes to the handler", func(t *testing.T) {
		boom := errors.New("boom")
		var told atomic.Int64
		cb, err := wasmffi.NewCallback(lib, func(x int32) (int32, error) {
			if x == 1 {
				panic(boom)
			}
			return 0, boom
		}, &wasmffi.CallbackOptions{Fallback: int32(5), OnError: func(err error) {
			if errors.Is(err, boom) {
				told.Add(1)
			}
		}})
		require.NoError(t, err)
		defer cb.Free()
		r, err := bind[func(wasmffi.Callback, int32) (int32, error)](t, lib, "from_thread")(cb, 3)
		require.NoError(t, err, "no call of Go's encloses it")
		require.EqualValues(t, 15, r)
		require.EqualValues(t, 3, told.Load())
	})
	t.Run("nesting to the limit", func(t *testing.T) {
		apply := bind[func(func(int32) (int32, error), int32) (int32, error)](t, lib, "apply")
		deepest := int32(0)
		var failure error
		var down func(x int32) (int32, error)
		down = func(x int32) (int32, error) { deepest = x; return apply(down, x+1) }
		bind[func(func(int32) int32, int32) int32](t, lib, "from_thread")(func(int32) int32 {
			_, failure = apply(down, 1)
			return 0
		}, 1)
		require.ErrorIs(t, failure, wasmffi.ErrDepth)
		require.EqualValues(t, 1000, deepest)
	})
}

func TestCallbackLifetime(t *testing.T) {
	lib := openCalls(t)
	apply := bind[func(wasmffi.Callback, int32) (int32, error)](t, lib, "apply")
	t.Run("a freed callback gives the fallback and an error", func(t *testing.T) {
		var told error
		cb, err := wasmffi.NewCallback(lib, func(x int32) int32 { return x },
			&wasmffi.CallbackOptions{Fallback: int32(-3), OnError: func(err error) { told = err }})
		require.NoError(t, err)
		addr := dtype.Addr(cb.Address())
		require.NoError(t, cb.Free())
		_, err = bind[func(dtype.Addr, int32) (int32, error)](t, lib, "apply")(addr, 4)
		require.ErrorIs(t, err, wasmffi.ErrCallback)
		require.EqualError(t, err, "wasmffi: call "+lib.Name()+" apply: callback failed: C called int32_t (int32_t), which was freed")
		require.ErrorIs(t, told, wasmffi.ErrCallback)
		// A thread of C's own goes on with the fallback.
		r, err := bind[func(dtype.Addr, int32) (int32, error)](t, lib, "from_thread")(addr, 2)
		require.NoError(t, err)
		require.EqualValues(t, -6, r)
	})
	t.Run("slots are used again late", func(t *testing.T) {
		cb, err := wasmffi.NewCallback(lib, func(x int32) int32 { return x }, nil)
		require.NoError(t, err)
		first := cb.Address()
		require.NoError(t, cb.Free())
		seen := map[uint64]int{}
		for i := range int32(5000) {
			cb, err := wasmffi.NewCallback(lib, func(x int32) int32 { return x + i }, nil)
			require.NoError(t, err)
			r, err := apply(cb, 1)
			require.NoError(t, err)
			require.Equal(t, i+1, r)
			if i < 60 {
				require.NotEqual(t, first, cb.Address(), "after %d others", i)
			}
			seen[cb.Address()]++
			require.NoError(t, cb.Free())
		}
		require.Less(t, len(seen), 5000, "slots are used again")
	})
	t.Run("the first failure is the call's", func(t *testing.T) {
		one := errors.New("one")
		n := 0
		_, err := bind[func(func(int32) (int32, error), int32) (int32, error)](t, lib, "twice_by")(func(int32) (int32, error) {
			if n++; n == 1 {
				return 0, one
			}
			return 0, errors.New("two")
		}, 1)
		require.ErrorIs(t, err, one)
		require.Equal(t, 2, n, "C goes on")
	})
	t.Run("an inner call's failure is the inner call's", func(t *testing.T) {
		boom := errors.New("boom")
		f := bind[func(func(int32) (int32, error), int32) (int32, error)](t, lib, "apply")
		var inner error
		r, err := f(func(x int32) (int32, error) {
			_, inner = f(func(int32) (int32, error) { return 0, boom }, x)
			return 6, nil
		}, 1)
		require.NoError(t, err)
		require.EqualValues(t, 6, r)
		require.ErrorIs(t, inner, boom)
	})
}

// Goexit unwinds C's frames and its callbacks' on every level, and leaves the
// thread as if none of its calls had been made.
func TestGoexit(t *testing.T) {
	lib, err := native.Open(context.Background(), buildCalls(t), native.Options{})
	require.NoError(t, err)
	apply := bind[func(func(int32) int32, int32) int32](t, lib, "apply")
	for range 50 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			apply(func(x int32) int32 {
				return apply(func(x int32) int32 {
					runtime.Goexit()
					return x
				}, x)
			}, 1)
			t.Error("returned from Goexit")
		}()
		<-done
	}
	require.EqualValues(t, 9, apply(func(x int32) int32 { return x }, 9))
	require.NoError(t, lib.Close(), "no call is left in flight")
}

// Close waits for calls that are in C, and refuses those that come later.
func TestCloseWaits(t *testing.T) {
	lib, err := native.Open(context.Background(), buildCalls(t), native.Options{})
	require.NoError(t, err)
	wait := bind[func(int32) (int32, error)](t, lib, "wait_for")
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	var returned atomic.Bool
	called := make(chan error)
	go func() {
		n, err := wait(int32(r.Fd()))
		returned.Store(true)
		if err == nil && n != 1 {
			err = errors.New("nothing read")
		}
		called <- err
	}()
	time.Sleep(20 * time.Millisecond) // time to enter C; if not, the call is refused below
	closed := make(chan bool)
	go func() {
		_ = lib.Close()
		closed <- returned.Load()
	}()
	for !isClosed(lib) {
		time.Sleep(time.Millisecond)
	}
	_, err = wait(0)
	require.ErrorIs(t, err, wasmffi.ErrClosed)
	_, err = w.Write([]byte{1})
	require.NoError(t, err)
	require.NoError(t, <-called)
	<-closed
	require.NoError(t, lib.Close())
}

func isClosed(lib wasmffi.Library) bool {
	_, err := lib.Lookup("add")
	return errors.Is(err, wasmffi.ErrClosed)
}

func TestCloseInCallback(t *testing.T) {
	outer, inner := openCalls(t), openCalls(t)
	apply := bind[func(func(int32) int32, int32) int32](t, outer, "apply")
	var own, nested error
	require.EqualValues(t, 3, apply(func(x int32) int32 {
		own = outer.Close()
		return bind[func(func(int32) int32, int32) int32](t, inner, "apply")(func(x int32) int32 {
			nested = outer.Close()
			return x
		}, x)
	}, 3))
	require.ErrorIs(t, own, wasmffi.ErrBusy)
	require.EqualError(t, own, "wasmffi: close "+outer.Name()+": library is busy")
	require.ErrorIs(t, nested, wasmffi.ErrBusy, "two levels up")
	require.EqualValues(t, 4, apply(func(x int32) int32 { return x }, 4))
}

// Opening, calling back and closing from everywhere at once.
func TestHammer(t *testing.T) {
	path := buildCalls(t)
	var wg sync.WaitGroup
	for g := range int32(8) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range int32(15) {
				lib, err := native.Open(context.Background(), path, native.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				apply := bind[func(func(int32) int32, int32) (int32, error)](t, lib, "apply")
				var calls sync.WaitGroup
				for range 3 {
					calls.Add(1)
					go func() {
						defer calls.Done()
						for {
							r, err := apply(func(x int32) int32 { return x + g }, i)
							if errors.Is(err, wasmffi.ErrClosed) {
								return
							}
							if err != nil || r != i+g {
								t.Errorf("apply: %d, %v", r, err)
								return
							}
						}
					}()
				}
				runtime.Gosched()
				if err := lib.Close(); err != nil {
					t.Error(err)
				}
				calls.Wait()
			}
		}()
	}
	wg.Wait()
}
