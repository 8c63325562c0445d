package host

import (
	"bytes"
	"context"
	"sync"
)

// maxIdleModules and maxIdleBytes bound the compiled modules that are kept
// though no library uses them, for the next one to be opened quickly.
const (
	maxIdleModules = 32
	maxIdleBytes   = 64 << 20 // of wasm
)

// modules are the compiled modules of the process.
var modules struct {
	sync.Mutex
	all  map[moduleKey]*compilation
	idle []*module // least recently used first
}

// A compilation is a module, or one that is being compiled.
type compilation struct {
	done chan struct{}
	mod  *module // set when done is closed, as is err
	err  error
}

// acquire gives the module for some bytes, compiled now or before. It returns
// when ctx ends; compiling then goes on for whoever asks next. Each module that
// is given is given back by release.
func acquire(ctx context.Context, key moduleKey, data []byte) (*module, error) {
	modules.Lock()
	c, owned := modules.all[key], chan []byte(nil)
	if c == nil {
		if modules.all == nil {
			modules.all = map[moduleKey]*compilation{}
		}
		c = &compilation{done: make(chan struct{})}
		modules.all[key] = c
		owned = make(chan []byte, 1)
		go c.run(key, len(data), sync.OnceValue(func() []byte { return <-owned }))
	}
	modules.Unlock()
	if owned != nil {
		owned <- bytes.Clone(data) // the module outlives the call, and may be used by others
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c.err != nil {
		return nil, c.err
	}
	modules.Lock()
	if modules.all[key] != c { // closed as idle meanwhile
		modules.Unlock()
		return acquire(ctx, key, data)
	}
	defer modules.Unlock()
	c.mod.users++
	for i, m := range modules.idle {
		if m == c.mod {
			modules.idle = append(modules.idle[:i], modules.idle[i+1:]...)
			break
		}
	}
	return c.mod, nil
}

func (c *compilation) run(key moduleKey, size int, data func() []byte) {
	c.mod, c.err = build(key, size, data)
	modules.Lock()
	defer modules.Unlock()
	if c.err != nil {
		delete(modules.all, key)
	} else {
		retire(c.mod)
	}
	close(c.done)
}

// release gives a module back.
func (m *module) release() {
	modules.Lock()
	defer modules.Unlock()
	if m.users--; m.users == 0 {
		retire(m)
	}
}

// retire keeps a module without users for a while; it closes others for that.
func retire(m *module) {
	modules.idle = append(modules.idle, m)
	bytes := 0
	for _, m := range modules.idle {
		bytes += m.size
	}
	for len(modules.idle) > maxIdleModules || bytes > maxIdleBytes && len(modules.idle) > 1 {
		old := modules.idle[0]
		modules.idle = modules.idle[1:]
		bytes -= old.size
		delete(modules.all, old.key)
		old.close()
	}
}
