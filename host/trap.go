package host

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
)

// What a [TrapError] wraps, besides [wasmffi.ErrTrap]. Running out of stack is
// [wasmffi.ErrStackOverflow].
var (
	ErrUnreachable    = wasmffi.ErrUnreachable
	ErrOutOfBounds    = wasmffi.ErrFault
	ErrDivideByZero   = wasmffi.ErrDivideByZero
	ErrOverflow       = errors.New("integer overflow")
	ErrBadConversion  = errors.New("invalid conversion to integer")
	ErrBadFuncPointer = errors.New("call through a function pointer that points to no function")
	ErrFuncType       = errors.New("call through a function pointer of another type")
	ErrUnaligned      = errors.New("unaligned atomic operation")
	ErrWait           = errors.New("wait for another thread, of which there are none")
)

// A TrapError is C doing something that cannot go on: dividing by zero, leaving
// its memory, calling abort. Its stack pointer is put back and it can be called
// again, but its data is as the fault left it.
type TrapError struct {
	// Err says what happened: one of this package's sentinels, or
	// wasmffi.ErrStackOverflow.
	Err error
	// Frames are the C functions that were running since Go last called C, the
	// one at fault first, as far as the engine tells: some thirty, and none where
	// its own stack overflowed.
	Frames []Frame
	// Core is the state that C was in, with Options.KeepFaults; else nil.
	Core *Core
}

// Error says what happened and where, as
//
//	trap: integer divide by zero in mean (geo.c:42), called from area(p=0x1010, n=0) (geo.c:57)
func (e *TrapError) Error() string { return "trap: " + e.Err.Error() + callers(e.Frames) }

// Unwrap makes errors.Is find both wasmffi.ErrTrap and the kind of trap.
func (e *TrapError) Unwrap() []error { return []error{wasmffi.ErrTrap, e.Err} }

// traps are the engine's texts for them.
var traps = map[string]error{
	"unreachable":                   ErrUnreachable,
	"out of bounds memory access":   ErrOutOfBounds,
	"integer divide by zero":        ErrDivideByZero,
	"integer overflow":              ErrOverflow,
	"invalid conversion to integer": ErrBadConversion,
	"invalid table access":          ErrBadFuncPointer,
	"indirect call type mismatch":   ErrFuncType,
	"stack overflow":                wasmffi.ErrStackOverflow,
	"unaligned atomic":              ErrUnaligned,
	"expected shared memory":        ErrWait,
}

// failed turns the engine's error from a call into this package's.
func (in *instance) failed(err error) error {
	if in.aborted != nil {
		if fuel, ok := in.aborted.(*FuelError); ok {
			fuel.Frames, fuel.Core = in.frames(err), in.core()
		}
		err, in.aborted = in.aborted, nil
		return err
	}
	in.roundFuel()
	// A trap's text is "wasm error: KIND\nwasm stack trace:\n\tFRAME\n\t…", and
	// the KIND is also the innermost error.
	root := err
	for {
		next := errors.Unwrap(root)
		if next == nil {
			break
		}
		root = next
	}
	what, segment := root.Error(), ""
	if s, text, ok := strings.Cut(what, "]: "); ok { // "data[0]: out of bounds memory access"
		what, segment = text, s+"]: "
	}
	kind, ok := traps[what]
	if ok && segment != "" {
		return fmt.Errorf("%s%w", segment, &TrapError{Err: kind})
	}
	if !ok {
		if panicked := runtime.Error(nil); errors.As(err, &panicked) { // in the engine's own WASI
			return fmt.Errorf("%w: %w", ErrRequest, panicked)
		}
		return engineError(err)
	}
	t := &TrapError{Err: kind}
	if kind == ErrOutOfBounds && in.stackOverflown() {
		t.Err = wasmffi.ErrStackOverflow
	}
	t.Frames, t.Core = in.frames(err), in.core()
	return t
}

// stackOverflown reports whether C's stack pointer has gone below address 0,
// where --stack-first puts the end of the stack.
func (in *instance) stackOverflown() bool {
	return in.sp != nil && uint64(uint32(in.sp.Get())) > in.spBase
}

// funcName is what to call a function of the module as it came.
func (m *module) funcName(index uint32) string {
	if name := m.res.Module.FuncName(index); name != "" {
		return name
	}
	if name := m.exportedName(index); name != "" {
		return name
	}
	return fmt.Sprintf("func %d", index)
}

// printable quotes a name, which the module's maker chose, where printing it
// could mislead.
func printable(name string) string {
	if strconv.Quote(name) == `"`+name+`"` && !strings.ContainsAny(name, " ,") || isUnnamed(name) {
		return name
	}
	return strconv.Quote(name)
}

// isUnnamed reports whether name is what funcName calls a function without one.
func isUnnamed(name string) bool {
	n, ok := strings.CutPrefix(name, "func ")
	_, err := strconv.ParseUint(n, 10, 32)
	return ok && err == nil
}

// engineError hides the engine's own error types.
func engineError(err error) error {
	if err == nil {
		return nil
	}
	text, _, _ := strings.Cut(err.Error(), "\nwasm stack trace:")
	return errors.New(strings.TrimSuffix(text, " (recovered by wazero)"))
}

// rewriteError gives guestabi's refusals the sentinels of package wasmffi too.
func rewriteError(err error) error {
	kind := wasmffi.ErrFormat
	switch {
	case errors.Is(err, guestabi.ErrLimit):
		kind = wasmffi.ErrLimit
	case errors.Is(err, guestabi.ErrNotSupported):
		kind = wasmffi.ErrNotSupported
	}
	return &kindError{kind, err}
}

// A kindError is an error that is also of another kind.
type kindError struct{ kind, err error }

func (e *kindError) Error() string   { return e.err.Error() }
func (e *kindError) Unwrap() []error { return []error{e.kind, e.err} }
