package host

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/wasmffi/wasmffi"
)

// How much fuel C gets between two ticks, in guestabi's units. The most takes
// common code some twenty microseconds, a hundredth of which are for the tick. Code
// that takes longer, as each instruction may touch memory that the system has to
// find first, gets less: nobody shall wait for C for long.
const (
	firstFuel = 1 << 11
	minFuel   = 1 << 8
	maxFuel   = 1 << 16

	tickFast = 250 * time.Microsecond
	tickSlow = 750 * time.Microsecond
	// How often a tick looks whether a deadline has passed, which takes as long
	// as the rest of it.
	lookEvery = time.Millisecond
)

// epoch is where the times of ticks begin.
var epoch = time.Now()

// A clock is what the ticks of a call know about its time. A call that does not
// tick never asks what time it is.
type clock struct {
	slice   int64         // fuel for the next slice
	started time.Time     // when somebody first looked at the outermost call's time
	last    time.Duration // when it ticked last, since epoch; zero before
	looked  time.Duration // when a tick last looked at deadlines

	rationed bool  // it has ticked under Options.Fuel
	left     int64 // of that fuel, beyond what C was given
	used     int64 // of that fuel, when it ticked last
}

// tick is what C calls when its fuel is used up: it ends the call by a panic,
// or returns the fuel to go on with, at least what is needed.
func (in *instance) tick(need int64) int64 {
	if runtime.GOARCH == "wasm" {
		runtime.Gosched() // nobody preempts a goroutine there
	}
	now := time.Since(epoch)
	c := &in.clock
	if c.last == 0 {
		in.dirty = true
	} else {
		switch took := now - c.last; {
		case took < tickFast:
			c.slice = min(2*c.slice, maxFuel)
		case took > tickSlow:
			c.slice = max(c.slice*int64(tickSlow)/int64(took), minFuel)
		}
	}
	if c.last == 0 || now-c.looked >= lookEvery {
		c.looked = now
		in.check(time.Now())
	} else {
		in.checkEnded()
	}
	c.last = now
	if in.fuel != nil {
		return in.ration(need)
	}
	return max(c.slice, need)
}

// checkEnded ends the call, by a panic, when it has been ended from outside.
func (in *instance) checkEnded() {
	if in.lock.isClosing() {
		in.abort(wasmffi.ErrClosed)
	}
	for l := in.level; l != nil; l = l.up {
		if l.ctx != nil && !l.inherits && l.ctx.Err() != nil {
			in.abort(contextError(l.ctx))
		}
	}
}

// check ends the call, by a panic, when it must not go on.
func (in *instance) check(now time.Time) {
	in.checkEnded()
	for l := in.level; l != nil; l = l.up {
		if l.ctx == nil || l.inherits {
			continue
		}
		// Where the guest leaves no thread free, the context's own timer is late.
		if end, ok := l.ctx.Deadline(); ok && now.After(end) {
			in.abort(context.DeadlineExceeded)
		}
	}
	if left, ok := in.ownTimeLeft(now); ok && left < 0 {
		in.abort(&timeoutError{in.opts.Timeout})
	}
}

// ownTimeLeft is how long the outermost call may still run by Options.Timeout;
// ok is false where its context decides.
func (in *instance) ownTimeLeft(now time.Time) (left time.Duration, ok bool) {
	outermost := in.level
	for outermost.up != nil {
		outermost = outermost.up
	}
	if in.opts.Timeout == 0 || hasDeadline(outermost.ctx) {
		return 0, false
	}
	if in.clock.started.IsZero() {
		in.clock.started = now
		in.dirty = true
	}
	return in.opts.Timeout - now.Sub(in.clock.started), true
}

// timeLeft is how long the call may still run; ok is false without a limit.
func (in *instance) timeLeft(now time.Time) (left time.Duration, ok bool) {
	left, ok = in.ownTimeLeft(now)
	for l := in.level; l != nil; l = l.up {
		if l.ctx == nil {
			continue
		}
		if end, limited := l.ctx.Deadline(); limited && (!ok || end.Sub(now) < left) {
			left, ok = end.Sub(now), true
		}
	}
	return left, ok
}

// contextError is the error of a context that has ended, with its cause.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(cause, err) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// abort ends the innermost call from a host function: the engine unwinds C, and
// err is the error of the call.
func (in *instance) abort(err error) {
	in.aborted = err
	in.dirty = true
	panic(abortSignal{})
}

// abortSignal is what abort panics with; the reason is in instance.aborted.
type abortSignal struct{}

func (abortSignal) Error() string { return "call ended" }

// A timeoutError is a call that took longer than Options.Timeout.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string {
	return "call took longer than the library's limit of " + e.limit.String()
}
func (e *timeoutError) Unwrap() []error {
	return []error{context.DeadlineExceeded, wasmffi.ErrLimit}
}
func (e *timeoutError) Timeout() bool { return true }
