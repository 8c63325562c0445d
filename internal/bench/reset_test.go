package bench

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

// dirtyPages is how many pages are written between two resets.
const dirtyPages = 4

// BenchmarkReset is the time to undo what was written to a few pages of a
// memory full of data; ns/op has the writing too, with the faults that it takes.
// Moving, it is other pages each time.
func BenchmarkReset(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes uint64
		step  uint64
	}{{"1MiB", 1 << 20, 0}, {"256MiB", 256 << 20, 0}, {"1MiB-moving", 1 << 20, 1 << 12}, {"256MiB-moving", 256 << 20, 257 << 12}} {
		b.Run(size.name, func(b *testing.B) {
			ctx := context.Background()
			lib := openResettable(b, size.bytes+1<<20)
			addr, err := lib.Space().Alloc(size.bytes, 1)
			require.NoError(b, err)
			mem, err := lib.Space().Bytes(addr, size.bytes)
			require.NoError(b, err)
			for at := range mem {
				mem[at] = byte(at) | 1
			}
			s, err := lib.Snapshot(ctx)
			require.NoError(b, err)
			require.NoError(b, lib.Restore(ctx, s))
			var resets time.Duration
			var moved uint64
			b.ReportAllocs()
			for b.Loop() {
				for page := range uint64(dirtyPages) {
					mem[page*(size.bytes/dirtyPages)+moved] = 0
				}
				moved = (moved + size.step) % (size.bytes / dirtyPages)
				start := time.Now()
				if err := lib.Restore(ctx, s); err != nil {
					b.Fatal(err)
				}
				resets += time.Since(start)
			}
			b.ReportMetric(float64(resets.Nanoseconds())/float64(b.N), "ns/reset")
		})
	}
	b.Run("open", func(b *testing.B) { // what a reset saves; the module is compiled
		openResettable(b, 1<<20)
		b.ReportAllocs()
		for b.Loop() {
			_ = openResettable(b, 1<<20).Close()
		}
	})
}

var benchModule = func() []byte {
	wasm, _ := os.ReadFile(wasmffitest.Fixture("wasm", "proto.wasm"))
	return wasm
}()

func openResettable(b *testing.B, limit uint64) *host.Library {
	lib, err := host.OpenBytes(context.Background(), "proto.wasm", benchModule, host.Options{Resettable: true, MemoryLimit: limit + 1<<20})
	require.NoError(b, err)
	b.Cleanup(func() { _ = lib.Close() })
	return lib
}

// BenchmarkPoolWork is a call with some 30 µs of C in it, from one goroutine
// and from all processors at once: with a pool, and for comparison with an
// instance for each goroutine that is never reset.
func BenchmarkPoolWork(b *testing.B) {
	const n = 300 // integers to sort
	ctx, wasm := context.Background(), kernel(b, "sort")
	type funcs struct {
		Run func(int32) (int32, error) `c:"run"`
	}
	bind := func(lib wasmffi.Library) (*funcs, error) {
		f := new(funcs)
		return f, wasmffi.BindAll(lib, f)
	}
	pool, err := host.NewPool(ctx, "sort.wasm", wasm, host.PoolOptions{Warm: runtime.GOMAXPROCS(0)}, bind)
	require.NoError(b, err)
	defer pool.Close(ctx)
	pooled := func() {
		if err := pool.Do(ctx, func(f *funcs) error {
			_, err := f.Run(n)
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
	own := func() func() {
		lib, err := host.OpenBytes(ctx, "sort.wasm", wasm, host.Options{})
		require.NoError(b, err)
		b.Cleanup(func() { _ = lib.Close() })
		f, err := bind(lib)
		require.NoError(b, err)
		return func() {
			if _, err := f.Run(n); err != nil {
				b.Fatal(err)
			}
		}
	}
	parallel := func(b *testing.B, each func() func()) {
		b.RunParallel(func(pb *testing.PB) {
			work := each()
			for pb.Next() {
				work()
			}
		})
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			pooled()
		}
	})
	b.Run("parallel", func(b *testing.B) { parallel(b, func() func() { return pooled }) })
	b.Run("own-one", func(b *testing.B) {
		for work := own(); b.Loop(); {
			work()
		}
	})
	b.Run("own-parallel", func(b *testing.B) { parallel(b, own) })
}

// BenchmarkPool is a call in an instance that nobody used before: one of a
// pool's, reset after the call, alone and from all processors at once.
func BenchmarkPool(b *testing.B) {
	type funcs struct {
		Add func(int32, int32) (int32, error) `c:"add"`
	}
	wasm, err := os.ReadFile(wasmffitest.Fixture("wasm", "conform.wasm"))
	require.NoError(b, err)
	pool, err := host.NewPool(context.Background(), "conform.wasm", wasm, host.PoolOptions{}, func(lib wasmffi.Library) (*funcs, error) {
		f := new(funcs)
		return f, wasmffi.BindAll(lib, f)
	})
	require.NoError(b, err)
	defer pool.Close(context.Background())
	add := func() {
		if err := pool.Do(context.Background(), func(f *funcs) error {
			_, err := f.Add(2, 3)
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("do", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			add()
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				add()
			}
		})
	})
	b.Run("fresh", func(b *testing.B) { // the same in a new instance for each call
		b.ReportAllocs()
		for b.Loop() {
			lib, err := host.OpenBytes(context.Background(), "conform.wasm", wasm, host.Options{})
			if err != nil {
				b.Fatal(err)
			}
			add, err := wasmffi.Bind[func(int32, int32) (int32, error)](lib, "add")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := add(2, 3); err != nil {
				b.Fatal(err)
			}
			_ = lib.Close()
		}
	})
}
