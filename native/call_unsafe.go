//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"structs"
	"unsafe"
)

// What Go and the assembly hand each other.
//
// A goroutine's stack moves only while the goroutine runs Go. So until C calls
// back, the arguments and results of a call may be on the caller's stack; the
// assembly reads the arguments before it enters C, and writes results to the
// caller only if no callback has made a room, which is on the heap and does
// not move. Addresses that the assembly stores are uintptr, since it stores
// without write barriers; who keeps alive what they name is said at each.

// callArgs are the particulars of one call. They are on the goroutine's stack.
type callArgs struct {
	_ structs.HostLayout

	target  *callTarget
	words   unsafe.Pointer // what target's indices count from
	results unsafe.Pointer // where results go if there is no room
	errno   unsafe.Pointer // *int32: errno's value before and after; nil: not wanted
	room    *room          // or nil
}

// framedArgs are a call's particulars with room for a faultInfo right behind
// callArgs, which is written if C faults before it calls back.
type framedArgs struct {
	_ structs.HostLayout

	callArgs
	fault faultInfo
}

// fewArgs are those of a call of few words. A fault is written over the words,
// which nobody needs then: there is less to clear for each call.
type fewArgs struct {
	_ structs.HostLayout

	callArgs
	words [6]uint64 // four parameters, and the result
}

var _ = [1]struct{}{}[unsafe.Sizeof(fewArgs{})-unsafe.Sizeof(framedArgs{})]

// fault is what is behind the args.
func (a *callArgs) fault() *faultInfo {
	return (*faultInfo)(unsafe.Add(unsafe.Pointer(a), unsafe.Sizeof(*a)))
}

// A callTarget is what all calls of one callable have in common: the function,
// and for each register and stack word the index of the word that goes there.
// Registers that take no argument have index 0.
type callTarget struct {
	_ structs.HostLayout

	fn     uintptr
	lib    uintptr        // *libraryState
	stack  unsafe.Pointer // *[nstack]uint32
	nstack uintptr        // stack words; even, so that SP keeps its 16-byte alignment
	spmask uintptr        // aligns SP for the stack arguments
	nvec   uintptr        // vector registers in use; System V wants it in AL for variadics

	result uint32 // resultNone …
	shift  uint32 // 64 less the size of an integer result in bits
	x87    uint32 // x87 registers the result occupies: 0, 1, or 2 for a complex
	wide   uint32 // vector registers are loaded whole, from where they are in an image
	nints  uint32 // integer registers in use
	leaf   uint32 // 1: run by asmcgocall, without leave to call back

	ints   [firstFloat]uint16
	floats [8]uint16
}

func (t *callTarget) setStack(words []uint32) { t.stack = unsafe.Pointer(unsafe.SliceData(words)) }

// Which result registers are stored, and how. The integer ones are made
// canonical: callees leave the bits above the type undefined.
const (
	resultNone     = iota
	resultUnsigned // RAX, X0 with its upper callTarget.shift bits cleared
	resultSigned   // RAX, X0 with its upper callTarget.shift bits sign-extended
	resultBool     // the lowest byte of RAX, X0: 0 or 1
	resultFloat    // XMM0, V0: one word
	resultAll      // all registers that a result can be in, as regs_*.go orders them
)

// A callRecord is the assembly's own note of a call in flight, on C's stack.
type callRecord struct {
	_ structs.HostLayout

	results uintptr // as in callArgs
	errno   uintptr // as in callArgs
	room    uintptr // *room, from callArgs or made by a callback; kept alive by rooms
	args    uintptr // *callArgs; good until there is a room
	leaf    uintptr // as in callTarget
}

// What callC returns, besides 0 for a call without a room and the room's number
// for one that has or got one.
const (
	statusNoThread = -1 // this thread has no record yet: make one and try again
	statusRefused  = -2 // by the library: see libraryState
	statusTooDeep  = -3 // too many calls nested on this thread, or its stack is nearly full
	statusCallback = -4 // a leaf call called back
	statusFault    = -5 // C faulted, without a room; with one, its number less
)

// maxDepth is how many calls into C may be nested on one thread through
// callbacks. It leaves each level 8 KiB of an 8 MiB stack, which is also
// checked by itself: see threadRecord.limit.
const maxDepth = 1000

// A threadRecord is what an OS thread that calls C has for itself. Records are
// Go memory that is never released, only used again once their thread has
// exited, so the assembly may hold their addresses.
type threadRecord struct {
	_ structs.HostLayout

	errno uintptr // address of this thread's errno
	depth uintptr // number of calls in flight
	low   uintptr // lowest address of the thread's stack
	limit uintptr // lowest stack pointer at which another call may start
	top   uintptr // highest address of the stack; 0: the thread has exited

	calls [maxDepth]inFlight // outermost first
}

// An inFlight is a call in flight.
type inFlight struct {
	_ structs.HostLayout

	lib    uintptr // *libraryState; Close compares it
	record uintptr // *callRecord
}

// A libraryState is what the assembly needs to know of a library.
type libraryState struct {
	_ structs.HostLayout

	refuses   uint32 // not 0: calls are refused, because of these
	unguarded uint32 // not 0: faults in it are not caught

	errno uintptr // on Windows: _errno of the library's C runtime
}

// Why a library refuses calls.
const (
	refusesClosed   = 1 << iota // Close has begun
	refusesPoisoned             // C faulted in it
)

// libc is what the assembly needs of the C library.
type libcTable struct {
	_ structs.HostLayout

	getspecific uintptr // pthread_getspecific
	key         uintptr // the pthread key of the threadRecord
	fence       uintptr // not 0 when the closing side has no membarrier
}

var libc libcTable

// threads caches the records of threads by hash of their g0, which the
// assembly can read more cheaply than it can call pthread_getspecific. A
// record found here counts only if the stack pointer is in its thread's stack.
var threads [threadSlots]uintptr

const (
	threadSlots = 256
	threadShift = 9 // a g is nearly 512 bytes
)

// A plainCall is a call with nothing around it, for the package's own use of
// libc.
type plainCall struct {
	_ structs.HostLayout

	fn     uintptr
	args   [4]uintptr
	result uintptr
}

// cgocall runs a C function on the system stack, out of the scheduler's sight,
// and returns what it returns. It does not keep arg.
//
//go:noescape
//go:linkname cgocall runtime.cgocall
func cgocall(fn, arg unsafe.Pointer) int32

// C functions of call_*.s, to be run by cgocall.
var (
	callC         unsafe.Pointer // (*callArgs)
	callPlain     unsafe.Pointer // (*plainCall)
	currentThread unsafe.Pointer // (*plainCall): result is the thread's record, args[0] the number of its calls in flight, args[1] its place in threads
	threadExit    unsafe.Pointer // (*threadRecord), the pthread key's destructor
	abandonCall   uintptr        // callC's other end, not to be called
)
