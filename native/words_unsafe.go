//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"context"
	"runtime"
	"unsafe"

	"github.com/wasmffi/wasmffi"
)

var _ wasmffi.WordCaller = (*callable)(nil)

// CallWords implements wasmffi.WordCaller. words may be on the goroutine's
// stack: the assembly is done with their address when C is entered, but for the
// result of a call that did not call back, during which no stack moves.
func (c *callable) CallWords(ctx context.Context, words []uint64) error {
	if ctx != nil || !c.plan.direct || len(words) != c.plan.shape.Words || len(words) == 0 {
		return c.callFrameOf(ctx, words)
	}
	args := framedArgs{callArgs: callArgs{target: &c.target, words: unsafe.Pointer(&words[0])}}
	if c.target.result != resultNone {
		args.results = unsafe.Pointer(&words[c.plan.resultWord])
	}
	if n := cgocall(callC, unsafe.Pointer(&args)); n != 0 {
		return c.finish(&args.callArgs, n, &wasmffi.Frame{Words: words})
	}
	runtime.KeepAlive(c)
	return nil
}

// callFrameOf is CallWords for what is not the shortest way. The frame is hidden
// from escape analysis: Call does not keep it.
func (c *callable) callFrameOf(ctx context.Context, words []uint64) error {
	f := wasmffi.Frame{Ctx: ctx, Words: words}
	return c.Call((*wasmffi.Frame)(noescape(unsafe.Pointer(&f))))
}

// noescape is p, by a way escape analysis does not follow. The stack that p may
// point into must not move between the two lines: it moves where functions are
// called, and of those checkptr would put one there.
//
//go:nosplit
//go:nocheckptr
func noescape(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return *(*unsafe.Pointer)(unsafe.Pointer(&x))
}
