//go:build race

package wasmffitest

// raceEnabled: the race detector makes pools allocate.
const raceEnabled = true
