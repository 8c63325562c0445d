//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package host

import (
	"errors"
	"math"
)

// roomy is 0 where reserving address space takes memory.
const roomy = 0

// reserveRegion takes the whole region from Go's heap. Systems that give out
// memory when it is touched spend no more than what is used.
func reserveRegion(n uint64) ([]byte, error) {
	if n > math.MaxInt/2 {
		return nil, errors.New("address space exhausted")
	}
	return make([]byte, n), nil
}

func commitRegion([]byte, uint64, uint64) error { return nil }

// releaseRegion leaves the region to the garbage collector.
func releaseRegion([]byte) {}
