//go:build (linux || darwin) && (amd64 || arm64)

package native

import "syscall"

// What pages may be used for.
const (
	pagesNone  = syscall.PROT_NONE
	pagesWrite = syscall.PROT_READ | syscall.PROT_WRITE
	pagesExec  = syscall.PROT_READ | syscall.PROT_EXEC
)

func mapPages(n, use int) ([]byte, error) {
	return syscall.Mmap(-1, 0, n, use, syscall.MAP_PRIVATE|syscall.MAP_ANON)
}

func protectPages(b []byte, use int) error { return syscall.Mprotect(b, use) }

func unmapPages(b []byte) error { return syscall.Munmap(b) }
