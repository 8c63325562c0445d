//go:build freebsd || netbsd || openbsd || dragonfly

package host

import "syscall"

// reserveRegion maps n bytes, which take memory when they are touched. Package
// syscall has no Mprotect here.
func reserveRegion(n uint64) ([]byte, error) {
	return mapRegion(n, syscall.PROT_READ|syscall.PROT_WRITE)
}

func commitRegion([]byte, uint64, uint64) error { return nil }
