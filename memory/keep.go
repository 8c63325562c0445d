package memory

import (
	"errors"
	"fmt"
	"sync"
)

// What C's pointers lead to must live as long as they do. A pointer that Go
// stores in C memory of another lifetime holds a lease of what it points to,
// until something else is stored in its place or the arena or library of the
// memory it is in has gone: ctypes keeps such objects in _objects. The memory
// pointed to ends for Go when its arena is closed, but C may follow the pointer.
//
// Within an arena nothing needs to be held, and nothing is: a list whose nodes
// point to each other would never be released.

// A kept is what a stored pointer keeps alive.
type kept struct {
	life *Lifetime
	// inside tells that the target's lifetime depends on the holder's, so that
	// the holder has not drained while the target is kept: it lets go when it
	// ends.
	inside bool
}

// keeping guards the keeps of all lifetimes: to see a circle takes all of them.
var keeping sync.Mutex

var errCircle = errors.New("they would keep each other alive for ever")

// storePointers runs write, which stores pointers into targets in the bytes
// from slot up to end of memory with the lifetime l, and has l keep them alive
// instead of what was there.
func (l *Lifetime) storePointers(slot, end uint64, targets []*Lifetime, write func() error) error {
	holder := l.scope()
	keeping.Lock()
	var add []kept
	for _, t := range targets {
		if t == nil || holder.within(t.scope()) {
			continue
		}
		if t.holdsUp(holder) {
			keeping.Unlock()
			return fmt.Errorf("%w: pointers between two lifetimes: %w", ErrNotSupported, errCircle)
		}
		if err := t.Acquire(); err != nil {
			keeping.Unlock()
			letGo(add)
			return err
		}
		add = append(add, kept{t, t.within(holder)})
	}
	if len(add) > 0 && holder.Ended() { // nothing would take them back
		keeping.Unlock()
		letGo(add)
		return ErrEnded
	}
	if err := write(); err != nil {
		keeping.Unlock()
		letGo(add)
		return err
	}
	drop := holder.replace(slot, end, add)
	keeping.Unlock()
	letGo(drop)
	return nil
}

// replace makes add what the bytes from slot up to end keep alive, and returns
// what they kept before.
func (l *Lifetime) replace(slot, end uint64, add []kept) (drop []kept) {
	if old, ok := l.keeps[slot]; ok {
		drop = append(drop, old...)
		delete(l.keeps, slot)
	}
	if end-slot > 1 { // not a single pointer
		for at, old := range l.keeps {
			if slot <= at && at < end {
				drop = append(drop, old...)
				delete(l.keeps, at)
			}
		}
	}
	if len(add) > 0 {
		if l.keeps == nil {
			l.keeps = map[uint64][]kept{}
		}
		l.keeps[slot] = add
	}
	return drop
}

// letGoOf drops what l keeps alive: all of it, or what is inside l only.
func (l *Lifetime) letGoOf(all bool) {
	keeping.Lock()
	var drop []kept
	for slot, ks := range l.keeps {
		var rest []kept
		for _, k := range ks {
			if all || k.inside {
				drop = append(drop, k)
			} else {
				rest = append(rest, k)
			}
		}
		if len(rest) == 0 {
			delete(l.keeps, slot)
		} else {
			l.keeps[slot] = rest
		}
	}
	keeping.Unlock()
	letGo(drop)
}

func letGo(ks []kept) {
	for _, k := range ks {
		k.life.Release()
	}
}

// scope is the lifetime that keeps and is kept: of an object in an arena the
// arena's.
func (l *Lifetime) scope() *Lifetime {
	if l.object != nil {
		return l.parent
	}
	return l
}

// within reports whether l is outer or depends on it.
func (l *Lifetime) within(outer *Lifetime) bool {
	for ; l != nil; l = l.parent {
		if l == outer {
			return true
		}
	}
	return false
}

// holdsUp reports whether l, while it is kept, keeps other alive, directly or
// not. The caller holds keeping.
func (l *Lifetime) holdsUp(other *Lifetime) bool {
	return l.reaches(other, map[*Lifetime]bool{})
}

func (l *Lifetime) reaches(other *Lifetime, seen map[*Lifetime]bool) bool {
	for ; l != nil && !seen[l]; l = l.parent { // a child holds its parent up
		seen[l] = true
		for _, ks := range l.keeps {
			for _, k := range ks {
				if !k.inside && (k.life.within(other) || k.life.reaches(other, seen)) {
					return true
				}
			}
		}
	}
	return false
}
