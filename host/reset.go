package host

import (
	"context"
	"fmt"
	"time"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/memory"
)

// Reset makes the library what it was right after it was opened: C's memory, as
// large as then, its globals, tables and segments, open files, the budget of
// [Options.OutputLimit]. The library must have been opened with
// [Options.Resettable]; otherwise the error wraps [wasmffi.ErrNotSupported].
//
// What was made before is over. Views, pointers and arenas are errors wrapping
// [memory.ErrEnded], as if the library had been closed; callbacks are freed;
// addresses that Go code keeps as numbers mean nothing any more. Functions that
// were bound to exports stay good. The addresses callbacks get afterwards may
// be others than in a new library.
//
// Reset waits for calls that are going on and for Go code that is using C's
// memory ([memory.View.Use]), until ctx ends or, if it sets no deadline, for
// [Options.Timeout]: then it returns an error wrapping [wasmffi.ErrBusy] and
// the context's, views have ended, and C's state is what it was. Inside a
// callback of the library it is an error wrapping ErrBusy at once. When undoing
// itself fails (a module that is started anew may trap) the library is closed.
//
// On Linux the time depends on how much C wrote since, not on how much memory it
// has, and up to a MiB of what it wrote stays in physical memory for the next time,
// overwritten with what it was; elsewhere on its size. Where there is more to undo
// than memory and globals (C has opened files, looked at a clock that is not real,
// asked for random bytes that are not, or its code changes tables) the module is
// started anew, with its start function and _initialize, whose output is dropped.
func (l *Library) Reset(ctx context.Context) error {
	if l.in.initial == nil {
		return l.stateError("reset", fmt.Errorf("%w: it was opened without Options.Resettable", wasmffi.ErrNotSupported))
	}
	return l.stateError("reset", l.in.rewind(&patience{ctx: ctx, limit: l.in.opts.Timeout}, l.in.initial))
}

// A Snapshot is the state a library was in. It takes as much memory as C had
// in use, for as long as anything refers to it.
type Snapshot struct {
	in    *instance
	state *state
}

// Snapshot saves the library's state between two calls, for [Library.Restore].
// A module whose code changes tables, or which has used WASI in the ways that
// [Library.Reset] starts it anew for, has state that cannot be saved: the error
// wraps [wasmffi.ErrNotSupported]. Inside a callback it wraps
// [wasmffi.ErrBusy].
func (l *Library) Snapshot(ctx context.Context) (*Snapshot, error) {
	in := l.in
	if in.inGo() {
		return nil, l.stateError("snapshot", wasmffi.ErrBusy)
	}
	if err := in.enter(ctx); err != nil {
		return nil, l.stateError("snapshot", err)
	}
	s, err := in.capture()
	switch {
	case err != nil:
	case in.mod.hiddenState():
		err = fmt.Errorf("%w: the module's code changes tables", wasmffi.ErrNotSupported)
	case in.touched:
		err = fmt.Errorf("%w: C has used files, a clock or random bytes of the library's", wasmffi.ErrNotSupported)
	}
	if err = in.leave(err); err != nil {
		return nil, l.stateError("snapshot", err)
	}
	return &Snapshot{in, s}, nil
}

// Restore makes the library what it was when the snapshot was taken, which must
// be one of this library. It is like [Library.Reset] in all else: function
// pointers of callbacks that C had stored then are stale.
func (l *Library) Restore(ctx context.Context, s *Snapshot) error {
	if s == nil || s.in != l.in {
		return l.stateError("restore", fmt.Errorf("%w: a snapshot of another library", wasmffi.ErrNotSupported))
	}
	return l.stateError("restore", l.in.rewind(&patience{ctx: ctx, limit: l.in.opts.Timeout}, s.state))
}

func (l *Library) stateError(op string, err error) error {
	if err == nil {
		return nil
	}
	return &wasmffi.Error{Op: op, Library: l.Name(), Err: err}
}

// inGo reports whether the caller is a callback of the instance's.
func (in *instance) inGo() bool {
	owner := in.owner.Load()
	return owner != 0 && owner == goid()
}

// rewind ends the epoch, waits until nobody uses its memory, and makes s the
// state. The lock is not held while waiting: whoever gives back the last lease
// may have to call C for that.
func (in *instance) rewind(p *patience, s *state) error {
	defer p.end()
	switch {
	case in.inGo():
		return wasmffi.ErrBusy
	case in.closed.Load():
		return wasmffi.ErrClosed
	case p.ctx != nil && p.ctx.Err() != nil:
		return contextError(p.ctx)
	}
	select { // one at a time
	case in.rewinding <- struct{}{}:
	default:
		select {
		case in.rewinding <- struct{}{}:
		case <-p.context().Done():
			return fmt.Errorf("%w: %w", wasmffi.ErrBusy, contextError(p.context()))
		case <-in.lock.closing:
			return wasmffi.ErrClosed
		}
	}
	defer func() { <-in.rewinding }()
	drained := make(chan struct{})
	if !in.epoch.Load().End(func() { close(drained) }) {
		return wasmffi.ErrClosed
	}
	in.draining = append(in.draining, drained)
	defer in.newEpoch() // also where nothing was undone: the old one is over
	for _, drained := range in.draining {
		if err := in.await(p, drained); err != nil {
			return fmt.Errorf("%w: Go code is using its memory: %w", wasmffi.ErrBusy, err)
		}
	}
	in.draining = nil
	ctx := p.ctx
	if in.lock.word.Load() != lockFree {
		ctx = p.context()
	}
	if err := in.enter(ctx); err != nil {
		return err
	}
	if err := in.apply(p, s); err != nil {
		return in.breakDown(err)
	}
	in.newEpoch()
	return in.leave(nil)
}

// breakDown closes an instance that is in no state it can be used in, inside a
// call that was entered. The lock is not given back: nobody comes in any more.
func (in *instance) breakDown(err error) error {
	if in.closed.Swap(true) {
		return in.leave(err) // to who is closing it
	}
	close(in.lock.closing)
	in.settle()
	in.discard()
	return fmt.Errorf("%w; the library is closed", err)
}

// A patience is how long to wait: until a context ends or, where that sets no
// deadline, for a time that begins with the first wait. A reset that has to wait
// for nobody does not need to know what time it is.
type patience struct {
	ctx    context.Context // may be nil
	limit  time.Duration   // 0 for none
	cancel context.CancelFunc
}

// context is what to wait under.
func (p *patience) context() context.Context {
	if p.ctx == nil {
		p.ctx = context.Background()
	}
	if p.cancel == nil && p.limit > 0 && !hasDeadline(p.ctx) {
		p.ctx, p.cancel = context.WithTimeoutCause(p.ctx, p.limit, &timeoutError{p.limit})
	}
	return p.ctx
}

func (p *patience) end() {
	if p.cancel != nil {
		p.cancel()
	}
}

// newEpoch starts a lifetime of the memory, if the last one is over and that of
// the instance is not.
func (in *instance) newEpoch() {
	if e := in.epoch.Load(); e != nil && !e.Ended() {
		return
	}
	if e, err := memory.NewLifetime(&in.life); err == nil {
		in.epoch.Store(e)
	}
}

// await waits for a channel to be closed.
func (in *instance) await(p *patience, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	default:
	}
	select {
	case <-done:
		return nil
	case <-p.context().Done():
		return contextError(p.context())
	case <-in.lock.closing:
		return wasmffi.ErrClosed
	}
}
