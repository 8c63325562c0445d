//go:build !race

package host

import "runtime"

// setBusy is a plain store: amd64 keeps stores in order, so that it publishes
// what was written before. It may be delayed past a later load, which is what
// barrier makes up for.
func setBusy(p *uint32, v uint32) { *p = v }

// barrier returns after every thread that runs Go code has made its earlier
// stores visible. Stopping the world does that; it is rare, because a lock that
// lost its bias has to earn the next one by twice as many calls.
func barrier() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
}
