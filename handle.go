package wasmffi

import (
	"fmt"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A Handle passes a Go value through C as a void *. C gets a word that means
// nothing to it; a callback with a parameter of type Handle gets it back. The
// word carries a generation, so that one that C kept too long, or made up, is
// an error and never another value. The zero Handle is NULL.
type Handle struct {
	lib Library
	id  handleID
}

// A handleID is a slot's index plus one in the low 16 bits and its generation
// above, so that it fits the pointers of every ABI.
type handleID uint32

const maxHandles = 1<<16 - 1

// CType makes Handle stand for void *.
func (Handle) CType() (dtype.Type, error) { return dtype.PointerTo(dtype.CVoid), nil }

var handles struct {
	sync.Mutex
	slots []handleSlot
	free  []int // indexes, the one freed first at the front
}

type handleSlot struct {
	lib        Library
	value      any
	generation uint16
	used       bool
}

// NewHandle makes a handle of value for lib's C code. It keeps the value alive
// until Delete. 65,535 handles can exist at once.
func NewHandle(lib Library, value any) (Handle, error) {
	handles.Lock()
	defer handles.Unlock()
	i := len(handles.slots)
	switch {
	case i < maxHandles:
		handles.slots = append(handles.slots, handleSlot{})
	case len(handles.free) > 0:
		i, handles.free = handles.free[0], handles.free[1:]
	default:
		return Handle{}, &Error{Op: "handle", Library: lib.Name(), Err: fmt.Errorf("%w: %d handles are alive", ErrLimit, maxHandles)}
	}
	s := &handles.slots[i]
	s.lib, s.value, s.used = lib, value, true
	return Handle{lib: lib, id: handleID(s.generation)<<16 | handleID(i+1)}, nil
}

// Value is the Go value. A deleted handle, one of another library, and a word
// that is no handle are errors.
func (h Handle) Value() (any, error) {
	handles.Lock()
	defer handles.Unlock()
	s, err := h.slot()
	if err != nil {
		return nil, err
	}
	return s.value, nil
}

// Delete lets go of the value. The word stays invalid until its generation has
// come round, 65,536 handles of the same slot later.
func (h Handle) Delete() error {
	handles.Lock()
	defer handles.Unlock()
	s, err := h.slot()
	if err != nil {
		return err
	}
	*s = handleSlot{generation: s.generation + 1}
	handles.free = append(handles.free, int(h.id&maxHandles)-1)
	return nil
}

func (h Handle) slot() (*handleSlot, error) {
	i := int(h.id&maxHandles) - 1
	if i < 0 || i >= len(handles.slots) {
		return nil, fmt.Errorf("wasmffi: handle %#x: %w", uint32(h.id), memory.ErrEnded)
	}
	s := &handles.slots[i]
	if !s.used || s.generation != uint16(h.id>>16) || s.lib != h.lib {
		return nil, fmt.Errorf("wasmffi: handle %#x: %w", uint32(h.id), memory.ErrEnded)
	}
	return s, nil
}
