package wasmffitest

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func errorCases(t *testing.T, b Backend) {
	lib := b.open(t)
	name := lib.Name()
	t.Run("a missing symbol names near matches", func(t *testing.T) {
		_, err := wasmffi.Bind[func()](lib, "polygon_aera")
		require.ErrorIs(t, err, wasmffi.ErrNotFound)
		require.EqualError(t, err, "wasmffi: bind "+name+" polygon_aera: symbol not found; did you mean polygon_area?")
		_, err = wasmffi.Bind[func()](lib, "nothing like it at all")
		require.EqualError(t, err, "wasmffi: bind "+name+" nothing like it at all: symbol not found")
	})
	t.Run("wrong number of arguments", func(t *testing.T) {
		f, err := wasmffi.BindFunc(lib, "add", intIntInt(t))
		require.NoError(t, err)
		_, err = f.Call(nil, 1)
		require.ErrorIs(t, err, wasmffi.ErrArgCount)
		require.EqualError(t, err, "wasmffi: call "+name+" add: wrong number of arguments: 1 for int add(int, int)")
		_, err = wasmffi.BindAs[func(int32) int32](lib, "add", intIntInt(t))
		require.ErrorIs(t, err, wasmffi.ErrArgCount)
	})
	t.Run("wrong type of argument", func(t *testing.T) {
		f, err := wasmffi.BindFunc(lib, "add", intIntInt(t))
		require.NoError(t, err)
		_, err = f.Call(nil, 1, 2.5)
		require.ErrorIs(t, err, memory.ErrType)
		require.ErrorContains(t, err, "wasmffi: call "+name+" add: arg 2: ")
		require.ErrorContains(t, err, "float64")
		_, err = f.Call(nil, "1", 2)
		require.ErrorIs(t, err, memory.ErrType)
		_, err = f.Call(nil, nil, 2)
		require.ErrorIs(t, err, memory.ErrType)
		_, err = wasmffi.BindAs[func(string, int32) int32](lib, "add", intIntInt(t))
		require.ErrorIs(t, err, memory.ErrType)
		require.ErrorContains(t, err, "arg 1")
	})
	t.Run("integers out of range", func(t *testing.T) {
		f, err := wasmffi.BindFunc(lib, "inc_uchar", fn(t, dtype.CUChar, dtype.CUChar))
		require.NoError(t, err)
		for _, bad := range []any{256, -1, int64(1) << 40, uint64(1) << 63} {
			_, err = f.Call(nil, bad)
			require.ErrorIs(t, err, memory.ErrRange, "%v", bad)
			require.ErrorContains(t, err, "wasmffi: call "+name+" inc_uchar: arg 1: ")
			require.ErrorContains(t, err, "does not fit unsigned char (0…255)")
		}
	})
	t.Run("Go types without a C counterpart", func(t *testing.T) {
		_, err := wasmffi.Bind[func(int) int](lib, "add")
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)
		require.ErrorContains(t, err, "use int32 for int")
		_, err = wasmffi.Bind[func(map[string]int)](lib, "add")
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)
		_, err = wasmffi.Bind[int](lib, "add")
		require.ErrorIs(t, err, memory.ErrType)
	})
	t.Run("a function without an error result panics with it", func(t *testing.T) {
		neg := wasmffi.MustBind[func(string) dtype.Size](lib, "length")
		defer func() {
			err, _ := recover().(error)
			var e *wasmffi.Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, "call", e.Op)
			require.Equal(t, 1, e.Arg)
		}()
		neg("a\x00b")
		t.Error("did not panic")
	})
}

func lifetimes(t *testing.T, b Backend) {
	t.Run("a call after Close", func(t *testing.T) {
		lib := b.Open(t)
		add := bind[func(int32, int32) (int32, error)](t, lib, "add")
		sum := bind[func([]float64, int32) (float64, error)](t, lib, "sum")
		v, err := wasmffi.Var(lib, "counter", dtype.CInt)
		require.NoError(t, err)
		require.NoError(t, lib.Close())
		require.NoError(t, lib.Close(), "twice is no error")
		_, err = add(1, 2)
		require.ErrorIs(t, err, wasmffi.ErrClosed)
		require.EqualError(t, err, "wasmffi: call "+lib.Name()+" add: library is closed")
		_, err = sum([]float64{1}, 1)
		require.ErrorIs(t, err, wasmffi.ErrClosed)
		_, err = memory.Load[int32](v)
		require.ErrorIs(t, err, memory.ErrEnded)
		_, err = lib.Lookup("add")
		require.ErrorIs(t, err, wasmffi.ErrClosed)
		_, err = wasmffi.NewCallback(lib, func() {}, nil)
		require.ErrorIs(t, err, wasmffi.ErrClosed)
		_, err = memory.NewArena(lib.Space()).New(dtype.CInt)
		require.Error(t, err)
	})
	t.Run("Close inside a callback is refused", func(t *testing.T) {
		lib := b.open(t)
		var closed error
		r := bind[func(func(int32) int32, int32) int32](t, lib, "apply")(func(x int32) int32 {
			closed = lib.Close()
			return x
		}, 5)
		require.EqualValues(t, 5, r)
		require.ErrorIs(t, closed, wasmffi.ErrBusy)
	})
	t.Run("an arena frees what it gave", func(t *testing.T) {
		lib := b.open(t)
		arena := memory.NewArena(lib.Space())
		v, err := arena.New(dtype.CInt)
		require.NoError(t, err)
		require.NoError(t, memory.Store(v, int32(5)))
		require.NoError(t, arena.Close())
		_, err = memory.Load[int32](v)
		require.ErrorIs(t, err, memory.ErrEnded)
		_, err = bind[func(memory.View) (dtype.Addr, error)](t, lib, "same_pointer")(v)
		require.ErrorIs(t, err, memory.ErrEnded)
	})
	t.Run("opened again and again", func(t *testing.T) {
		for range 20 {
			lib := b.Open(t)
			require.EqualValues(t, 3, bind[func(int32, int32) int32](t, lib, "add")(1, 2))
			require.NoError(t, lib.Close())
		}
	})
}

func concurrency(t *testing.T, b Backend) {
	t.Run("calls from many goroutines", func(t *testing.T) {
		lib := b.open(t)
		add := bind[func(int32, int32) int32](t, lib, "add")
		apply := bind[func(func(int32) int32, int32) int32](t, lib, "apply")
		length := bind[func(string) dtype.Size](t, lib, "length")
		parallel(16, func(g int) {
			for i := range 200 {
				if got := add(int32(g), int32(i)); got != int32(g+i) {
					t.Errorf("add(%d, %d) = %d", g, i, got)
				}
				if got := apply(func(x int32) int32 { return add(x, int32(g)) }, int32(i)); got != int32(g+i) {
					t.Errorf("apply: %d", got)
				}
				if got := length("concurrent"); got != 10 {
					t.Errorf("length: %d", got)
				}
			}
		})
	})
	t.Run("Close during calls", func(t *testing.T) {
		for range 10 {
			lib := b.Open(t)
			sum := bind[func([]float64, int32) (float64, error)](t, lib, "sum")
			apply := bind[func(func(int32) int32, int32) (int32, error)](t, lib, "apply")
			var started sync.WaitGroup
			started.Add(4)
			done := make(chan struct{})
			go func() {
				parallel(4, func(g int) {
					started.Done()
					for {
						_, err := sum([]float64{1, 2}, 2)
						if err == nil {
							_, err = apply(func(x int32) int32 { return x }, 1)
						}
						if err != nil {
							if !errors.Is(err, wasmffi.ErrClosed) {
								t.Errorf("want ErrClosed, got %v", err)
							}
							return
						}
					}
				})
				close(done)
			}()
			started.Wait()
			require.NoError(t, lib.Close())
			<-done
		}
	})
}

// parallel runs f in n goroutines and waits for them.
func parallel(n int, f func(g int)) {
	var wg sync.WaitGroup
	for g := range n {
		wg.Add(1)
		go func() { defer wg.Done(); f(g) }()
	}
	wg.Wait()
}
