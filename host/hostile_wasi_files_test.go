package host

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

// answers makes a call that must end soon, with an errno or in an error that says
// why.
func (w *wasiCall) answers(name string, args ...uint64) (errno uint64, err error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(background, 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	errno, err = w.call(ctx, name, args...)
	require.Less(w.t, time.Since(start), soon, "%s%v", name, args)
	if err != nil {
		named := errors.Is(err, ErrRequest) || errors.Is(err, context.DeadlineExceeded)
		require.True(w.t, named, "%s%v: %v", name, args, err)
	}
	require.Less(w.t, errno, uint64(77), "%s%v: one of WASI's errnos", name, args)
	return errno, err
}

// at64 writes numbers of 64 bits at an address of C's.
func (w *wasiCall) at64(addr uint64, words ...uint64) {
	for i, x := range words {
		w.at(addr+8*uint64(i), uint32(x), uint32(x>>32))
	}
}

// path is the address and length of a name in C's memory.
func (w *wasiCall) path(name string) (addr, n uint64) {
	require.NoError(w.t, w.lib.Space().WriteAt([]byte(name), 0x8000))
	return 0x8000, uint64(len(name))
}

// opens gives the descriptor of a file, or 0.
func (w *wasiCall) opens(name string, oflags, rights uint64) uint64 {
	const result = 0x9000
	addr, n := w.path(name)
	errno, err := w.answers("path_open", 3, 0, addr, n, oflags, rights, rights, 0, result)
	if errno != 0 || err != nil {
		return 0
	}
	b := make([]byte, 4)
	require.NoError(w.t, w.lib.Space().ReadAt(b, result))
	return uint64(b[0])
}

// wasiSize is the size of wasiall.wasm's memory, which its addresses end before.
const wasiSize = 2 * pageSize

// edges are addresses and lengths where memory ends and numbers wrap.
var edges = []uint64{0, 1, 16, wasiSize - 8, wasiSize - 1, wasiSize, wasiSize + 1, 1 << 31, 1<<32 - 8, 1<<32 - 1}

// offsets are those of files where they wrap, and cookies of directories.
var wildOffsets = []uint64{0, 1, 1<<31 - 1, 1 << 32, 1<<62 - 1, 1<<63 - 4096, 1<<63 - 2, 1<<63 - 1, 1 << 63, 1<<63 + 1, 1<<64 - 2, 1<<64 - 1}

// A wildJail is a directory to be attacked, beside what must not be touched.
func wildJail(t testing.TB) (dir string, look func() []string) {
	top := t.TempDir()
	dir = filepath.Join(top, "jail")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "d", "e"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), []byte("0123456789"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(top, "outside"), []byte("precious"), 0o600))
	for name, to := range map[string]string{"out": "../outside", "abs": filepath.Join(top, "outside"), "new": "../new", "self": "self", "in": "a", "up": ".."} {
		require.NoError(t, os.Symlink(to, filepath.Join(dir, name)))
	}
	return dir, func() (all []string) {
		entries, err := os.ReadDir(top)
		require.NoError(t, err)
		for _, e := range entries {
			all = append(all, e.Name())
		}
		text, err := os.ReadFile(filepath.Join(top, "outside"))
		require.NoError(t, err)
		return append(all, string(text))
	}
}

func eachWASI(t *testing.T, f func(t *testing.T, w *wasiCall)) {
	for name, opts := range map[string]Options{"compiler": {}, "interpreter": {Interpreter: true}} {
		for _, readOnly := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " read-only"}[readOnly], func(t *testing.T) {
				dir, look := wildJail(t)
				before := look()
				opts.Dirs = []Dir{{Guest: "/", Host: dir, ReadOnly: readOnly}, {Guest: "/fs", FS: fstest.MapFS{"b": {Data: []byte("b")}, "d/c": {}}}}
				opts.Args, opts.Env = []string{"program", "argument"}, map[string]string{"NAME": "value"}
				opts.WriteLimit, opts.OpenFiles = 1<<20, 64
				w := openWASI(t, opts)
				f(t, w)
				require.Equal(t, before, look(), "what is outside")
				if readOnly {
					text, err := os.ReadFile(filepath.Join(dir, "a"))
					require.NoError(t, err)
					require.Equal(t, "0123456789", string(text))
				}
				_, err := w.call(nil, "sched_yield")
				require.NoError(t, err)
			})
		}
	}
}

// TestHostileOpen opens everything in every way: no combination of flags leaves the
// jail or changes what is read-only.
func TestHostileOpen(t *testing.T) {
	eachWASI(t, func(t *testing.T, w *wasiCall) {
		const result = 0x9000
		names := []string{"a", "d", "d/", "none", "none/", "out", "abs", "new", "self", "in", "in/", "up", "up/outside", "..", "../outside", "/outside", ".", "", "a\x00b", "d/../../outside", "fs", "fs/b"}
		opened := 0
		for _, name := range names {
			addr, n := w.path(name)
			for oflags := range uint64(16 + 1) { // one that is none of WASI's, too
				for fdflags := range uint64(32 + 1) {
					// What is asked for decides how it is opened.
					rights := []uint64{0, 1 << 1, 1 << 6, 1<<64 - 1}[(oflags+fdflags)%4]
					errno, err := w.answers("path_open", 3, fdflags%2, addr, n, oflags, rights, rights, fdflags, result)
					if errno != 0 || err != nil {
						continue
					}
					opened++
					b := make([]byte, 4)
					require.NoError(t, w.lib.Space().ReadAt(b, result))
					fd := uint64(b[0])
					w.at(0x9100, 0x9200, 4)
					require.NoError(t, w.lib.Space().WriteAt([]byte("evil"), 0x9200))
					_, _ = w.answers("fd_write", fd, 0x9100, 1, 0x9300)
					_, _ = w.answers("fd_filestat_set_size", fd, 3)
					_, _ = w.answers("fd_readdir", fd, 0x9400, 100, 0, 0x9300)
					errno, err = w.answers("fd_close", fd)
					require.NoError(t, err)
					require.Zero(t, errno)
				}
			}
		}
		require.NotZero(t, opened)
	})
}

// TestHostileOffsets reads, writes, seeks, resizes and lists at offsets where
// numbers end.
func TestHostileOffsets(t *testing.T) {
	eachWASI(t, func(t *testing.T, w *wasiCall) {
		const forWriting, forReading = 1<<6 | 1<<1, 1 << 1
		file, dir := w.opens("a", 0, forWriting), w.opens("d", 2, forReading)
		if file == 0 { // it is read-only
			file = w.opens("a", 0, forReading)
		}
		require.NotZero(t, file)
		require.NotZero(t, dir)
		for _, fd := range []uint64{0, 1, 3, 4, file, dir, 1 << 31, 1<<32 - 1} {
			for _, at := range wildOffsets {
				w.at(0x9100, 0x9200, 16, 0x9200, 1<<10)
				for _, buffers := range []uint64{0, 1, 2} {
					_, _ = w.answers("fd_pread", fd, 0x9100, buffers, at, 0x9300)
					_, _ = w.answers("fd_pwrite", fd, 0x9100, buffers, at, 0x9300)
				}
				for _, size := range wildOffsets {
					_, _ = w.answers("fd_advise", fd, at, size, at%7)
					_, _ = w.answers("fd_allocate", fd, at, size)
					_, _ = w.answers("fd_filestat_set_times", fd, at, size, at%16)
				}
				_, _ = w.answers("fd_filestat_set_size", fd, at)
				for _, whence := range []uint64{0, 1, 2, 3, 255} {
					_, _ = w.answers("fd_seek", fd, at, whence, 0x9300)
				}
				_, _ = w.answers("fd_tell", fd, 0x9300)
				for _, length := range []uint64{0, 1, 23, 24, 25, 100, wasiSize - 0x9400, wasiSize, 1<<32 - 1} {
					_, _ = w.answers("fd_readdir", fd, 0x9400, length, at, 0x9300)
				}
			}
		}
		// What was written stays within the limit: no file has a hole of exabytes.
		for _, fd := range []uint64{file, dir} {
			errno, err := w.answers("fd_filestat_get", fd, 0x9300)
			require.NoError(t, err)
			require.Zero(t, errno)
		}
		require.LessOrEqual(t, w.lib.in.written, uint64(1<<20))
	})
}

// TestHostilePointers has every function that is given addresses and lengths be
// given those where memory ends.
func TestHostilePointers(t *testing.T) {
	eachWASI(t, func(t *testing.T, w *wasiCall) {
		w.open()
		pairs := func(f func(p, q uint64)) {
			for _, p := range edges {
				for _, q := range edges {
					f(p, q)
				}
			}
		}
		pairs(func(p, q uint64) {
			for _, name := range []string{"args_get", "args_sizes_get", "environ_get", "environ_sizes_get", "random_get", "clock_res_get"} {
				_, _ = w.answers(name, p, q)
			}
			for _, fd := range []uint64{0, 3, 4, 5, 6, 1<<32 - 1} {
				_, _ = w.answers("fd_prestat_get", fd, p)
				_, _ = w.answers("fd_prestat_dir_name", fd, p, q)
				_, _ = w.answers("fd_fdstat_get", fd, p)
				_, _ = w.answers("fd_filestat_get", fd, p)
				_, _ = w.answers("fd_readdir", fd, p, q, 0, q)
				_, _ = w.answers("fd_read", fd, p, 1, q)
				_, _ = w.answers("fd_write", fd, p, 1, q)
				_, _ = w.answers("path_create_directory", fd, p, q)
				_, _ = w.answers("path_remove_directory", fd, p, q)
				_, _ = w.answers("path_unlink_file", fd, p, q)
				_, _ = w.answers("path_filestat_get", fd, 0, p, q, q)
				_, _ = w.answers("path_filestat_set_times", fd, 0, p, q, 0, 0, 5)
				_, _ = w.answers("path_readlink", fd, p, 1, p, q, q)
				_, _ = w.answers("path_symlink", p, q, fd, p, q)
				_, _ = w.answers("path_link", fd, 0, p, q, fd, p, q)
				_, _ = w.answers("path_rename", fd, p, q, fd, p, q)
				_, _ = w.answers("path_open", fd, 0, p, q, 1, 1<<64-1, 1<<64-1, 0, q)
				for _, flags := range []uint64{0, 1, 2, 3, 1<<32 - 1} {
					_, _ = w.answers("sock_accept", fd, flags, p)
					_, _ = w.answers("sock_recv", fd, p, 1, flags, p, q)
					_, _ = w.answers("sock_send", fd, p, 1, flags, q)
					_, _ = w.answers("sock_shutdown", fd, flags)
				}
			}
		})
	})
}

// TestHostilePoll asks for events of every kind, many, where memory ends and in one
// another's place.
func TestHostilePoll(t *testing.T) {
	eachWASI(t, func(t *testing.T, w *wasiCall) {
		const size = 48 // of a subscription
		file := w.open()
		for kind := range uint64(5) {
			for _, id := range []uint64{0, 1, 2, 3, file, 1<<32 - 1} {
				for _, timeout := range slices.Concat(wildOffsets, []uint64{1000}) {
					for _, flags := range []uint64{0, 1, 2} {
						for i := range uint64(3) {
							w.at64(0x9000+i*size, i, kind, id, timeout, 1, flags)
						}
						for _, out := range []uint64{0xa000, 0x9000, 0x9010, wasiSize - 32, wasiSize - 31} {
							if kind == 0 && timeout > 1000 && flags == 0 && out != 0xa000 {
								continue // it would only sleep again
							}
							_, _ = w.answers("poll_oneoff", 0x9000, out, 1+timeout%3, 0x8ff0)
						}
					}
				}
			}
		}
		for _, n := range []uint64{0, 1, 1023, 1024, 1025, 1<<32/size + 1, 1<<32/32 + 1, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
			for _, in := range edges {
				for _, out := range edges {
					_, err := w.answers("poll_oneoff", in, out, n, 0x8ff0)
					if n > maxVectors {
						require.ErrorIs(t, err, ErrRequest)
						require.ErrorIs(t, err, wasmffi.ErrLimit)
					}
				}
			}
		}
	})
}

// An errno that nobody took, as fd_sync is not watched, is no other function's.
func TestErrnoIsOfItsFunction(t *testing.T) {
	w := openWASI(t, Options{Stdout: io.Discard, OutputLimit: 1})
	w.lib.in.ioError(wasiNOSPC)
	w.at(64, 128, 10) // a buffer
	errno, err := w.answers("fd_write", 1, 64, 1, 72)
	require.NoError(t, err)
	require.EqualValues(t, wasiIO, errno)
}
