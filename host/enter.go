package host

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/wasmffi/wasmffi"
)

// enter begins a call: it takes the lock or, in a callback, nests. The errors
// are those of waiting, and ErrDepth.
func (in *instance) enter(ctx context.Context) error {
	if ctx != nil && ctx.Err() != nil {
		return contextError(ctx)
	}
	if fastGoid {
		if t := in.lock.tenureOf(goid()); t != nil && in.lock.enterBy(t) {
			in.level.ctx = ctx
			return nil
		}
	}
	if owner := in.owner.Load(); owner != 0 && owner == goid() {
		return in.nest(ctx)
	}
	limit := in.opts.Timeout
	if hasDeadline(ctx) {
		limit = 0
	}
	if err := in.lock.enter(ctx, limit); err != nil {
		switch {
		case err == wasmffi.ErrClosed:
			return err
		case ctx == nil || ctx.Err() == nil:
			err = &timeoutError{limit}
		}
		return fmt.Errorf("waiting for another call: %w", err)
	}
	in.level.ctx = ctx
	return nil
}

func hasDeadline(ctx context.Context) bool {
	if ctx == nil {
		return false
	}
	_, ok := ctx.Deadline()
	return ok
}

// nest begins a call from inside a callback, under the outer call's context
// too.
func (in *instance) nest(ctx context.Context) error {
	up := in.level
	if up.depth+1 >= in.opts.Depth {
		return &kindError{wasmffi.ErrLimit, fmt.Errorf("%w: %d levels of calls from Go into C", wasmffi.ErrDepth, in.opts.Depth)}
	}
	stacks := up.stacks
	if up.up != nil { // the outermost call's is as large as any
		stacks += len(*up.runs)
	}
	if stacks > nestedStacks {
		return &kindError{wasmffi.ErrLimit, fmt.Errorf("%w: %d bytes of stacks under calls from Go into C", wasmffi.ErrDepth, stacks)}
	}
	l := up.down
	if l == nil {
		l = &level{up: up, depth: up.depth + 1}
		up.down = l
	}
	l.runs, l.stacks = &noStack, stacks
	l.ctx, l.inherits = ctx, ctx == nil
	if l.inherits {
		l.ctx = up.ctx
	}
	if in.sp != nil {
		l.sp = in.sp.Get()
	}
	in.level = l
	return nil
}

// leave ends a call whose outcome is err: it puts the instance in order and
// returns the error to report, which a callback may have left.
func (in *instance) leave(err error) error {
	l := in.level
	if err != nil && in.sp != nil {
		// Whatever ended the call did not run C's epilogues.
		sp := in.spBase
		if l.up != nil {
			sp = l.sp
		}
		in.sp.Set(sp)
	}
	if l.reached != 0 {
		if err != nil {
			err = in.afterLimits(l.reached, err)
		}
		if l.up != nil {
			l.up.reached |= l.reached
		}
		l.reached = 0
	}
	if l.failure != nil {
		if err == nil {
			err = l.failure
		} else {
			err = &bothError{l.failure, err}
		}
		l.failure = nil
	}
	l.ctx, l.frame.Ctx = nil, nil
	if l.up != nil {
		in.level, l.runs = l.up, &noStack
		return err
	}
	in.settle()
	in.lock.leave()
	return err
}

// settle forgets what belonged to the outermost call.
func (in *instance) settle() {
	if in.dirty {
		in.dirty = in.fuel != nil
		in.aborted = nil
		if in.fuel != nil {
			in.settleFuel()
		}
		in.clock = clock{slice: in.clock.slice}
		in.owner.Store(0)
	}
}

// enterGo notes that this goroutine runs Go code for C, which may call back in.
func (in *instance) enterGo() {
	if in.owner.Load() == 0 {
		in.owner.Store(goid())
		in.dirty = true
	}
}

// runGo runs Go code of the user's that is no callback.
func (in *instance) runGo(f func()) {
	in.enterGo()
	age, returned := in.age.Load(), false
	defer func() {
		if !returned {
			in.notReturned(age, recover())
		}
	}()
	f()
	returned = true
}

// notReturned is for Go code that did not return to where it was called: it
// panicked, or runtime.Goexit ends the goroutine. Where callbacks are nested
// the innermost has abandoned the instance already, and its age is another.
func (in *instance) notReturned(age uint32, panicked any) {
	switch {
	case panicked != nil:
		in.abort(&wasmffi.PanicError{Value: panicked, Stack: debug.Stack()})
	default:
		in.ends(age)
	}
}

// ends is for Go code that was called at an age and whose goroutine ends.
func (in *instance) ends(age uint32) {
	if in.age.Load() == age {
		in.abandon()
	}
}

// abandon is for a goroutine that ends inside a callback (runtime.Goexit): the
// calls it was in will never return.
func (in *instance) abandon() {
	in.age.Add(1)
	for in.level.up != nil {
		in.level.ctx, in.level.frame.Ctx, in.level.failure, in.level.reached = nil, nil, nil, 0
		in.level = in.level.up
	}
	in.level.failure = nil
	_ = in.leave(errAbandoned)
}

var errAbandoned = errors.New("goroutine ended")

// A bothError is a callback's error and what then went wrong in C.
type bothError struct{ callback, call error }

func (e *bothError) Error() string   { return e.callback.Error() + "; then " + e.call.Error() }
func (e *bothError) Unwrap() []error { return []error{e.callback, e.call} }
