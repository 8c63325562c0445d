package wasmffi

import (
	"context"
	"fmt"
)

// An Errno is the value of C's errno that a call left: the library's own
// numbers, which differ between a sandboxed libc and this system's.
type Errno int32

func (e Errno) Error() string { return fmt.Sprintf("errno %d", int32(e)) }

// WithErrno makes every call under the returned context exchange C's errno with
// *e: C finds *e in errno when it is entered, and *e is what C left there when
// it has returned. It is ctypes' private copy of errno, kept where the caller
// says; as a Go variable it must not be shared by calls that run at the same
// time.
//
//	var errno wasmffi.Errno
//	ctx = wasmffi.WithErrno(ctx, &errno)
//	n, err := read(ctx, fd, buf) // errno is this call's own
//
// A call that fails before C is entered leaves *e as it was. Where the library
// has no errno that can be reached, calls under the context give an error
// wrapping [ErrNotSupported].
func WithErrno(ctx context.Context, e *Errno) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	return context.WithValue(ctx, errnoKey{}, e)
}

type errnoKey struct{}

// errnoOf is the variable that calls under ctx exchange errno with, or nil.
func errnoOf(ctx context.Context) *Errno {
	if ctx == nil {
		return nil
	}
	e, _ := ctx.Value(errnoKey{}).(*Errno)
	return e
}
