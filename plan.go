package wasmffi

import (
	"cmp"
	"context"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A plan is a function ready to be called: found in its library, with its
// signature laid out and prepared by the backend.
type plan struct {
	lib   Library
	name  string
	sig   *dtype.Func
	shape Shape
	call  Callable
	op    string // what errors call it if not "call"
	// contract tells that calls are checked by rules of the signature.
	contract bool
}

func newPlan(lib Library, at target, sig *dtype.Func) (*plan, error) {
	sym, err := at.find(lib)
	if err != nil {
		return nil, err
	}
	return planSymbol(lib, sym, sig)
}

func planSymbol(lib Library, sym Symbol, sig *dtype.Func) (*plan, error) {
	if sym.Kind != FuncSymbol {
		return nil, wrapError("bind", lib.Name(), sym.Name, errVariable)
	}
	if err := checkDeclaration(lib, sym, sig); err != nil {
		return nil, wrapError("bind", lib.Name(), sym.Name, err)
	}
	shape, err := FrameShape(lib.Space().ABI(), sig)
	if err != nil {
		return nil, wrapError("bind", lib.Name(), sym.Name, err)
	}
	c, err := lib.Prepare(sym, sig)
	if err != nil {
		return nil, wrapError("bind", lib.Name(), sym.Name, err)
	}
	return &plan{lib: lib, name: sym.Name, sig: sig, shape: shape, call: c, contract: sig.HasContract()}, nil
}

// enter makes a call with the frame under a context, which may be nil.
func (p *plan) enter(ctx context.Context, f *Frame) error {
	f.Ctx = heldByHeap(ctx)
	private := errnoOf(ctx)
	if private != nil {
		f.WantErrno, f.Errno = true, int32(*private)
	}
	if err := callFrame(p.call, f); err != nil {
		return p.fail(0, err)
	}
	if private != nil {
		*private = Errno(f.Errno)
	}
	return nil
}

// fail is the error of a call; arg counts from 1, 0 for the call as a whole.
func (p *plan) fail(arg int, err error) error {
	return &Error{Op: cmp.Or(p.op, "call"), Library: p.lib.Name(), Symbol: p.name, Arg: arg, Err: err}
}

func (p *plan) abi() *dtype.ABI     { return p.lib.Space().ABI() }
func (p *plan) space() memory.Space { return p.lib.Space() }
func isVoid(t dtype.Type) bool      { _, ok := dtype.Resolve(t).(*dtype.Void); return ok }
