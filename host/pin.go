package host

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/wasmffi/wasmffi"
)

// A PinError is a module that is not the one [Options.SHA256] asks for. It wraps
// [wasmffi.ErrRefused].
type PinError struct {
	Want, Got [sha256.Size]byte
}

func (e *PinError) Error() string {
	return fmt.Sprintf("%v: the module's SHA-256 is %x, not %x", wasmffi.ErrRefused, e.Got, e.Want)
}

// Unwrap makes errors.Is find wasmffi.ErrRefused.
func (e *PinError) Unwrap() error { return wasmffi.ErrRefused }

// checkPin compares a module's hash with the one it must have, if there is one.
func checkPin(pin string, hash [sha256.Size]byte) error {
	if pin == "" {
		return nil
	}
	want, err := hex.DecodeString(pin)
	if err != nil || len(want) != len(hash) {
		return fmt.Errorf("%w: Options.SHA256 is %.80q, want %d hexadecimal digits", wasmffi.ErrRefused, pin, 2*len(hash))
	}
	if e := (&PinError{[sha256.Size]byte(want), hash}); e.Want != e.Got {
		return e
	}
	return nil
}
