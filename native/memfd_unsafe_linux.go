//go:build amd64 || arm64

package native

import (
	"fmt"
	"syscall"
	"unsafe"
)

const (
	memfdCloexec = 1
	rtldNoLoad   = 4
)

// newAnonymousFile makes a file in memory (memfd_create, Linux 3.17), or where
// that is refused one in the temporary directory.
func newAnonymousFile(data []byte) (*anonymousFile, error) {
	name := []byte("wasmffi\x00")
	fd, _, e := syscall.Syscall(sysMemfdCreate, uintptr(unsafe.Pointer(&name[0])), memfdCloexec, 0)
	if e != 0 {
		return temporaryFile(data)
	}
	f := &anonymousFile{fd: int(fd), path: fmt.Sprintf("/proc/self/fd/%d", fd)}
	for len(data) > 0 {
		n, err := syscall.Write(f.fd, data)
		if err != nil {
			f.close()
			return nil, err
		}
		data = data[n:]
	}
	return f, nil
}
