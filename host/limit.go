package host

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
)

// What a [LimitError] wraps, besides [wasmffi.ErrLimit]. The other bounds have
// errors of their own, which wrap that too: [ErrFuel], [ErrPoolFull],
// [wasmffi.ErrDepth], and context.DeadlineExceeded where it is Options.Timeout
// that ended a call. C's stack is part of its memory: [wasmffi.ErrStackOverflow]
// is a trap.
var (
	ErrMemoryLimit   = errors.New("memory limit reached")   // Options.MemoryLimit
	ErrTableLimit    = errors.New("table limit reached")    // Options.TableLimit
	ErrCallbackLimit = errors.New("callback limit reached") // Options.Callbacks
	ErrOutputLimit   = errors.New("output limit reached")   // Options.OutputLimit
	ErrFileLimit     = errors.New("limit of files reached") // Options.OpenFiles
	ErrWriteLimit    = errors.New("write limit reached")    // Options.WriteLimit
)

// A LimitError is a limit of [Options] that was reached.
//
// C is refused most things as an operating system would refuse them, and may
// cope: malloc returns NULL, write fails. If C then gives up (it traps, exits,
// does not end in time), the error of that call is a LimitError too, so that
// what C died of can be told from what it did: it wraps both.
type LimitError struct {
	Kind  error  // ErrMemoryLimit, ErrTableLimit, …
	Limit uint64 // bytes, table entries, callbacks, …
	// Own tells that it is not the option's, but the module's own: the maximum
	// that it declares for its memory.
	Own bool
	// Err is how a call ended that reached the limit before; nil where reaching
	// it is the error.
	Err error
}

var limitUnits = map[error]string{
	ErrMemoryLimit: "bytes", ErrTableLimit: "entries", ErrCallbackLimit: "alive", ErrOutputLimit: "bytes",
	ErrFileLimit: "open", ErrWriteLimit: "bytes",
}

func (e *LimitError) Error() string {
	s := fmt.Sprintf("%v: %d", e.Kind, e.Limit)
	if unit := limitUnits[e.Kind]; unit != "" {
		s += " " + unit
	}
	if e.Own {
		s += ", the module's own maximum"
	}
	if e.Err != nil {
		return fmt.Sprintf("%v; before that: %s", e.Err, s)
	}
	return s
}

// Unwrap makes errors.Is find the kind, [wasmffi.ErrLimit], and all that Err is.
func (e *LimitError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind, wasmffi.ErrLimit}
	}
	return []error{e.Err, e.Kind, wasmffi.ErrLimit}
}

// A limits is a set of limits that C reaches without the call ending for it.
type limits uint8

const (
	reachedMemory limits = 1 << iota
	reachedOutput
	reachedFiles
	reachedWrite
	reachedTable
)

// reach notes that C was refused something, for the error of the call that is
// going on. Calls that reach nothing pay nothing: it makes them dirty.
func (in *instance) reach(l limits) {
	in.level.reached |= l
	in.dirty = true
}

// reachedLimit is a limit of the set as an error.
func (in *instance) reachedLimit(l limits, err error) *LimitError {
	switch l {
	case reachedMemory:
		limit := uint64(len(in.mem.region))
		return &LimitError{Kind: ErrMemoryLimit, Limit: limit, Own: limit < in.opts.MemoryLimit, Err: err}
	case reachedOutput:
		return &LimitError{Kind: ErrOutputLimit, Limit: uint64(in.opts.OutputLimit), Err: err}
	case reachedWrite:
		return &LimitError{Kind: ErrWriteLimit, Limit: uint64(in.opts.WriteLimit), Err: err}
	case reachedTable:
		return &LimitError{Kind: ErrTableLimit, Limit: uint64(in.opts.TableLimit), Err: err}
	default:
		return &LimitError{Kind: ErrFileLimit, Limit: uint64(in.opts.OpenFiles), Err: err}
	}
}

// afterLimits is what to report for a call that failed, given the limits it
// reached.
func (in *instance) afterLimits(reached limits, err error) error {
	for reached != 0 {
		l := limits(1) << bits.TrailingZeros8(uint8(reached))
		reached &^= l
		e := in.reachedLimit(l, err)
		if !errors.Is(err, e.Kind) {
			err = e
		}
	}
	return err
}

// fits checks what a module begins with.
func (l moduleLimits) fits(m *guestabi.Module) error {
	for _, t := range m.Memories {
		if err := l.fitsMemory(t); err != nil {
			return err
		}
	}
	entries := uint64(0)
	for _, t := range m.Tables {
		entries += uint64(t.Min)
	}
	for _, im := range m.Imports {
		if im.Kind == guestabi.KindTable {
			entries += uint64(im.Table.Min)
		}
	}
	if entries > uint64(l.table) {
		e := &LimitError{Kind: ErrTableLimit, Limit: uint64(l.table)}
		return fmt.Errorf("%w: the module begins with %d", e, entries)
	}
	return nil
}

func (l moduleLimits) fitsMemory(m guestabi.Limits) error {
	if m.Min <= l.memoryPages {
		return nil
	}
	e := &LimitError{Kind: ErrMemoryLimit, Limit: uint64(l.memoryPages) * pageSize}
	return fmt.Errorf("%w: the module begins with %d", e, uint64(m.Min)*pageSize)
}
