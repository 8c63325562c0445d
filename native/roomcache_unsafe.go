//go:build (((linux || darwin) && (amd64 || arm64)) || (windows && amd64)) && !race

package native

import _ "unsafe" // for linkname

// roomCache holds a free room for each P: a goroutine that is pinned to its P
// has the place for itself. That costs a third of what sync.Pool does.
var roomCache [maxProcs]struct {
	room *room
	_    [56]byte // a cache line each
}

const maxProcs = 256

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

func takeRoom() *room {
	if p := procPin(); p < maxProcs {
		if r := roomCache[p].room; r != nil {
			roomCache[p].room = nil
			procUnpin()
			return r
		}
	}
	procUnpin()
	return freeRoom()
}

func giveRoom(r *room) {
	if p := procPin(); p < maxProcs && roomCache[p].room == nil {
		roomCache[p].room = r
		procUnpin()
		return
	}
	procUnpin()
	returnRoom(r)
}
