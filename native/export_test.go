//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"testing"

	"github.com/wasmffi/wasmffi/dtype"
)

// SetABI makes abi the one by which this process lays types out, for a test.
func SetABI(t testing.TB, abi *dtype.ABI) {
	before := hostConvention.abi
	hostConvention.abi = abi
	t.Cleanup(func() { hostConvention.abi = before })
}

// RoomCount is how many rooms there ever were at the same time.
func RoomCount() int {
	if p := rooms.all.Load(); p != nil {
		return len(*p)
	}
	return 0
}

// CallsInFlight is the number of calls that all threads have in flight.
func CallsInFlight() (n uint64) {
	threadRecords.Lock()
	defer threadRecords.Unlock()
	for _, t := range threadRecords.all {
		n += uint64(t.depth)
	}
	return n
}
