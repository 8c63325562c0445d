//go:build !linux

package pages

// Large does nothing here.
func Large([]byte) {}

// CanDiscard tells whether Discard does something.
const CanDiscard = false

// Discard does nothing here.
func Discard([]byte) {}
