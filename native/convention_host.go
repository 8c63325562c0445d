//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"runtime"

	"github.com/wasmffi/wasmffi/dtype"
)

// hostConvention is how C functions of this machine are called.
var hostConvention = conventionOf(runtime.GOOS, runtime.GOARCH)

// conventionOf is the convention of a platform that calls work on, with the
// ABI by which it lays types out.
func conventionOf(goos, goarch string) *convention {
	c := sysV
	switch {
	case goos == "windows":
		c = win64
	case goarch == "arm64" && goos == "darwin":
		c = appleARM64
	case goarch == "arm64":
		c = aapcs64
	}
	own := *c
	own.abi, _ = dtype.ABIByName(goos + "-" + goarch)
	return &own
}
