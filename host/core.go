package host

import (
	"slices"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A Core is what a fault left, kept for inspection ([Options.KeepFaults]): a copy,
// which what is called later does not change, good for as long as anything refers
// to it.
//
//	var trap *host.TrapError
//	if errors.As(err, &trap) {
//		state, _ := wasmffi.Var(lib, "state", nil)                          // where it is
//		dead, err := memory.NewView(trap.Core.Memory, nil, state.Addr(), 0, state.Type()) // what it was
//	}
type Core struct {
	// Memory is C's memory: read-only, at the addresses it had.
	Memory memory.Space
	// StackPointer is C's, 0 where the module has none that is known: what C was
	// doing lies above it.
	StackPointer uint64
	// Globals are the module's mutable globals that are numbers, that one among
	// them.
	Globals []CoreGlobal
}

// A CoreGlobal is the value of a global of a module.
type CoreGlobal struct {
	Index uint32 // in the module as it came
	Type  string // as in wasm: "i32"
	Bits  uint64 // of its value
}

// core copies the state of an instance, inside a call; nil without
// Options.KeepFaults.
func (in *instance) core() *Core {
	if !in.opts.KeepFaults {
		return nil
	}
	c := &Core{}
	space := &deadSpace{}
	if in.mem != nil {
		space.data = slices.Clone(in.mem.bytes(0, in.mem.size.Load()))
	}
	c.Memory = space
	if in.sp != nil {
		c.StackPointer = uint64(uint32(in.sp.Get()))
	}
	for _, g := range in.mod.res.Globals {
		if v, ok := in.wasm.ExportedGlobal(g.Name).(api.MutableGlobal); ok && isNumber(g.Type) {
			c.Globals = append(c.Globals, CoreGlobal{g.Index, g.Type.String(), v.Get()})
		}
	}
	return c
}

// A deadSpace is a copy of memory. Nothing ends it, nothing writes to it.
type deadSpace struct {
	data []byte
	life memory.Lifetime
}

var _ memory.Space = (*deadSpace)(nil)

func (s *deadSpace) ABI() *dtype.ABI            { return dtype.WASM32 }
func (s *deadSpace) Lifetime() *memory.Lifetime { return &s.life }

func (s *deadSpace) ReadAt(p []byte, addr uint64) error {
	n, size := uint64(len(p)), uint64(len(s.data))
	switch {
	case addr == 0:
		return &memory.Error{Op: "read", Err: memory.ErrNull}
	case addr > size || n > size-addr:
		return &memory.Error{Op: "read", Addr: addr, Len: n, Size: size, Err: memory.ErrOutOfBounds}
	}
	copy(p, s.data[addr:])
	return nil
}

func (s *deadSpace) WriteAt(_ []byte, addr uint64) error { return readOnly("write", addr) }

// Bytes refuses: who holds a slice can write to it.
func (s *deadSpace) Bytes(addr, _ uint64) ([]byte, error) { return nil, readOnly("bytes", addr) }

func (s *deadSpace) Alloc(_, _ uint64) (uint64, error) { return 0, readOnly("alloc", 0) }
func (s *deadSpace) Free(addr uint64) error            { return readOnly("free", addr) }

func readOnly(op string, addr uint64) error {
	return &memory.Error{Op: op, Addr: addr, Err: memory.ErrReadOnly}
}
