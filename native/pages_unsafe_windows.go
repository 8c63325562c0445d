//go:build amd64

package native

import (
	"syscall"
	"unsafe"
)

// What pages may be used for.
const (
	pagesNone  = 0x01 // PAGE_NOACCESS
	pagesWrite = 0x04 // PAGE_READWRITE
	pagesExec  = 0x20 // PAGE_EXECUTE_READ
)

var (
	kernel32       = syscall.NewLazyDLL("kernel32.dll")
	virtualAlloc   = kernel32.NewProc("VirtualAlloc")
	virtualFree    = kernel32.NewProc("VirtualFree")
	virtualProtect = kernel32.NewProc("VirtualProtect")
)

func mapPages(n, use int) ([]byte, error) {
	const commit, reserve = 0x1000, 0x2000
	at, _, err := virtualAlloc.Call(0, uintptr(n), commit|reserve, uintptr(use))
	if at == 0 {
		return nil, err
	}
	return unsafe.Slice((*byte)(pointerAt(&at)), n), nil
}

func protectPages(b []byte, use int) error {
	old := cMemory[uint32]()
	if ok, _, err := virtualProtect.Call(addressOf(b), uintptr(len(b)), uintptr(use), addr(old)); ok == 0 {
		return err
	}
	return nil
}

func unmapPages(b []byte) error {
	const release = 0x8000
	if ok, _, err := virtualFree.Call(addressOf(b), 0, release); ok == 0 {
		return err
	}
	return nil
}
