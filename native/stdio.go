//go:build (linux || darwin) && (amd64 || arm64)

package native

import (
	"errors"
)

// Flush writes out what the stdio of this process's C library has buffered, as
// fflush(NULL) does, so that it appears before what Go prints next. A program
// that ends without it, or without closing its libraries, loses what C printed
// to a pipe or a file.
func Flush() error {
	if err := prepare(Options{NoFaultGuard: true}); err != nil {
		return err
	}
	if int32(plain(cFunctions.fflush, 0)) != 0 {
		return errors.New("fflush: not all that C had buffered could be written")
	}
	return nil
}
