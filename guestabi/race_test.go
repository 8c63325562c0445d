//go:build race

package guestabi_test

// raceEnabled reports whether the race detector is on.
const raceEnabled = true
