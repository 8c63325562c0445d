//go:build unix

package sealed

import "syscall"

// nonblock keeps opening a pipe from waiting for its writer.
const nonblock = syscall.O_NONBLOCK
