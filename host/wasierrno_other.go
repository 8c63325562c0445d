//go:build !unix

package host

import "syscall"

// wasiErrnos are this system's errors that would be EIO to C.
var wasiErrnos = map[syscall.Errno]uint16{syscall.EMFILE: wasiMFILE, syscall.ENOSPC: wasiNOSPC, syscall.EXDEV: 75}
