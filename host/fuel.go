package host

import (
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
		in.abort(fmt.Errorf("%w: the call used its %d units of fuel", wasmffi.ErrLimit, in.opts.Fuel))
	}
	n := min(c.left, firstFuel) // not the clock's slice: C ticks at the same places in every run
	c.left -= n
	return n
}
