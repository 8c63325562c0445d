package host

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
)

// mapChunk is how many calls are made in one crossing: few enough that nobody
// waits for long where the function is too short to yield, many enough that the
// crossing costs nothing.
const mapChunk = 1 << 12

// Map makes many calls, through a generated loop. That is compiled once for each
// exported function or, for functions known by their slots, once for each way of
// loading and storing scalars.
func (c *scalarCallable) Map(ctx context.Context, m *wasmffi.Mapping) error {
	operands := len(c.masks)
	if c.result.kind != wordNone {
		operands++
	}
	if len(m.Operands) != operands {
		return fmt.Errorf("%w: a mapping of %d operands, not %d", wasmffi.ErrArgCount, len(m.Operands), operands)
	}
	return m.Chunks(mapChunk, func(part wasmffi.Mapping) error {
		if err := c.in.enter(ctx); err != nil {
			return err
		}
		return c.in.leave(c.mapPart(&part))
	})
}

func (c *scalarCallable) mapPart(m *wasmffi.Mapping) error {
	if age := c.in.age.Load(); c.loop == nil || c.loopAge != age {
		c.loopAge = age
		var err error
		if c.loop, err = c.newLoop(len(m.Operands)); err != nil {
			return err
		}
	}
	h := c.loop.handle(c.in.level.depth)
	stack := h.stack
	stack[0], stack[1], stack[2] = uint64(c.loop.slot), m.Inner, m.Outer
	for i, o := range m.Operands {
		turn := o.Outer - o.Inner*int64(m.Inner)
		stack[3+3*i] = uint64(uint32(o.Addr))
		stack[4+3*i] = uint64(uint32(o.Inner))
		stack[5+3*i] = uint64(uint32(turn))
	}
	if err := c.loop.run(h); err != nil {
		return c.loop.fault(h, err, nil)
	}
	return nil
}

// newLoop is the plan of the generated loop for this function: an exported one
// is imported, which is faster than a call through the table; one known by its
// slot only is called through that.
func (c *scalarCallable) newLoop(operands int) (*callable, error) {
	in := c.in
	if in.mod.res.Memory == "" || c.slot >= 0 && len(in.mod.res.Tables) == 0 {
		return nil, fmt.Errorf("%w: the module has no function table or no memory", wasmffi.ErrNotSupported)
	}
	loop := &callable{lib: c.lib, in: in, name: c.name, slot: c.slot}
	var fn, table guestabi.Name
	if c.slot >= 0 {
		table = in.tableName()
	} else if _, ok := in.mod.res.Module.Export(c.name); ok {
		fn = guestabi.Name{Module: guestName, Name: c.name}
	} else {
		return nil, c.lib.notFound(c.name)
	}
	wasm, err := guestabi.MapModule(c.sig, fn, table, guestabi.Name{Module: guestName, Name: in.mod.res.Memory})
	if err != nil {
		return nil, err
	}
	m, err := in.generated(string(wasm), func() []byte { return wasm })
	if err != nil {
		return nil, err
	}
	loop.export = func() api.Function { return m.ExportedFunction(guestabi.MapCall) }
	loop.first.stack = make([]uint64, 3+3*operands)
	return loop, nil
}
