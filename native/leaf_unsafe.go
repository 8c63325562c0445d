//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"context"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// leafOf is a library of this package's as [Leaf] gives it.
func leafOf(lib wasmffi.Library) wasmffi.Library {
	if l, ok := lib.(*library); ok {
		return leafLibrary{l}
	}
	return lib
}

// A leafLibrary prepares leaf calls.
type leafLibrary struct{ *library }

// Prepare implements wasmffi.Library.
func (l leafLibrary) Prepare(fn wasmffi.Symbol, sig *dtype.Func) (wasmffi.Callable, error) {
	c, err := l.library.prepare(fn, sig)
	if err != nil {
		return nil, err
	}
	if !c.plan.direct {
		return nil, fmt.Errorf("%w: a leaf call with more than scalars: %s", wasmffi.ErrNotSupported, dtype.Declare(sig, fn.Name))
	}
	c.target.leaf = 1
	if c.fewWords() {
		return wasmffi.HookCallable(l.options.Hooks, l, fn, sig, &fewLeafCallable{leafCallable{c}}), nil
	}
	return wasmffi.HookCallable(l.options.Hooks, l, fn, sig, &leafCallable{c}), nil
}

// Callback implements wasmffi.Library.
func (l leafLibrary) Callback(wasmffi.CallbackSpec) (wasmffi.Callback, error) {
	return nil, fmt.Errorf("%w: a callback in a leaf call", wasmffi.ErrNotSupported)
}

// A leafCallable calls without telling the scheduler.
type leafCallable struct{ c *callable }

var _ wasmffi.FewCaller = (*fewLeafCallable)(nil)

// Call implements wasmffi.Callable.
func (l *leafCallable) Call(f *wasmffi.Frame) error { return l.c.callSlowly(f) }

// CallWords implements wasmffi.WordCaller.
func (l *leafCallable) CallWords(ctx context.Context, words []uint64) error {
	c := l.c
	if ctx != nil || len(words) != c.plan.shape.Words || len(words) == 0 {
		return c.callFrameOf(ctx, words)
	}
	args := framedArgs{callArgs: callArgs{target: &c.target, words: unsafe.Pointer(&words[0])}}
	if c.target.result != resultNone {
		args.results = unsafe.Pointer(&words[c.plan.resultWord])
	}
	if n := asmcgocall(callC, unsafe.Pointer(&args)); n != 0 {
		return c.finishLeaf(&args.callArgs, n)
	}
	runtime.KeepAlive(c)
	return nil
}

// A fewLeafCallable is a leafCallable of at most four parameters.
type fewLeafCallable struct{ leafCallable }

// CallFew implements wasmffi.FewCaller. The words are on the goroutine's stack,
// hidden from escape analysis: the assembly keeps no address of theirs.
func (l *fewLeafCallable) CallFew(a0, a1, a2, a3 uint64) (uint64, error) {
	args := fewArgs{words: [6]uint64{a0, a1, a2, a3}}
	args.aim(&l.c.target)
	if n := asmcgocall(callC, unsafe.Pointer(&args)); n != 0 {
		if err := l.c.finishLeaf(&args.callArgs, n); err != nil {
			return 0, err
		}
	}
	runtime.KeepAlive(l)
	return args.words[4], nil
}

// run enters C, in the way that the callable is for.
func (c *callable) run(args *callArgs) int32 {
	if c.target.leaf != 0 {
		return asmcgocall(callC, unsafe.Pointer(args))
	}
	return cgocall(callC, unsafe.Pointer(args))
}

// finishLeaf is for leaf calls that did not simply return.
func (c *callable) finishLeaf(args *callArgs, status int32) error {
	if status == statusNoThread {
		runtime.LockOSThread()
		newThread()
		status = asmcgocall(callC, unsafe.Pointer(args))
		runtime.UnlockOSThread()
	}
	if status == 0 {
		return nil
	}
	return c.failed(args, status)
}

// asmcgocall is cgocall without the scheduler's knowing: the goroutine counts
// as running Go, and keeps its P.
//
//go:noescape
//go:linkname asmcgocall runtime.asmcgocall
func asmcgocall(fn, arg unsafe.Pointer) int32
