package host

import (
	"context"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// The least fuel that is enough for a call is the same whenever it is looked
// for and on either engine, more for more work, and of each call its own.
func TestFuel(t *testing.T) {
	sig := proto(dtype.CULongLong, dtype.CULongLong)
	enough := func(t *testing.T, opts Options, n uint64) uint64 {
		low, high := uint64(0), 16*n
		for low+1 < high {
			opts.Fuel = (low + high) / 2
			lib := openTest(t, "basic.wasm", opts)
			for i := range 4 {
				_, err := call(t, lib, "count", sig, n)
				if i == 0 && err != nil {
					require.ErrorIs(t, err, wasmffi.ErrLimit)
					low = opts.Fuel
				} else if i == 0 {
					high = opts.Fuel
				}
				assert.Equal(t, low == opts.Fuel, err != nil, "call %d with %d", i, opts.Fuel)
			}
			requireUsable(t, lib)
			require.NoError(t, lib.Close())
		}
		opts.Fuel = high - 1 // and what one call leaves is not the next one's
		lib := openTest(t, "basic.wasm", opts)
		for range 3 {
			_, err := call(t, lib, "count", sig, n/2)
			require.NoError(t, err)
			_, err = call(t, lib, "count", sig, n)
			require.ErrorIs(t, err, wasmffi.ErrLimit)
		}
		return high
	}
	engines(t, func(t *testing.T, opts Options) {
		small, big := enough(t, opts, 1000), enough(t, opts, 60_000)
		assert.Equal(t, small, enough(t, opts, 1000))
		assert.InEpsilon(t, 60, float64(big)/float64(small), 0.02)
		assert.EqualValues(t, 9501, small)
	})
}

// Fuel binds calls under a context, prepared ones and those that trap too, and
// no bound is none.
func TestFuelOfEveryCall(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		opts.Fuel = 100_000
		lib := openTest(t, "basic.wasm", opts)
		spin, err := wasmffi.Bind[func(context.Context) error](lib, "spin")
		require.NoError(t, err)
		count, err := wasmffi.Bind[func(uint64) (uint64, error)](lib, "count")
		require.NoError(t, err)
		for range 50 {
			err := spin(context.Background())
			require.ErrorIs(t, err, wasmffi.ErrLimit)
			require.ErrorIs(t, err, ErrFuel)
			got, err := count(4000)
			require.NoError(t, err)
			require.EqualValues(t, 4000*3999/2, got)
			_, err = count(math.MaxUint64)
			require.EqualError(t, err, "wasmffi: call basic.wasm count: limit exceeded: the call used its 100000 units of fuel in count(18446744073709551615)")
			_, err = call(t, lib, "crash", proto(dtype.CVoid, dtype.CInt), 2)
			require.ErrorIs(t, err, wasmffi.ErrTrap)
		}
		requireUsable(t, lib)
	})
}

// What a call leaves is the same in every run, on either engine, and with what
// it calls back.
func TestFuelLeft(t *testing.T) {
	var want []uint64
	engines(t, func(t *testing.T, opts Options) {
		opts.Fuel = 1_000_000
		for range 25 {
			lib := openTest(t, "basic.wasm", opts)
			assert.EqualValues(t, opts.Fuel, lib.FuelLeft(), "opening is no call")
			var got []uint64
			left := func(name string, sig *dtype.Func, words ...uint64) {
				_, _ = call(t, lib, name, sig, words...)
				got = append(got, lib.FuelLeft())
			}
			n := proto(dtype.CULongLong, dtype.CULongLong)
			left("count", n, 1000)
			left("addi", proto(dtype.CInt, dtype.CInt, dtype.CInt), 1, 2)
			left("count", n, 60_000)
			left("crash", proto(dtype.CVoid, dtype.CInt), 2)
			left("spin", proto(dtype.CVoid))
			left("deep", proto(dtype.CInt, dtype.CInt), 10)
			require.NoError(t, lib.Close())
			if want == nil {
				want = got
			}
			require.Equal(t, want, got)
		}
	})
	assert.EqualValues(t, 1_000_000, want[1], "too short to be counted")
	assert.Zero(t, want[4])
	assert.InEpsilon(t, 60, float64(1_000_000-want[2])/float64(1_000_000-want[0]), 0.02)
}

// Slices follow time; what calls use does not follow slices: calls that run out,
// those that trap on the way, and those that go on after another has trapped in
// a callback.
func TestFuelWhateverTheSlices(t *testing.T) {
	bench, err := os.ReadFile("../testdata/wasm/bench.wasm")
	require.NoError(t, err)
	const most = 1 << 40
	var want []uint64
	engines(t, func(t *testing.T, opts Options) {
		for _, slice := range []int64{minFuel, 1000, 5000, maxFuel} {
			var got []uint64
			var lib *Library
			begin := func(fuel uint64) {
				opts.Fuel = fuel
				opts.Imports = wasmffi.Imports{{Name: "host_f", Func: func(x float64) float64 { return x }}}
				lib, err = OpenBytes(background, "bench.wasm", bench, opts)
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, lib.Close()) })
			}
			sum := func(n int32) error {
				sum, err := wasmffi.Bind[func(dtype.Addr, int32) (float64, error)](lib, "sum")
				require.NoError(t, err)
				lib.in.clock.slice = slice
				_, err = sum(0, n)
				return err
			}
			begin(most)
			for n := int32(1); n < 8000; n = n*3/2 + 1 {
				require.NoError(t, sum(n))
				got = append(got, lib.FuelLeft())
			}
			require.ErrorIs(t, sum(math.MaxInt32), ErrOutOfBounds) // after 8192 or more
			got = append(got, lib.FuelLeft())
			loop, err := wasmffi.Bind[func(func(float64) float64, int32) (float64, error)](lib, "loop")
			require.NoError(t, err)
			for n := int32(1); n < 500; n *= 3 {
				_, err = loop(func(x float64) float64 {
					if int32(x)%2 == 0 {
						require.ErrorIs(t, sum(math.MaxInt32), ErrOutOfBounds)
					} else {
						require.NoError(t, sum(int32(x)))
					}
					return x + 1
				}, n)
				require.NoError(t, err)
				got = append(got, lib.FuelLeft())
			}
			for fuel := uint64(10); fuel < 100_000; fuel = fuel*5/4 + 1 { // where it ends
				begin(fuel)
				reached := int32(0)
				loop, err := wasmffi.Bind[func(func(float64) float64, int32) (float64, error)](lib, "loop")
				require.NoError(t, err)
				lib.in.clock.slice = slice
				_, err = loop(func(float64) float64 { reached++; return 0 }, 2000)
				got = append(got, uint64(reached), lib.FuelLeft())
				if err != nil {
					require.ErrorIs(t, err, ErrFuel)
				}
			}
			if want == nil {
				want = got
			}
			require.Equal(t, want, got, "slices of %d", slice)
		}
	})
}

// What a module does to begin with is not counted: neither when it is opened nor
// when a reset has to start it anew.
func TestFuelOfOpening(t *testing.T) {
	body := []byte{1, 1, 0x7f, 0x03, 0x40, // local i; loop
		0x20, 0, 0x41, 1, 0x6a, 0x22, 0, 0x41, 0xc0, 0x84, 0x3d, 0x49, 0x0d, 0, 0x0b, // br_if (++i < 1000000)
		0x41, 0, 0xd0, 0x70, 0x26, 0, 0x0b} // table.set 0 null, which a reset cannot undo
	for name, begins := range map[string][][]byte{
		"start function": {nil, sectionOf(8, []byte{0})},
		"reactor":        {sectionOf(7, []byte{1}, nameOf("_initialize"), []byte{0, 0}), nil},
	} {
		wasm := wasmOf(sectionOf(1, []byte{1, 0x60, 0, 0}), sectionOf(3, []byte{1, 0}), sectionOf(4, []byte{1, 0x70, 0, 1}),
			begins[0], begins[1], sectionOf(10, []byte{1}, uleb(uint64(len(body))), body))
		lib, err := OpenBytes(background, name, wasm, Options{Fuel: 1000, Resettable: true})
		require.NoError(t, err, name)
		defer lib.Close()
		require.EqualValues(t, 1000, lib.FuelLeft(), name)
		require.NoError(t, lib.Reset(background), name)
		require.EqualValues(t, 1000, lib.FuelLeft(), name)
	}
}

// Opening is bounded by time, not by fuel, also when a reset starts the module anew.
func TestFuelOfStart(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		opts.Fuel, opts.Resettable = 10_000, true
		lib := openTest(t, "fuelstart.wasm", opts)
		for range 3 {
			require.Equal(t, opts.Fuel, lib.FuelLeft())
			n, err := call(t, lib, "turned", proto(dtype.CInt))
			require.NoError(t, err)
			require.EqualValues(t, 40_000, n)
			_, err = call(t, lib, "work", proto(dtype.CInt))
			require.ErrorIs(t, err, ErrFuel)
			require.NoError(t, lib.Reset(background))
		}
	})
}
