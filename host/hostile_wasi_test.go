package host

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// seeded is a source of random cases: of $WASMFFI_SEED, or of a seed that is
// logged.
func seeded(t testing.TB) *mathrand.Rand {
	seed, err := strconv.ParseUint(os.Getenv("WASMFFI_SEED"), 10, 64)
	if err != nil {
		seed = mathrand.Uint64() >> 32
	}
	t.Logf("WASMFFI_SEED=%d", seed)
	return mathrand.New(mathrand.NewPCG(seed, 0))
}

// times is how many random cases to try: n, or as many times more as
// $WASMFFI_HOSTILE says.
func times(n int) int {
	if k, err := strconv.Atoi(os.Getenv("WASMFFI_HOSTILE")); err == nil {
		return n * k
	}
	return n
}

// A wasiCall calls the WASI functions of wasiall.wasm.
type wasiCall struct {
	t     testing.TB
	lib   *Library
	calls map[string]wasmffi.Callable
	arity map[string][]dtype.Type
}

func openWASI(t testing.TB, opts Options) *wasiCall {
	w := &wasiCall{t, openTest(t, "wasiall.wasm", opts), map[string]wasmffi.Callable{}, map[string][]dtype.Type{}}
	for name, def := range w.lib.in.mod.wasiFuncs() {
		result := dtype.CVoid
		if len(def.ResultTypes()) > 0 {
			w.arity[name] = append(w.arity[name], dtype.CUInt)
		}
		var params []dtype.Type
		for _, p := range def.ParamTypes() {
			params = append(params, map[byte]dtype.Type{0x7f: dtype.CUInt, 0x7e: dtype.CULongLong}[p])
		}
		sig := proto(result, params...)
		if w.arity[name] != nil {
			sig = proto(dtype.CUInt, params...)
		}
		w.arity[name] = params
		w.calls[name] = prepare(t, w.lib, name, sig)
	}
	require.Greater(t, len(w.calls), 40)
	return w
}

func (w *wasiCall) call(ctx context.Context, name string, args ...uint64) (errno uint64, err error) {
	out, err := callWords(ctx, w.calls[name], args...)
	if len(out) == 0 {
		return 0, err
	}
	return out[0], err
}

// at writes words at an address of C's.
func (w *wasiCall) at(addr uint64, words ...uint32) {
	b := make([]byte, 0, 4*len(words))
	for _, x := range words {
		b = append(b, byte(x), byte(x>>8), byte(x>>16), byte(x>>24))
	}
	require.NoError(w.t, w.lib.Space().WriteAt(b, addr))
}

// open opens the file a of C's root directory and gives its descriptor.
func (w *wasiCall) open() uint64 {
	const name, result, rights = 0x8000, 0x8008, 1<<64 - 1
	w.at(name, 'a')
	errno, err := w.call(nil, "path_open", 3, 0, name, 1, 0, rights, rights, 0, result)
	require.NoError(w.t, err)
	if errno != 0 {
		return 0
	}
	b := make([]byte, 4)
	require.NoError(w.t, w.lib.Space().ReadAt(b, result))
	return uint64(binary.LittleEndian.Uint32(b))
}

// TestWASIRequests: what would cost Go memory or time as C pleases is an error,
// and so is what would make the engine's own code panic.
func TestWASIRequests(t *testing.T) {
	const fault, invalid = 21, 28 // WASI's EFAULT and EINVAL
	engines(t, func(t *testing.T, opts Options) {
		opts.Dirs = []Dir{{FS: fstest.MapFS{"a": {Data: make([]byte, 1000)}}}}
		opts.Clock, opts.Stdout = true, io.Discard
		w := openWASI(t, opts)
		before := usage(t)
		for _, tt := range []struct {
			name  string
			args  []uint64
			errno uint64 // 0 for an ErrRequest
		}{
			{"fd_renumber", []uint64{0, 1<<31 - 1}, 0}, // a table of 16 GiB
			{"poll_oneoff", []uint64{16, 16, 1<<32/48 + 1, 16}, 0},
			{"poll_oneoff", []uint64{16, 16, 1 << 28, 16}, 0}, // times 48, 0
			{"poll_oneoff", []uint64{16, 16, 0, 16}, invalid},
			{"fd_write", []uint64{1, 16, 1 << 29, 16}, 0}, // times 8, 0
			{"fd_write", []uint64{1, 1<<32 - 8, 2, 16}, fault},
			{"fd_read", []uint64{0, 16, 1025, 16}, 0},
			{"fd_pread", []uint64{0, 1<<32 - 4, 1024, 0, 16}, fault},
			{"path_open", []uint64{3, 0, 0, 1 << 17, 0, 0, 0, 0, 16}, 0},
			{"path_open", []uint64{3, 0, 1 << 17, 4096, 0, 0, 0, 0, 16}, fault},
			{"path_rename", []uint64{3, 16, 1, 3, 16, 4097}, 0},
			{"path_symlink", []uint64{16, 1<<32 - 1, 3, 16, 1}, 0},
			{"random_get", []uint64{16, 1<<32 - 1}, fault},
			{"args_get", []uint64{1<<32 - 1, 1<<32 - 1}, 0}, // no arguments: nothing is written
		} {
			if tt.name == "fd_renumber" {
				tt.args[0] = w.open()
			}
			errno, err := w.call(nil, tt.name, tt.args...)
			switch {
			case tt.name == "args_get":
				require.NoError(t, err)
			case tt.errno == 0:
				require.ErrorIs(t, err, ErrRequest, "%s%v", tt.name, tt.args)
				require.ErrorIs(t, err, wasmffi.ErrLimit, "%s%v", tt.name, tt.args)
			default:
				require.NoError(t, err, "%s%v", tt.name, tt.args)
				require.Equal(t, tt.errno, errno, "%s%v", tt.name, tt.args)
			}
		}
		usage(t).requireNotAbove(t, before)
	})
}

// TestWASITakesTime: what C asks of Go ends with the call that asked, however
// much it is.
func TestWASITakesTime(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		opts.Clock, opts.Random, opts.Stdout, opts.OutputLimit = true, slowly(1<<10), slowly(1<<10), -1
		opts.Stdin = slowly(1 << 16)
		w := openWASI(t, opts)
		w.at(16, 0, 0, 0, 0, 1, 0, 1<<32-1, 1<<30, 0, 0, 0, 0) // sleep for a hundred years
		for at := uint64(1024); at < 1024+8*1000; at += 8 {
			w.at(at, 1<<14, 1<<16) // not over itself
		}
		for name, args := range map[string][]uint64{
			"poll_oneoff": {16, 512, 1, 8},
			"random_get":  {16, 1<<17 - 16},
			"fd_write":    {1, 1024, 1000, 8},
			"fd_read":     {0, 1024, 1000, 8},
		} {
			ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
			start := time.Now()
			_, err := w.call(ctx, name, args...)
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			require.Less(t, time.Since(start), 2*time.Second, name)
		}
	})
}

// slowly reads and writes so many bytes in a millisecond.
type slowly int

func (s slowly) Read(p []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return min(len(p), int(s)), nil
}

func (s slowly) Write(p []byte) (int, error) {
	time.Sleep(time.Millisecond * time.Duration(len(p)) / time.Duration(s))
	return len(p), nil
}

// hostileWords are numbers at the edges of what is checked, and those that wrap
// when they are multiplied by the size of an iovec, a subscription or an event.
var hostileWords = []uint64{
	0, 1, 2, 3, 4, 7, 8, 16, 24, 48, 1000, 1023, 1024, 1025, 4096, 4097, 65535, 65536, 131071, 131072, 131073, 1 << 20, 1 << 28,
	1 << 29, 1<<29 + 1, 1<<32/48 + 1, 1<<32/32 + 1, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1<<32 - 8, 1<<32 - 65536,
}

// TestHostileWASI hands wild numbers to every WASI function, with memory full of
// them too: each call ends, soon, with an errno or an error that says why, and
// nothing is taken from the process.
func TestHostileWASI(t *testing.T) {
	files := fstest.MapFS{"a": {Data: make([]byte, 1000)}, "d/b": {Data: []byte("b")}}
	for name, opts := range map[string]Options{
		"bare": {},
		"all": {Dirs: []Dir{{FS: files}}, Clock: true, Random: rand.Reader, Stdin: bytes.NewReader(make([]byte, 1<<20)), Stdout: io.Discard, Stderr: io.Discard,
			Args: []string{"program", "x"}, Env: map[string]string{"A": "b"}},
		"interpreter": {Interpreter: true, Dirs: []Dir{{FS: files}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := openWASI(t, opts)
			random := seeded(t)
			word := func() uint64 {
				if random.IntN(4) == 0 {
					return random.Uint64()
				}
				return hostileWords[random.IntN(len(hostileWords))]
			}
			before := usage(t)
			for range times(40) {
				for at := uint64(16); at < 1<<17; at += 1 << 12 {
					w.at(at, uint32(word()), uint32(word()), uint32(word()), uint32(word()))
				}
				w.open() // so that there is something to hurt
				for name, params := range w.arity {
					args := make([]uint64, len(params))
					for i := range args {
						args[i] = word()
						if i == 0 && random.IntN(2) == 0 {
							args[i] = uint64(random.IntN(6)) // a descriptor
						}
					}
					start := time.Now()
					ctx, cancel := context.WithTimeout(background, 50*time.Millisecond)
					_, err := w.call(ctx, name, args...)
					cancel()
					require.Less(t, time.Since(start), time.Second, "%s%v", name, args)
					if err != nil {
						named := errors.Is(err, ErrRequest) || errors.Is(err, wasmffi.ErrExit) || errors.Is(err, context.DeadlineExceeded)
						require.True(t, named, "%s%v: %v", name, args, err)
					}
				}
			}
			usage(t).requireNotAbove(t, before)
			_, err := w.call(nil, "sched_yield")
			require.NoError(t, err)
		})
	}
}
