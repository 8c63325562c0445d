package cdecl

import "sync"

// maxCached bounds a cache whose keys come from outside.
const maxCached = 4096

// A cache keeps results, errors too, by the text they were read from. When it
// is full it starts anew.
type cache[T any] struct {
	mu sync.RWMutex
	m  map[string]cached[T]
}

type cached[T any] struct {
	value T
	err   error
}

func (c *cache[T]) get(key string, read func() (T, error)) (T, error) {
	c.mu.RLock()
	got, ok := c.m[key]
	c.mu.RUnlock()
	if ok {
		return got.value, got.err
	}
	value, err := read()
	c.mu.Lock()
	defer c.mu.Unlock()
	if got, ok := c.m[key]; ok {
		return got.value, got.err // another goroutine's: one text has one type
	}
	if c.m == nil || len(c.m) >= maxCached {
		c.m = map[string]cached[T]{}
	}
	c.m[key] = cached[T]{value, err}
	return value, err
}
