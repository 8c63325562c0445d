//go:build amd64 || arm64

package native

import (
	"fmt"
	"structs"
	"sync"
	"syscall"
	"unsafe"
)

// How a fault in C becomes an error.
//
// faultHandler, in fault_linux_*.s, stands before Go's own handler. It asks for
// the thread's record, and in it for the innermost call in flight. If C is what
// that call is running, and not Go again by a callback, it notes what happened
// in a faultInfo and has the kernel resume at abandonCall, which ends the call
// as if C had returned. Everything else goes on to the handler that was there
// before. It reads and writes memory that is known to be mapped, takes no lock,
// and uses the signal stack that Go gives every thread.

// faultSignals are what a fault in C may be. SIGTRAP is __builtin_trap on arm64.
var faultSignals = [...]syscall.Signal{
	syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGTRAP,
}

// faultHandler is the address in fault_linux_*.s.
var faultHandler uintptr

// nextHandler are the handlers that were there before, by signal.
var nextHandler [32]uintptr

// A kernelSigaction is struct sigaction of the kernel, not the C library's.
type kernelSigaction struct {
	_ structs.HostLayout

	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

const (
	saSiginfo = 0x4
	saOnStack = 0x08000000

	signalSegv = int(syscall.SIGSEGV)
)

// siginfo is the part of siginfo_t that faults have.
type siginfo struct {
	_ structs.HostLayout

	signo int32
	errno int32
	code  int32
	_     int32
	addr  uintptr
}

// What the assembly reads in Go's g: its stack's bounds, and the stack pointer
// from which its g0 runs C. checkRuntime makes sure that they are there.
const (
	gStackLo = 0
	gStackHi = 8
	gSchedSP = 56
)

// systemStack is a C function for cgocall (*plainCall): result is g0, args[0]
// the stack pointer.
var systemStack unsafe.Pointer

// checkRuntime is an error if Go's runtime does not look as the handler takes
// it to look.
func checkRuntime() error {
	var here plainCall
	cgocall(systemStack, unsafe.Pointer(&here))
	g0 := pointerAt(&here.result)
	word := func(offset uintptr) uintptr { return *(*uintptr)(unsafe.Add(g0, offset)) }
	sp := here.args[0]
	const call = 256 // more than asmcgocall takes of the stack
	if sp < word(gStackLo) || sp > word(gStackHi) || sp >= word(gSchedSP) || sp+call < word(gSchedSP) {
		return fmt.Errorf("no guard against faults with this version of Go")
	}
	return nil
}

// guardFaults installs the handler, once for the process.
var guardFaults = sync.OnceValue(func() error {
	if err := checkRuntime(); err != nil {
		return err
	}
	for _, s := range faultSignals {
		var old kernelSigaction
		if err := sigaction(s, nil, &old); err != nil {
			return err
		}
		if old.handler <= 1 {
			continue // SIG_DFL or SIG_IGN: somebody took Go's handler away
		}
		nextHandler[s] = old.handler
		ours := old // Go's flags, mask and restorer
		ours.handler = faultHandler
		ours.flags |= saSiginfo | saOnStack
		if err := sigaction(s, &ours, nil); err != nil {
			return err
		}
	}
	return nil
})

// sigaction asks the kernel: the C library's function of that name would not
// keep Go's restorer.
func sigaction(s syscall.Signal, set, old *kernelSigaction) error {
	_, _, e := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s),
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), unsafe.Sizeof(set.mask), 0, 0)
	if e != 0 {
		return fmt.Errorf("rt_sigaction of %v: %w", s, e)
	}
	return nil
}
