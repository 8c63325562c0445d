package host

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

// interplay is the functions of interplay.wasm.
type interplay struct {
	Apply          func(f func(int32) (int32, error), x int32) (int32, error)                       `c:"apply"`
	LastPrinted    func() (int32, error)                                                            `c:"last_printed"`
	PrintTo        func(print func(string, wasmffi.Varargs) (int32, error), n int32) (int32, error) `c:"print_to"`
	Append         func(name, text string) (int32, error)                                           `c:"append"`
	AppendAround   func(name, text string, f func(int32) (int32, error), x int32) (int32, error)    `c:"append_around"`
	OpenDir        func(name string) (int32, error)                                                 `c:"open_dir"`
	NextName       func(out wasmffi.Out[byte], max int32) (int32, error)                            `c:"next_name"`
	ReadFile       func(name string, out wasmffi.Out[byte], max int32) (int32, error)               `c:"read_file"`
	ReadLineCtx    func(ctx context.Context, out wasmffi.Out[byte], max int32) (int32, error)       `c:"read_line"`
	EatOrAbort     func(mib int32) (int32, error)                                                   `c:"eat_or_abort"`
	OpenAllOrAbort func(name string, n int32) (int32, error)                                        `c:"open_all_or_abort"`
	ReadLine       func(out wasmffi.Out[byte], max int32) (int32, error)                            `c:"read_line"`
	Divide         func(a, b int32) (int32, error)                                                  `c:"divide"`
	Work           func(ctx context.Context, n int32) (int32, error)                                `c:"work"`
	Eat            func(mib int32) (int32, error)                                                   `c:"eat"`
	Recurse        func(n int32) (int32, error)                                                     `c:"recurse"`
	Say            func(text string) (int32, error)                                                 `c:"say"`
	GiveUp         func() error                                                                     `c:"give_up"`
	OpenAll        func(name string, n int32) (int32, error)                                        `c:"open_all"`
}

func bindInterplay(lib wasmffi.Library) (*interplay, error) {
	x := new(interplay)
	return x, wasmffi.BindAll(lib, x)
}

func openInterplay(t *testing.T, opts Options) (*Library, *interplay) {
	lib := openTest(t, "interplay.wasm", opts)
	x, err := bindInterplay(lib)
	require.NoError(t, err)
	return lib, x
}

// get is what a function of C's wrote, or its negative result.
func get(t testing.TB, f func(wasmffi.Out[byte], int32) (int32, error)) string {
	buf := make([]byte, 200)
	n, err := f(buf, int32(len(buf)))
	require.NoError(t, err)
	if n < 0 {
		return fmt.Sprint(n)
	}
	return string(buf[:n])
}

func (x *interplay) file(t testing.TB, name string) string {
	return get(t, func(out wasmffi.Out[byte], n int32) (int32, error) { return x.ReadFile(name, out, n) })
}

// TestDifferentialOfAll: directories, standard input and variadic callbacks are
// the same to both runs.
func TestDifferentialOfAll(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b"), []byte("bee"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), []byte("ay"), 0o600))
	d, err := OpenDifferential(background, "interplay.wasm", fixture(t, "interplay.wasm"), Options{
		Dirs:  []Dir{{Guest: "/host", Host: dir, ReadOnly: true}, {Guest: "/fs", FS: fstest.MapFS{"c": {Data: []byte("sea")}}}},
		Stdin: strings.NewReader("one\ntwo\nthree"),
		Fuel:  1e6,
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	x, err := bindInterplay(d)
	require.NoError(t, err)

	require.Equal(t, "bee", x.file(t, "/host/b"))
	require.Equal(t, "sea", x.file(t, "/fs/c"))
	require.Equal(t, "-44", x.file(t, "/fs/none"))
	n, err := x.Append("/host/b", "more")
	require.NoError(t, err)
	require.EqualValues(t, -eRofs, n)
	_, err = x.OpenDir("/host")
	require.NoError(t, err)
	for _, want := range []string{".", "..", "a", "b", "-1"} {
		require.Equal(t, want, get(t, x.NextName))
	}
	for _, want := range []string{"one\n", "two\n", "three", "-1"} {
		require.Equal(t, want, get(t, x.ReadLine))
	}

	calls := 0
	n, err = x.PrintTo(func(format string, args wasmffi.Varargs) (int32, error) {
		calls++
		n, err := wasmffi.VaArg[int32](args.VaList)
		require.NoError(t, err)
		f, err := wasmffi.VaArg[float64](args.VaList)
		require.NoError(t, err)
		require.Equal(t, "bee", x.file(t, "/host/b"), "a nested call")
		require.Equal(t, "7 of 7.5", fmt.Sprintf("%d of %g", n, f))
		require.Equal(t, "%d of %g", format)
		return -n, nil
	}, 7)
	require.NoError(t, err)
	require.EqualValues(t, -7, n)
	require.Equal(t, 1, calls, "Go runs once")

	print := func(string, wasmffi.Varargs) (int32, error) { return 1, errWhat }
	cb, err := wasmffi.NewCallback(d, print, &wasmffi.CallbackOptions{Fallback: int32(99)})
	require.NoError(t, err)
	raw, err := wasmffi.Bind[func(wasmffi.Callback, int32) (int32, error)](d, "print_to")
	require.NoError(t, err)
	_, err = raw(cb, 1)
	require.ErrorIs(t, err, errWhat)
	require.NotErrorIs(t, err, ErrDifferent)
	n, err = x.LastPrinted()
	require.NoError(t, err)
	require.EqualValues(t, 99, n, "what C got in place of a result")
	require.NoError(t, cb.Free())
	require.Equal(t, "ay", x.file(t, "/host/a"))
}

// TestWriteLimitNested: what nested calls write is the library's, and where it is
// too much, each of the calls that died of it says so.
func TestWriteLimitNested(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		dir := t.TempDir()
		opts.Dirs, opts.WriteLimit, opts.Resettable = []Dir{{Guest: "/d", Host: dir}}, 2*4096+100, true
		lib, x := openInterplay(t, opts)
		for range 2 {
			inner := func(n int) func(int32) (int32, error) {
				return func(int32) (int32, error) { return x.Append("/d/inner", strings.Repeat("i", n)) }
			}
			// 40 of 100 bytes; two files take 4096 each.
			n, err := x.AppendAround("/d/outer", "0123456789", inner(20), 0)
			require.NoError(t, err)
			require.EqualValues(t, 20, n)
			// The inner one takes what the outer one would need.
			_, err = x.AppendAround("/d/outer", "0123456789", inner(45), 0)
			require.ErrorIs(t, err, ErrUnreachable)
			require.ErrorIs(t, err, ErrWriteLimit)
			var limit *LimitError
			require.ErrorAs(t, err, &limit)
			require.EqualValues(t, 2*4096+100, limit.Limit)
			// 95 are gone. The inner one is refused, and the outer one copes.
			n, err = x.AppendAround("/d/outer", "x", inner(9), 0)
			require.NoError(t, err)
			require.EqualValues(t, -eNospc, n)
			require.ErrorIs(t, x.GiveUp(), ErrUnreachable)
			require.NotErrorIs(t, x.GiveUp(), wasmffi.ErrLimit, "that call was refused nothing")
			outer, err := os.ReadFile(filepath.Join(dir, "outer"))
			require.NoError(t, err)
			require.Equal(t, strings.Repeat("0123456789", 3)+"xx", string(outer))
			require.NoError(t, os.Remove(filepath.Join(dir, "outer")))
			require.NoError(t, os.Remove(filepath.Join(dir, "inner")))
			require.NoError(t, lib.Reset(background))
		}
	})
}

// An overlap is a stream that tells whether two have used it at once.
type overlap struct {
	inside, twice atomic.Bool
	again         func() // run inside, once
}

func (o *overlap) use(p []byte) (int, error) {
	if !o.inside.CompareAndSwap(false, true) {
		o.twice.Store(true)
		return len(p), nil
	}
	for range 50 {
		runtime.Gosched()
	}
	o.inside.Store(false)
	if f := o.again; f != nil {
		o.again = nil
		f()
	}
	return len(p), nil
}

func (o *overlap) Write(p []byte) (int, error) { return o.use(p) }
func (o *overlap) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return o.use(p)
}

// TestPoolStreams: the instances of a pool take turns at what they share, and a
// writer may call the pool.
func TestPoolStreams(t *testing.T) {
	var out, in overlap
	pool, err := NewPool(background, "interplay.wasm", fixture(t, "interplay.wasm"),
		PoolOptions{Options: Options{Stdout: &out, Stdin: &in}, Instances: 4}, bindInterplay)
	require.NoError(t, err)
	defer pool.Close(background)
	say := func(x *interplay) error { _, err := x.Say("hello"); return err }
	out.again = func() { require.NoError(t, pool.Do(background, say)) }
	require.NoError(t, pool.Do(background, say))
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 20 {
				assert.NoError(t, pool.Do(background, func(x *interplay) error {
					assert.Equal(t, "\n", get(t, x.ReadLine))
					return say(x)
				}))
			}
		}()
	}
	wg.Wait()
	require.False(t, out.twice.Load(), "two were writing")
	require.False(t, in.twice.Load(), "two were reading")
}

// TestPluginStreams: so do an old module and the new one.
func TestPluginStreams(t *testing.T) {
	var out overlap
	wasm := fixture(t, "interplay.wasm")
	plugin, err := NewPlugin(background, "interplay.wasm", wasm, Options{Stdout: &out}, bindInterplay)
	require.NoError(t, err)
	defer plugin.Close(background)
	talk := func(x *interplay) error {
		for range 50 {
			_, err := x.Say("hello")
			assert.NoError(t, err)
		}
		return nil
	}
	require.NoError(t, plugin.Do(background, func(old *interplay) error {
		require.NoError(t, plugin.Replace(background, "newer", wasm, nil))
		done := make(chan error)
		go func() { done <- plugin.Do(background, talk) }()
		require.NoError(t, talk(old))
		return <-done
	}))
	require.False(t, out.twice.Load(), "two were writing")
}

// TestPoolInput: what C's stdio has read ahead goes with the reset; what was read
// for a call that ended is the next one's, whoever makes it.
func TestPoolInput(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		r, w := io.Pipe()
		opts.Stdin = r
		pool, err := NewPool(background, "interplay.wasm", fixture(t, "interplay.wasm"), PoolOptions{Options: opts, Instances: 1}, bindInterplay)
		require.NoError(t, err)
		defer pool.Close(background)
		line := func() (got string) {
			require.NoError(t, pool.Do(background, func(x *interplay) error { got = get(t, x.ReadLine); return nil }))
			return got
		}
		write := func(text string) { _, err := io.WriteString(w, text); require.NoError(t, err) }
		go write("one\ntwo\n")
		require.Equal(t, "one\n", line())
		go write("three\n")
		require.Equal(t, "three\n", line(), "two was in C's memory, which is as new")

		ctx, cancel := context.WithCancel(background)
		require.NoError(t, pool.Do(background, func(x *interplay) error {
			buf := make([]byte, 10)
			cancel()
			_, err := x.ReadLineCtx(ctx, buf, 10)
			require.ErrorIs(t, err, context.Canceled)
			return nil
		}))
		go func() { write("four\n"); w.Close() }()
		require.Equal(t, "four\n", line())
		require.Equal(t, "-1", line(), "the end")
	})
}

// TestPoolCores: a core is of the call that faulted, and stays what it was when the
// instance serves others.
func TestPoolCores(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		opts.KeepFaults = true
		pool, err := NewPool(background, "interplay.wasm", fixture(t, "interplay.wasm"), PoolOptions{Options: opts, Instances: 1},
			func(lib wasmffi.Library) (*interplayLib, error) {
				x, err := bindInterplay(lib)
				return &interplayLib{x, lib}, err
			})
		require.NoError(t, err)
		var cores []*Core
		var at uint64
		const texts = 3
		for i := range texts {
			require.NoError(t, pool.Do(background, func(x *interplayLib) error {
				var err error
				at, err = x.lib.Space().Alloc(8, 1)
				require.NoError(t, err)
				require.NoError(t, x.lib.Space().WriteAt([]byte{byte('a' + i)}, at))
				_, err = x.Divide(1, 0)
				var trap *TrapError
				require.ErrorAs(t, err, &trap)
				require.ErrorIs(t, err, ErrDivideByZero)
				require.NotNil(t, trap.Core)
				cores = append(cores, trap.Core)
				return nil
			}))
		}
		require.NoError(t, pool.Close(background))
		for i, c := range cores {
			var b [1]byte
			require.NoError(t, c.Memory.ReadAt(b[:], at))
			require.Equal(t, byte('a'+i), b[0])
		}
	})
}

type interplayLib struct {
	*interplay
	lib wasmffi.Library
}

// TestReplaceWithOpenFiles: the descriptors and directories that an old module has
// open go when it does, and hooks see the calls of both.
func TestReplaceWithOpenFiles(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), []byte("ay"), 0o600))
	wasm := fixture(t, "interplay.wasm")
	var seen sync.Map
	opts := Options{
		Dirs: []Dir{{Guest: "/d", Host: dir}}, OpenFiles: 20,
		Hooks: []wasmffi.Hook{{After: func(_ context.Context, c *wasmffi.CallEvent) { seen.Store(c.Library, c.Function) }}},
	}
	use := func(x *interplay) error {
		n, err := x.OpenDir("/d")
		require.NoError(t, err)
		require.Zero(t, n)
		require.Equal(t, ".", get(t, x.NextName))
		n, err = x.OpenAll("/d/a", 10)
		require.NoError(t, err)
		require.EqualValues(t, 10, n)
		return nil
	}
	before := usage(t)
	plugin, err := NewPlugin(background, "v0", wasm, opts, bindInterplay)
	require.NoError(t, err)
	pool, err := NewPool(background, "v0", wasm, PoolOptions{Options: opts, Instances: 2}, bindInterplay)
	require.NoError(t, err)
	for i := range 5 {
		name := fmt.Sprint("v", i+1)
		require.NoError(t, plugin.Do(background, func(x *interplay) error {
			require.NoError(t, use(x))
			require.NoError(t, plugin.Replace(background, name, wasm, nil))
			require.Equal(t, "..", get(t, x.NextName), "the old one goes on")
			require.Equal(t, "ay", x.file(t, "/d/a"))
			return nil
		}))
		require.NoError(t, pool.Do(background, func(x *interplay) error {
			require.NoError(t, use(x))
			require.NoError(t, pool.Replace(background, name, wasm))
			require.Equal(t, "..", get(t, x.NextName))
			return pool.Do(background, use)
		}))
		_, ok := seen.Load(name)
		require.True(t, ok, "hooks of %s", name)
	}
	require.NoError(t, plugin.Close(background))
	require.NoError(t, pool.Close(background))
	usage(t).requireNotAbove(t, before)
}

// TestFuelNested: what callbacks have C do is the outer call's fuel, the same in
// every run, and ignoring that it is used up helps nobody.
func TestFuelNested(t *testing.T) {
	var lefts []uint64
	engines(t, func(t *testing.T, opts Options) {
		opts.Fuel = 100_000
		lib, x := openInterplay(t, opts)
		work := func(n int32) int32 { _, err := x.Work(background, n); require.NoError(t, err); return n }
		work(1000)
		one := opts.Fuel - lib.FuelLeft()
		for i := range 3 {
			depth := 0
			var nested func(int32) (int32, error)
			nested = func(n int32) (int32, error) {
				work(1000)
				if depth++; depth < 5 {
					_, err := x.Apply(nested, n)
					require.NoError(t, err)
				}
				runtime.Gosched()
				return work(500), nil
			}
			_, err := x.Apply(nested, 0)
			require.NoError(t, err)
			left := lib.FuelLeft()
			require.InDelta(t, float64(opts.Fuel)-7.5*float64(one), float64(left), 2000, "round %d", i)
			lefts = append(lefts, left)

			var inner error
			calls := 0
			_, err = x.Apply(func(int32) (int32, error) {
				for calls < 1000 {
					calls++
					if _, inner = x.Work(background, 1000); inner != nil {
						break
					}
				}
				_, again := x.Work(background, 1000)
				require.ErrorIs(t, again, ErrFuel, "there is none left")
				return 0, nil
			}, 0)
			require.ErrorIs(t, inner, ErrFuel)
			require.InDelta(t, float64(opts.Fuel)/float64(one), calls, 1)
			if err != nil { // C had nothing more to do that looks
				require.ErrorIs(t, err, ErrFuel)
			}
			require.Zero(t, lib.FuelLeft())
			work(1000)
			require.Equal(t, opts.Fuel-one, lib.FuelLeft(), "the next call has all of it")
		}
	})
	for _, left := range lefts {
		require.Equal(t, lefts[0], left)
	}
}

// TestUninstrumentedLimits: all limits hold for code that is as it came, but those
// of its own work.
func TestUninstrumentedLimits(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		opts.Uninstrumented = true
		fuel := opts
		fuel.Fuel = 1000
		_, err := OpenBytes(background, "interplay.wasm", fixture(t, "interplay.wasm"), fuel)
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)

		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), nil, 0o600))
		opts.Dirs, opts.Stdout = []Dir{{Guest: "/d", Host: dir}}, io.Discard
		opts.MemoryLimit, opts.OutputLimit, opts.OpenFiles, opts.WriteLimit, opts.Depth, opts.Callbacks, opts.TableLimit = 4<<20, 100, 5, 5000, 10, 3, 100
		is := func(err error, kinds ...error) {
			t.Helper()
			for _, kind := range kinds {
				require.ErrorIs(t, err, kind)
			}
		}
		_, x := openInterplay(t, opts)
		_, err = x.EatOrAbort(5)
		is(err, ErrUnreachable, ErrMemoryLimit, wasmffi.ErrLimit)
		_, err = x.Say(strings.Repeat("x", 200))
		is(err, ErrUnreachable, ErrOutputLimit)
		_, err = x.OpenAllOrAbort("/d/a", 10)
		is(err, ErrUnreachable, ErrFileLimit)
		n, err := x.Append("/d/new", strings.Repeat("x", 1000))
		require.NoError(t, err)
		require.EqualValues(t, -eMfile, n, "they stay open")

		lib, x := openInterplay(t, opts)
		_, err = x.AppendAround("/d/new", strings.Repeat("x", 600), func(int32) (int32, error) { return 0, nil }, 0)
		is(err, ErrUnreachable, ErrWriteLimit)
		_, err = x.Recurse(1 << 20)
		is(err, wasmffi.ErrStackOverflow)
		depth := 0
		var deeper func(int32) (int32, error)
		deeper = func(n int32) (int32, error) { depth++; return x.Apply(deeper, n) }
		_, err = x.Apply(deeper, 0)
		is(err, ErrCallbackLimit, wasmffi.ErrLimit)
		for err = nil; err == nil; {
			_, err = lib.Callback(wasmffi.CallbackSpec{Sig: nullary, Func: func(*wasmffi.Frame) error { return nil }})
		}
		is(err, ErrCallbackLimit)

		opts.Callbacks, depth = 100, 0
		_, x = openInterplay(t, opts)
		_, err = x.Apply(deeper, 0)
		is(err, wasmffi.ErrDepth, wasmffi.ErrLimit)
		require.Equal(t, 10, depth)

		ctx, cancel := context.WithCancelCause(background)
		called := false
		_, err = x.Apply(func(int32) (int32, error) {
			called = true
			cancel(errWhat)
			_, err := x.Work(ctx, 1)
			return 0, err
		}, 0)
		require.True(t, called)
		is(err, context.Canceled, errWhat)
		_, err = x.Work(ctx, 1)
		is(err, context.Canceled, errWhat)
		n, err = x.Work(background, 10)
		require.NoError(t, err)
		require.EqualValues(t, 45, n)
	})
}
