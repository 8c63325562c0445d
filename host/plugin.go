package host

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/wasmffi/wasmffi"
)

// A Plugin is a module that can be replaced by a newer one while it is called:
// calls that are going on finish in the old one, new ones go to the new one. Its
// state stays from call to call; for a [Pool], whose instances are reset, there
// is [Pool.Replace].
//
// T is what a function needs to work with the module: a struct of functions bound
// to it. It is made anew for each module, so that what the new one does not have,
// or has with another signature, is found when it comes, and never by a call.
type Plugin[T any] struct {
	name  string // of the current module
	opts  Options
	setup func(wasmffi.Library) (T, error)

	// replacing holds a token while a module is being replaced.
	replacing chan struct{}
	closing   chan struct{}

	mu  sync.Mutex
	now *edition[T] // nil once closed
	all map[*edition[T]]struct{}
	// handover is there while state is handed over: Do waits until it is closed.
	handover chan struct{}
}

// An edition is a module of a plug-in.
type edition[T any] struct {
	lib  *Library
	with T

	users int           // guarded by Plugin.mu
	idle  chan struct{} // closed when there are none; nil where nobody waits
}

// NewPlugin opens a module from memory, or if module is nil from a file as [Open]
// finds it, and sets it up. ctx bounds that.
//
//	type filter struct {
//		Run func(ctx context.Context, x int32) (int32, error) `c:"run"`
//	}
//	plugin, err := host.NewPlugin(ctx, "filter.wasm", nil, host.Options{}, func(lib wasmffi.Library) (*filter, error) {
//		f := new(filter)
//		return f, wasmffi.BindAll(lib, f)
//	})
//	err = plugin.Do(ctx, func(f *filter) error { … })
//	err = plugin.Replace(ctx, "filter.wasm", nil, nil) // the file has changed
func NewPlugin[T any](ctx context.Context, name string, module []byte, opts Options, setup func(wasmffi.Library) (T, error)) (*Plugin[T], error) {
	p := &Plugin[T]{name: name, opts: opts.shared(), setup: setup,
		replacing: make(chan struct{}, 1), closing: make(chan struct{}), all: map[*edition[T]]struct{}{}}
	e, err := p.open(ctx, name, module)
	if err != nil {
		return nil, err
	}
	p.now = e
	p.all[e] = struct{}{}
	return p, nil
}

// open opens a module and sets it up.
func (p *Plugin[T]) open(ctx context.Context, name string, module []byte) (*edition[T], error) {
	lib, err := openModule(ctx, name, module, p.opts)
	if err != nil {
		return nil, err
	}
	e := &edition[T]{lib: lib}
	if e.with, err = p.setup(lib); err != nil {
		_ = lib.Close()
		return nil, err
	}
	return e, nil
}

// openModule opens a module from memory, or one that is found by its name.
func openModule(ctx context.Context, name string, module []byte, opts Options) (*Library, error) {
	if module == nil {
		return Open(ctx, name, opts)
	}
	return OpenBytes(ctx, name, module, opts)
}

// Do calls f with what setup made of the current module, which stays open until f
// returns. It returns f's error, or its own: [wasmffi.ErrClosed], or that of ctx
// while it waits for Replace to hand state over. Several may run at once; their
// calls into C take turns, as those of any [Library]. f must keep nothing of the
// module.
func (p *Plugin[T]) Do(ctx context.Context, f func(T) error) error {
	if ctx == nil {
		ctx = context.Background()
	}
	e, err := p.enter(ctx)
	if err != nil {
		return err
	}
	defer p.leave(e) // also when f panics
	return f(e.with)
}

func (p *Plugin[T]) enter(ctx context.Context) (*edition[T], error) {
	for {
		p.mu.Lock()
		e, wait := p.now, p.handover
		if e != nil && wait == nil {
			e.users++
			p.mu.Unlock()
			return e, nil
		}
		p.mu.Unlock()
		if e == nil {
			return nil, p.error("plugin", wasmffi.ErrClosed)
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, p.error("plugin", fmt.Errorf("waiting for a module that is being replaced: %w", contextError(ctx)))
		}
	}
}

func (p *Plugin[T]) leave(e *edition[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.users--; e.users == 0 && e.idle != nil {
		close(e.idle)
		e.idle = nil
	}
}

// unused is closed when nobody uses the edition. p.mu is held.
func (e *edition[T]) unused() <-chan struct{} {
	if e.idle == nil {
		e.idle = make(chan struct{})
	}
	idle := e.idle
	if e.users == 0 {
		close(idle)
		e.idle = nil
	}
	return idle
}

// Replace opens a newer module, under the same options, sets it up, and makes it
// the one that Do gives from then on. The old one is closed when the last Do that
// has it returns. If anything fails, be it that the new module lacks a function,
// the old one stays and the error says why.
//
// migrate, if it is not nil, carries state over: it is called with what setup made
// of both when no Do is running, and those that come wait meanwhile. Replace waits
// for them until ctx ends; so it must not be called inside Do, nor Do inside Do
// while it waits. With a nil migrate nobody waits, and calls of old and new run
// side by side; of what they share one at a time uses Options.Stdout, Stderr, Stdin
// and Random.
//
// One replacement is made at a time; others wait under ctx.
func (p *Plugin[T]) Replace(ctx context.Context, name string, module []byte, migrate func(from, to T) error) error {
	if ctx == nil {
		ctx = context.Background()
	}
	select {
	case p.replacing <- struct{}{}:
		defer func() { <-p.replacing }()
	case <-p.closing:
		return p.error("replace", wasmffi.ErrClosed)
	case <-ctx.Done():
		return p.error("replace", fmt.Errorf("waiting for another replacement: %w", contextError(ctx)))
	}
	next, err := p.open(ctx, name, module)
	if err != nil {
		return err
	}
	swapped := false
	defer func() {
		if !swapped { // also when migrate panics
			_ = next.lib.Close()
		}
	}()
	if err := p.swap(ctx, name, next, migrate); err != nil {
		return p.error("replace", err)
	}
	swapped = true
	return nil
}

// swap puts an edition in the place of the current one, which is closed when
// nobody uses it any more.
func (p *Plugin[T]) swap(ctx context.Context, name string, next *edition[T], migrate func(from, to T) error) error {
	if migrate != nil {
		defer p.shut()()
		if err := p.handOver(ctx, next, migrate); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.now
	if old == nil {
		return wasmffi.ErrClosed
	}
	p.now, p.name = next, name
	p.all[next] = struct{}{}
	unused := old.unused()
	go func() {
		<-unused
		_ = old.lib.Close()
		p.mu.Lock()
		delete(p.all, old)
		p.mu.Unlock()
	}()
	return nil
}

// shut makes Do wait until reopen is called.
func (p *Plugin[T]) shut() (reopen func()) {
	done := make(chan struct{})
	p.mu.Lock()
	p.handover = done
	p.mu.Unlock()
	return func() {
		p.mu.Lock()
		p.handover = nil
		p.mu.Unlock()
		close(done)
	}
}

// handOver calls migrate when nobody uses the current module.
func (p *Plugin[T]) handOver(ctx context.Context, next *edition[T], migrate func(from, to T) error) error {
	p.mu.Lock()
	e := p.now
	if e == nil {
		p.mu.Unlock()
		return wasmffi.ErrClosed
	}
	unused := e.unused()
	p.mu.Unlock()
	select {
	case <-unused:
	case <-p.closing:
		return wasmffi.ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("%w: waiting for its calls: %w", wasmffi.ErrBusy, contextError(ctx))
	}
	p.mu.Lock()
	e.users++ // for Close
	p.mu.Unlock()
	defer p.leave(e)
	if err := migrate(e.with, next.with); err != nil {
		return fmt.Errorf("handing state over: %w", err)
	}
	return nil
}

// Name is the name of the current module.
func (p *Plugin[T]) Name() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.name
}

// Close ends the plug-in: each later Do is an error wrapping [wasmffi.ErrClosed].
// It waits for those that are running until ctx ends; then it ends their calls
// into C, and waits for them to return. With a nil ctx it does that at once.
// Inside Do it would wait for itself. Closing twice is no error.
func (p *Plugin[T]) Close(ctx context.Context) error {
	p.mu.Lock()
	if p.now != nil {
		p.now = nil
		close(p.closing)
	}
	var editions []*edition[T]
	var unused []<-chan struct{}
	for e := range p.all {
		editions, unused = append(editions, e), append(unused, e.unused())
	}
	p.mu.Unlock()
	if ctx != nil {
		for _, c := range unused {
			select {
			case <-c:
			case <-ctx.Done():
			}
		}
	}
	var errs []error
	for i, e := range editions {
		errs = append(errs, e.lib.Close())
		<-unused[i]
	}
	return errors.Join(errs...)
}

func (p *Plugin[T]) error(op string, err error) error {
	return &wasmffi.Error{Op: op, Library: p.Name(), Err: err}
}
