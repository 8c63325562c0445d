//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"runtime"
	"unsafe"

	"github.com/wasmffi/wasmffi"
)

var _ wasmffi.FewCaller = (*fewCallable)(nil)

// A fewCallable is a direct callable of at most four parameters.
type fewCallable struct{ callable }

// fewWords reports whether c can be a fewCallable.
func (c *callable) fewWords() bool { return c.plan.direct && c.plan.resultWord <= 4 }

// CallFew implements wasmffi.FewCaller.
//
// The words are on the goroutine's stack, as in CallWords.
func (c *fewCallable) CallFew(a0, a1, a2, a3 uint64) (uint64, error) {
	args := fewArgs{words: [6]uint64{a0, a1, a2, a3}}
	args.aim(&c.target)
	if n := cgocall(callC, unsafe.Pointer(&args)); n != 0 {
		return c.finishFew(&args, n)
	}
	runtime.KeepAlive(c)
	return args.words[4], nil
}

// aim points the args at a target and at their own words, of which they keep no
// more than the address.
func (a *fewArgs) aim(t *callTarget) {
	at := noescape(unsafe.Pointer(&a.words))
	a.target, a.callArgs.words, a.results = t, at, unsafe.Add(at, 4*8)
}

// finishFew is finish for CallFew.
func (c *fewCallable) finishFew(args *fewArgs, n int32) (uint64, error) {
	if n == statusNoThread {
		n = enterNew(&args.callArgs)
	}
	if n < 0 {
		return 0, c.failed(&args.callArgs, n)
	}
	if n == 0 {
		return args.words[4], nil
	}
	r := roomOf(n)
	result := r.results[0]
	return result, r.leave()
}
