package guestabi

import (
	"errors"
	"fmt"
)

// What an [Error] wraps, for [errors.Is].
var (
	// ErrMalformed: the bytes are not a wasm binary.
	ErrMalformed = errors.New("malformed module")
	// ErrInvalid: the module is well-formed but breaks a validation rule.
	ErrInvalid = errors.New("invalid module")
	// ErrLimit: the module exceeds a limit of Options.
	ErrLimit = errors.New("limit exceeded")
	// ErrNotSupported: the module uses a feature that the package doc does not list.
	ErrNotSupported = errors.New("not supported")
)

// Error is why a module was refused.
type Error struct {
	Op      string // "parse", "validate", "rewrite" or "restore"
	Section string // name of the section, or "" when it is the whole module
	Offset  uint64 // byte offset in the module as it came
	Err     error
}

// Error returns a text such as
// "guestabi: validate: code section at 0x1f3: func 12 ("area"): …".
func (e *Error) Error() string {
	if e.Section == "" {
		return fmt.Sprintf("guestabi: %s: at %#x: %v", e.Op, e.Offset, e.Err)
	}
	return fmt.Sprintf("guestabi: %s: %s section at %#x: %v", e.Op, e.Section, e.Offset, e.Err)
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }
