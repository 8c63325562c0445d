package host

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

// files are the functions of files.wasm: C's file system.
type files struct {
	Open        func(name string, flags, keep int32) (int64, error)                              `c:"open_file"`
	Write       func(name string, flags int32, text string, at int64) (int64, error)             `c:"write_file"`
	Read        func(name string, out wasmffi.Out[byte], max int32) (int64, error)               `c:"read_file"`
	Resize      func(name string, size int64) (int64, error)                                     `c:"resize_file"`
	Mkdir       func(name string) (int64, error)                                                 `c:"make_dir"`
	Rmdir       func(name string) (int64, error)                                                 `c:"remove_dir"`
	Unlink      func(name string) (int64, error)                                                 `c:"remove_file"`
	Rename      func(from, to string) (int64, error)                                             `c:"rename_file"`
	Link        func(from, to string) (int64, error)                                             `c:"link_file"`
	Symlink     func(target, name string) (int64, error)                                         `c:"make_link"`
	Readlink    func(name string, out wasmffi.Out[byte], max int32) (int64, error)               `c:"read_link"`
	Look        func(name string, follow int32, out wasmffi.Out[byte], max int32) (int64, error) `c:"look"`
	List        func(name string, out wasmffi.Out[byte], max int32) (int64, error)               `c:"list"`
	SetTime     func(name string, seconds int64) (int64, error)                                  `c:"set_time"`
	SetOpenTime func(name string, seconds int64) (int64, error)                                  `c:"set_open_time"`
	Now         func() (int64, error)                                                            `c:"now"`
	Fill        func(name string) (int64, error)                                                 `c:"fill"`
	Input       func(ctx context.Context, out wasmffi.Out[byte], max int32) (int64, error)       `c:"read_input"`
}

// The flags of open_file.
const (
	fWrite = 1 << iota
	fCreate
	fExclusive
	fTruncate
	fAppend
	fDirectory
	fNoLinks
)

// C's errno, of wasi-libc.
const (
	eAcces      = 2
	eExist      = 20
	eIsdir      = 31
	eLoop       = 32
	eMfile      = 33
	eNoent      = 44
	eNospc      = 51
	eNotdir     = 54
	ePerm       = 63
	eRofs       = 69
	eNotcapable = 76
)

func openFileSystem(t testing.TB, opts Options) (*Library, *files) {
	lib := openTest(t, "files.wasm", opts)
	return lib, bindFiles(t, lib)
}

func bindFiles(t testing.TB, lib wasmffi.Library) *files {
	f := new(files)
	require.NoError(t, wasmffi.BindAll(lib, f))
	return f
}

// text is what a function of files writes to a buffer, or its result if that is
// negative.
func text(t testing.TB, call func(out wasmffi.Out[byte], max int32) (int64, error)) (string, int64) {
	buf := make([]byte, 4096)
	n, err := call(buf, int32(len(buf)))
	require.NoError(t, err)
	if n < 0 {
		return "", n
	}
	return string(buf[:bytes.IndexByte(buf, 0)]), n
}

func (f *files) content(t testing.TB, name string) (string, int64) {
	buf := make([]byte, 4096)
	n, err := f.Read(name, buf, int32(len(buf)))
	require.NoError(t, err)
	return string(buf[:max(n, 0)]), n
}

func (f *files) names(t testing.TB, name string) (string, int64) {
	return text(t, func(out wasmffi.Out[byte], max int32) (int64, error) { return f.List(name, out, max) })
}

func (f *files) look(t testing.TB, name string, follow int32) (string, int64) {
	return text(t, func(out wasmffi.Out[byte], max int32) (int64, error) { return f.Look(name, follow, out, max) })
}

// gives asserts the result of a call that does not fail otherwise.
func gives(t testing.TB, want int64) func(int64, error) {
	return func(got int64, err error) {
		t.Helper()
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func TestDirs(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		work, in := t.TempDir(), t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(in, "a.txt"), []byte("in"), 0o666))
		opts.Dirs = []Dir{
			{Guest: "/out", Host: work},
			{Guest: "/in", Host: in, ReadOnly: true},
			{Guest: "/embedded/deep", FS: fstest.MapFS{"b.txt": {Data: []byte("embedded")}, "c/d.txt": {}}},
		}
		_, f := openFileSystem(t, opts)

		gives(t, 5)(f.Write("/out/new.txt", fWrite|fCreate, "hello", -1))
		data, err := os.ReadFile(filepath.Join(work, "new.txt"))
		require.NoError(t, err)
		assert.Equal(t, "hello", string(data))
		gives(t, 6)(f.Write("/out/new.txt", fWrite|fAppend, " again", -1))
		got, _ := f.content(t, "/out/new.txt")
		assert.Equal(t, "hello again", got)
		gives(t, 1)(f.Write("/out/new.txt", fWrite, "J", 0))
		gives(t, 0)(f.Resize("/out/new.txt", 5))
		got, _ = f.content(t, "/out/new.txt")
		assert.Equal(t, "Jello", got)
		gives(t, 0)(f.Mkdir("/out/dir"))
		gives(t, 0)(f.Rename("/out/new.txt", "/out/dir/moved.txt"))
		gives(t, 0)(f.Symlink("moved.txt", "/out/dir/link"))
		got, _ = f.content(t, "/out/dir/link")
		assert.Equal(t, "Jello", got)
		got, n := f.names(t, "/out/dir")
		assert.Equal(t, ".\n..\nlink\nmoved.txt\n", got)
		assert.EqualValues(t, 4, n)

		got, _ = f.content(t, "/in/a.txt")
		assert.Equal(t, "in", got)
		got, _ = f.content(t, "/embedded/deep/b.txt")
		assert.Equal(t, "embedded", got)
		got, _ = f.names(t, "/embedded/deep/c")
		assert.Equal(t, ".\n..\nd.txt\n", got)
		_, n = f.content(t, "/elsewhere")
		assert.EqualValues(t, -eNotcapable, n, "wasi-libc: no directory for it")
	})
}

// TestReadOnlyDirs: no function changes anything, by any way.
func TestReadOnlyDirs(t *testing.T) {
	in := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(in, "a.txt"), []byte("in"), 0o666))
	require.NoError(t, os.Mkdir(filepath.Join(in, "dir"), 0o777))
	for name, dir := range map[string]Dir{
		"host": {Host: in, ReadOnly: true},
		"fs":   {FS: fstest.MapFS{"a.txt": {Data: []byte("in")}, "dir": {Mode: os.ModeDir | 0o777}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, f := openFileSystem(t, Options{Dirs: []Dir{dir}})
			refused := gives(t, -eRofs)
			refused(f.Write("/a.txt", fWrite, "x", -1))
			refused(f.Write("/b.txt", fWrite|fCreate, "x", -1))
			refused(f.Open("/a.txt", fTruncate, 0))
			refused(f.Open("/b.txt", fCreate, 0))
			refused(f.Resize("/a.txt", 0))
			refused(f.Mkdir("/new"))
			refused(f.Rmdir("/dir"))
			refused(f.Unlink("/a.txt"))
			refused(f.Rename("/a.txt", "/c.txt"))
			refused(f.Link("/a.txt", "/c.txt"))
			refused(f.Symlink("a.txt", "/c.txt"))
			refused(f.SetTime("/a.txt", 1))
			refused(f.SetOpenTime("/a.txt", 1))
			gives(t, -eExist)(f.Open("/a.txt", fWrite|fCreate|fExclusive, 0))
			gives(t, -eNoent)(f.Open("/b.txt", fWrite, 0))
			gives(t, 0)(f.Open("/a.txt", fCreate, 0))
			got, _ := f.content(t, "/a.txt")
			assert.Equal(t, "in", got)
		})
	}
	entries, err := os.ReadDir(in)
	require.NoError(t, err)
	assert.Len(t, entries, 2)
}

func TestFileTimes(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	require.NoError(t, os.WriteFile(name, nil, 0o666))
	_, f := openFileSystem(t, Options{Dirs: []Dir{{Host: dir}}})
	gives(t, 0)(f.SetTime("/a", 1e9))
	info, err := os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, time.Unix(1e9, 123456789).UTC(), info.ModTime().UTC())
	gives(t, 0)(f.SetOpenTime("/a", 2e9))
	info, err = os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, time.Unix(2e9, 0).UTC(), info.ModTime().UTC())
}

// TestBadDirs: what cannot be a directory of C's is an error, all of it.
func TestBadDirs(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	for name, dirs := range map[string][]Dir{
		"nothing":       {{Guest: "/a"}},
		"two":           {{Host: "/", Root: root}},
		"relative":      {{Guest: "a", Root: root}},
		"not clean":     {{Guest: "/a/../b", Root: root}},
		"twice":         {{Guest: "/a", Root: root}, {Guest: "/a", Root: root}},
		"not there":     {{Host: "/no/such/directory"}},
		"no directory":  {{Host: os.Args[0]}},
		"the second is": {{Guest: "/a", Root: root}, {Guest: "/b"}},
	} {
		_, err := OpenBytes(background, "files.wasm", fixture(t, "files.wasm"), Options{Dirs: dirs})
		assert.ErrorContains(t, err, "directory ", name)
	}
	_, err = root.Stat(".")
	assert.NoError(t, err, "what is not ours stays open")
}

func TestOpenFilesLimit(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), nil, 0o666))
		opts.Dirs, opts.OpenFiles, opts.Resettable = []Dir{{Host: dir}}, 10, true
		lib, f := openFileSystem(t, opts)
		for range 2 {
			opened := 0
			for ; opened < 100; opened++ {
				fd, err := f.Open("/a", 0, 1)
				require.NoError(t, err)
				if fd < 0 {
					assert.EqualValues(t, -eMfile, fd)
					break
				}
			}
			assert.Equal(t, 9, opened, "beside the directory itself")
			require.NoError(t, lib.Reset(background))
		}
		for range 100 {
			gives(t, 0)(f.Open("/a", 0, 0))
		}
		opts.Dirs, opts.OpenFiles = []Dir{{Host: dir}, {Guest: "/b", Host: dir}}, 1
		_, err := OpenBytes(background, "files.wasm", fixture(t, "files.wasm"), opts)
		require.ErrorIs(t, err, ErrFileLimit)
	})
}

func TestWriteLimit(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		dir := t.TempDir()
		opts.Dirs, opts.WriteLimit, opts.Resettable = []Dir{{Host: dir}}, 100<<10, true
		lib, f := openFileSystem(t, opts)
		for range 2 {
			_, err := f.Fill("/full")
			require.ErrorIs(t, err, ErrWriteLimit)
			require.ErrorIs(t, err, wasmffi.ErrLimit)
			require.ErrorIs(t, err, ErrUnreachable)
			info, err := os.Stat(filepath.Join(dir, "full"))
			require.NoError(t, err)
			assert.EqualValues(t, 96<<10, info.Size(), "and 4096 for the entry")
			gives(t, -eNospc)(f.Mkdir("/d"))
			gives(t, -eNospc)(f.Resize("/full", 1<<40))
			gives(t, 0)(f.Unlink("/full"))
			require.NoError(t, lib.Reset(background))
		}
	})
}

// TestFilesEnd: what C had open is closed with the library, by a reset, and for
// the next user of a pool.
func TestFilesEnd(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("LEFT OUT: descriptors are counted on linux only")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), nil, 0o666))
	opened := func() (n int) {
		fds, err := os.ReadDir("/proc/self/fd")
		require.NoError(t, err)
		for _, fd := range fds {
			if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(to, dir) {
				n++
			}
		}
		return n
	}
	opts := Options{Dirs: []Dir{{Host: dir}}, Resettable: true}
	lib, err := OpenBytes(background, "files.wasm", fixture(t, "files.wasm"), opts)
	require.NoError(t, err)
	f := bindFiles(t, lib)
	for range 5 {
		_, err := f.Open("/a", 0, 1)
		require.NoError(t, err)
	}
	assert.GreaterOrEqual(t, opened(), 5)
	require.NoError(t, lib.Reset(background))
	assert.Less(t, opened(), 5)
	require.NoError(t, lib.Close())
	assert.Zero(t, opened())

	p, err := NewPool(background, "files.wasm", fixture(t, "files.wasm"), PoolOptions{Options: opts, Instances: 1},
		func(lib wasmffi.Library) (*files, error) { f := new(files); return f, wasmffi.BindAll(lib, f) })
	require.NoError(t, err)
	var first int64
	for range 3 {
		require.NoError(t, p.Do(background, func(f *files) error {
			fd, err := f.Open("/a", 0, 1)
			if first == 0 {
				first = fd
			}
			assert.Equal(t, first, fd, "the lowest number is free again")
			return err
		}))
	}
	require.NoError(t, p.Close(background))
	assert.Zero(t, opened())
}

// TestSpecialFiles: a FIFO does not make C wait, even if it takes a file's place
// at the last moment.
func TestSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	makeFIFO(t, filepath.Join(dir, "fifo"))
	_, f := openFileSystem(t, Options{Dirs: []Dir{{Host: dir}}})
	for _, flags := range []int32{0, fWrite, fWrite | fCreate, fNoLinks, fTruncate} {
		gives(t, -eAcces)(f.Open("/fifo", flags, 0))
	}
	got, _ := f.look(t, "/fifo", 1)
	assert.Equal(t, "?", got)
	gives(t, 0)(f.Unlink("/fifo"))
}

// TestFixedTime: a clock that is not real is the same in every run.
func TestFixedTime(t *testing.T) {
	start := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	lib, f := openFileSystem(t, Options{Time: start, Resettable: true})
	for range 2 {
		now, err := f.Now()
		require.NoError(t, err)
		assert.Equal(t, start.UnixNano(), now)
		gives(t, start.Add(time.Millisecond).UnixNano())(f.Now())
		require.NoError(t, lib.Reset(background))
	}
}

// TestSlowInput: a read that takes its time does not hold up a deadline, and
// nothing of what it then reads is lost.
func TestSlowInput(t *testing.T) {
	r, w := io.Pipe()
	_, f := openFileSystem(t, Options{Stdin: r})
	read := func(ctx context.Context) (string, error) {
		buf := make([]byte, 100)
		n, err := f.Input(ctx, buf, int32(len(buf)))
		return string(buf[:max(n, 0)]), err
	}
	for range 2 {
		ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
		_, err := read(ctx)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	go func() {
		_, _ = io.WriteString(w, "late")
		_, _ = io.WriteString(w, "later")
		_ = w.Close()
	}()
	for _, want := range []string{"late", "later", ""} {
		got, err := read(background)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}

	_, f = openFileSystem(t, Options{Stdin: panics{}})
	_, err := read(background)
	var p *wasmffi.PanicError
	require.ErrorAs(t, err, &p)
	assert.Equal(t, "reader", p.Value)
}

type panics struct{}

func (panics) Read([]byte) (int, error) { panic("reader") }

// TestRepeatable: with nothing real given, two runs are the same to the byte:
// memory, output and fuel, whichever engine runs them.
func TestRepeatable(t *testing.T) {
	run := func(opts Options) (out string, image []byte, left uint64) {
		opts.Dirs = []Dir{{FS: fstest.MapFS{"b": {Data: []byte("bb")}, "a": {Data: []byte("a")}}}}
		opts.Fuel = math.MaxInt64
		lib, f := openFileSystem(t, opts)
		a, _ := f.content(t, "/a")
		names, _ := f.names(t, "/")
		now, err := f.Now()
		require.NoError(t, err)
		image = make([]byte, lib.in.mem.size.Load()-1)
		require.NoError(t, lib.Space().ReadAt(image, 1)) // 0 is NULL
		return fmt.Sprint(a, names, now), image, lib.FuelLeft()
	}
	out, image, left := run(Options{})
	assert.Contains(t, out, "a.\n..\na\nb\n")
	for _, opts := range []Options{{}, {Interpreter: true}} {
		out2, image2, left2 := run(opts)
		assert.Equal(t, out, out2)
		assert.Equal(t, left, left2)
		assert.True(t, bytes.Equal(image, image2))
	}
}
