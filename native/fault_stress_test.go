//go:build linux && (amd64 || arm64)

package native_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ebitengine/purego"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
	"github.com/wasmffi/wasmffi/native"
)

// child runs a test of the same name in a process of its own, so that a crash
// is seen as one: there it is told the library's path, here it gets the output
// and whether the process ended well.
func child(t *testing.T, env ...string) (library string, out string, err error) {
	t.Helper()
	const path = "WASMFFI_FAULTS_LIBRARY"
	if p := os.Getenv(path); p != "" {
		return p, "", nil
	}
	if runtime.GOARCH == "arm64" && os.Getenv("WASMFFI_EXEC") == "" {
		if exec.Command(os.Args[0], "-test.list=^$").Run() != nil {
			t.Skip("LEFT OUT: under an emulator, a process cannot start itself; set WASMFFI_EXEC to the emulator's command")
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	args := append(strings.Fields(os.Getenv("WASMFFI_EXEC")), os.Args[0], "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.v")
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(append(os.Environ(), path+"="+buildFaults(t, "-g")), env...)
	text, err := cmd.CombinedOutput()
	return "", string(text), err
}

// TestFaultStress has 16 goroutines do everything that faults, and what must
// not be disturbed by it, for as long as WASMFFI_STRESS says, or 2 seconds.
func TestFaultStress(t *testing.T) {
	path, out, err := child(t)
	if path == "" {
		if errors.Is(err, nil) && strings.Contains(out, "--- PASS") {
			for line := range strings.SplitSeq(out, "\n") {
				if strings.Contains(line, "seed") || strings.Contains(line, "faults") {
					t.Log(strings.TrimSpace(line))
				}
			}
			return
		}
		t.Fatalf("%v\n%.6000s", err, out)
	}
	duration := 2 * time.Second
	if s := os.Getenv("WASMFFI_STRESS"); s != "" {
		duration, err = time.ParseDuration(s)
		require.NoError(t, err)
	}
	require.NoError(t, pprof.StartCPUProfile(io.Discard)) // signals all along
	defer pprof.StopCPUProfile()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("WASMFFI_SEED"); s != "" {
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("seed: WASMFFI_SEED=%d", seed)

	lib, err := native.Open(ctx, path, native.Options{AllowAfterFault: true})
	require.NoError(t, err)
	s := newFaultStress(t, lib)
	stop := make(chan struct{})
	var workers, others sync.WaitGroup
	for i := range uint64(16) {
		workers.Go(func() {
			random := rand.New(rand.NewPCG(seed, i))
			if i%4 == 0 {
				runtime.LockOSThread()
			}
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := s.step(random); err != nil {
					s.fail(err)
					return
				}
			}
		})
	}
	others.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Millisecond):
				runtime.GC()
			}
		}
	})
	others.Go(func() { // libraries that are poisoned and closed, on threads that end
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := poisonOne(path); err != nil {
				s.fail(err)
				return
			}
		}
	})
	select {
	case <-time.After(duration):
	case <-s.failed:
	}
	close(stop)
	workers.Wait()
	others.Wait()
	select {
	case err := <-s.failed:
		t.Fatal(err)
	default:
	}
	t.Logf("%d faults, %d callbacks, %d faults of Go's", s.faults.Load(), s.callbacks.Load(), s.nils.Load())
	require.Positive(t, s.faults.Load())
	require.Zero(t, native.CallsInFlight(), "calls left in threads' records")
	require.Less(t, native.RoomCount(), 200, "rooms leak")
	closed := make(chan error)
	go func() { closed <- lib.Close() }()
	select {
	case err := <-closed:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("Close waits for a call that is dead")
	}
}

// poisonOne opens the library, has it fault and closes it.
func poisonOne(path string) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		result <- func() error {
			lib, err := native.Open(ctx, path, native.Options{})
			if err != nil {
				return err
			}
			load, err := wasmffi.Bind[func(dtype.Addr) (int32, error)](lib, "load")
			if err != nil {
				return err
			}
			if _, err := load(8); !errors.Is(err, wasmffi.ErrFault) {
				return fmt.Errorf("a fault gives %v", err)
			}
			if _, err := load(8); !errors.Is(err, wasmffi.ErrPoisoned) {
				return fmt.Errorf("a poisoned library gives %v", err)
			}
			return lib.Close()
		}()
	}()
	return <-result
}

type faultStress struct {
	failed                  chan error
	faults, callbacks, nils atomic.Int64

	space     memory.Space
	load      func(dtype.Addr) (int32, error)
	leafLoad  func(dtype.Addr) (int32, error)
	add       func(int32, int32) (int32, error)
	leafAdd   func(int32, int32) (int32, error)
	divide    func(int32, int32) (int32, error)
	trap      func() error
	jump      func(dtype.Addr) error
	recurse   func(int32) (int32, error)
	large     func(dtype.Long) (int32, error)
	apply     func(func(int32) (int32, error), int32) (int32, error)
	callLoad  func(func(int32) (int32, error), dtype.Addr) (int32, error)
	loadBig   func(big, dtype.Addr) (big, error)
	leafApply func(dtype.Addr, int32) (int32, error)
	onThread  func(func()) (int32, error)
	cut       dtype.Addr
	callback  dtype.Addr
}

func newFaultStress(t *testing.T, lib wasmffi.Library) *faultStress {
	leaf := native.Leaf(lib)
	cb, err := wasmffi.NewCallback(lib, func(x int32) int32 { return x }, nil)
	require.NoError(t, err)
	return &faultStress{
		failed:    make(chan error, 32),
		space:     lib.Space(),
		load:      bind[func(dtype.Addr) (int32, error)](t, lib, "load"),
		leafLoad:  bind[func(dtype.Addr) (int32, error)](t, leaf, "load"),
		add:       bind[func(int32, int32) (int32, error)](t, lib, "add"),
		leafAdd:   bind[func(int32, int32) (int32, error)](t, leaf, "add"),
		divide:    bind[func(int32, int32) (int32, error)](t, lib, "divide"),
		trap:      bind[func() error](t, lib, "trap"),
		jump:      bind[func(dtype.Addr) error](t, lib, "jump"),
		recurse:   bind[func(int32) (int32, error)](t, lib, "recurse"),
		large:     bind[func(dtype.Long) (int32, error)](t, lib, "large_frame"),
		apply:     bind[func(func(int32) (int32, error), int32) (int32, error)](t, lib, "apply"),
		callLoad:  bind[func(func(int32) (int32, error), dtype.Addr) (int32, error)](t, lib, "call_then_load"),
		loadBig:   bind[func(big, dtype.Addr) (big, error)](t, lib, "load_big"),
		leafApply: bind[func(dtype.Addr, int32) (int32, error)](t, leaf, "apply"),
		onThread:  bind[func(func()) (int32, error)](t, lib, "on_thread"),
		cut:       bind[func() dtype.Addr](t, lib, "cut_file")(),
		callback:  dtype.Addr(cb.Address()),
	}
}

func (s *faultStress) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

// expect is an error unless err is of the kind.
func (s *faultStress) expect(what string, err, kind error) error {
	s.faults.Add(1)
	if !errors.Is(err, kind) {
		return fmt.Errorf("%s: %v instead of %v", what, err, kind)
	}
	return nil
}

func (s *faultStress) step(r *rand.Rand) error {
	switch n := r.IntN(100); {
	case n < 10:
		_, err := s.load(dtype.Addr(r.IntN(4096)))
		return s.expect("load", err, wasmffi.ErrFault)
	case n < 15:
		_, err := s.leafLoad(8)
		return s.expect("leaf load", err, wasmffi.ErrFault)
	case n < 20:
		if runtime.GOARCH != "amd64" {
			return nil
		}
		_, err := s.divide(1, 0)
		return s.expect("divide", err, wasmffi.ErrDivideByZero)
	case n < 25:
		return s.expect("trap", s.trap(), wasmffi.ErrUnreachable)
	case n < 30:
		return s.expect("jump", s.jump(dtype.Addr(16*r.IntN(2))), wasmffi.ErrFault)
	case n < 33:
		_, err := s.recurse(0)
		return s.expect("recurse", err, wasmffi.ErrStackOverflow)
	case n < 36:
		_, err := s.large(64 << 20)
		return s.expect("large frame", err, wasmffi.ErrStackOverflow)
	case n < 41:
		_, err := s.load(s.cut)
		return s.expect("cut file", err, wasmffi.ErrFault)
	case n < 45:
		_, err := s.loadBig(big{}, 8)
		return s.expect("struct", err, wasmffi.ErrFault)
	case n < 48:
		_, err := s.leafApply(s.callback, 1)
		return s.expect("leaf callback", err, wasmffi.ErrCallback)
	case n < 55:
		_, err := s.callLoad(func(x int32) (int32, error) { s.callbacks.Add(1); growStack(r.IntN(30)); return x, nil }, 8)
		return s.expect("load after a callback", err, wasmffi.ErrFault)
	case n < 65:
		return s.nested(r)
	case n < 70:
		_, err := s.apply(func(int32) (int32, error) { s.nils.Add(1); var p *int32; return *p, nil }, 1)
		var p *wasmffi.PanicError
		if !errors.As(err, &p) || errors.Is(err, wasmffi.ErrTrap) {
			return fmt.Errorf("nil in a callback: %v", err)
		}
		return nil
	case n < 75:
		return s.nilOutside()
	case n < 80:
		if err := s.space.ReadAt(make([]byte, 8), 0x5eadbee0); !errors.Is(err, memory.ErrOutOfBounds) {
			return fmt.Errorf("a bad read: %v", err)
		}
		return nil
	case n < 81:
		var inner error
		if _, err := s.onThread(func() { _, inner = s.load(8) }); err != nil {
			return err
		}
		return s.expect("on a thread of C's", inner, wasmffi.ErrFault)
	default:
		add := s.add
		if n%2 == 0 {
			add = s.leafAdd
		}
		if v, err := add(int32(n), 1); err != nil || v != int32(n)+1 {
			return fmt.Errorf("add: %d, %v", v, err)
		}
		return nil
	}
}

// nested faults a few callbacks down, and looks that those above go on.
func (s *faultStress) nested(r *rand.Rand) error {
	depth := r.IntN(4)
	var down func(x int32) (int32, error)
	down = func(x int32) (int32, error) {
		s.callbacks.Add(1)
		if int(x) < depth {
			return s.apply(down, x+1)
		}
		if _, err := s.load(8); !errors.Is(err, wasmffi.ErrFault) {
			return 0, fmt.Errorf("inside callbacks: %v", err)
		}
		growStack(r.IntN(20))
		return 77, nil
	}
	v, err := s.apply(down, 0)
	if err != nil || v != 77 {
		return fmt.Errorf("nested %d deep: %d, %v", depth, v, err)
	}
	s.faults.Add(1)
	return nil
}

func (s *faultStress) nilOutside() (err error) {
	s.nils.Add(1)
	defer func() {
		if e, ok := recover().(runtime.Error); !ok || !strings.Contains(e.Error(), "nil pointer") {
			err = fmt.Errorf("nil in Go: %v", e)
		}
	}()
	var p *[100]int
	return fmt.Errorf("read %d from nil", p[opaqueInt(3)])
}

// What stays fatal, and who else gets signals.
func TestFaultsOfOthers(t *testing.T) {
	open := func(t *testing.T, path string, o native.Options) wasmffi.Library {
		lib, err := native.Open(ctx, path, o)
		require.NoError(t, err)
		return lib
	}
	for _, c := range []struct {
		name string
		do   func(t *testing.T, path string)
		text string // what the process dies with; "" for one that lives
	}{
		{"without the guard", func(t *testing.T, path string) {
			open(t, path, native.Options{})
			_, _ = bind[func(dtype.Addr) (int32, error)](t, open(t, path, native.Options{NoFaultGuard: true}), "load")(8)
		}, "SIGSEGV"},
		{"on a thread of C's own", func(t *testing.T, path string) {
			_, _ = bind[func() (int32, error)](t, open(t, path, native.Options{}), "crash_on_thread")()
		}, "segmentation fault"},
		{"in a signal handler of C's own", func(t *testing.T, path string) {
			_ = bind[func() error](t, open(t, path, native.Options{}), "fault_in_handler")()
		}, "SIGSEGV"},
		{"sent", func(t *testing.T, path string) {
			_ = bind[func(int32) error](t, open(t, path, native.Options{}), "send")(int32(syscall.SIGSEGV))
		}, "SIGSEGV"},
		{"sent to who asked for it", func(t *testing.T, path string) {
			got := make(chan os.Signal, 1)
			signal.Notify(got, syscall.SIGSEGV)
			require.NoError(t, bind[func(int32) error](t, open(t, path, native.Options{}), "send")(int32(syscall.SIGSEGV)))
			require.Equal(t, syscall.SIGSEGV, <-got)
		}, ""},
		{"caught by C itself", func(t *testing.T, path string) {
			lib := open(t, path, native.Options{})
			caught, err := bind[func() (int32, error)](t, lib, "own_guard")()
			require.NoError(t, err)
			require.EqualValues(t, 1, caught)
			_, err = bind[func(dtype.Addr) (int32, error)](t, lib, "load")(8)
			require.ErrorIs(t, err, wasmffi.ErrFault, "and then by us again")
		}, ""},
		{"a lock of stdio's left taken", func(t *testing.T, path string) {
			lib := open(t, path, native.Options{})
			done := make(chan error)
			go func() {
				runtime.LockOSThread()
				done <- bind[func(dtype.Addr) error](t, lib, "stdio_and_load")(8)
			}()
			require.ErrorIs(t, <-done, wasmffi.ErrFault)
			go func() { done <- lib.Close() }()
			select {
			case err := <-done:
				require.NoError(t, err)
			case <-time.After(10 * time.Second):
				panic("Close hangs")
			}
		}, ""},
		{"in C that another package called", func(t *testing.T, path string) {
			lib := open(t, path, native.Options{})
			load, err := lib.Lookup("load")
			require.NoError(t, err)
			callback := purego.NewCallback(func() uintptr {
				require.ErrorContains(t, nilPanic().(error), "nil pointer", "Go's faults are Go's there too")
				_, _, _ = purego.SyscallN(uintptr(load.Addr), 8)
				return 0
			})
			_ = bind[func(dtype.Addr) error](t, lib, "jump")(dtype.Addr(callback))
		}, "SIGSEGV"},
		{"nil in Go, without recover", func(t *testing.T, path string) {
			open(t, path, native.Options{})
			var p *int32
			*p = 1
		}, "nil pointer dereference"},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			path, out, err := child(t)
			switch {
			case path != "":
				c.do(t, path)
			case c.text == "":
				require.NoError(t, err, "%.4000s", out)
				require.Contains(t, out, "--- PASS")
			default:
				require.Error(t, err)
				require.Contains(t, out+err.Error(), c.text)
				require.NotContains(t, out, "FaultError")
			}
		})
	}
}
