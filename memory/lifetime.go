package memory

import (
	"sync"
	"sync/atomic"
)

// A Lifetime tells whether memory may still be used, and counts the leases of
// those who are using it. The zero value is alive.
type Lifetime struct {
	// state is the number of leases, plus ended once the lifetime is over.
	state atomic.Int64

	mu       sync.Mutex
	children map[*Lifetime]struct{}
	parent   *Lifetime
	release  func() // set by End: to run when the last lease is gone
}

const ended = 1 << 62

// NewLifetime starts a lifetime that ends with its parent's at the latest. A
// nil parent means it depends on no other.
func NewLifetime(parent *Lifetime) (*Lifetime, error) {
	l := &Lifetime{parent: parent}
	if parent == nil {
		return l, nil
	}
	parent.mu.Lock()
	defer parent.mu.Unlock()
	if parent.Ended() {
		return nil, ErrEnded
	}
	if parent.children == nil {
		parent.children = map[*Lifetime]struct{}{}
	}
	parent.children[l] = struct{}{}
	return l, nil
}

// Ended reports whether the lifetime is over.
func (l *Lifetime) Ended() bool { return l.state.Load() >= ended }

// Acquire takes a lease: until Release, what the lifetime guards is not
// released, even if it ends. It returns ErrEnded when it is over already.
func (l *Lifetime) Acquire() error {
	if l.state.Add(1) >= ended {
		l.Release()
		return ErrEnded
	}
	return nil
}

// Release gives a lease back.
func (l *Lifetime) Release() {
	if l.state.Add(-1) == ended {
		l.runRelease()
	}
}

// End ends the lifetime and those that depend on it: from now on Acquire
// fails. release, which may be nil, runs once, as soon as no lease is held, in
// the goroutine that gives the last one back; its children's leases count as
// its own. End reports whether this call ended it.
func (l *Lifetime) End(release func()) bool {
	l.mu.Lock()
	if l.Ended() {
		l.mu.Unlock()
		return false
	}
	l.release = release
	l.state.Add(1 + ended) // a lease of our own, until the children are done
	children := l.children
	l.children = nil
	l.mu.Unlock()

	for c := range children {
		l.state.Add(1)
		c.mu.Lock()
		c.parent = nil
		c.mu.Unlock()
		if !c.End(l.Release) {
			l.Release()
		}
	}
	if p := l.detach(); p != nil {
		p.mu.Lock()
		delete(p.children, l)
		p.mu.Unlock()
	}
	l.Release()
	return true
}

func (l *Lifetime) detach() *Lifetime {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.parent
	l.parent = nil
	return p
}

func (l *Lifetime) runRelease() {
	l.mu.Lock()
	f := l.release
	l.release = nil
	l.mu.Unlock()
	if f != nil {
		f()
	}
}
