package wasmffitest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// allocations: what has been prepared allocates nothing any more.
func allocations(t *testing.T, b Backend) {
	if raceEnabled {
		t.Skip("LEFT OUT: the race detector allocates too")
	}
	lib := b.open(t)
	none := func(name string, f func()) {
		t.Run(name, func(t *testing.T) {
			f() // the first one may
			require.Zero(t, testing.AllocsPerRun(200, f))
		})
	}
	frame := func(name string, sig *dtype.Func, words ...uint64) func() {
		sym, err := lib.Lookup(name)
		require.NoError(t, err)
		call, err := lib.Prepare(sym, sig)
		require.NoError(t, err)
		shape, err := wasmffi.FrameShape(lib.Space().ABI(), sig)
		require.NoError(t, err)
		f := &wasmffi.Frame{Words: make([]uint64, shape.Words)}
		return func() {
			copy(f.Words, words)
			if err := call.Call(f); err != nil {
				panic(err)
			}
		}
	}
	callback := func(fn any, sig *dtype.Func) dtype.Addr {
		cb, err := wasmffi.NewCallback(lib, fn, &wasmffi.CallbackOptions{Sig: sig})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, cb.Free()) })
		return dtype.Addr(cb.Address())
	}
	pointType, largeType := goType(t, point{}), goType(t, large{})

	add := bind[func(int32, int32) int32](t, lib, "add")
	none("a bound function of scalars", func() { add(1, 2) })
	dist, err := wasmffi.Bind4[float64, float64, float64, float64, float64](lib, "dist2", nil)
	require.NoError(t, err)
	none("a generic form", func() { dist.Call(1, 2, 3, 4) })
	none("structs by value", frame("midpoint", fn(t, pointType, pointType, pointType)))
	twoPoints, err := wasmffi.Prepare[struct{ A, B point }, point](lib, "midpoint", nil)
	require.NoError(t, err)
	none("structs by value, typed", func() { twoPoints.Call(struct{ A, B point }{point{1, 2}, point{3, 4}}) })
	sum, err := fnVariadic(t, dtype.CDouble, dtype.CInt).WithArgs(dtype.CDouble, dtype.CDouble, dtype.CDouble)
	require.NoError(t, err)
	none("a variadic call of one shape", frame("sum_doubles", sum, 3))

	apply, err := wasmffi.Bind2[dtype.Addr, int32, int32](lib, "apply", nil)
	require.NoError(t, err)
	inc := callback(func(x int32) int32 { return x + 1 }, nil)
	none("a callback of scalars", func() { apply.Call(inc, 1) })
	nested := callback(func(x int32) int32 { return apply.Call(inc, x) }, nil)
	none("a call in a callback", func() { apply.Call(nested, 1) })
	ofPoint := fn(t, pointType, pointType, dtype.CInt)
	swap := callback(func(f *wasmffi.Frame) error { f.Words[3], f.Words[4] = f.Words[1], f.Words[0]; return nil }, ofPoint)
	none("a callback with structs, as a frame", frame("map_point", fn(t, pointType, dtype.PointerTo(ofPoint), pointType), uint64(swap)))
	ofLarge := fn(t, largeType, largeType, dtype.CDouble)
	same := callback(func(f *wasmffi.Frame) error { copy(f.Words[6:], f.Words[:5]); return nil }, ofLarge)
	none("a callback with structs in memory", frame("map_large", fn(t, largeType, dtype.PointerTo(ofLarge), largeType), uint64(same)))
}

func fnVariadic(t *testing.T, result dtype.Type, params ...dtype.Type) *dtype.Func {
	t.Helper()
	f, err := dtype.NewFunc(result, fn(t, result, params...).Params(), true)
	require.NoError(t, err)
	return f
}
