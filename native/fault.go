package native

import (
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/wasmffi/wasmffi"
)

// A FaultError is C doing something that the machine refuses: a segmentation
// fault, a division by zero, running out of stack. It wraps [wasmffi.ErrTrap]
// and Err. See the package's section on faults for what is left of the library.
type FaultError struct {
	// Err says what happened: wasmffi.ErrFault, wasmffi.ErrDivideByZero,
	// wasmffi.ErrUnreachable or wasmffi.ErrStackOverflow; nil for what is none
	// of them.
	Err error
	// Signal is what the kernel sent, and Code its si_code.
	Signal syscall.Signal
	Code   int32
	// Addr is the address that could not be accessed, or of the instruction
	// at fault, as the kernel tells it: 0 also where it does not.
	Addr uint64
	// PC is the address of the instruction, or of the call if C called an
	// address where there is no code.
	PC uint64
	// Object is the path of the file that PC was loaded from, "" if none.
	Object string
	// Function is the C function that PC is in, from debug info or the
	// object's symbol tables, "" if they do not tell.
	Function string
	// File and Line are the C source, from the library's debug info; "" and 0
	// without.
	File string
	Line int
}

// Unwrap makes errors.Is find both wasmffi.ErrTrap and the kind of fault.
func (e *FaultError) Unwrap() []error {
	if e.Err == nil {
		return []error{wasmffi.ErrTrap}
	}
	return []error{wasmffi.ErrTrap, e.Err}
}

func (e *FaultError) Error() string {
	s := signalName(e.Signal) + ": "
	switch {
	case e.Err == wasmffi.ErrFault && e.addressKnown():
		s += fmt.Sprintf("no access to address %#x", e.Addr)
	case e.Err == wasmffi.ErrFault:
		s += "no access to what is no address"
	case e.Err == nil:
		s += fmt.Sprintf("code %d", e.Code)
	default:
		s += e.Err.Error()
	}
	switch {
	case e.Function != "":
		s += ", in " + e.Function
	case e.PC != 0:
		s += fmt.Sprintf(", at %#x", e.PC)
	}
	switch {
	case e.File != "":
		s += fmt.Sprintf(" (%s:%d)", e.File, e.Line)
	case e.Object != "":
		s += " of " + filepath.Base(e.Object)
	}
	return s
}

// addressKnown reports whether the kernel told the address: amd64 has none for
// addresses that are not canonical.
func (e *FaultError) addressKnown() bool {
	const siKernel = 0x80
	return e.Code != siKernel
}

func signalName(s syscall.Signal) string {
	switch s {
	case syscall.SIGSEGV:
		return "SIGSEGV"
	case syscall.SIGBUS:
		return "SIGBUS"
	case syscall.SIGFPE:
		return "SIGFPE"
	case syscall.SIGILL:
		return "SIGILL"
	case syscall.SIGTRAP:
		return "SIGTRAP"
	}
	return s.String()
}

// faultKind is the sentinel for a signal. overflow tells that the address is
// beyond the end of the stack.
func faultKind(s syscall.Signal, code int32, overflow bool) error {
	const intDivide = 1 // FPE_INTDIV
	switch {
	case overflow:
		return wasmffi.ErrStackOverflow
	case s == syscall.SIGSEGV, s == syscall.SIGBUS:
		return wasmffi.ErrFault
	case s == syscall.SIGFPE && code == intDivide:
		return wasmffi.ErrDivideByZero
	case s == syscall.SIGILL, s == syscall.SIGTRAP:
		return wasmffi.ErrUnreachable
	}
	return nil
}
