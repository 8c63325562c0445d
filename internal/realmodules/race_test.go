//go:build race

package realmodules

const raceEnabled = true
