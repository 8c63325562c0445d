//go:build race

package host

// raceEnabled reports whether the race detector is on: it takes memory of its
// own for what the program uses, and time.
const raceEnabled = true
