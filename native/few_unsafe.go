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
// The words are on the goroutine's stack, hidden from escape analysis: the
// assembly keeps no address of theirs, as in CallWords.
func (c *fewCallable) CallFew(a0, a1, a2, a3 uint64) (uint64, error) {
	words := [5]uint64{a0, a1, a2, a3}
	at := noescape(unsafe.Pointer(&words))
	args := callArgs{target: &c.target, words: at, results: unsafe.Add(at, 4*8)}
	if n := cgocall(callC, unsafe.Pointer(&args)); n != 0 {
		return c.finishFew(&args, n)
	}
	runtime.KeepAlive(c)
	return words[4], nil
}

// finishFew is finish for CallFew.
func (c *fewCallable) finishFew(args *callArgs, n int32) (uint64, error) {
	if n == statusNoThread {
		n = enterNew(args)
	}
	if n < 0 {
		return 0, c.failed(args, n)
	}
	if n == 0 {
		return *(*uint64)(args.results), nil
	}
	r := roomOf(n)
	result := r.results[0]
	return result, r.leave()
}
