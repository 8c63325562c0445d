//go:build (linux || darwin) && (amd64 || arm64)

package native

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
