package wasmffi

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// A FrameContract checks the rules of a signature of calls whose frames are
// filled without this package's argument policy, as by a tool that makes them
// from text.
type FrameContract struct{ plan *plan }

// NewFrameContract is the contract of a library's function called name. It is
// nil, which checks nothing, if sig has no rules.
func NewFrameContract(lib Library, name string, sig *dtype.Func) (*FrameContract, error) {
	if !sig.HasContract() {
		return nil, nil
	}
	shape, err := FrameShape(lib.Space().ABI(), sig)
	if err != nil {
		return nil, wrapError("bind", lib.Name(), name, err)
	}
	return &FrameContract{&plan{lib: lib, name: name, sig: sig, shape: shape, contract: true}}, nil
}

// Check checks a frame's words before the call, or what the call left in them
// and in memory after it. extent gives how many bytes of the library's memory
// parameter i points to, if that is known; asNumber tells that the caller gave
// no more than an address ([dtype.Func.WithImplied]). The error is an [Error]
// with the argument's number that wraps a [ContractError].
func (f *FrameContract) Check(words []uint64, after bool, extent func(i int) (size uint64, known, asNumber bool)) error {
	if f == nil {
		return nil
	}
	if len(words) != f.plan.shape.Words {
		return f.plan.fail(0, fmt.Errorf("%w: a frame of %d words, %d are needed", ErrArgCount, len(words), f.plan.shape.Words))
	}
	c := &call{plan: f.plan, words: words, entered: after, extents: make([]uint64, len(f.plan.shape.Params))}
	for i := range c.extents {
		size, known, asNumber := extent(i)
		switch {
		case asNumber:
			c.extents[i] = numberExtent
		case known:
			c.extents[i] = size
		default:
			c.extents[i] = unknownExtent
		}
	}
	if after {
		return c.checkResults()
	}
	return c.checkArguments()
}
