//go:build linux || darwin

package host

import "syscall"

// reserveRegion reserves n bytes of address space, which cost nothing until
// they are committed.
func reserveRegion(n uint64) ([]byte, error) { return mapRegion(n, syscall.PROT_NONE) }

// commitRegion makes the bytes from old to size usable; they are zero.
func commitRegion(region []byte, old, size uint64) error {
	if size <= old {
		return nil
	}
	return syscall.Mprotect(region[old:size], syscall.PROT_READ|syscall.PROT_WRITE)
}
