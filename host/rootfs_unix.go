//go:build unix

package host

import "syscall"

// nonblock opens a FIFO that was put in a file's place at once, to be refused.
const nonblock = syscall.O_NONBLOCK
