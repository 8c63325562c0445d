//go:build !gc || !(amd64 || arm64)

package host

import (
	"bytes"
	"runtime"
	"strconv"
)

// fastGoid tells that goid costs about a nanosecond. Here it is a microsecond.
const fastGoid = false

// goid identifies the running goroutine by the number in its stack trace's
// first line, "goroutine 18 [running]:", the one portable way to tell.
func goid() uintptr {
	var buf [64]byte
	line := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	if end := bytes.IndexByte(line, ' '); end > 0 {
		line = line[:end]
	}
	n, _ := strconv.ParseUint(string(line), 10, 64)
	return uintptr(n)
}
