package host

import (
	"errors"
	"syscall"

	experimentalsys "github.com/tetratelabs/wazero/experimental/sys"
)

// Numbers of WASI's errno that the engine has no name for.
const (
	wasiBUSY  = 10
	wasiIO    = 29
	wasiMFILE = 33
	wasiNOSPC = 51
)

// ioError makes n the errno of the WASI function that is running.
func (in *instance) ioError(n uint16) experimentalsys.Errno {
	in.wasiErrno = n
	return experimentalsys.EIO
}

// refine replaces an EIO that the engine hands to C by what ioError was told.
func (in *instance) refine(results []uint64) {
	if in.wasiErrno != 0 && len(results) > 0 && uint32(results[0]) == wasiIO {
		results[0] = uint64(in.wasiErrno)
	}
	in.wasiErrno = 0
}

// errnoOf is an error of package os for C.
func (in *instance) errnoOf(err error) experimentalsys.Errno {
	if err == nil {
		return 0
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		if n, ok := wasiErrnos[number]; ok {
			return in.ioError(n)
		}
	}
	if inner := errors.Unwrap(err); inner != nil && inner.Error() == "path escapes from parent" { // package os has no name for it
		return experimentalsys.EPERM
	}
	return experimentalsys.UnwrapOSError(err)
}
