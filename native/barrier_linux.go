//go:build amd64 || arm64

package native

import "syscall"

// Commands of membarrier(2).
const (
	membarrierPrivateExpedited         = 1 << 3
	membarrierRegisterPrivateExpedited = 1 << 4
)

// registerBarrier reports whether barrier works on this kernel (4.14 or later).
func registerBarrier() bool {
	_, _, e := syscall.RawSyscall(sysMembarrier, membarrierRegisterPrivateExpedited, 0, 0)
	return e == 0 && membarrier()
}

// barrier is a full memory barrier on every running thread of the process.
func barrier() { membarrier() }

func membarrier() bool {
	_, _, e := syscall.RawSyscall(sysMembarrier, membarrierPrivateExpedited, 0, 0)
	return e == 0
}
