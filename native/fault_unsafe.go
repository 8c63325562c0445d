//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import "structs"

// A faultInfo is what the handler in fault_*.s tells of a fault. It goes where
// results go: to the call's room, or, as long as C has not called back, behind the
// callArgs on the goroutine's stack.
type faultInfo struct {
	_ structs.HostLayout

	signal int32
	code   int32   // si_code
	addr   uintptr // si_addr
	pc     uintptr
	sp     uintptr
	low    uintptr // of the thread's stack
	caller uintptr // where a jump to pc came from, if pc is what could not be read; or 0
}
