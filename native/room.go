//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"structs"
	"sync"
	"sync/atomic"

	"github.com/wasmffi/wasmffi"
)

// A room is heap memory for a call that needs some: to put arguments together
// for the assembly, or because C called back into Go, which needs a frame for
// the callback and makes the caller's stack unsafe to write to. A call has one
// at most, and one callback at a time uses it.
type room struct {
	_ structs.HostLayout

	number  int32 // place in rooms, from 1
	errno   int32
	results [resultWords]uint64 // as regs_*.go orders them

	image []uint64 // argument registers and stack, as regs_*.go orders them

	callback wasmffi.Frame // for the callback
	words    []uint64
	failure  error // of the first callback that failed

	fault faultInfo // of the call
}

// rooms are all rooms, for good: as many as there ever were such calls at the
// same time. A call in flight refers to its room by number or address only.
var rooms struct {
	all  atomic.Pointer[[]*room]
	mu   sync.Mutex
	free []*room
}

// maxKept is the largest image, in words, that a room keeps for the next call.
const maxKept = 4096

func roomOf(number int32) *room { return (*rooms.all.Load())[number-1] }

// freeRoom takes a room from the free list or makes one.
func freeRoom() *room {
	rooms.mu.Lock()
	defer rooms.mu.Unlock()
	if n := len(rooms.free); n != 0 {
		r := rooms.free[n-1]
		rooms.free = rooms.free[:n-1]
		return r
	}
	var all []*room
	if p := rooms.all.Load(); p != nil {
		all = *p
	}
	r := &room{number: int32(len(all) + 1)}
	all = append(all, r)
	rooms.all.Store(&all)
	return r
}

func returnRoom(r *room) {
	rooms.mu.Lock()
	defer rooms.mu.Unlock()
	rooms.free = append(rooms.free, r)
}

// imageOf is the room's image with at least n words. Their contents are
// whatever an earlier call left.
func (r *room) imageOf(n int) []uint64 {
	if n > len(r.image) {
		r.image = make([]uint64, n)
	}
	return r.image
}

// wordsOf is the room's words for a callback's frame.
func (r *room) wordsOf(n int) []uint64 {
	if n > len(r.words) {
		r.words = make([]uint64, n)
	}
	return r.words[:n]
}

// leave gives the room back without what belongs to the call, and returns the
// failure of its callbacks.
func (r *room) leave() error {
	if len(r.image) > maxKept {
		r.image = nil
	}
	if len(r.words) > maxKept {
		r.words, r.callback.Words = nil, nil
	}
	if r.callback.Ctx != nil {
		r.callback.Ctx = nil
	}
	err := r.failure
	if err != nil {
		r.failure = nil
	}
	giveRoom(r)
	return err
}
