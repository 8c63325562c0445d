//go:build linux || darwin

package main

import (
	"os"
	"syscall"
)

// divertStdout sends what native code writes to its standard output to stderr,
// and returns the real one.
func divertStdout() (*os.File, error) {
	real, err := syscall.Dup(syscall.Stdout)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(real)
	if err := dup2(syscall.Stderr, syscall.Stdout); err != nil {
		syscall.Close(real)
		return nil, err
	}
	return os.NewFile(uintptr(real), "/dev/stdout"), nil
}
