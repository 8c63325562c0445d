package host

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// cells are the functions of reset.wasm.
type cells struct {
	lib wasmffi.Library
	cellFuncs
}

type cellFuncs struct {
	Poke func(addr, value int32) error        `c:"poke"`
	Peek func(addr int32) (int32, error)      `c:"peek"`
	Grow func(pages int32) (int32, error)     `c:"grow"`
	Size func() (int32, error)                `c:"size"`
	Set  func(value int32) error              `c:"set"`
	G32  func() (int32, error)                `c:"g32"`
	Call func(slot dtype.Addr) (int32, error) `c:"call"`
	Trap func() error                         `c:"trap"`
	Spin func() error                         `c:"spin"`
}

func newCells(lib wasmffi.Library) (*cells, error) {
	c := &cells{lib: lib}
	return c, wasmffi.BindAll(lib, &c.cellFuncs)
}

func newCellPool(t testing.TB, opts PoolOptions) *Pool[*cells] {
	p, err := NewPool(background, "reset.wasm", fixture(t, "reset.wasm"), opts, newCells)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close(nil)) })
	return p
}

// untouched checks that an instance shows nothing of those before.
func untouched(t testing.TB, c *cells) {
	v, err := c.Peek(1000)
	assert.NoError(t, err)
	assert.EqualValues(t, 'i', v)
	v, err = c.G32()
	assert.NoError(t, err)
	assert.EqualValues(t, 11, v)
	v, err = c.Size()
	assert.NoError(t, err)
	assert.EqualValues(t, 3, v)
}

// TestPoolIsolates: whatever one Do does, and however it ends.
func TestPoolIsolates(t *testing.T) {
	setups := 0
	p, err := NewPool(background, "reset.wasm", fixture(t, "reset.wasm"), PoolOptions{Instances: 1},
		func(lib wasmffi.Library) (*cells, error) {
			setups++
			c, err := newCells(lib)
			if err == nil {
				err = c.Poke(1000, 'S') // undone
			}
			return c, err
		})
	require.NoError(t, err)
	defer p.Close(nil)
	spoil := func(c *cells) {
		untouched(t, c)
		assert.NoError(t, c.Poke(1000, 'x'))
		assert.NoError(t, c.Set(5))
		_, err := c.Grow(3)
		assert.NoError(t, err)
		_, err = c.lib.Callback(wasmffi.CallbackSpec{Sig: proto(dtype.CInt), Func: func(*wasmffi.Frame) error { return nil }})
		assert.NoError(t, err)
	}
	var kept memory.View
	failed := errors.New("f failed")
	require.ErrorIs(t, p.Do(background, func(c *cells) (err error) {
		spoil(c)
		kept, err = memory.NewView(c.lib.Space(), nil, 1000, 1, dtype.Uint8)
		require.NoError(t, err)
		return failed
	}), failed)
	_, err = memory.Load[uint8](kept)
	require.ErrorIs(t, err, memory.ErrEnded)
	require.ErrorIs(t, p.Do(background, func(c *cells) error { spoil(c); return c.Trap() }), wasmffi.ErrTrap)
	require.PanicsWithValue(t, "f", func() { _ = p.Do(background, func(c *cells) error { spoil(c); panic("f") }) })
	goexit := make(chan struct{})
	go func() {
		defer close(goexit)
		_ = p.Do(background, func(c *cells) error { spoil(c); runtime.Goexit(); return nil })
	}()
	<-goexit
	require.NoError(t, p.Do(background, func(c *cells) error { untouched(t, c); return nil }))
	assert.Equal(t, 1, setups, "one instance served them all")
	assert.Equal(t, PoolStats{Instances: 1, Idle: 1, Done: 5, Opened: 1}, p.Stats())
}

// TestPoolReplaces what cannot be reset: it is closed, or its memory in use.
func TestPoolReplaces(t *testing.T) {
	p := newCellPool(t, PoolOptions{Instances: 1})
	require.NoError(t, p.Do(background, func(c *cells) error { return c.lib.Close() }))
	require.NoError(t, p.Do(background, func(c *cells) error { untouched(t, c); return nil }))

	inside, leave, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
	require.NoError(t, p.Do(background, func(c *cells) error {
		view, err := memory.NewView(c.lib.Space(), nil, 1000, 1, dtype.Uint8)
		require.NoError(t, err)
		go func() {
			defer close(left)
			assert.NoError(t, view.Use(func(b []byte) error { close(inside); <-leave; b[0] = 'x'; return nil }))
		}()
		<-inside
		return nil
	}))
	require.NoError(t, p.Do(background, func(c *cells) error { untouched(t, c); return nil }))
	close(leave)
	<-left
	require.NoError(t, p.Do(background, func(c *cells) error { untouched(t, c); return nil }))
	s := p.Stats()
	assert.EqualValues(t, 2, s.Replaced)
	assert.EqualValues(t, 3, s.Opened)
	assert.Equal(t, 1, s.Instances)
}

func TestPoolBounds(t *testing.T) {
	p := newCellPool(t, PoolOptions{Instances: 2, Waiting: 1})
	inside, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			assert.NoError(t, p.Do(background, func(*cells) error { inside <- struct{}{}; <-leave; return nil }))
		})
		<-inside
	}
	ctx, cancel := context.WithTimeout(background, 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, p.Do(ctx, nil), context.DeadlineExceeded)

	ran := make(chan error)
	go func() { ran <- p.Do(background, func(c *cells) error { untouched(t, c); return nil }) }()
	require.Eventually(t, func() bool { return p.Stats().Waiting == 1 }, time.Second, time.Millisecond)
	assert.ErrorIs(t, p.Do(background, nil), ErrPoolFull)
	assert.Equal(t, PoolStats{Instances: 2, Running: 2, Waiting: 1, Opened: 2}, p.Stats())
	close(leave)
	require.NoError(t, <-ran)
	wg.Wait()

	none := newCellPool(t, PoolOptions{Instances: 1, Waiting: -1})
	require.NoError(t, none.Do(background, func(*cells) error {
		assert.ErrorIs(t, none.Do(background, nil), ErrPoolFull)
		return nil
	}))
}

func TestPoolClose(t *testing.T) {
	p := newCellPool(t, PoolOptions{Instances: 1})
	spinning, ended := make(chan struct{}), make(chan error)
	go func() {
		ended <- p.Do(background, func(c *cells) error { close(spinning); return c.Spin() })
	}()
	<-spinning
	waiting := make(chan error)
	go func() { waiting <- p.Do(background, nil) }()
	require.Eventually(t, func() bool { return p.Stats().Waiting == 1 }, time.Second, time.Millisecond)
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	closed := make(chan error)
	go func() { closed <- p.Close(ctx) }()
	assert.ErrorIs(t, <-waiting, ErrPoolClosed)
	assert.ErrorIs(t, <-ended, wasmffi.ErrClosed)
	assert.NoError(t, <-closed)
	assert.ErrorIs(t, p.Do(background, nil), ErrPoolClosed)
	assert.NoError(t, p.Close(background))
	assert.Zero(t, p.Stats().Instances)

	// What is running ends by itself where the context allows it.
	p = newCellPool(t, PoolOptions{Instances: 1})
	inside, told := make(chan struct{}), make(chan struct{})
	go func() {
		ended <- p.Do(background, func(c *cells) error {
			close(inside)
			<-told
			untouched(t, c)
			return nil
		})
	}()
	<-inside
	go func() { waiting <- p.Do(background, nil) }()
	require.Eventually(t, func() bool { return p.Stats().Waiting == 1 }, time.Second, time.Millisecond)
	go func() { closed <- p.Close(background) }()
	assert.ErrorIs(t, <-waiting, ErrPoolClosed)
	close(told)
	assert.NoError(t, <-ended)
	assert.NoError(t, <-closed)
}

func TestPoolOpens(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, err := NewPool(ctx, "reset.wasm", fixture(t, "reset.wasm"), PoolOptions{}, newCells)
	assert.ErrorIs(t, err, context.Canceled)
	_, err = OpenPool(background, "no such module", PoolOptions{})
	assert.ErrorIs(t, err, wasmffi.ErrNotFound)
	failed := errors.New("setup failed")
	_, err = NewPool(background, "reset.wasm", fixture(t, "reset.wasm"), PoolOptions{}, func(wasmffi.Library) (int, error) { return 0, failed })
	assert.ErrorIs(t, err, failed)

	p, err := OpenPool(background, "testdata/reset.wasm", PoolOptions{Instances: 3, Warm: 2})
	require.NoError(t, err)
	assert.Equal(t, 2, p.Stats().Idle)
	require.NoError(t, p.Do(nil, func(lib wasmffi.Library) error {
		_, err := lib.Lookup("poke")
		return err
	}))
	require.NoError(t, p.Close(background))
}

// TestPoolHammer: each sees only what it wrote itself, whatever the others do,
// and there are never more instances than the bound.
func TestPoolHammer(t *testing.T) {
	for _, name := range []string{"reset.wasm", "resettables.wasm"} {
		var opened atomic.Int64
		p, err := NewPool(background, name, fixture(t, name), PoolOptions{Instances: 3}, func(lib wasmffi.Library) (wasmffi.Library, error) {
			opened.Add(1)
			return lib, nil
		})
		require.NoError(t, err)
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := range 30 {
					err := p.Do(background, func(lib wasmffi.Library) error {
						peek, err := wasmffi.Bind[func(int32) (int32, error)](lib, "peek")
						require.NoError(t, err)
						poke, err := wasmffi.Bind[func(int32, int32) error](lib, "poke")
						require.NoError(t, err)
						v, err := peek(2000)
						assert.NoError(t, err)
						assert.Zero(t, v)
						assert.NoError(t, poke(2000, int32(g+1)))
						if i%7 == 0 {
							trap, err := wasmffi.Bind[func() error](lib, "trap")
							require.NoError(t, err)
							return trap()
						}
						v, err = peek(2000)
						assert.NoError(t, err)
						assert.EqualValues(t, g+1, v)
						return nil
					})
					if i%7 == 0 {
						assert.ErrorIs(t, err, wasmffi.ErrTrap)
					} else {
						assert.NoError(t, err)
					}
				}
			})
		}
		wg.Wait()
		assert.LessOrEqual(t, opened.Load(), int64(3+p.Stats().Replaced), "a slow reset costs an instance")
		assert.EqualValues(t, 8*30, p.Stats().Done)
		require.NoError(t, p.Close(background))
	}
}

// TestPoolOutput: each call has the whole of Options.OutputLimit.
func TestPoolOutput(t *testing.T) {
	var out bytes.Buffer
	lib := openTest(t, "wasi.wasm", Options{Resettable: true, Stdout: &out, OutputLimit: 8})
	require.NotEmpty(t, lib.in.writers)
	w := lib.in.writers[0]
	for range 2 {
		require.NoError(t, lib.in.enter(nil))
		_, err := w.Write([]byte("12345678"))
		require.NoError(t, err)
		_, err = w.Write([]byte("9"))
		require.ErrorIs(t, err, ErrOutputLimit)
		require.NoError(t, lib.in.leave(nil))
		require.NoError(t, lib.Reset(background))
	}
	assert.Equal(t, "1234567812345678", out.String())
}
