package host

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wasmffi/wasmffi"
)

// A callLock lets one goroutine at a time into an instance. Those that wait do
// so under their context.
//
// On the machines we care about most an atomic read-modify-write costs as much
// as half a call into wasm, so a goroutine that has the lock often keeps it, as
// Java's biased locks do: it comes and goes by writing a word that only it
// writes (busy), until another goroutine asks for the lock and takes the bias
// away. Where reading the goroutine's identity is slow there is no bias.
type callLock struct {
	// bias is the goroutine that may come and go through busy alone; 0 is none.
	// While there is one, word is held on its behalf.
	bias atomic.Uintptr
	// busy is 1 while the biased goroutine is inside. Only it writes it.
	busy uint32

	word atomic.Uint32
	// wake holds a token for one of those that wait.
	wake chan struct{}
	// closing is closed when nobody is let in any more.
	closing chan struct{}

	mu sync.Mutex // guards taking the bias away
	// owes is the goroutine that lost its bias while inside: leaving, it
	// unlocks word as if it had locked it.
	owes uintptr

	// What follows belongs to the goroutine that holds the lock.
	last   uintptr // who had it before
	streak uint32  // how often in a row
	want   uint32  // the streak that earns the bias; doubles when it is lost
}

// The states of word.
const (
	lockFree   = 0
	lockHeld   = 1
	lockWaited = 2 // held, and somebody may be waiting
)

const firstStreak = 32

func (l *callLock) init() {
	l.wake = make(chan struct{}, 1)
	l.closing = make(chan struct{})
	l.want = firstStreak
}

// biasedTo reports whether g is the biased goroutine and not inside yet. It is
// not a part of enterBiased only so that both are small enough to be inlined.
func (l *callLock) biasedTo(g uintptr) bool { return l.bias.Load() == g && l.busy == 0 }

// enterBiased lets the biased goroutine in, unless it loses its bias now.
func (l *callLock) enterBiased(g uintptr) bool {
	setBusy(&l.busy, 1)
	return l.bias.Load() == g || l.leaveLate(g)
}

// leaveBiased undoes enterBiased.
func (l *callLock) leaveBiased(g uintptr) {
	setBusy(&l.busy, 0)
	if l.bias.Load() != g {
		l.leaveLate(g)
	}
}

// leaveLate is for a goroutine that finds its bias gone: whoever took it left
// a note if it saw the goroutine inside. It returns false.
func (l *callLock) leaveLate(g uintptr) bool {
	setBusy(&l.busy, 0)
	l.mu.Lock()
	owes := l.owes == g
	if owes {
		l.owes = 0
	}
	l.mu.Unlock()
	if owes {
		l.unlock()
	}
	return false
}

// takeBias ends the bias; was tells whether there was one. The caller has the
// lock if took; else the goroutine that was biased is inside and will unlock.
func (l *callLock) takeBias() (took, was bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.bias.Load()
	if g == 0 {
		return false, false
	}
	l.bias.Store(0)
	// From here on the goroutine sees that its bias is gone, or we see it busy.
	barrier()
	if atomic.LoadUint32(&l.busy) != 0 {
		l.owes = g
		return false, true
	}
	return true, true
}

// enter takes the lock, waiting until ctx ends or, if limit is not 0, for that
// long. The errors are ErrClosed, the context's, and DeadlineExceeded.
func (l *callLock) enter(ctx context.Context, limit time.Duration) error {
	if !l.word.CompareAndSwap(lockFree, lockHeld) {
		var timeout <-chan time.Time
		if limit > 0 {
			t := time.NewTimer(limit)
			defer t.Stop()
			timeout = t.C
		}
		if err := l.wait(ctx, timeout, l.closing); err != nil {
			return err
		}
	}
	if fastGoid {
		l.count(goid())
	}
	return nil
}

// close takes the lock for good. Those who wait for it, and all who come later,
// get ErrClosed.
func (l *callLock) close() {
	close(l.closing)
	if !l.word.CompareAndSwap(lockFree, lockHeld) {
		_ = l.wait(nil, nil, nil) // without a limit it cannot fail
	}
}

// isClosing reports whether close has been called.
func (l *callLock) isClosing() bool {
	select {
	case <-l.closing:
		return true
	default:
		return false
	}
}

func (l *callLock) wait(ctx context.Context, timeout <-chan time.Time, closing <-chan struct{}) error {
	var done <-chan struct{}
	if ctx != nil {
		done = ctx.Done()
	}
	lost := false // whether somebody lost the bias to us
	for {
		took, was := l.takeBias()
		lost = lost || was
		// Whoever unlocks a word that is waited for leaves a token.
		if took || l.word.Swap(lockWaited) == lockFree {
			break
		}
		if l.bias.Load() != 0 { // since we looked
			continue
		}
		select {
		case <-l.wake:
		case <-closing:
			return wasmffi.ErrClosed
		case <-done:
			return contextError(ctx)
		case <-timeout:
			return context.DeadlineExceeded
		}
	}
	if lost {
		l.want = min(2*l.want, 1<<30)
	}
	return nil
}

// count notes who has the lock now, on the way to a bias.
func (l *callLock) count(g uintptr) {
	if l.last != g {
		l.last, l.streak = g, 0
		return
	}
	l.streak++
}

// leave gives the lock back, or keeps it as a bias.
func (l *callLock) leave() {
	switch {
	case l.busy != 0:
		l.leaveBiased(l.last)
	case fastGoid && l.streak >= l.want && l.earn(l.last):
		l.leaveBiased(l.last)
	default:
		l.unlock()
	}
}

// earn makes g, which holds the lock, the biased goroutine, unless others are
// waiting.
func (l *callLock) earn(g uintptr) bool {
	l.streak = 0
	setBusy(&l.busy, 1)
	l.bias.Store(g)
	if l.word.Load() == lockHeld {
		return true // who comes now finds the bias
	}
	l.mu.Lock()
	l.bias.Store(0)
	l.owes = 0
	l.mu.Unlock()
	setBusy(&l.busy, 0)
	return false
}

func (l *callLock) unlock() {
	if l.word.Swap(lockFree) == lockWaited {
		select {
		case l.wake <- struct{}{}:
		default: // there is a token already
		}
	}
}
