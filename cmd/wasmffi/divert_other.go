//go:build !linux && !darwin

package main

import "os"

// divertStdout has nothing to do: there is no native backend here, and no C
// that writes to this process's standard output.
func divertStdout() (*os.File, error) { return nil, nil }
