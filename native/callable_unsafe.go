//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/wasmffi/wasmffi"
)

// A callable is a plan and the function it calls.
type callable struct {
	lib    *library
	plan   *plan
	target callTarget
}

func newCallable(lib *library, p *plan, fn uintptr) *callable {
	c := &callable{lib: lib, plan: p, target: p.target}
	c.target.fn = fn
	c.target.lib = uintptr(unsafe.Pointer(&lib.state)) // lib is kept alive by c
	return c
}

// Call implements wasmffi.Callable.
func (c *callable) Call(f *wasmffi.Frame) error {
	if !c.plan.direct || f.Ctx != nil || len(f.Pointers) != 0 || len(f.Words) < c.plan.shape.Words {
		return c.callSlowly(f)
	}
	return c.callDirectly(f, nil)
}

// callSlowly is for calls that are more than loading registers.
func (c *callable) callSlowly(f *wasmffi.Frame) error {
	if n := c.plan.shape.Words; len(f.Words) < n {
		return fmt.Errorf("%w: a frame of %d words where %d are needed", wasmffi.ErrSignature, len(f.Words), n)
	}
	if f.Ctx != nil {
		if err := f.Ctx.Err(); err != nil {
			return err
		}
	}
	if len(f.Pointers) != 0 {
		return c.callWithBlocks(f)
	}
	return c.callPlaced(f)
}

// callPlaced makes the call once the frame's words are all there.
func (c *callable) callPlaced(f *wasmffi.Frame) error {
	if c.plan.direct && (f.Ctx == nil || c.target.leaf != 0) {
		return c.callDirectly(f, nil) // there is no callback to give the context to
	}
	r := takeRoom()
	r.callback.Ctx = f.Ctx
	if c.plan.direct {
		return c.callDirectly(f, r)
	}
	return c.callByImage(f, r)
}

// callDirectly calls with the frame's words as the assembly finds them. The
// frame may be on the goroutine's stack.
func (c *callable) callDirectly(f *wasmffi.Frame, r *room) error {
	args := framedArgs{callArgs: callArgs{target: &c.target, words: unsafe.Pointer(&nothing), room: r}}
	if len(f.Words) != 0 {
		args.words = unsafe.Pointer(&f.Words[0])
	}
	if c.target.result != resultNone {
		args.results = unsafe.Pointer(&f.Words[c.plan.resultWord])
	}
	if f.WantErrno {
		args.errno = unsafe.Pointer(&f.Errno)
	}
	if n := c.run(&args.callArgs); n != 0 {
		if err := c.finish(&args.callArgs, n, f); err != nil {
			return err
		}
	}
	runtime.KeepAlive(c)
	runtime.KeepAlive(f)
	return nil
}

// finish is for direct calls that did not simply return: the first one of a
// thread, failures, and those with a room.
func (c *callable) finish(args *callArgs, n int32, f *wasmffi.Frame) error {
	if c.target.leaf != 0 {
		return c.finishLeaf(args, n)
	}
	if n == statusNoThread {
		n = enterNew(args)
	}
	if n < 0 {
		return c.failed(args, n)
	}
	if n == 0 {
		return nil
	}
	r := roomOf(n)
	if c.target.result != resultNone {
		f.Words[c.plan.resultWord] = r.results[0]
	}
	if f.WantErrno {
		f.Errno = r.errno
	}
	return r.leave()
}

// callByImage puts the arguments together before it calls: for aggregates and
// whatever else does not travel as one word.
func (c *callable) callByImage(f *wasmffi.Frame, r *room) error {
	p := c.plan
	image := r.imageOf(p.imageWords)
	p.params.run(image, f.Words)
	if len(p.refs) != 0 {
		placeCopies(p.refs, image, f.Words)
	}
	args := framedArgs{callArgs: callArgs{target: &c.target, words: unsafe.Pointer(&image[0]), room: r}}
	if f.WantErrno {
		r.errno = f.Errno
		args.errno = unsafe.Pointer(&r.errno)
	}
	n := cgocall(callC, unsafe.Pointer(&args))
	if n == statusNoThread {
		n = enterNew(&args.callArgs)
	}
	if n > 0 {
		c.fetchResult(f, r)
	}
	runtime.KeepAlive(c)
	runtime.KeepAlive(f)
	if n < 0 {
		return c.failed(&args.callArgs, n)
	}
	return r.leave()
}

// fetchResult copies a call's result from the room to the frame.
func (c *callable) fetchResult(f *wasmffi.Frame, r *room) {
	p := c.plan
	p.result.run(f.Words, r.results[:])
	if p.resultEx != (extension{}) {
		f.Words[p.resultWord] = p.resultEx.apply(f.Words[p.resultWord])
	}
	if p.indirect {
		res := &p.refs[len(p.refs)-1]
		copy(f.Words[res.frame:], res.copyIn(r.image))
	}
	if f.WantErrno {
		f.Errno = r.errno
	}
}

// placeCopies copies the values that are passed by address, the room for an
// indirect result among them, and puts their addresses in the image.
func placeCopies(refs []reference, image, words []uint64) {
	for i := range refs {
		r := &refs[i]
		to := r.copyIn(image)
		copy(to, words[r.frame:])
		image[r.at] = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(to))))
	}
}

// copyIn is the aligned room for a value's copy in the image.
func (r *reference) copyIn(image []uint64) []uint64 {
	at := image[r.copy:]
	base := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(at))))
	return at[(alignUp(base, r.align)-base)/8:][:r.words]
}
