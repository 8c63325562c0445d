//go:build unix

package host

import "syscall"

// wasiErrnos are this system's errors that would be EIO to C.
var wasiErrnos = map[syscall.Errno]uint16{
	syscall.EBUSY: wasiBUSY, syscall.EDQUOT: 19, syscall.EFBIG: 22, syscall.EMFILE: wasiMFILE, syscall.EMLINK: 34,
	syscall.ENFILE: 41, syscall.ENOSPC: wasiNOSPC, syscall.ETXTBSY: 74, syscall.EXDEV: 75,
}
