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
// as half a call into wasm, so a goroutine that takes the lock often is given a
// tenure, as Java's biased locks were: it comes and goes by writing a word of
// its own, until another goroutine asks for the lock and ends the tenure. Where
// telling goroutines apart is slow there are no tenures.
type callLock struct {
	// tenure is the one that is on, or nobody's. While one is on, word is held
	// on its behalf.
	tenure atomic.Pointer[tenure]

	word atomic.Uint32
	// wake holds a token for one of those that wait.
	wake chan struct{}
	// closing is closed when nobody is let in any more.
	closing chan struct{}

	mu sync.Mutex // held to end a tenure

	// What follows belongs to the goroutine that holds the lock.
	came   *tenure // by which it came in; nil if it took word
	last   uintptr // who had it before
	streak uint32  // how often in a row
	want   uint32  // the streak that earns a tenure; doubles when one is ended
}

// A tenure is a goroutine's right to come and go. Each is a value of its own,
// so that a goroutine that is late to see its end disturbs no other.
type tenure struct {
	goroutine uintptr
	// busy is 1 while the goroutine is inside. Only it writes it.
	busy uint32
	// owes tells that the tenure was ended while the goroutine was inside:
	// leaving, it unlocks word as if it had locked it. Guarded by callLock.mu.
	owes bool
}

// The states of word.
const (
	lockFree   = 0
	lockHeld   = 1
	lockWaited = 2 // held, and somebody may be waiting
)

const firstStreak = 32

var nobody = new(tenure)

func (l *callLock) init() {
	l.wake = make(chan struct{}, 1)
	l.closing = make(chan struct{})
	l.want = firstStreak
	l.tenure.Store(nobody)
}

// tenureOf is the tenure of g if it has one and is not inside yet, else nil.
func (l *callLock) tenureOf(g uintptr) *tenure {
	if t := l.tenure.Load(); t.goroutine == g && t.busy == 0 {
		return t
	}
	return nil
}

// enterBy lets the goroutine of a tenure in, unless the tenure ends now.
func (l *callLock) enterBy(t *tenure) bool {
	t.setBusy(1)
	return l.tenure.Load() == t || l.ended(t)
}

// leaveBy undoes enterBy.
func (l *callLock) leaveBy(t *tenure) {
	t.setBusy(0)
	if l.tenure.Load() != t {
		l.ended(t)
	}
}

// ended is for a goroutine that finds its tenure ended: it is outside now, and
// unlocks if it owes that. It returns false.
func (l *callLock) ended(t *tenure) bool {
	t.setBusy(0)
	l.mu.Lock()
	owes := t.owes
	t.owes = false
	l.mu.Unlock()
	if owes {
		l.unlock()
	}
	return false
}

// endTenure ends the tenure that is on; was tells whether there was one. If
// took, the caller has the lock; else the goroutine is inside and will unlock.
func (l *callLock) endTenure() (took, was bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tenure.Load()
	if t == nobody {
		return false, false
	}
	l.tenure.Store(nobody)
	// From here on the goroutine sees that its tenure is over, or we see it busy.
	barrier()
	t.owes = atomic.LoadUint32(&t.busy) != 0
	return !t.owes, true
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
	l.came = nil
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
	ended := false // whether we ended a tenure
	for {
		took, was := l.endTenure()
		ended = ended || was
		// Whoever unlocks a word that is waited for leaves a token. Others may
		// be waiting too, whoever has the lock now.
		if l.word.Swap(lockWaited) == lockFree || took {
			break
		}
		if l.tenure.Load() != nobody { // since we looked
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
	if ended {
		l.want = min(2*l.want, 1<<30)
	}
	return nil
}

// count notes who has the lock now, on the way to a tenure.
func (l *callLock) count(g uintptr) {
	if l.last != g {
		l.last, l.streak = g, 0
		return
	}
	l.streak++
}

// leave gives the lock back, or keeps it for a tenure.
func (l *callLock) leave() {
	switch {
	case l.came != nil:
		l.leaveBy(l.came)
	case fastGoid && l.streak >= l.want && l.earn():
		l.leaveBy(l.came)
	default:
		l.unlock()
	}
}

// earn gives the goroutine that holds the lock a tenure, unless others are
// waiting.
func (l *callLock) earn() bool {
	l.streak = 0
	t := &tenure{goroutine: l.last, busy: 1}
	l.came = t
	l.tenure.Store(t)
	if l.word.Load() == lockHeld {
		return true // who comes now finds the tenure
	}
	l.mu.Lock()
	l.tenure.Store(nobody)
	t.owes = false
	l.mu.Unlock()
	l.came = nil
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
