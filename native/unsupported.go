//go:build !(((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package native

import (
	"fmt"
	"runtime"

	"github.com/wasmffi/wasmffi"
)

func unsupported(what string) error {
	return fmt.Errorf("%w: %s on %s/%s", wasmffi.ErrNotSupported, what, runtime.GOOS, runtime.GOARCH)
}

func openName(name, path string, o Options) (wasmffi.Library, error) {
	return nil, unsupported("calling shared libraries")
}

func openBytes(name string, data []byte, o Options) (wasmffi.Library, error) {
	return nil, unsupported("calling shared libraries")
}

func openHandle(name string, handle uintptr) (wasmffi.Library, error) {
	return nil, unsupported("calling shared libraries")
}

func openProcess(name string) (wasmffi.Library, error) {
	return nil, unsupported("calling shared libraries")
}

func leafOf(lib wasmffi.Library) wasmffi.Library { return lib }

// Flush writes out what the stdio of this process's C library has buffered.
// There is none that this package could call here.
func Flush() error { return unsupported("flushing C's stdio") }
