package memory

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// Sentinels wrapped by [Error].
var (
	// ErrEnded: the memory was freed, reset or closed.
	ErrEnded = errors.New("memory is no longer valid")
	// ErrOutOfBounds: an address that is not mapped, or beyond a view's end.
	ErrOutOfBounds = errors.New("out of bounds")
	// ErrNull: a NULL pointer was followed.
	ErrNull = errors.New("NULL pointer access")
	// ErrType: a Go value that the C type cannot hold.
	ErrType = errors.New("wrong type")
	// ErrRange: a number that the C type cannot hold.
	ErrRange = errors.New("value out of range")
	// ErrNoMemory: an allocation failed.
	ErrNoMemory = errors.New("out of memory")
	// ErrNotSupported: this space, platform or type has no such operation.
	ErrNotSupported = dtype.ErrNotSupported
)

// An Error says what was wrong with an access to memory.
type Error struct {
	Op   string // "load", "store", "read", "alloc" …
	Path string // the place in C syntax, as in "struct poly.pts[2].y"; may be empty
	Addr uint64
	Len  uint64 // bytes accessed; 0 with Size 0 when no extent was at fault
	Size uint64 // bytes there are
	Err  error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("memory: ")
	b.WriteString(e.Op)
	if e.Path != "" {
		b.WriteString(" " + e.Path)
	}
	if e.Len != 0 || e.Size != 0 {
		fmt.Fprintf(&b, ": address %#x+%d exceeds size %d", e.Addr, e.Len, e.Size)
	} else if e.Addr != 0 {
		fmt.Fprintf(&b, ": address %#x", e.Addr)
	}
	b.WriteString(": ")
	b.WriteString(e.Err.Error())
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }
