//go:build (((linux || darwin) && (amd64 || arm64)) || (windows && amd64)) && race

package native

// The race detector cannot see that a pinned goroutine has its P's place in a
// cache for itself; it understands locks.

func takeRoom() *room { return freeRoom() }

func giveRoom(r *room) { returnRoom(r) }
