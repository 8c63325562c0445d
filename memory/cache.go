package memory

import (
	"maps"
	"sync"
	"sync/atomic"
)

// A cache keeps what was computed about types. Reading takes no lock. Types can
// be made without end, so a full cache starts over.
type cache[K comparable, V any] struct {
	mu sync.Mutex // held by writers
	m  atomic.Pointer[map[K]V]
}

const cacheLimit = 1024

// get is the value of key, made by compute if it is not known yet.
func (c *cache[K, V]) get(key K, compute func(K) (V, error)) (V, error) {
	if m := c.m.Load(); m != nil {
		if v, ok := (*m)[key]; ok {
			return v, nil
		}
	}
	v, err := compute(key)
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	next := map[K]V{}
	if m := c.m.Load(); m != nil && len(*m) < cacheLimit {
		maps.Copy(next, *m)
	}
	next[key] = v
	c.m.Store(&next)
	return v, nil
}
