package host

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/wasmffi/wasmffi"
)

// What [Pool.Do] returns when it does not run the function, wrapped.
var (
	// ErrPoolClosed: the pool was closed.
	ErrPoolClosed = errors.New("pool is closed")
	// ErrPoolFull: as many wait for an instance as PoolOptions.Waiting allows.
	ErrPoolFull = errors.New("pool is full")
)

// PoolOptions say how large a [Pool] is.
type PoolOptions struct {
	// Options are those of the instances. They share Stdout, Stderr, Stdin and
	// Random, which one of them uses at a time, and what one has read is gone for
	// the others; a writer must not wait for another instance, which may be waiting
	// to print. Imports, Hooks and an FS of Dirs are called by several at once.
	// Resettable is set.
	Options
	// Instances is the most there are at a time; 0 means runtime.GOMAXPROCS(0).
	// Each costs memory of its own.
	Instances int
	// Warm is how many are opened with the pool; the others are when they are
	// needed.
	Warm int
	// Waiting is the most that wait for an instance; more are refused with
	// ErrPoolFull. 0 means no bound, negative that nobody waits.
	Waiting int
}

// A Pool is instances of one module, each used by one goroutine at a time:
// calls run in parallel, and nothing that one [Pool.Do] leaves behind is there
// for the next.
//
// T is what a function needs to work with an instance: a struct of functions
// bound to it, made once for each instance. [OpenPool] is for those who need
// the library alone.
type Pool[T any] struct {
	name  string // for errors: that of the first module
	opts  PoolOptions
	setup func(wasmffi.Library) (T, error)

	places  chan struct{} // holds one for each Do that is running
	closing chan struct{}

	mu     sync.Mutex
	closed bool
	src    *source
	idle   []*pooled[T] // used last at the end
	all    map[*pooled[T]]struct{}
	stats  PoolStats
	users  sync.WaitGroup
}

// A pooled is an instance of a pool.
type pooled[T any] struct {
	lib  *Library
	with T
	src  *source
}

// A source is the module that instances are made of.
type source struct {
	name string
	path string // of the file, or ""
	data []byte
}

// PoolStats is what a pool has done.
type PoolStats struct {
	Instances int // there are now
	Idle      int // of them
	Running   int // calls of Do
	Waiting   int

	Done     uint64 // calls of Do that have returned from their function
	Opened   uint64 // instances
	Replaced uint64 // instances closed: they could not be reset, or Replace came
}

// NewPool makes a pool of instances of a module in memory. setup is called with
// each new instance and returns what Do hands out: functions bound to it. What
// setup has C do is undone before the first Do; callbacks it makes are freed.
// ctx bounds opening the first instances.
//
//	type geo struct {
//		Area func(wasmffi.In[Point], int32) (float64, error) `c:"area"`
//	}
//	pool, err := host.NewPool(ctx, "geo.wasm", wasm, host.PoolOptions{}, func(lib wasmffi.Library) (*geo, error) {
//		g := new(geo)
//		return g, wasmffi.BindAll(lib, g)
//	})
//	err = pool.Do(ctx, func(g *geo) error { … })
func NewPool[T any](ctx context.Context, name string, module []byte, opts PoolOptions, setup func(wasmffi.Library) (T, error)) (*Pool[T], error) {
	if err := wasmffi.Audit(wasmffi.AuditEvent{Op: wasmffi.AuditOpen, Library: name}); err != nil {
		return nil, err
	}
	return newPool(ctx, &source{name, "", module}, opts, setup)
}

func newPool[T any](ctx context.Context, src *source, opts PoolOptions, setup func(wasmffi.Library) (T, error)) (*Pool[T], error) {
	if opts.Instances <= 0 {
		opts.Instances = runtime.GOMAXPROCS(0)
	}
	opts.Options = opts.shared()
	opts.Resettable = true
	p := &Pool[T]{
		name: src.name, src: src, opts: opts, setup: setup,
		places: make(chan struct{}, opts.Instances), closing: make(chan struct{}),
		all: map[*pooled[T]]struct{}{},
	}
	for range min(max(opts.Warm, 1), opts.Instances) { // one, to see whether it can be
		x, err := p.fresh(ctx)
		if err != nil {
			_ = p.Close(nil)
			return nil, err
		}
		p.idle = append(p.idle, x)
	}
	return p, nil
}

// OpenPool is [NewPool] for a module that is found as [Open] finds it, and
// without a setup.
func OpenPool(ctx context.Context, name string, opts PoolOptions) (*Pool[wasmffi.Library], error) {
	if err := wasmffi.Audit(wasmffi.AuditEvent{Op: wasmffi.AuditOpen, Library: name}); err != nil {
		return nil, err
	}
	src, err := findSource(name, opts.Path)
	if err != nil {
		return nil, err
	}
	return newPool(ctx, src, opts, func(lib wasmffi.Library) (wasmffi.Library, error) { return lib, nil })
}

func findSource(name string, path []string) (*source, error) {
	data, file, err := findModule(name, path)
	if err != nil {
		return nil, openError(name, err)
	}
	return &source{name, file, data}, nil
}

// open makes an instance, which is not yet the pool's.
func (p *Pool[T]) open(ctx context.Context, src *source) (*pooled[T], error) {
	lib, err := open(ctx, src.name, src.path, src.data, p.opts.Options)
	if err != nil {
		return nil, err
	}
	x := &pooled[T]{lib: lib, src: src}
	if x.with, err = p.setup(lib); err == nil {
		err = lib.Reset(ctx)
	}
	if err != nil {
		_ = lib.Close()
		return nil, err
	}
	return x, nil
}

// fresh opens an instance of the pool's module.
func (p *Pool[T]) fresh(ctx context.Context) (*pooled[T], error) {
	p.mu.Lock()
	src := p.src
	p.mu.Unlock()
	x, err := p.open(ctx, src)
	if err == nil {
		err = p.add(x)
	}
	if err != nil {
		return nil, err
	}
	return x, nil
}

// add makes an instance the pool's, or closes it.
func (p *Pool[T]) add(x *pooled[T]) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = x.lib.Close()
		return p.error(ErrPoolClosed)
	}
	p.all[x] = struct{}{}
	p.stats.Opened++
	return nil
}

// Do calls f with an instance that nobody else uses and that is as new: one
// that is idle, a new one, or the next to be free, which it waits for until ctx
// ends. It returns f's error, or its own, wrapping ErrPoolClosed, ErrPoolFull or
// the context's. A trap or a panic in f takes nothing from the pool: the
// instance is reset, or replaced where it cannot be.
//
// The instance, its memory and what was made of it are f's until f returns; then
// views are errors wrapping memory.ErrEnded. f must not close it. A Do inside f
// takes a second instance, and may wait for ever if all wait for theirs.
func (p *Pool[T]) Do(ctx context.Context, f func(T) error) error {
	if ctx == nil {
		ctx = context.Background()
	}
	x, err := p.enter(ctx)
	if err != nil {
		return err
	}
	defer func() { p.finish(x) }() // also when f panics
	if x == nil {
		if x, err = p.fresh(ctx); err != nil {
			return err
		}
	}
	return f(x.with)
}

// enter waits for a place to run in, and gives the instance that was idle last;
// nil if none is: a new one has to be opened. There are never more instances
// than places.
func (p *Pool[T]) enter(ctx context.Context) (*pooled[T], error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, p.error(ErrPoolClosed)
	}
	select {
	case p.places <- struct{}{}:
		defer p.mu.Unlock()
		return p.begin(), nil
	default:
	}
	if w := p.opts.Waiting; w < 0 || w > 0 && p.stats.Waiting >= w {
		waiting := p.stats.Waiting
		p.mu.Unlock()
		return nil, p.error(&kindError{wasmffi.ErrLimit, fmt.Errorf("%w: %d instances are in use, %d calls wait", ErrPoolFull, p.opts.Instances, waiting)})
	}
	p.stats.Waiting++
	p.mu.Unlock()

	var err error
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		err = fmt.Errorf("waiting for an instance: %w", contextError(ctx))
	case <-p.closing:
		err = ErrPoolClosed
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Waiting--
	if err == nil && p.closed {
		<-p.places
		err = ErrPoolClosed
	}
	if err != nil {
		return nil, p.error(err)
	}
	return p.begin(), nil
}

// begin counts a Do that runs, which Close waits for, and takes an idle
// instance for it. The lock is held.
func (p *Pool[T]) begin() (x *pooled[T]) {
	p.stats.Running++
	p.users.Add(1)
	if n := len(p.idle); n > 0 {
		x = p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
	}
	return x
}

// resetTime is how long an instance gets to be reset before it is replaced: Go
// code that f started may still be using its memory.
const resetTime = 100 * time.Millisecond

// finish ends a Do and makes its instance ready for the next; x is nil where
// none could be opened.
func (p *Pool[T]) finish(x *pooled[T]) {
	clean := x != nil && x.lib.in.rewind(&patience{limit: resetTime}, x.lib.in.initial) == nil
	p.mu.Lock()
	keep := clean && x.src == p.src // and no newer module has come
	switch {
	case keep:
		p.idle = append(p.idle, x)
	case x != nil:
		delete(p.all, x)
		p.stats.Replaced++
	}
	if x != nil {
		p.stats.Done++
	}
	p.stats.Running--
	p.mu.Unlock()
	if x != nil && !keep {
		_ = x.lib.Close()
	}
	p.users.Done()
	<-p.places
}

// drop closes an instance.
func (p *Pool[T]) drop(x *pooled[T]) {
	p.mu.Lock()
	delete(p.all, x)
	p.mu.Unlock()
	_ = x.lib.Close()
}

// Replace makes a newer module the one that instances are made of: from memory,
// or if module is nil from a file as [Open] finds it. As many instances as the
// pool keeps warm, but one at least, are opened and set up first; if one cannot
// be, or setup does not find what it binds, the error says why and nothing has
// changed. After it each Do gets an instance of the new module; those that run
// finish with the old one, whose instances are closed as they become idle. For a
// while there can be more instances than PoolOptions.Instances. See [Plugin] for
// a module that keeps its state.
func (p *Pool[T]) Replace(ctx context.Context, name string, module []byte) error {
	if err := wasmffi.Audit(wasmffi.AuditEvent{Op: wasmffi.AuditOpen, Library: name}); err != nil {
		return err
	}
	src := &source{name, "", module}
	if module == nil {
		var err error
		if src, err = findSource(name, p.opts.Path); err != nil {
			return err
		}
	}
	var fresh []*pooled[T]
	for range min(max(p.opts.Warm, 1), p.opts.Instances) {
		x, err := p.open(ctx, src)
		if err != nil {
			for _, x := range fresh {
				_ = x.lib.Close()
			}
			return err
		}
		fresh = append(fresh, x)
	}
	p.mu.Lock()
	old := fresh // to be closed, if the pool is
	closed := p.closed
	if !closed {
		for _, x := range fresh {
			p.all[x] = struct{}{}
			p.stats.Opened++
		}
		p.stats.Replaced += uint64(len(p.idle))
		old, p.idle, p.src = p.idle, fresh, src
	}
	p.mu.Unlock()
	for _, x := range old {
		p.drop(x)
	}
	if closed {
		return p.error(ErrPoolClosed)
	}
	return nil
}

// Close ends the pool: those that wait and those that come get ErrPoolClosed.
// It waits for what is running until ctx ends; then it ends the calls into C
// that are going on, with errors wrapping [wasmffi.ErrClosed], and waits for
// their functions to return. With a nil context it does that at once. Inside Do
// it would wait for itself. Closing twice is no error.
func (p *Pool[T]) Close(ctx context.Context) error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.closing)
	}
	p.mu.Unlock()
	done := make(chan struct{})
	go func() {
		p.users.Wait()
		close(done)
	}()
	if ctx != nil {
		select {
		case <-done:
		case <-ctx.Done():
		}
	}
	p.mu.Lock()
	all := make([]*pooled[T], 0, len(p.all))
	for x := range p.all {
		all = append(all, x)
	}
	p.mu.Unlock()
	var errs []error
	for _, x := range all {
		errs = append(errs, x.lib.Close())
	}
	<-done
	p.mu.Lock()
	clear(p.all)
	p.idle = nil
	p.mu.Unlock()
	return errors.Join(errs...)
}

// Stats tells what the pool has done and is doing.
func (p *Pool[T]) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Instances, s.Idle = len(p.all), len(p.idle)
	return s
}

func (p *Pool[T]) error(err error) error {
	return &wasmffi.Error{Op: "pool", Library: p.name, Err: err}
}
