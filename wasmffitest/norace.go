//go:build !race

package wasmffitest

const raceEnabled = false
