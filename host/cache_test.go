package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
	"github.com/wasmffi/wasmffi/internal/siggen"
)

// sharedCache is the directory that tests on every engine have in common.
var sharedCache = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "wasmffi-cache") })

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := sharedCache(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

var cacheKey = bytes.Repeat([]byte{42}, 32)

// testCache opens a cache anew, as another process does: what was loaded from
// another Cache is not for this one.
func testCache(t testing.TB, dir string) *Cache {
	t.Helper()
	c, err := OpenCache(dir, CacheOptions{Key: cacheKey})
	require.NoError(t, err)
	return c
}

// openCached opens a fixture with a cache of its own in a directory.
func openCached(t testing.TB, dir, name string, opts Options) (*Library, *Cache) {
	t.Helper()
	opts.Cache = testCache(t, dir)
	lib, err := OpenBytes(background, name, fixture(t, name), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, lib.Close()) })
	return lib, opts.Cache
}

func requireStats(t testing.TB, c *Cache, want CacheStats) {
	t.Helper()
	got := c.Stats()
	require.NoError(t, got.FailedErr)
	require.Equal(t, want, got)
}

var (
	loaded   = CacheStats{Loaded: 1}
	compiled = CacheStats{Compiled: 1, Stored: 1}
	rejected = CacheStats{Compiled: 1, Rejected: 1, Stored: 1}
)

// requireEleven checks that reset.wasm works, which is compiled in no time.
func requireEleven(t testing.TB, lib *Library) {
	t.Helper()
	got, err := call(t, lib, "g32", proto(dtype.CInt))
	require.NoError(t, err)
	require.EqualValues(t, 11, got)
}

func entries(t testing.TB, dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	return files
}

func TestCache(t *testing.T) {
	for _, opts := range []Options{{}, {Interpreter: true}} {
		dir := t.TempDir()
		for i, want := range []CacheStats{compiled, loaded, loaded} {
			lib, c := openCached(t, dir, "basic.wasm", opts)
			requireStats(t, c, want)
			requireUsable(t, lib)
			again := openTest(t, "basic.wasm", Options{Cache: c, Interpreter: opts.Interpreter})
			requireUsable(t, again)
			requireStats(t, c, want)
			require.Len(t, entries(t, dir), 2, i) // the entry and its code
		}
		// Other limits make other code.
		opts.TableLimit = 1 << 10
		_, c := openCached(t, dir, "basic.wasm", opts)
		requireStats(t, c, compiled)
		require.Len(t, entries(t, dir), 4)
	}
}

// The engine takes machine code from the cache, and does not make its own.
func TestCacheHasCode(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("LEFT OUT: there is no compiler here")
	}
	dir := t.TempDir()
	data := fixture(t, "reset.wasm")
	lib, c := openCached(t, dir, "reset.wasm", Options{})
	key := lib.in.mod.key
	blob, err := c.store.Get(c.id(key), c.largest(len(data)))
	require.NoError(t, err)
	e, err := decodeEntry(blob)
	require.NoError(t, err)
	code, err := c.store.Get(codeID(c.id(key), blob), c.largest(len(data)))
	require.NoError(t, err)
	require.NotEmpty(t, code)
	for n := range len(blob) - len(e.wasm) {
		_, err := decodeEntry(blob[:n])
		require.Error(t, err)
	}
	res, wasm, err := rewrite(key.limits, data)
	require.NoError(t, err)
	require.True(t, e.outlined)
	require.Equal(t, outline(wasm), e.wasm)
	require.EqualValues(t, len(wasm), e.size)
	require.Equal(t, len(wasm), lib.in.mod.size)

	// The engine takes code for the outline, once, and for that makes none.
	for _, s := range []*shelf{{}, {stored: io.NopCloser(bytes.NewReader(code))}} {
		given := s.stored != nil
		m, err := newModule(key, res, e.wasm, s)
		require.NoError(t, err)
		_, made := s.take()
		require.Equal(t, given, s.given)
		require.Equal(t, given, made == nil)
		m.close()
	}
	s := &shelf{}
	m, err := newModule(key, res, wasm, s)
	require.NoError(t, err)
	m.close()
	_, made := s.take()
	made, lines := splitLines(made)
	require.True(t, bytes.Equal(code, made), "compiling is deterministic")
	require.True(t, bytes.Equal(e.lines, lines))
}

func TestCacheOfBadModules(t *testing.T) {
	c := testCache(t, t.TempDir())
	data := fixture(t, "reset.wasm")
	_, err := OpenBytes(background, "half", data[:len(data)/2], Options{Cache: c})
	require.ErrorIs(t, err, wasmffi.ErrFormat)
	_, err = OpenBytes(background, "small", data, Options{Cache: c, ModuleLimits: guestabi.ModuleLimits{ModuleBytes: 100}})
	require.ErrorIs(t, err, wasmffi.ErrLimit)
	requireStats(t, c, CacheStats{Compiled: 2})
}

// A module that was loaded explains faults as one that was compiled does.
func TestCacheFaultLines(t *testing.T) {
	path := buildFaults(t, "-O2", "-gdwarf-5")
	dir := t.TempDir()
	var want []Frame
	for i, stats := range []CacheStats{compiled, loaded, loaded} {
		c := testCache(t, dir)
		lib, err := Open(background, path, Options{Cache: c})
		require.NoError(t, err)
		requireStats(t, c, stats)
		_, err = call(t, lib, "outer", proto(dtype.CInt, dtype.CInt), 5)
		trap, ok := errors.AsType[*TrapError](err)
		require.True(t, ok, "%v", err)
		require.Contains(t, trap.Error(), "divide (faults.c:4), inlined in ratio (faults.c:8)")
		if i == 0 {
			want = trap.Frames
		}
		require.Equal(t, want, trap.Frames)
		require.NoError(t, lib.Close())
	}
}

// Whatever is done to an entry, what it is for is compiled.
func TestCacheForgeries(t *testing.T) {
	dir := t.TempDir()
	openCached(t, dir, "reset.wasm", Options{})
	var good [2][]byte // the entry and its code, in whichever order
	for i, file := range entries(t, dir) {
		var err error
		good[i], err = os.ReadFile(file)
		require.NoError(t, err)
	}
	r := rand.New(rand.NewPCG(uint64(siggen.Seed(t)), 0))
	for i := range 60 {
		file, good := entries(t, dir)[i%2], good[i%2]
		bad := bytes.Clone(good)
		switch at := r.IntN(len(bad)); r.IntN(4) {
		case 0:
			bad = bad[:at]
		case 1:
			bad = append(bad, good[at:]...)
		default:
			for i := range min(1+r.IntN(40), len(bad)-at) {
				bad[at+i] ^= byte(1 + r.IntN(255))
			}
		}
		require.NoError(t, os.WriteFile(file, bad, 0o600))
		lib, c := openCached(t, dir, "reset.wasm", Options{})
		requireStats(t, c, rejected)
		requireEleven(t, lib)
		_, c = openCached(t, dir, "reset.wasm", Options{})
		requireStats(t, c, loaded) // it was put right
	}
}

// An entry is for one module, its options, one key, and what the program was
// built with.
func TestCacheIdentity(t *testing.T) {
	dir := t.TempDir()
	files := func(name string, opts Options) (out [2][]byte) {
		sub := t.TempDir()
		openCached(t, sub, name, opts)
		for i, file := range entries(t, sub) {
			var err error
			out[i], err = os.ReadFile(file)
			require.NoError(t, err)
		}
		return out
	}
	openCached(t, dir, "reset.wasm", Options{})
	mine := files("reset.wasm", Options{})
	others := map[string][2][]byte{
		"another module":       files("greet.wasm", Options{}),
		"uninstrumented":       files("reset.wasm", Options{Uninstrumented: true}),
		"another table limit":  files("reset.wasm", Options{TableLimit: 1 << 10}),
		"another module limit": files("reset.wasm", Options{ModuleLimits: guestabi.ModuleLimits{Locals: 50}}),
		"the interpreter":      files("reset.wasm", Options{Interpreter: true}),
	}
	for what, other := range others {
		for i, file := range entries(t, dir) {
			for _, content := range append(other[:], mine[1-i]) {
				require.NotEqual(t, mine[i], content, what)
				require.NoError(t, os.WriteFile(file, content, 0o600))
				lib, c := openCached(t, dir, "reset.wasm", Options{})
				requireStats(t, c, rejected)
				requireEleven(t, lib)
			}
		}
	}
	// One of the two alone is none.
	for _, file := range entries(t, dir) {
		require.NoError(t, os.Remove(file))
		_, c := openCached(t, dir, "reset.wasm", Options{})
		requireStats(t, c, compiled)
	}
	for i, file := range entries(t, dir) {
		require.NoError(t, os.WriteFile(file, mine[i], 0o600))
	}
	_, c := openCached(t, dir, "reset.wasm", Options{})
	requireStats(t, c, loaded)

	c = testCache(t, dir)
	c.about = append([]byte("another version\n"), c.about...)
	openTest(t, "reset.wasm", Options{Cache: c})
	requireStats(t, c, compiled)
	var err error
	c, err = OpenCache(dir, CacheOptions{Key: append(cacheKey, 1)})
	require.NoError(t, err)
	openTest(t, "reset.wasm", Options{Cache: c})
	requireStats(t, c, compiled)
	_, c = openCached(t, dir, "reset.wasm", Options{})
	requireStats(t, c, loaded)
}

func TestCacheIsBounded(t *testing.T) {
	dir := t.TempDir()
	openCached(t, dir, "reset.wasm", Options{})
	size := func() (sum int64) {
		for _, f := range entries(t, dir) {
			st, err := os.Stat(f)
			require.NoError(t, err)
			sum += st.Size()
		}
		return sum
	}
	limit := size() + 10
	c, err := OpenCache(dir, CacheOptions{Key: cacheKey, MaxBytes: limit})
	require.NoError(t, err)
	openTest(t, "reset.wasm", Options{Cache: c})
	openTest(t, "greet.wasm", Options{Cache: c})
	openTest(t, "resettables.wasm", Options{Cache: c})
	got := c.Stats()
	require.EqualValues(t, 1, got.Loaded)
	require.EqualValues(t, 2, got.Compiled)
	require.NotZero(t, got.Evicted)
	require.LessOrEqual(t, size(), limit)

	c, err = OpenCache(dir, CacheOptions{Key: cacheKey, MaxBytes: 1000})
	require.NoError(t, err)
	requireEleven(t, openTest(t, "reset.wasm", Options{Cache: c}))
	got = c.Stats()
	require.EqualValues(t, 1, got.Failed)
	require.ErrorContains(t, got.FailedErr, "exceeds 856")
}

// A cache that is gone, or cannot be written, is as none.
func TestCacheUnusable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	c := testCache(t, dir)
	require.NoError(t, os.Remove(dir))
	requireEleven(t, openTest(t, "reset.wasm", Options{Cache: c}))
	got := c.Stats()
	require.EqualValues(t, 1, got.Failed)
	require.ErrorIs(t, got.FailedErr, os.ErrNotExist)

	if runtime.GOOS == "linux" {
		c = testCache(t, "/proc") // where not even root makes files
		requireEleven(t, openTest(t, "reset.wasm", Options{Cache: c}))
		got = c.Stats()
		require.EqualValues(t, 1, got.Failed)
		require.Error(t, got.FailedErr)
	}
}

func TestOpenCacheErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	tests := []struct {
		dir  string
		opts CacheOptions
		want string
	}{
		{"", CacheOptions{}, "wasmffi: open cache: no directory given"},
		{dir, CacheOptions{Key: cacheKey[:31]}, "key of 31 bytes, want 32 or more"},
		{dir, CacheOptions{Key: []byte{}}, "key of 0 bytes, want 32 or more"},
		{dir, CacheOptions{Key: cacheKey, MaxBytes: -1}, "MaxBytes is -1"},
		{file, CacheOptions{Key: cacheKey}, file},
	}
	for _, tt := range tests {
		_, err := OpenCache(tt.dir, tt.opts)
		require.ErrorContains(t, err, tt.want)
		var e *wasmffi.Error
		require.ErrorAs(t, err, &e)
	}
	require.ErrorIs(t, putInEngine(otherEngine{}, &shelf{}), wasmffi.ErrNotSupported)
	require.ErrorIs(t, putInEngine(&otherEngine{}, &shelf{}), wasmffi.ErrNotSupported)
	require.ErrorIs(t, putInEngine(nil, &shelf{}), wasmffi.ErrNotSupported)
}

// otherEngine is what wazero might be one day.
type otherEngine struct{ fileCache fmt.Stringer }

func (otherEngine) Close(context.Context) error { return nil }

var _ wazero.CompilationCache = otherEngine{nil}

// The user's own key is made once, and is not in the cache.
func TestCacheUserKey(t *testing.T) {
	home := t.TempDir()
	for _, v := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(v, home)
	}
	dir := t.TempDir()
	for _, want := range []CacheStats{compiled, loaded} {
		c, err := OpenCache(dir, CacheOptions{})
		require.NoError(t, err)
		openTest(t, "reset.wasm", Options{Cache: c})
		requireStats(t, c, want)
	}
	config, err := os.UserConfigDir()
	require.NoError(t, err)
	key := filepath.Join(config, "wasmffi", "cache.key")
	for _, dir := range []string{filepath.Join(config, "wasmffi"), config} {
		_, err = OpenCache(dir, CacheOptions{})
		require.ErrorIs(t, err, wasmffi.ErrRefused)
		require.ErrorContains(t, err, key+" is in the cache")
	}
	if runtime.GOOS != "windows" {
		require.NoError(t, os.Chmod(key, 0o644))
		_, err = OpenCache(dir, CacheOptions{})
		require.ErrorIs(t, err, wasmffi.ErrRefused)
		require.ErrorContains(t, err, "its mode is 0644, want 0600")
	}
}

// Many goroutines open modules while somebody swaps, cuts and removes the files.
func TestCacheRace(t *testing.T) {
	dir := t.TempDir()
	names := []string{"reset.wasm", "greet.wasm", "nomemory.wasm"}
	for _, name := range names {
		openCached(t, dir, name, Options{})
	}
	stop := make(chan struct{})
	var villain, users sync.WaitGroup
	seed := uint64(siggen.Seed(t))
	villain.Go(func() {
		r := rand.New(rand.NewPCG(seed, 0))
		for {
			select {
			case <-stop:
				return
			default:
			}
			files, _ := filepath.Glob(filepath.Join(dir, "*"))
			if len(files) == 0 {
				continue
			}
			a, b := files[r.IntN(len(files))], files[r.IntN(len(files))]
			switch r.IntN(5) {
			case 0:
				_ = os.Rename(a, b)
			case 1:
				_ = os.Truncate(a, int64(r.IntN(5000)))
			case 2:
				_ = os.Remove(a)
				_ = os.Symlink(b, a)
			case 3:
				if data, err := os.ReadFile(a); err == nil && len(data) > 0 {
					data[r.IntN(len(data))]++
					_ = os.WriteFile(b, data, 0o600)
				}
			case 4:
				time.Sleep(time.Millisecond)
			}
		}
	})
	var mu sync.Mutex
	var sum CacheStats
	end := time.Now().Add(400 * time.Millisecond)
	for g := range 4 {
		users.Go(func() {
			for i := g; time.Now().Before(end); i++ {
				name := names[i%len(names)]
				c := testCache(t, dir)
				lib, err := OpenBytes(background, name, fixture(t, name), Options{Cache: c})
				if err != nil {
					t.Error(err)
					return
				}
				if name == "reset.wasm" {
					if got, err := call(t, lib, "g32", proto(dtype.CInt)); err != nil || got != 11 {
						t.Errorf("g32 is %d, %v", got, err)
					}
				}
				_ = lib.Close()
				s := c.Stats()
				mu.Lock()
				sum.Loaded, sum.Compiled, sum.Rejected = sum.Loaded+s.Loaded, sum.Compiled+s.Compiled, sum.Rejected+s.Rejected
				mu.Unlock()
			}
		})
	}
	users.Wait()
	close(stop)
	villain.Wait()
	t.Logf("%+v", sum)
}

func TestCacheOneCompile(t *testing.T) {
	c := testCache(t, t.TempDir())
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			lib, err := OpenBytes(background, "reset.wasm", fixture(t, "reset.wasm"), Options{Cache: c})
			if err != nil {
				t.Error(err)
				return
			}
			_ = lib.Close()
		})
	}
	wg.Wait()
	requireStats(t, c, compiled)
}

// Processes share a directory, without seeing anything but whole entries.
func TestCacheProcesses(t *testing.T) {
	const variable = "WASMFFI_CACHE_CHILD"
	names := []string{"reset.wasm", "greet.wasm", "nomemory.wasm", "resettables.wasm"}
	if dir := os.Getenv(variable); dir != "" {
		fmt.Printf("about %x\n", testCache(t, dir).about)
		var sum CacheStats
		for i := range 12 {
			lib, c := openCached(t, dir, names[i%len(names)], Options{})
			if i%len(names) == 0 {
				requireEleven(t, lib)
			}
			s := c.Stats()
			require.NoError(t, s.FailedErr)
			sum.Loaded += s.Loaded
			sum.Rejected += s.Rejected
		}
		fmt.Printf("loaded %d rejected %d\n", sum.Loaded, sum.Rejected)
		return
	}
	args := append(strings.Fields(os.Getenv("WASMFFI_EXEC")), os.Args[0], "-test.run=^TestCacheProcesses$")
	if exec.Command(args[0], append(args[1:], "-test.list=^$")...).Run() != nil {
		t.Skip("LEFT OUT: under an emulator, a process cannot start itself; set WASMFFI_EXEC to the emulator's command")
	}
	dir := t.TempDir()
	about := fmt.Sprintf("about %x\n", testCache(t, dir).about)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			child := exec.Command(args[0], args[1:]...)
			child.Env = append(os.Environ(), variable+"="+dir)
			out, err := child.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "rejected 0\n") || strings.Contains(string(out), "loaded 0 ") {
				t.Errorf("%v\n%s", err, out)
			}
			if !strings.Contains(string(out), about) {
				t.Errorf("another process is built with something else: %s, not %s", out, about)
			}
		})
	}
	wg.Wait()
	require.Len(t, entries(t, dir), 2*len(names))
	for _, name := range names {
		_, c := openCached(t, dir, name, Options{})
		requireStats(t, c, loaded)
	}
}

// A pool opens its instances from the cache too.
func TestCachePool(t *testing.T) {
	dir := t.TempDir()
	for _, want := range []CacheStats{compiled, loaded} {
		c := testCache(t, dir)
		pool, err := NewPool(background, "reset.wasm", fixture(t, "reset.wasm"),
			PoolOptions{Instances: 2, Options: Options{Cache: c}}, func(lib wasmffi.Library) (wasmffi.Library, error) { return lib, nil })
		require.NoError(t, err)
		require.NoError(t, pool.Do(background, func(lib wasmffi.Library) error {
			_, err := call(t, lib.(*Library), "set", proto(dtype.CVoid, dtype.CInt), 5)
			return err
		}))
		require.NoError(t, pool.Do(background, func(lib wasmffi.Library) error {
			got, err := call(t, lib.(*Library), "g32", proto(dtype.CInt))
			require.EqualValues(t, 11, got)
			return err
		}))
		require.NoError(t, pool.Close(background))
		requireStats(t, c, want)
	}
}
