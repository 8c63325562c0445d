package host

import (
	"errors"
	"fmt"
	"math"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi"
)

// Where Options.Fuel bounds calls, C begins each of them without fuel: its first
// check ticks, and each tick gives it a slice of what the call has left. Where
// it does not, this costs nothing.
const noFuel = math.MaxUint64 // -1

// findFuel finds the counter, if there is a bound to be kept.
func (in *instance) findFuel() {
	if in.opts.Fuel != 0 {
		in.fuel = in.wasm.ExportedGlobal(in.mod.res.Fuel).(api.MutableGlobal)
		in.fuel.Set(noFuel)
		in.dirty = true // from now on: each call is settled
	}
}

// ration is the fuel until the next tick. Nothing left ends the call.
func (in *instance) ration() int64 {
	c := &in.clock
	if c.rationed {
		c.left += int64(in.fuel.Get()) // what C used beyond its slice
	} else {
		c.rationed, c.left = true, int64(min(in.opts.Fuel, math.MaxInt64))
	}
	if c.left <= 0 {
		in.abort(&FuelError{Limit: in.opts.Fuel})
	}
	n := min(c.left, firstFuel) // not the clock's slice: C ticks at the same places in every run
	c.left -= n
	return n
}

// settleFuel notes what a call has left, and takes it away.
func (in *instance) settleFuel() {
	left := in.opts.Fuel
	if in.clock.rationed {
		left = uint64(max(in.clock.left+int64(in.fuel.Get()), 0))
	}
	in.fuelLeft.Store(left)
	in.fuel.Set(noFuel)
}

// FuelLeft is what the last call left of [Options.Fuel]; the same, for the same
// calls, in every run and on every machine. A call that was too short to be
// counted leaves all of it. Without a limit it is 0.
func (l *Library) FuelLeft() uint64 { return l.in.fuelLeft.Load() }

// ErrFuel is wrapped by the error of a call that used more fuel than it had,
// which wraps [wasmffi.ErrLimit] too.
var ErrFuel = errors.New("fuel used up")

// A FuelError is a call that used more than [Options.Fuel]. The library can be
// called again.
type FuelError struct {
	Limit uint64
	// Frames are the C functions that were running, as in a TrapError.
	Frames []Frame
	// Core is the state that C was in, with Options.KeepFaults; else nil.
	Core *Core
}

func (e *FuelError) Error() string {
	return fmt.Sprintf("%v: the call used its %d units of fuel%s", wasmffi.ErrLimit, e.Limit, callers(e.Frames))
}

// Unwrap makes errors.Is find both ErrFuel and wasmffi.ErrLimit.
func (e *FuelError) Unwrap() []error { return []error{ErrFuel, wasmffi.ErrLimit} }
