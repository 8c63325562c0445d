//go:build !amd64 || race

package host

import "sync/atomic"

// setBusy is a store that later loads are not moved before, so that barrier
// has nothing to do. It costs little on arm64.
func (t *tenure) setBusy(v uint32) { atomic.StoreUint32(&t.busy, v) }

func barrier() {}
