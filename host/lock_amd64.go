//go:build !race

package host

import "runtime"

// setBusy is a plain store: amd64 keeps stores in order, so that it publishes
// what was written before. It may be delayed past a later load, which is what
// barrier makes up for.
func (t *tenure) setBusy(v uint32) { t.busy = v }

// barrier returns after every thread that runs Go code has made its earlier
// stores visible. Stopping the world does that; it is rare, because after each
// tenure that was ended the next one takes twice as many calls to earn.
func barrier() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
}
