package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

// counterModule is a plug-in with a version and a counter:
//
//	void wait_(void);                                   // imported
//	int version(void) { return VERSION; }
//	int next(void) { return ++count; }                  // or, if wide, of long long
//	void set(int n) { count = n; }
//	int slow(void) { wait_(); return VERSION; }
func counterModule(version byte, wide bool) []byte {
	section := func(id byte, items ...[]byte) []byte {
		body := []byte{byte(len(items))}
		for _, i := range items {
			body = append(body, i...)
		}
		return append([]byte{id, byte(len(body))}, body...)
	}
	name := func(s string) []byte { return append([]byte{byte(len(s))}, s...) }
	code := func(b ...byte) []byte { return append([]byte{byte(len(b) + 2), 0}, append(b, 0x0b)...) }
	const i32, i64, funcType, konst, global, set, add, call = 0x7f, 0x7e, 0x60, 0x41, 0x23, 0x24, 0x6a, 0x10
	nextType, nextCode := byte(0), code(global, 0, konst, 1, add, set, 0, global, 0)
	if wide {
		nextType, nextCode = 3, code(0x42, 7)
	}
	m := []byte("\x00asm\x01\x00\x00\x00")
	m = append(m, section(1, []byte{funcType, 0, 1, i32}, []byte{funcType, 1, i32, 0}, []byte{funcType, 0, 0}, []byte{funcType, 0, 1, i64})...)
	m = append(m, section(2, append(append(name("env"), name("wait_")...), 0, 2))...)
	m = append(m, section(3, []byte{0}, []byte{nextType}, []byte{1}, []byte{0})...)
	m = append(m, section(6, []byte{i32, 1, konst, 0, 0x0b})...)
	m = append(m, section(7, append(name("version"), 0, 1), append(name("next"), 0, 2), append(name("set"), 0, 3), append(name("slow"), 0, 4))...)
	return append(m, section(10, code(konst, version), nextCode, code(0x20, 0, set, 0), code(call, 0, konst, version))...)
}

type counter struct {
	Version func() (int32, error)                `c:"version"`
	Next    func() (int32, error)                `c:"next"`
	Set     func(n int32) error                  `c:"set"`
	Slow    func(context.Context) (int32, error) `c:"slow"`
}

func newCounter(lib wasmffi.Library) (*counter, error) {
	c := new(counter)
	return c, wasmffi.BindAll(lib, c)
}

// waiting is an import that tells that it was called, and waits.
type waiting struct{ in, out chan struct{} }

func newWaiting() *waiting { return &waiting{make(chan struct{}), make(chan struct{})} }

func (w *waiting) options() Options {
	return Options{Imports: wasmffi.Imports{{Name: "wait_", Func: func() { w.in <- struct{}{}; <-w.out }}}}
}

func newCounterPlugin(t *testing.T, opts Options) *Plugin[*counter] {
	p, err := NewPlugin(background, "v1.wasm", counterModule(1, false), opts, newCounter)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close(nil)) })
	return p
}

func (p *Plugin[T]) editions() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.all)
}

// version is that of the module that Do gives now.
func version(t *testing.T, p interface {
	Do(context.Context, func(*counter) error) error
}) (v int32) {
	require.NoError(t, p.Do(background, func(c *counter) (err error) {
		v, err = c.Version()
		return err
	}))
	return v
}

func TestPluginReplace(t *testing.T) {
	w := newWaiting()
	p := newCounterPlugin(t, w.options())
	next := func() (n int32) {
		require.NoError(t, p.Do(background, func(c *counter) (err error) { n, err = c.Next(); return err }))
		return n
	}
	require.EqualValues(t, 1, next())
	require.EqualValues(t, 2, next(), "state stays")

	old := make(chan int32)
	go func() {
		_ = p.Do(background, func(c *counter) error {
			v, err := c.Slow(background)
			if err == nil {
				w, err := c.Version() // in the same Do it is the same module
				if err == nil && w == v {
					old <- v
					return nil
				}
			}
			old <- -1
			return err
		})
	}()
	<-w.in
	require.NoError(t, p.Replace(background, "v2.wasm", counterModule(2, false), nil))
	require.Equal(t, "v2.wasm", p.Name())
	require.EqualValues(t, 2, version(t, p), "a new call, though an old one runs")
	require.EqualValues(t, 1, next(), "of the new module")
	require.Equal(t, 2, p.editions())
	close(w.out)
	require.EqualValues(t, 1, <-old)
	require.Eventually(t, func() bool { return p.editions() == 1 }, 10*time.Second, time.Millisecond, "the old one is closed")

	require.ErrorIs(t, p.Do(background, func(*counter) error { return os.ErrExist }), os.ErrExist)
	require.Panics(t, func() { _ = p.Do(background, func(*counter) error { panic("f") }) })
	require.EqualValues(t, 2, version(t, p))
}

// What is wrong with a new module leaves the old one.
func TestPluginReplaceFails(t *testing.T) {
	p := newCounterPlugin(t, newWaiting().options())
	require.NoError(t, p.Do(background, func(c *counter) error { return c.Set(40) }))
	for _, c := range []struct {
		name    string
		module  []byte
		migrate func(from, to *counter) error
		want    error
	}{
		{"signature", counterModule(2, true), nil, wasmffi.ErrSignature},
		{"no such function", fixture(t, "basic.wasm"), nil, wasmffi.ErrNotFound},
		{"no module", []byte("\x7fELF1234"), nil, wasmffi.ErrRefused},
		{"no file", nil, nil, wasmffi.ErrNotFound},
		{"migration", counterModule(2, false), func(_, _ *counter) error { return os.ErrInvalid }, os.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.ErrorIs(t, p.Replace(background, "v2.wasm", c.module, c.migrate), c.want)
			require.EqualValues(t, 1, version(t, p))
			require.Equal(t, 1, p.editions())
		})
	}
	require.Panics(t, func() {
		_ = p.Replace(background, "v2.wasm", counterModule(2, false), func(_, _ *counter) error { panic("migrate") })
	})
	require.EqualValues(t, 1, version(t, p))
	require.NoError(t, p.Do(background, func(c *counter) error {
		n, err := c.Next()
		require.EqualValues(t, 41, n)
		return err
	}))
	t.Run("the error", func(t *testing.T) {
		err := p.Replace(background, "v2.wasm", counterModule(2, true), nil)
		require.ErrorContains(t, err, "wasmffi: bind v2.wasm next: signature mismatch: int32_t next(void) is called as () -> i32, but the module has () -> i64")
	})
}

func TestPluginMigrate(t *testing.T) {
	w := newWaiting()
	p := newCounterPlugin(t, w.options())
	carry := func(from, to *counter) error {
		n, err := from.Next()
		return errors.Join(err, to.Set(100*n))
	}
	require.NoError(t, p.Replace(background, "v2.wasm", counterModule(2, false), carry))
	require.NoError(t, p.Do(background, func(c *counter) error {
		n, err := c.Next()
		require.EqualValues(t, 101, n)
		return err
	}))
	require.EqualValues(t, 2, version(t, p))

	// Calls that run are waited for, until the context ends; calls that come wait.
	letGo := sync.OnceFunc(func() { close(w.out) })
	defer letGo()
	go func() { _ = p.Do(background, func(c *counter) error { _, err := c.Slow(background); return err }) }()
	<-w.in
	waits := func() {
		require.Eventually(t, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.handover != nil }, 10*time.Second, time.Millisecond)
	}
	ctx, cancel := context.WithCancel(background)
	replaced := make(chan error)
	go func() { replaced <- p.Replace(ctx, "v3.wasm", counterModule(3, false), carry) }()
	waits()
	cancel()
	err := <-replaced
	require.ErrorIs(t, err, wasmffi.ErrBusy)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, p.Do(background, func(*counter) error { return nil }), "the old one is there again")
	require.Equal(t, "v2.wasm", p.Name())

	go func() { replaced <- p.Replace(background, "v3.wasm", counterModule(3, false), carry) }()
	waits()
	short, cancel := context.WithTimeout(background, 5*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, p.Do(short, func(*counter) error { return nil }), context.DeadlineExceeded)
	require.ErrorIs(t, p.Replace(short, "v4.wasm", counterModule(4, false), nil), context.DeadlineExceeded)
	waited := make(chan int32)
	go func() { waited <- version(t, p) }()
	letGo()
	require.NoError(t, <-replaced)
	require.EqualValues(t, 3, <-waited)
}

func TestPluginFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plugin.wasm")
	require.NoError(t, os.WriteFile(file, counterModule(1, false), 0o600))
	p, err := NewPlugin(background, file, nil, newWaiting().options(), newCounter)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, counterModule(2, false), 0o600))
	require.EqualValues(t, 1, version(t, p))
	require.NoError(t, p.Replace(nil, file, nil, nil))
	require.EqualValues(t, 2, version(t, p))
	require.NoError(t, p.Close(background))
	require.NoError(t, p.Close(background), "twice")
	require.ErrorIs(t, p.Do(nil, func(*counter) error { return nil }), wasmffi.ErrClosed)
	require.ErrorIs(t, p.Replace(background, file, nil, nil), wasmffi.ErrClosed)
	_, err = NewPlugin(background, file, counterModule(1, true), newWaiting().options(), newCounter)
	require.ErrorIs(t, err, wasmffi.ErrSignature)
}

// Close waits for what runs in any module, and then ends it.
func TestPluginClose(t *testing.T) {
	p, err := NewPlugin(background, "spin", fixture(t, "reset.wasm"), Options{}, newCells)
	require.NoError(t, err)
	ended, started := make(chan error, 2), make(chan struct{})
	for range 2 {
		go func() {
			ended <- p.Do(background, func(c *cells) error { started <- struct{}{}; return c.Spin() })
		}()
		<-started
		require.NoError(t, p.Replace(background, "spin", fixture(t, "reset.wasm"), nil))
	}
	require.Equal(t, 3, p.editions())
	ctx, cancel := context.WithTimeout(background, 10*time.Millisecond)
	defer cancel()
	require.NoError(t, p.Close(ctx))
	for range 2 {
		require.ErrorIs(t, <-ended, wasmffi.ErrClosed)
	}
}

// Many call while modules come and go: no call fails, none sees two versions,
// and versions only grow.
func TestReplaceUnderLoad(t *testing.T) {
	const replacements, callers = 20, 4
	imports := Options{Imports: wasmffi.Imports{{Name: "wait_", Func: func() {}}}}
	type doer interface {
		Do(context.Context, func(*counter) error) error
	}
	run := func(t *testing.T, p doer, replace func(v byte) error) {
		var stop atomic.Bool
		var wg sync.WaitGroup
		var calls atomic.Int64
		for range callers {
			wg.Go(func() {
				last := int32(0)
				for !stop.Load() {
					err := p.Do(background, func(c *counter) error {
						v, err := c.Version()
						w, err2 := c.Slow(background)
						if err := errors.Join(err, err2); err != nil {
							return err
						}
						if v != w || v < last {
							return fmt.Errorf("version %d, then %d after %d", v, w, last)
						}
						last = v
						return nil
					})
					if err != nil {
						t.Error(err)
						return
					}
					calls.Add(1)
				}
			})
		}
		for v := byte(2); v < replacements; v++ {
			require.NoError(t, replace(v))
			require.EqualValues(t, v, version(t, p))
		}
		stop.Store(true)
		wg.Wait()
		t.Logf("%d calls", calls.Load())
	}
	t.Run("plugin", func(t *testing.T) {
		p := newCounterPlugin(t, imports)
		n := int32(0)
		run(t, p, func(v byte) error {
			var migrate func(from, to *counter) error
			if v%2 == 0 {
				migrate = func(from, to *counter) error { n++; return to.Set(n) }
			}
			return p.Replace(background, "next.wasm", counterModule(v, false), migrate)
		})
		require.Eventually(t, func() bool { return p.editions() == 1 }, 10*time.Second, time.Millisecond)
	})
	t.Run("pool", func(t *testing.T) {
		p, err := NewPool(background, "v1.wasm", counterModule(1, false), PoolOptions{Options: imports, Instances: 2}, newCounter)
		require.NoError(t, err)
		run(t, p, func(v byte) error { return p.Replace(background, "next.wasm", counterModule(v, false)) })
		require.Eventually(t, func() bool { return p.Stats().Instances <= 2 }, 10*time.Second, time.Millisecond)
		require.NoError(t, p.Close(background))
	})
}

func TestPoolReplace(t *testing.T) {
	w := newWaiting()
	p, err := NewPool(background, "v1.wasm", counterModule(1, false), PoolOptions{Options: w.options(), Instances: 2, Warm: 2}, newCounter)
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Close(background)) }()
	require.ErrorIs(t, p.Replace(background, "v2.wasm", counterModule(2, true)), wasmffi.ErrSignature)
	require.EqualValues(t, 1, version(t, p))

	old := make(chan int32)
	go func() {
		_ = p.Do(background, func(c *counter) error {
			v, err := c.Slow(background)
			old <- v
			return err
		})
	}()
	<-w.in
	require.NoError(t, p.Replace(background, "v2.wasm", counterModule(2, false)))
	require.EqualValues(t, 2, version(t, p))
	s := p.Stats()
	require.Equal(t, []any{3, 2, uint64(1)}, []any{s.Instances, s.Idle, s.Replaced})
	close(w.out)
	require.EqualValues(t, 1, <-old)
	require.Eventually(t, func() bool { return p.Stats().Instances == 2 }, 10*time.Second, time.Millisecond)
	require.EqualValues(t, 2, version(t, p))

	require.NoError(t, p.Close(background))
	require.ErrorIs(t, p.Replace(background, "v3.wasm", counterModule(3, false)), ErrPoolClosed)
	require.Zero(t, p.Stats().Instances)
}
