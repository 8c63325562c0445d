package wasmffi

import (
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// NewArena makes an arena of lib's memory, as [memory.NewArena] does, that owns
// callbacks too: where the Go values made in it or stored by it have a Go func
// and C a function pointer, that becomes a callback which is freed when the
// arena is closed.
//
//	type ops struct{ Read, Write func(int32) int32 }        // struct ops { int (*read)(int), (*write)(int); };
//	arena := wasmffi.NewArena(lib)
//	defer arena.Close()
//	v, err := arena.NewOf(ops{Read: read, Write: write})    // C's to keep until then
//	err = arena.Store(field, func(x int32) int32 { … })     // in a struct of C's
//
// Callbacks and handles are stored as what they are, and stay their owner's.
func NewArena(lib Library) *memory.Arena {
	arena := memory.NewArena(lib.Space())
	arena.Other = func(v reflect.Value, t dtype.Type) (uint64, error) {
		c := plainCall(lib)
		w, err := c.other(v, t)
		for _, cb := range c.callbacks {
			if _, e := ownedBy(arena, cb); e != nil {
				return 0, e
			}
		}
		return w, err
	}
	return arena
}

// ownedBy has an arena free a callback when it is closed, unless the one that
// is returned has been freed before.
func ownedBy(arena *memory.Arena, cb Callback) (Callback, error) {
	stop, err := arena.Lifetime().OnEnd(func() { _ = cb.Free() }) // never fails
	if err != nil {
		_ = cb.Free()
		return nil, err
	}
	return &ownedCallback{cb, stop}, nil
}

// An ownedCallback is a callback that its arena frees.
type ownedCallback struct {
	Callback
	stop func() bool
}

func (c *ownedCallback) Free() error {
	c.stop()
	return c.Callback.Free()
}
