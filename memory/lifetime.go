package memory

import (
	"container/list"
	"sync"
	"sync/atomic"
)

// A Lifetime tells whether memory may still be used, and counts the leases of
// those who are using it. The zero value is alive.
type Lifetime struct {
	// state is the number of leases, plus ended once the lifetime is over. A
	// child that has not drained yet is one lease of its parent's.
	state atomic.Int64

	parent *Lifetime
	object *object // whose lifetime it is, if that of a single object

	mu       sync.Mutex
	children *Lifetime  // those that have not ended by themselves: a list
	hooks    *list.List // of func(): see OnEnd
	release  func()     // set by End: to run when the last lease is gone
	drained  bool       // ended, and the last lease is gone

	// The neighbours in the parent's list, guarded by its mu.
	listed     bool
	prev, next *Lifetime

	// keeps is what pointers stored in the memory keep alive, by their
	// addresses; guarded by keeping.
	keeps map[uint64][]kept
}

const ended = 1 << 62

// NewLifetime starts a lifetime that ends with its parent's at the latest. A
// nil parent means it depends on no other. It returns ErrEnded if the parent's
// is over.
func NewLifetime(parent *Lifetime) (*Lifetime, error) {
	l := &Lifetime{}
	if parent == nil {
		return l, nil
	}
	if err := l.startIn(parent); err != nil {
		return nil, err
	}
	return l, nil
}

// startIn makes the new lifetime l a child of parent.
func (l *Lifetime) startIn(parent *Lifetime) error {
	if err := parent.Acquire(); err != nil {
		return err
	}
	l.parent = parent
	parent.mu.Lock()
	over := parent.Ended()
	if !over {
		parent.list(l)
	}
	parent.mu.Unlock()
	if over { // since Acquire: End may have gone through its children already
		parent.Release()
		return ErrEnded
	}
	return nil
}

// list puts a child into the list, whose lock is held.
func (l *Lifetime) list(child *Lifetime) {
	child.listed, child.next = true, l.children
	if l.children != nil {
		l.children.prev = child
	}
	l.children = child
}

// unlist takes a child out of the list, whose lock is held, if it is in it.
func (l *Lifetime) unlist(child *Lifetime) {
	if !child.listed {
		return
	}
	if child.next != nil {
		child.next.prev = child.prev
	}
	if child.prev != nil {
		child.prev.next = child.next
	} else {
		l.children = child.next
	}
	child.listed, child.prev, child.next = false, nil, nil
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
		l.drain()
	}
}

// End ends the lifetime and those that depend on it: from now on Acquire
// fails. release, which may be nil, runs once, as soon as no lease is held, in
// the goroutine that gives the last one back; its children's leases count as
// its own, also those of children that ended before. End does not wait for
// that. It reports whether this call ended the lifetime.
func (l *Lifetime) End(release func()) bool {
	l.mu.Lock()
	if l.Ended() {
		l.mu.Unlock()
		return false
	}
	l.release = release
	l.state.Add(1 + ended) // a lease of our own, until the children have ended
	l.mu.Unlock()

	for {
		l.mu.Lock()
		child := l.children
		if child != nil {
			l.unlist(child)
		}
		l.mu.Unlock()
		if child == nil {
			break
		}
		child.End(nil)
	}
	if l.object == nil {
		l.letGoOf(false)
	}
	l.Release()
	return true
}

// OnEnd has f run once the lifetime is over and its last lease has been given
// back, before what it guards is released: that is how an arena frees what
// lives as long as its memory, such as callbacks. Functions run in the goroutine
// that gives the last lease back, the latest one first, whoever ended the
// lifetime; they must not wait for anything that needs that goroutine.
//
// stop takes f back, for what is freed earlier, and reports whether it did: if
// not, f runs or has run. When the lifetime is over already, OnEnd returns
// ErrEnded and f never runs.
func (l *Lifetime) OnEnd(f func()) (stop func() bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Ended() {
		return nil, ErrEnded
	}
	if l.hooks == nil {
		l.hooks = list.New()
	}
	hook := l.hooks.PushBack(f)
	return func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		if hook == nil || l.drained {
			return false
		}
		l.hooks.Remove(hook)
		hook = nil
		return true
	}, nil
}

// drain runs when no lease is left after the end. It may be called again, by
// an Acquire that came too late and took its count back.
func (l *Lifetime) drain() {
	l.mu.Lock()
	if l.drained {
		l.mu.Unlock()
		return
	}
	l.drained = true
	hooks, release := l.hooks, l.release
	l.release = nil
	l.mu.Unlock()

	if hooks != nil { // none is added or removed any more
		for hook := hooks.Back(); hook != nil; hook = hook.Prev() {
			hook.Value.(func())()
		}
	}
	if release != nil {
		release()
	}
	if l.object == nil {
		l.letGoOf(true)
	}
	if p := l.parent; p != nil {
		p.mu.Lock()
		p.unlist(l)
		p.mu.Unlock()
		p.Release()
	}
}
