//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"fmt"
	"sync/atomic"
	"syscall"

	"github.com/wasmffi/wasmffi"
)

// failed is the error of a call that callC returned a negative status for. It
// gives the call's room back.
func (c *callable) failed(args *callArgs, status int32) error {
	if status > statusFault {
		if args.room != nil {
			_ = args.room.leave()
		}
		switch status {
		case statusRefused:
			return c.lib.refusal()
		case statusTooDeep:
			return fmt.Errorf("%w: more than %d calls on this thread, or its stack is nearly full", wasmffi.ErrDepth, maxDepth)
		case statusCallback:
			return c.lib.abandoned(fmt.Errorf("%w: C called back in a leaf call", wasmffi.ErrCallback))
		}
		return fmt.Errorf("%w: the C library keeps no data for this thread", wasmffi.ErrNotSupported)
	}
	info := *args.fault()
	var earlier error
	if number := statusFault - status; number != 0 {
		r := roomOf(number)
		info = r.fault
		earlier = r.leave()
	}
	err := c.lib.abandoned(c.lib.faultError(&info))
	if earlier != nil {
		return fmt.Errorf("%w; before that: %w", err, earlier)
	}
	return err
}

// abandoned poisons the library, whose code was stopped halfway, and returns
// why.
func (l *library) abandoned(why error) error {
	if !l.options.AllowAfterFault && l.poison.CompareAndSwap(nil, &why) {
		atomic.OrUint32(&l.state.refuses, refusesPoisoned)
	}
	return why
}

// poisoned reports whether C was stopped halfway in the library.
func (l *library) poisoned() bool { return atomic.LoadUint32(&l.state.refuses)&refusesPoisoned != 0 }

// refusal is why the library refuses a call.
func (l *library) refusal() error {
	if err := l.check(); err != nil || !l.poisoned() {
		return err
	}
	return fmt.Errorf("%w by an earlier call: %w", wasmffi.ErrPoisoned, hidden{*l.poison.Load()})
}

// hidden is an error's text: a call that was refused did not fault itself.
type hidden struct{ err error }

func (h hidden) Error() string { return h.err.Error() }

// faultError describes a fault.
func (l *library) faultError(f *faultInfo) *FaultError {
	e := &FaultError{
		Signal: syscall.Signal(f.signal), Code: f.code,
		Addr: uint64(f.addr), PC: uint64(f.pc),
	}
	if f.caller != 0 {
		e.PC = uint64(f.caller) - 1 // inside the call instruction
	}
	e.Err = faultKind(e.Signal, e.Code, f.overflow())
	l.locate(e)
	return e
}

// overflow reports whether C ran out of stack: it touched memory near its stack
// pointer, which is mapped but beyond the stack's end; or, once a large frame
// has taken the stack pointer over that end, between the two.
func (f *faultInfo) overflow() bool {
	const near, page = 64 << 10, 4 << 10
	if syscall.Signal(f.signal) != syscall.SIGSEGV || f.pc == f.addr {
		return false
	}
	return f.addr+near >= f.sp && (f.addr < f.sp+near || f.addr < f.low+page)
}
