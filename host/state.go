package host

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi/guestabi"
)

// A state is what an instance is between two calls, but for what only starting
// the module can bring back. Nobody changes it.
type state struct {
	image   *image
	globals []uint64 // of in.globals
	errno   errno
	padded  map[uint64]uint64
	own     spans
	slice   int64 // of the clock
}

// capture saves the state, inside a call that was entered.
func (in *instance) capture() (*state, error) {
	img, err := newImage(in.mem)
	if err != nil {
		return nil, fmt.Errorf("copying the memory: %w", err)
	}
	s := &state{
		image: img, errno: in.errno, padded: maps.Clone(in.heap.padded), own: in.heap.own.clone(), slice: in.clock.slice,
	}
	for _, g := range in.globals {
		s.globals = append(s.globals, g.Get())
	}
	return s, nil
}

func (s *spans) clone() spans {
	return spans{free: slices.Clone(s.free), used: maps.Clone(s.used)}
}

// saveInitial saves the state that Reset returns to.
func (in *instance) saveInitial() error {
	if !in.opts.Resettable {
		return nil
	}
	in.touched = false
	s, err := in.capture()
	if err == nil && in.mem != nil {
		err = in.mem.load(s.image, s.image.size)
	}
	in.initial = s
	return err
}

// findGlobals collects the mutable globals that are numbers, C's stack pointer
// and the fuel among them. References are the engine's own pointers, which must
// not come back when what they point to has gone.
func (in *instance) findGlobals() {
	in.globals = in.globals[:0]
	names := []string{in.mod.res.Fuel}
	for _, g := range in.mod.res.Globals {
		if isNumber(g.Type) {
			names = append(names, g.Name)
		}
	}
	for _, name := range names {
		if g, ok := in.wasm.ExportedGlobal(name).(api.MutableGlobal); ok {
			in.globals = append(in.globals, g)
		}
	}
}

// apply makes s the state, inside a call that was entered. After an error there
// is no telling what the state is.
func (in *instance) apply(p *patience, s *state) error {
	fresh := in.touched || in.mod.hiddenState()
	if !fresh {
		switch err := in.restoreMemory(s.image); err {
		case nil:
			in.pools.reset()
			for _, w := range in.writers {
				w.reset()
			}
		case errNoRoom:
			fresh = true
		default:
			return fmt.Errorf("restoring the memory: %w", err)
		}
	}
	if fresh {
		if err := in.restart(p.context()); err != nil {
			return fmt.Errorf("starting the module anew: %w", err)
		}
		if err := in.restoreMemory(s.image); err != nil {
			return fmt.Errorf("restoring the memory: %w", err)
		}
	}
	for i, g := range in.globals {
		g.Set(s.globals[i])
	}
	in.errno, in.clock.slice, in.touched, in.written = s.errno, s.slice, false, 0
	in.heap.padded, in.heap.own = maps.Clone(s.padded), s.own.clone()
	return nil
}

func (in *instance) restoreMemory(img *image) error {
	if in.mem == nil {
		return nil
	}
	return in.mem.restore(img, func() bool {
		_, ok := in.wasm.Memory().Grow(1)
		return ok
	})
}

// restart replaces the engine's instance by a new one, in the same memory, and
// runs the module's initialisation, inside a call that was entered.
func (in *instance) restart(ctx context.Context) error {
	in.enterGo() // what is called now nests in this call
	in.quiet = true
	defer func() { in.quiet = false }()
	in.age.Add(1)
	background := context.Background()
	generated := in.generatedMods
	in.generatedMods, in.sp, in.fuel, in.writers = nil, nil, nil, nil
	_ = in.wasm.Close(background)
	in.pools.close(background)
	in.clock.slice = firstFuel
	if in.mem != nil {
		if err := in.mem.load(&image{}, in.mem.size.Load()); err != nil {
			return err
		}
		in.mem.size.Store(0)
	}
	if err := in.run(ctx); err != nil {
		return err
	}
	for key, g := range generated {
		if _, err := in.generated(key, func() []byte { return g.wasm }); err != nil {
			return err
		}
	}
	return nil
}

// hiddenState reports whether a module may have state, whatever it was asked to
// do, that is neither in its memory nor in a global the engine lets us set.
func hiddenState(res *guestabi.Result) bool {
	for _, g := range res.Globals {
		if !isNumber(g.Type) {
			return true
		}
	}
	return res.Module.UsesTables()
}

// isNumber tells the types of globals that the engine's API can set.
func isNumber(t guestabi.ValueType) bool {
	switch t {
	case guestabi.I32, guestabi.I64, guestabi.F32, guestabi.F64:
		return true
	}
	return false
}
