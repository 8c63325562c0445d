package host

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// lockUser takes the lock the way calls do.
type lockUser struct{ l *callLock }

func (u lockUser) enter(t *testing.T) {
	if ten := u.l.tenureOf(goid()); fastGoid && ten != nil && u.l.enterBy(ten) {
		return
	}
	require.NoError(t, u.l.enter(nil, 0))
}

// TestLockExcludes counts without atomic operations under the lock, in bursts
// long enough to earn tenures that others then end.
func TestLockExcludes(t *testing.T) {
	var l callLock
	l.init()
	u := lockUser{&l}
	const goroutines, bursts = 8, 30
	counter, want := 0, 0
	var wg sync.WaitGroup
	for g := range goroutines {
		for b := range bursts {
			want += 20 * (1 + (g+b)%20)
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			for b := range bursts {
				for range 20 * (1 + (g+b)%20) {
					u.enter(t)
					counter++
					l.leave()
				}
			}
		}()
	}
	wg.Wait()
	assert.Equal(t, want, counter)
}

func TestLockTenure(t *testing.T) {
	if !fastGoid {
		t.Skip("no tenures where telling goroutines apart is slow")
	}
	var l callLock
	l.init()
	u := lockUser{&l}
	calls := func(n int) {
		for range n {
			u.enter(t)
			l.leave()
		}
	}
	calls(firstStreak + 1)
	require.Equal(t, goid(), l.tenure.Load().goroutine, "a streak earns a tenure")
	calls(10)

	done := make(chan struct{})
	go func() {
		calls(1)
		close(done)
	}()
	<-done
	require.Equal(t, nobody, l.tenure.Load(), "another goroutine ends it")
	calls(firstStreak + 1)
	require.Equal(t, nobody, l.tenure.Load(), "the next one is harder to earn")
	calls(firstStreak + 1)
	require.Equal(t, goid(), l.tenure.Load().goroutine)

	// Ended while its goroutine is inside, a tenure passes the lock on.
	ten := l.tenureOf(goid())
	require.True(t, l.enterBy(ten))
	waits := make(chan error)
	go func() { waits <- l.enter(nil, time.Minute) }()
	for l.tenure.Load() != nobody {
		time.Sleep(time.Millisecond)
	}
	l.leaveBy(ten)
	require.NoError(t, <-waits)
}

func TestLockWaitsUnderContext(t *testing.T) {
	var l callLock
	l.init()
	require.NoError(t, l.enter(nil, 0))
	ctx, cancel := context.WithTimeout(background, 5*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, l.enter(ctx, 0), context.DeadlineExceeded)
	require.ErrorIs(t, l.enter(nil, time.Millisecond), context.DeadlineExceeded)

	waits := make(chan error)
	go func() { waits <- l.enter(nil, 0) }()
	closed := make(chan struct{})
	go func() { l.close(); close(closed) }()
	require.ErrorIs(t, <-waits, wasmffi.ErrClosed)
	l.leave()
	<-closed
	require.ErrorIs(t, l.enter(nil, 0), wasmffi.ErrClosed)
}

// TestConcurrentCalls: every goroutine gets its own results, whatever the
// others do, and C's stack pointer does not drift.
func TestConcurrentCalls(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	addi := prepare(t, lib, "addi", proto(dtype.CInt, dtype.CInt, dtype.CInt))
	apply := prepare(t, lib, "apply", applySig)
	crash := prepare(t, lib, "crash", proto(dtype.CVoid, dtype.CInt))
	dot := prepare(t, lib, "dot", proto(dtype.CInt, pointType, pointType))
	cb := callbackOf(t, lib, func(ctx context.Context, x int32) (int32, error) {
		r, err := callWords(ctx, addi, uint64(x), 1)
		return int32(r[0]), err
	})
	var wg sync.WaitGroup
	for g := range uint64(16) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range uint64(200) {
				got, err := callWords(nil, addi, g, i)
				if !assert.NoError(t, err) || !assert.Equal(t, g+i, got[0]) {
					return
				}
				got, err = callWords(background, apply, cb.Address(), i)
				if !assert.NoError(t, err) || !assert.Equal(t, i+2, got[0]) {
					return
				}
				got, err = callWords(nil, dot, g|g<<32, i|i<<32)
				if !assert.NoError(t, err) || !assert.Equal(t, 2*g*i, got[0]) {
					return
				}
				if i%50 == 0 {
					_, err = callWords(nil, crash, 0)
					assert.ErrorIs(t, err, wasmffi.ErrTrap)
				}
				own := callbackOf(t, lib, func(_ context.Context, x int32) (int32, error) { return x + int32(g), nil })
				got, err = callWords(nil, apply, own.Address(), i)
				if !assert.NoError(t, err) || !assert.Equal(t, g+i+1, got[0]) {
					return
				}
				assert.NoError(t, own.Free())
				addr, err := lib.Space().Alloc(64, 8)
				if assert.NoError(t, err) {
					assert.NoError(t, lib.Space().WriteAt(make([]byte, 64), addr))
					assert.NoError(t, lib.Space().Free(addr))
				}
			}
		}()
	}
	wg.Wait()
	requireUsable(t, lib)
}

// TestWaitingForAnotherCall: the library's own limit bounds waiting too, but
// not where the context has a deadline.
func TestWaitingForAnotherCall(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{Timeout: 20 * time.Millisecond})
	spin, addi := prepare(t, lib, "spin", nullary), prepare(t, lib, "addi", proto(dtype.CInt, dtype.CInt, dtype.CInt))
	long, cancel := context.WithTimeout(background, time.Hour)
	spinning, done := make(chan struct{}), make(chan error)
	go func() {
		close(spinning)
		_, err := callWords(long, spin)
		done <- err
	}()
	<-spinning
	for lib.in.lock.word.Load() == lockFree {
		runtime.Gosched()
	}
	_, err := callWords(nil, addi, 1, 2)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.EqualError(t, err, "waiting for another call: call took longer than the library's limit of 20ms")

	waits := make(chan error)
	go func() {
		_, err := callWords(long, addi, 1, 2)
		waits <- err
	}()
	select {
	case err := <-waits:
		t.Error("the library's limit ended a call with a deadline", err)
	case <-time.After(60 * time.Millisecond):
		cancel()
		require.ErrorIs(t, <-waits, context.Canceled)
	}
	require.ErrorIs(t, <-done, context.Canceled)
	cancel()
}

// TestCloseUnderLoad: a library closed while others use it fails them cleanly.
func TestCloseUnderLoad(t *testing.T) {
	for range 20 {
		lib, err := OpenBytes(background, "basic.wasm", fixture(t, "basic.wasm"), Options{})
		require.NoError(t, err)
		addi := prepare(t, lib, "addi", proto(dtype.CInt, dtype.CInt, dtype.CInt))
		spin := prepare(t, lib, "spin", nullary)
		var started atomic.Int32
		var wg sync.WaitGroup
		for g := range 6 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for {
					var err error
					switch g {
					case 0:
						_, err = callWords(nil, spin)
					case 1:
						err = lib.Space().ReadAt(make([]byte, 64), 1024)
					case 2:
						_, err = lib.Space().Alloc(1, 1)
					default:
						_, err = callWords(nil, addi, 1, 2)
					}
					started.Add(1)
					if err != nil {
						return
					}
					runtime.Gosched() // for platforms without preemption
				}
			}()
		}
		for started.Load() < 3 {
			time.Sleep(time.Millisecond)
		}
		require.NoError(t, lib.Close())
		wg.Wait()
	}
}
