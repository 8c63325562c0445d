package native

import "github.com/wasmffi/wasmffi"

// Leaf is the library with leaf calls: what is bound through it is called
// without telling Go's scheduler, which takes less than half the time.
//
//	cos, err := wasmffi.Bind[func(float64) float64](native.Leaf(libm), "cos")
//
// It is for C functions of scalars that return within microseconds and neither
// block nor call back. What that costs the program if it is not so:
//
//   - Until C returns its processor runs no other goroutine, and the garbage
//     collector waits for it, with all other goroutines once it has begun to
//     stop them. A function that sleeps, waits for a lock or for input stops
//     the program.
//   - If C calls back, the call is ended there, as by longjmp: the error wraps
//     [wasmffi.ErrCallback], Go is not called, and the library is poisoned as
//     after a fault.
//
// Faults are caught as in other calls. Functions with aggregates are refused
// when binding, as callbacks are, with an error wrapping
// [wasmffi.ErrNotSupported]. The context is looked at before a call, as always.
//
// A library of another backend, or on a platform that has no leaf calls, is
// returned as it is. The result is the same library: closing either closes both.
func Leaf(lib wasmffi.Library) wasmffi.Library { return leafOf(lib) }
