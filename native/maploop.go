//go:build (linux || darwin) && (amd64 || arm64)

package native

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"syscall"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// A map loop is machine code that calls a C function for many arguments: a C
// function itself, which takes the address of a block of words,
//
//	struct { fn, left, outer, inner; struct { addr, step, turn } operands[]; }
//
// and makes outer rounds of inner calls to fn. Before each call it loads every
// parameter from its addr; after it, it stores the result likewise and adds
// step to every addr; after each round it adds turn. putLoop writes it for an
// architecture. There is one for each way of loading registers, which is kept:
// a signature uses one.
const (
	loopFn = iota
	loopLeft
	loopOuter
	loopInner
	loopOperands
	operandWords = 3 // addr, step, turn
)

// A loopOperand is how a parameter or the result of a map loop is moved.
type loopOperand struct {
	size   uint8 // bytes in memory
	signed bool
	float  bool
	reg    uint8 // number among the integer or vector argument registers
}

// loopOffset is where word w of operand i is, in bytes from the block's start.
func loopOffset(i, w int) int { return 8 * (loopOperands + operandWords*i + w) }

var mapLoops struct {
	sync.Mutex
	code map[string]uintptr // by the code
	plan *plan              // void (void *)
}

// mapChunk is how many calls are made in one crossing; between them the context
// is looked at.
const mapChunk = 1 << 15

// Map implements wasmffi.Mapper.
func (c *callable) Map(ctx context.Context, m *wasmffi.Mapping) error {
	params, result, err := c.loopOperands()
	if err != nil {
		return err
	}
	n := len(params)
	if result != nil {
		n++
	}
	if len(m.Operands) != n {
		return fmt.Errorf("%w: a mapping of %d operands, not %d", wasmffi.ErrArgCount, len(m.Operands), n)
	}
	loop, err := c.mapLoop(params, result)
	if err != nil {
		return err
	}
	// On the heap, since a callback may move the goroutine's stack.
	block := make([]uint64, loopOperands+operandWords*n)
	f := &wasmffi.Frame{Ctx: ctx, Words: []uint64{uint64(addressOf(wordBytes(block)))}}
	err = m.Chunks(mapChunk, func(part wasmffi.Mapping) error {
		block[loopFn] = uint64(c.target.fn)
		block[loopOuter], block[loopInner] = part.Outer, part.Inner
		for i, o := range part.Operands {
			at := block[loopOperands+operandWords*i:]
			at[0], at[1], at[2] = o.Addr, uint64(o.Inner), uint64(o.Outer)-uint64(o.Inner)*part.Inner
		}
		return loop.Call(f)
	})
	runtime.KeepAlive(block)
	runtime.KeepAlive(c)
	return err
}

// loopOperands tells how the parameters are loaded and the result is stored,
// where all of them are scalars that travel in registers.
func (c *callable) loopOperands() (params []loopOperand, result *loopOperand, err error) {
	p := c.plan
	unsupported := fmt.Errorf("%w: mapping a function of more than scalars in registers", dtype.ErrNotSupported)
	if !p.direct || p.target.nstack != 0 {
		return nil, nil, unsupported
	}
	operand := func(s wasmffi.Slot) (loopOperand, bool) {
		v, err := shapeOf(hostConvention.abi, s.Type)
		if err != nil || !v.scalar() || s.Words != 1 {
			return loopOperand{}, false
		}
		return loopOperand{size: uint8(v.size), signed: v.signed, float: v.parts[0].class == floatClass}, true
	}
	ints, floats := uint8(0), uint8(0)
	for i, s := range p.shape.Params {
		o, ok := operand(s)
		if !ok || s.First != i {
			return nil, nil, unsupported
		}
		next := &ints
		if o.float {
			next = &floats
		}
		o.reg = *next
		*next++
		params = append(params, o)
	}
	if p.target.result == resultNone {
		return params, nil, nil
	}
	o, ok := operand(p.shape.Result)
	if !ok {
		return nil, nil, unsupported
	}
	return params, &o, nil
}

// mapLoop is the plan for calls of the loop for these operands.
func (c *callable) mapLoop(params []loopOperand, result *loopOperand) (*callable, error) {
	mapLoops.Lock()
	defer mapLoops.Unlock()
	if mapLoops.plan == nil {
		sig, err := dtype.NewFunc(dtype.CVoid, []dtype.Param{{Type: dtype.PointerTo(dtype.CVoid)}}, false)
		if err != nil {
			return nil, err
		}
		if mapLoops.plan, err = newPlan(hostConvention, sig); err != nil {
			return nil, err
		}
		mapLoops.code = map[string]uintptr{}
	}
	code := putLoop(params, result)
	at, ok := mapLoops.code[string(code)]
	if !ok {
		var err error
		if at, err = newCode(code); err != nil {
			return nil, err
		}
		mapLoops.code[string(code)] = at
	}
	return newCallable(c.lib, mapLoops.plan, at), nil
}

// newCode makes code executable, for good.
func newCode(code []byte) (uintptr, error) {
	page, err := syscall.Mmap(-1, 0, len(code), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return 0, fmt.Errorf("%w: no memory for machine code: %w", wasmffi.ErrNotSupported, err)
	}
	copy(page, code)
	if err := syscall.Mprotect(page, syscall.PROT_READ|syscall.PROT_EXEC); err != nil {
		_ = syscall.Munmap(page)
		return 0, fmt.Errorf("%w: this system refuses new machine code: %w", wasmffi.ErrNotSupported, err)
	}
	flushCode(addressOf(page), uintptr(len(page)))
	return addressOf(page), nil
}
