package host

import (
	"errors"
	"fmt"
	"math"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi"
)

// Where Options.Fuel bounds calls, C begins each of them without fuel: its first
// check ticks, and each tick gives it a slice of what the call has left. A check
// ends the call if it finds more used than there was, wherever the slices end.
// Without a bound this costs nothing.

// findFuel finds the counter, if there is a bound to be kept.
func (in *instance) findFuel() {
	if in.opts.Fuel != 0 {
		in.fuel = in.wasm.ExportedGlobal(in.mod.res.Fuel).(api.MutableGlobal)
		in.fuel.Set(0)
		in.dirty = true // from now on: each call is settled
	}
}

// ration is the fuel until the next tick. A call that has used more than it had
// ends here.
func (in *instance) ration(need int64) int64 {
	c := &in.clock
	left := in.fuelUnused()
	if left < 0 {
		in.abort(&FuelError{Limit: in.opts.Fuel})
	}
	c.rationed, c.used = true, in.fuelLimit()-left
	n := max(min(left, c.slice, nextRound(c.used)-c.used), need)
	c.left = left - n
	return n
}

// A call that traps does not say how much it has used since it ticked last. It
// pays up to the next multiple of a round, where every call ticks, so that the
// sum does not depend on the slices, which depend on time.
const round = maxFuel

func nextRound(used int64) int64 { return (used/round + 1) * round }

// roundFuel settles what a trap has used.
func (in *instance) roundFuel() {
	if c := &in.clock; c.rationed {
		c.left = max(in.fuelLimit()-nextRound(c.used), 0)
		in.fuel.Set(0)
	}
}

// fuelUnused is what the call has left, below zero if it used more than it had.
func (in *instance) fuelUnused() int64 {
	left := in.clock.left
	if !in.clock.rationed {
		left = in.fuelLimit()
	}
	return left + int64(in.fuel.Get()) // what C did not use of its slice
}

func (in *instance) fuelLimit() int64 { return int64(min(in.opts.Fuel, math.MaxInt64)) }

// settleFuel notes what a call has left, and takes it away.
func (in *instance) settleFuel() {
	in.fuelLeft.Store(uint64(max(in.fuelUnused(), 0)))
	in.fuel.Set(0)
}

// FuelLeft is what the last call left of [Options.Fuel]; the same, for the same
// calls, in every run and on every machine. A call that was too short to be
// counted leaves all of it; one that trapped has used a multiple of 65536 units,
// as what it used of the last of them is not known. Without a limit it is 0.
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
