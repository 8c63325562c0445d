package memory

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newLifetime(t *testing.T, parent *Lifetime) *Lifetime {
	t.Helper()
	l, err := NewLifetime(parent)
	require.NoError(t, err)
	return l
}

func TestLifetimeEnds(t *testing.T) {
	l := newLifetime(t, nil)
	require.NoError(t, l.Acquire())
	l.Release()
	assert.False(t, l.Ended())

	released := 0
	assert.True(t, l.End(func() { released++ }))
	assert.Equal(t, 1, released, "nobody held a lease")
	assert.True(t, l.Ended())
	assert.ErrorIs(t, l.Acquire(), ErrEnded)
	assert.False(t, l.End(func() { released++ }), "ended before")
	assert.Equal(t, 1, released, "release runs once")
	_, err := NewLifetime(l)
	assert.ErrorIs(t, err, ErrEnded)
}

func TestLifetimeReleaseWaitsForLeases(t *testing.T) {
	l := newLifetime(t, nil)
	require.NoError(t, l.Acquire())
	require.NoError(t, l.Acquire())
	released := false
	l.End(func() { released = true })
	assert.ErrorIs(t, l.Acquire(), ErrEnded, "ended, though leases are out")
	l.Release()
	assert.False(t, released)
	l.Release()
	assert.True(t, released)
}

func TestLifetimeEndsItsChildren(t *testing.T) {
	library := newLifetime(t, nil)
	arena := newLifetime(t, library)
	inner := newLifetime(t, arena)
	require.NoError(t, inner.Acquire())
	unmapped := false
	library.End(func() { unmapped = true })
	assert.True(t, arena.Ended())
	assert.True(t, inner.Ended())
	assert.False(t, unmapped, "a grandchild's lease is out")
	inner.Release()
	assert.True(t, unmapped)
}

// An arena that ended by itself has left its parent's care, but not its leases.
func TestLifetimeWaitsForChildrenThatEndedBefore(t *testing.T) {
	library := newLifetime(t, nil)
	arena := newLifetime(t, library)
	require.NoError(t, arena.Acquire())
	var order []string
	arena.End(func() { order = append(order, "free") })
	library.End(func() { order = append(order, "unmap") })
	assert.Empty(t, order)
	arena.Release()
	assert.Equal(t, []string{"free", "unmap"}, order)
}

func TestLifetimeForgetsChildrenThatEnded(t *testing.T) {
	library := newLifetime(t, nil)
	for range 100 {
		newLifetime(t, library).End(nil)
	}
	assert.Nil(t, library.children)
	unmapped := false
	library.End(func() { unmapped = true })
	assert.True(t, unmapped)
}

func TestLifetimeOnEnd(t *testing.T) {
	library := newLifetime(t, nil)
	arena := newLifetime(t, library)
	var ran []string
	note := func(s string) func() { return func() { ran = append(ran, s) } }
	must(arena.OnEnd(note("first")))(t)
	stop := must(arena.OnEnd(note("taken back")))(t)
	last := must(arena.OnEnd(note("second")))(t)
	assert.True(t, stop())
	assert.False(t, stop(), "taken back before")

	require.NoError(t, arena.Acquire())
	library.End(note("library")) // and the arena with it
	assert.Empty(t, ran, "a lease is out")
	_, err := arena.OnEnd(note("late"))
	assert.ErrorIs(t, err, ErrEnded)
	arena.Release()
	assert.Equal(t, []string{"second", "first", "library"}, ran)
	assert.False(t, last(), "it has run")
}

// What is taken back does not run, and what is not does, whoever is first.
func TestLifetimeOnEndHammer(t *testing.T) {
	for range 200 {
		l := newLifetime(t, nil)
		var ran, stopped atomic.Int32
		var wg sync.WaitGroup
		const n = 8
		for range n {
			wg.Go(func() {
				stop, err := l.OnEnd(func() { ran.Add(1) })
				if err != nil || stop() {
					stopped.Add(1)
				}
			})
		}
		wg.Go(func() { l.End(nil) })
		wg.Wait()
		assert.EqualValues(t, n, ran.Load()+stopped.Load())
	}
}

// Leases, arenas and their ends, and the end of it all, at the same time: no
// lease is ever held after the release that it should hold up.
func TestLifetimeHammer(t *testing.T) {
	for range 200 {
		library := newLifetime(t, nil)
		var unmapped atomic.Bool
		var releases atomic.Int32
		var wg sync.WaitGroup
		for range 4 {
			arena := newLifetime(t, library)
			var freed atomic.Bool
			for range 2 {
				wg.Go(func() {
					for range 20 {
						if arena.Acquire() != nil {
							return
						}
						assert.False(t, freed.Load() || unmapped.Load(), "lease on released memory")
						arena.Release()
					}
				})
			}
			wg.Go(func() {
				arena.End(func() {
					assert.False(t, unmapped.Load(), "freed after the memory was unmapped")
					freed.Store(true)
				})
			})
		}
		wg.Go(func() {
			for {
				l, err := NewLifetime(library)
				if err != nil {
					assert.ErrorIs(t, err, ErrEnded)
					return
				}
				l.End(nil)
			}
		})
		wg.Go(func() {
			library.End(func() {
				releases.Add(1)
				unmapped.Store(true)
			})
		})
		wg.Wait()
		assert.True(t, unmapped.Load())
		assert.EqualValues(t, 1, releases.Load())
	}
}
