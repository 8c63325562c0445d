//go:build gc && (amd64 || arm64)

package host

// fastGoid tells that goid costs about a nanosecond.
const fastGoid = true

// getg is the address of the runtime's record of the running goroutine.
func getg() uintptr

// goid identifies the running goroutine among those that exist now. The number
// is compared, never followed; it may be given to another goroutine later.
func goid() uintptr { return getg() }
