package wasmffitest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// stress has 16 goroutines call C, which calls back, fails and traps, while the
// garbage collector runs and stacks move: for two seconds, or $WASMFFI_STRESS.
func stress(t *testing.T, b Backend) {
	lib := b.open(t)
	for _, c := range []struct {
		name string
		libs []wasmffi.Library
	}{
		{"one library", []wasmffi.Library{lib}},
		{"several", []wasmffi.Library{b.open(t), b.open(t), b.open(t), b.open(t)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			end := time.Now().Add(stressTime(t, 2*time.Second) / 2)
			collecting := make(chan struct{})
			go func() {
				defer close(collecting)
				for time.Now().Before(end) {
					runtime.GC()
				}
			}()
			var calls atomic.Int64
			parallel(16, func(g int) {
				s := stresser{T: t, lib: c.libs[g%len(c.libs)], faults: b.Sandbox}
				s.bind()
				for n := 0; time.Now().Before(end) && !t.Failed(); n++ {
					s.round(int32(g), int32(n))
					calls.Add(1)
				}
			})
			<-collecting
			t.Logf("%d rounds", calls.Load())
		})
	}
}

type stresser struct {
	*testing.T
	lib    wasmffi.Library
	faults bool

	add      func(int32, int32) int32
	within   func(func(int32) (int32, error), int32) (int32, error)
	fail     func(context.Context, func(int32) (int32, error), int32, int32) (int32, error)
	sort     func([]int32, dtype.Size, dtype.Size, func(a, b *int32) int32)
	mapPoint func(func(point, int32) point, point) point
	forward  func(func(string, wasmffi.VaList) (int32, error), string, ...any) (int32, error)
}

func (s *stresser) bind() {
	s.add = bind[func(int32, int32) int32](s, s.lib, "add")
	s.within = bind[func(func(int32) (int32, error), int32) (int32, error)](s, s.lib, "within")
	s.fail = bind[func(context.Context, func(int32) (int32, error), int32, int32) (int32, error)](s, s.lib, "fail_after")
	s.sort = bind[func([]int32, dtype.Size, dtype.Size, func(a, b *int32) int32)](s, s.lib, "sort")
	s.mapPoint = bind[func(func(point, int32) point, point) point](s, s.lib, "map_point")
	s.forward = bind[func(func(string, wasmffi.VaList) (int32, error), string, ...any) (int32, error)](s, s.lib, "forward")
}

func (s *stresser) round(g, n int32) {
	switch n % 6 {
	case 0:
		r, err := s.within(func(x int32) (int32, error) {
			grow(20) // the goroutine's stack moves while C's frames are on it
			return s.add(x, g), nil
		}, n)
		s.is(r == n+g && err == nil, "within: %d, %v", r, err)
	case 1:
		r, err := s.within(func(x int32) (int32, error) {
			return s.within(func(x int32) (int32, error) {
				if n%4 == 1 {
					return 0, errBoom
				}
				panic(errBoom)
			}, x)
		}, n)
		s.is(errors.Is(err, errBoom), "errors: %d, %v", r, err)
	case 2:
		x := []int32{g, n, 3, -1, g - n, 9}
		s.sort(x, 6, 4, func(a, b *int32) int32 { _ = make([]byte, 512); return *a - *b })
		for i := range x[1:] {
			s.is(x[i] <= x[i+1], "sort: %v", x)
		}
	case 3:
		p := s.mapPoint(func(p point, k int32) point { grow(5); return point{p.Y + float64(k), p.X} }, point{float64(g), float64(n)})
		s.is(p == point{float64(n) + 7, float64(g)}, "point: %v", p)
	case 4:
		r, err := s.forward(func(f string, ap wasmffi.VaList) (int32, error) {
			a, err := wasmffi.VaArg[int32](ap)
			b, err2 := wasmffi.VaArg[float64](ap)
			return a + int32(b) + int32(len(f)), errors.Join(err, err2)
		}, "four", g, float64(n))
		s.is(r == g+n+4 && err == nil, "forward: %d, %v", r, err)
	case 5:
		if s.faults {
			how := []int32{1, 2, 4, 5}[n/6%4]
			_, err := s.fail(nil, func(x int32) (int32, error) { return s.add(x, 1), nil }, n, how)
			s.is(errors.Is(err, wasmffi.ErrTrap) || errors.Is(err, wasmffi.ErrExit), "fault %d: %v", how, err)
		}
	}
}

func (s *stresser) is(ok bool, format string, args ...any) {
	if !ok {
		s.Errorf(format, args...)
	}
}

//go:noinline
func grow(n int) byte {
	var pad [1024]byte
	if n > 0 {
		pad[n%1024] = grow(n - 1)
	}
	return pad[n%512]
}

// million makes and frees callbacks: 20,000, or a million where $WASMFFI_STRESS
// is set. What they cost must be given back.
func million(t *testing.T, b Backend) {
	lib := b.open(t)
	n := 20000
	if os.Getenv("WASMFFI_STRESS") != "" {
		n = 1_000_000
	}
	apply := bind[func(wasmffi.Callback, int32) (int32, error)](t, lib, "apply")
	mapPoint := bind[func(wasmffi.Callback, point) (point, error)](t, lib, "map_point")
	addrs := map[uint64]bool{}
	makeAndFree := func(from, to int) {
		for i := from; i < to; i++ {
			k := int32(i)
			cb, err := wasmffi.NewCallback(lib, func(x int32) int32 { return x + k }, nil)
			require.NoError(t, err)
			addrs[cb.Address()] = true
			r, err := apply(cb, 1)
			if err != nil || r != k+1 {
				t.Fatalf("callback %d: %d, %v", i, r, err)
			}
			if i%10 == 0 { // one by reflection, and of another signature
				other, err := wasmffi.NewCallback(lib, func(p point, n int32) point { return point{p.Y, float64(k)} }, nil)
				require.NoError(t, err)
				p, err := mapPoint(other, point{1, 2})
				require.NoError(t, err)
				require.Equal(t, point{2, float64(k)}, p)
				require.NoError(t, other.Free())
			}
			require.NoError(t, cb.Free())
		}
	}
	makeAndFree(0, n/10)
	heap, resident := heapInUse(), rss(t)
	makeAndFree(n/10, n)
	t.Logf("%d callbacks: %d slots, heap %d → %d KiB, resident %d → %d KiB", n, len(addrs), heap>>10, heapInUse()>>10, resident>>10, rss(t)>>10)
	require.Less(t, len(addrs), 5000, "slots, which other tests may have left some of")
	require.Less(t, heapInUse(), heap+2<<20, "heap")
	require.Less(t, rss(t), resident+32<<20, "resident memory")

	// All at once, and all freed: the slots are used again, in the order in
	// which they were freed.
	all := func() (order []uint64) {
		var cbs []wasmffi.Callback
		for range 1000 {
			cb, err := wasmffi.NewCallback(lib, func(x int32) int32 { return x }, nil)
			require.NoError(t, err)
			cbs, order = append(cbs, cb), append(order, cb.Address())
		}
		for _, cb := range cbs {
			require.NoError(t, cb.Free())
		}
		return order
	}
	seen := map[uint64]int{}
	for round := range 4 {
		for _, a := range all() {
			seen[a] = max(seen[a], round)
		}
	}
	require.Less(t, len(seen), max(2200, len(addrs)+256), "slots for 1000 callbacks at a time, or all that there were and a page or two")
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// rss is the process's resident memory in bytes, 0 where it cannot be told.
func rss(t *testing.T) uint64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kib uint64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}
