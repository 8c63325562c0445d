package pages

import (
	"os"
	"syscall"
)

// large is the size of a large page, on most machines.
const large = 2 << 20

// Large asks for large pages under memory that was not touched yet: small ones
// can take 10 µs each in a virtual machine, which for megabytes is more than what
// is done with them. It changes nothing but time.
func Large(b []byte) {
	if len(b) >= large {
		_ = syscall.Madvise(b, syscall.MADV_HUGEPAGE)
	}
}

// CanDiscard tells whether Discard does something.
const CanDiscard = true

// Discard gives back the pages under memory outside Go's heap whose contents
// nobody wants. It stays mapped, and is zero.
func Discard(b []byte) {
	// What does not begin with a page is refused. The end is cut, for it would be
	// rounded up.
	if n := len(b) &^ (os.Getpagesize() - 1); n > 0 {
		_ = syscall.Madvise(b[:n], syscall.MADV_DONTNEED)
	}
}
