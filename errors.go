package wasmffi

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// Sentinels for errors.Is. Memory's own ([memory.ErrOutOfBounds],
// [memory.ErrNull], [memory.ErrRange], [memory.ErrType] …) are wrapped too.
var (
	// ErrClosed: the library was closed before the call, or during it.
	ErrClosed = errors.New("library is closed")
	// ErrBusy: the library cannot be closed from inside one of its callbacks.
	ErrBusy = errors.New("library is busy")
	// ErrNotFound: no such library, symbol or file.
	ErrNotFound = errors.New("not found")
	// ErrFormat: the file is no library that a linked backend can open.
	ErrFormat = errors.New("not a library")
	// ErrNoBackend: the library's kind is known but its backend is not imported.
	ErrNoBackend = errors.New("backend not linked")
	// ErrRefused: a safety rule or the audit hook forbids it.
	ErrRefused = errors.New("refused")
	// ErrSignature: a declaration disagrees with what is being bound.
	ErrSignature = errors.New("signature mismatch")
	// ErrArgCount: a call with too many or too few arguments.
	ErrArgCount = errors.New("wrong number of arguments")
	// ErrArgName: a [Named] argument that the function has no parameter for, or
	// that was given already.
	ErrArgName = errors.New("wrong argument name")
	// ErrTrap: C did something that cannot go on. The errors that wrap it wrap
	// one of the next four too, if it is one of them.
	ErrTrap = errors.New("trap")
	// ErrFault: C accessed memory that is not there, or not for it.
	ErrFault = errors.New("out of bounds memory access")
	// ErrDivideByZero: C divided an integer by zero, or natively the least
	// one by -1.
	ErrDivideByZero = errors.New("integer divide by zero")
	// ErrUnreachable: C came to an instruction that is none, as
	// __builtin_trap is.
	ErrUnreachable = errors.New("unreachable code reached")
	// ErrStackOverflow: C ran out of stack.
	ErrStackOverflow = errors.New("stack overflow")
	// ErrExit: C called exit or abort. See [ExitError].
	ErrExit = errors.New("exited")
	// ErrDepth: calls between Go and C are nested too deep.
	ErrDepth = errors.New("calls nested too deep")
	// ErrCallback: a callback failed: it panicked, or was freed already.
	ErrCallback = errors.New("callback failed")
	// ErrLimit: a limit of the sandbox was reached.
	ErrLimit = errors.New("limit exceeded")
	// ErrPoisoned: a native library faulted before and its state is unknown.
	ErrPoisoned = errors.New("library is poisoned")
	// ErrNotSupported: this backend, platform or type has no such operation.
	ErrNotSupported = dtype.ErrNotSupported
)

// An Error says which call, lookup or opening failed and why.
type Error struct {
	Op      string // "open", "lookup", "bind", "call", "callback", "close" …
	Library string // as in Library.Name
	Symbol  string // function or variable; may be empty
	Arg     int    // the argument at fault, counted from 1; 0 for none
	Err     error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("wasmffi: ")
	b.WriteString(e.Op)
	for _, s := range []string{e.Library, e.Symbol} {
		if s != "" {
			b.WriteString(" " + s)
		}
	}
	if e.Arg != 0 {
		fmt.Fprintf(&b, ": arg %d", e.Arg)
	}
	b.WriteString(": ")
	b.WriteString(e.Err.Error())
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// A PanicError is a Go panic in a callback, as the caller of the outer call
// sees it. It wraps [ErrCallback] and, when the panic's value is an error, that.
type PanicError struct {
	Value any
	Stack []byte // of the panicking goroutine
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic in callback: %v", e.Value) }

func (e *PanicError) Unwrap() []error {
	if err, ok := e.Value.(error); ok {
		return []error{ErrCallback, err}
	}
	return []error{ErrCallback}
}

// An ExitError is C calling exit in the sandbox. It wraps [ErrExit].
type ExitError struct{ Code uint32 }

func (e *ExitError) Error() string { return fmt.Sprintf("exited with status %d", e.Code) }
func (e *ExitError) Unwrap() error { return ErrExit }
