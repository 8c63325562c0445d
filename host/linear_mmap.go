//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package host

import "syscall"

// roomy is 1 where reserving address space costs nothing to speak of: on 64-bit
// machines.
const roomy = ^uint(0) >> 63

func mapRegion(n uint64, protection int) ([]byte, error) {
	if n == 0 {
		return []byte{}, nil
	}
	if n != uint64(int(n)) {
		return nil, syscall.ENOMEM
	}
	return syscall.Mmap(-1, 0, int(n), protection, syscall.MAP_PRIVATE|syscall.MAP_ANON)
}

func releaseRegion(region []byte) {
	if len(region) > 0 {
		// It can fail only for a region that was not mapped by mapRegion.
		_ = syscall.Munmap(region)
	}
}
