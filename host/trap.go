package host

import (
	"errors"
	"fmt"
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
)

// A TrapError is C doing something that cannot go on: dividing by zero, leaving
// its memory, calling abort. Its stack pointer is put back and it can be called
// again, but its data is as the fault left it.
type TrapError struct {
	// Err says what happened: one of this package's sentinels, or
	// wasmffi.ErrStackOverflow.
	Err error
	// Funcs are the C functions that were running, the one at fault first, as
	// far as the engine tells (some thirty). Names come from the module's name
	// section; "func 12" is one without.
	Funcs []string
}

func (e *TrapError) Error() string {
	s := "trap: " + e.Err.Error()
	const shown = 4
	for i, f := range e.Funcs {
		switch {
		case i == 0:
			s += " (in " + f
		case i == shown:
			return s + ", …)"
		default:
			s += ", called from " + f
		}
	}
	if len(e.Funcs) > 0 {
		s += ")"
	}
	return s
}

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
}

// failed turns the engine's error from a call into this package's.
func (in *instance) failed(err error) error {
	if in.aborted != nil {
		err, in.aborted = in.aborted, nil
		return err
	}
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
	kind, ok := traps[root.Error()]
	if !ok {
		return engineError(err)
	}
	t := &TrapError{Err: kind}
	if kind == ErrOutOfBounds && in.stackOverflown() {
		t.Err = wasmffi.ErrStackOverflow
	}
	if _, trace, ok := strings.Cut(err.Error(), "\nwasm stack trace:\n\t"); ok {
		for line := range strings.SplitSeq(trace, "\n\t") {
			if f := in.mod.frameName(line); f != "" {
				t.Funcs = append(t.Funcs, f)
			}
		}
	}
	return t
}

// stackOverflown reports whether C's stack pointer has gone below address 0,
// where --stack-first puts the end of the stack.
func (in *instance) stackOverflown() bool {
	return in.sp != nil && uint64(uint32(in.sp.Get())) > in.spBase
}

// frameName is the function of a line of the engine's stack trace, which looks
// as ".name(i32,i32) i32", or ".$12()" where there is no name; "" for what is
// no C function.
func (m *module) frameName(line string) string {
	name, ok := strings.CutPrefix(line, ".")
	if !ok {
		return ""
	}
	end := strings.LastIndexByte(name, '(')
	if end < 0 {
		return ""
	}
	name = name[:end]
	// Several results are in parentheses of their own.
	if at := strings.LastIndexByte(name, '('); at >= 0 && strings.HasSuffix(name, ") ") {
		name = name[:at]
	}
	if index, ok := strings.CutPrefix(name, "$"); ok {
		n, err := strconv.ParseUint(index, 10, 32)
		if err != nil {
			return strconv.Quote(name)
		}
		orig, ok := m.res.OriginalFunc(uint32(n))
		if !ok {
			return ""
		}
		return m.funcName(orig)
	}
	if strings.HasPrefix(name, "wasmffi.") {
		return "" // what the rewriting added
	}
	return printable(name)
}

// funcName is what to call a function of the module as it came.
func (m *module) funcName(index uint32) string {
	if name := m.res.Module.FuncName(index); name != "" {
		return printable(name)
	}
	if name := m.exportedName(index); name != "" {
		return printable(name)
	}
	return fmt.Sprintf("func %d", index)
}

// printable quotes a name, which the module's maker chose, where printing it
// could mislead.
func printable(name string) string {
	if strconv.Quote(name) == `"`+name+`"` && !strings.ContainsAny(name, " ,") {
		return name
	}
	return strconv.Quote(name)
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
