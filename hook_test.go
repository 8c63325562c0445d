package wasmffi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// fewFake is a Callable with all the shorter ways.
type fewFake struct{ fakeCallable }

func (fewFake) CallWords(context.Context, []uint64) error   { return nil }
func (fewFake) CallFew(a, b, c, d uint64) (uint64, error)   { return a, nil }
func (fewFake) Map(context.Context, *wasmffi.Mapping) error { return nil }
func fails(*wasmffi.Frame) error                            { return errFake }
func hookNothing(context.Context, *wasmffi.CallEvent)       {}

var errFake = errors.New("fake failure")

func TestHookCallable(t *testing.T) {
	lib := newFake(t, dtype.WASM32, nil)
	sig := sigOf(t, dtype.CInt, dtype.CInt)
	var c wasmffi.Callable = fewFake{fails}
	require.IsType(t, c, wasmffi.HookCallable(nil, lib, wasmffi.Symbol{Name: "f"}, sig, c), "without hooks nothing is lost")

	hooks := []wasmffi.Hook{{After: hookNothing}}
	h := wasmffi.HookCallable(hooks, lib, wasmffi.Symbol{Name: "f"}, sig, c)
	require.Implements(t, (*wasmffi.Mapper)(nil), h)
	_, ok := wasmffi.HookCallable(hooks, lib, wasmffi.Symbol{}, sig, fakeCallable(fails)).(wasmffi.Mapper)
	require.False(t, ok)

	for _, c := range []struct {
		ctx  context.Context
		want context.Context // nil: that of the hook
		hook wasmffi.Hook
	}{
		{nil, nil, wasmffi.Hook{Before: func(ctx context.Context, _ *wasmffi.CallEvent) context.Context { return ctx }}},
		{nil, nil, wasmffi.Hook{Before: func(context.Context, *wasmffi.CallEvent) context.Context { return nil }}},
		{nil, context.TODO(), wasmffi.Hook{Before: func(context.Context, *wasmffi.CallEvent) context.Context { return context.TODO() }}},
		{context.TODO(), context.TODO(), wasmffi.Hook{}},
	} {
		seen := false
		callee := fakeCallable(func(f *wasmffi.Frame) error { seen = true; require.Equal(t, c.want, f.Ctx); return errFake })
		f := &wasmffi.Frame{Ctx: c.ctx, Words: make([]uint64, 2)}
		require.ErrorIs(t, wasmffi.HookCallable([]wasmffi.Hook{c.hook}, lib, wasmffi.Symbol{}, sig, callee).Call(f), errFake)
		require.True(t, seen)
		require.Equal(t, c.ctx, f.Ctx, "the frame is as it was")
	}
}

// A panic in a hook passes through, and later calls are told of as before.
func TestHookPanics(t *testing.T) {
	lib := newFake(t, dtype.WASM32, nil)
	sig := sigOf(t, dtype.CInt, dtype.CInt)
	n := 0
	hook := wasmffi.Hook{Before: func(ctx context.Context, c *wasmffi.CallEvent) context.Context {
		if n++; n == 1 {
			panic(errFake)
		}
		return ctx
	}}
	c := wasmffi.HookCallable([]wasmffi.Hook{hook}, lib, wasmffi.Symbol{}, sig, fakeCallable(func(*wasmffi.Frame) error { return nil }))
	f := &wasmffi.Frame{Words: make([]uint64, 2)}
	require.PanicsWithError(t, errFake.Error(), func() { _ = c.Call(f) })
	require.NoError(t, c.Call(f))
	require.Equal(t, 2, n)
}

func TestLogCallsIsQuiet(t *testing.T) {
	var out bytes.Buffer
	l := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo}))
	lib := newFake(t, dtype.WASM32, nil)
	sig := sigOf(t, dtype.CInt, dtype.CInt)
	hooks := []wasmffi.Hook{wasmffi.LogCalls(l, slog.LevelDebug)}
	f := &wasmffi.Frame{Words: make([]uint64, 2)}
	fine := wasmffi.HookCallable(hooks, lib, wasmffi.Symbol{Name: "fine"}, sig, fakeCallable(func(*wasmffi.Frame) error { return nil }))
	require.NoError(t, fine.Call(f))
	require.Zero(t, out.Len(), "debug is not enabled")
	require.Zero(t, testing.AllocsPerRun(50, func() { _ = fine.Call(f) }))
	require.Error(t, wasmffi.HookCallable(hooks, lib, wasmffi.Symbol{Name: "bad"}, sig, fakeCallable(fails)).Call(f))
	require.Contains(t, out.String(), `level=ERROR msg=call library=fake function=bad prototype="int bad(int)"`)
	require.Contains(t, out.String(), `args=0 error="fake failure"`)
}

func TestFormatArgs(t *testing.T) {
	color, err := dtype.NewEnum("color", dtype.EnumConst{Name: "RED", Value: 0}, dtype.EnumConst{Name: "BLUE", Value: 2})
	require.NoError(t, err)
	pair, err := dtype.NewStruct("pair", dtype.Field{Name: "c", Type: color}, dtype.Field{Name: "x", Type: dtype.CDouble})
	require.NoError(t, err)
	minus := func(n int64) uint64 { return uint64(n) }
	for _, c := range []struct {
		t     dtype.Type
		words []uint64
		want  string
	}{
		{dtype.CInt, []uint64{minus(-3)}, "-3"},
		{dtype.CULongLong, []uint64{math.MaxUint64}, "18446744073709551615"},
		{dtype.CSChar, []uint64{minus(-1)}, "-1"},
		{dtype.CBool, []uint64{1}, "true"},
		{dtype.CFloat, []uint64{uint64(math.Float32bits(0.1))}, "0.1"},
		{dtype.CDouble, []uint64{math.Float64bits(math.Inf(-1))}, "-Inf"},
		{dtype.PointerTo(dtype.CInt), []uint64{0x1010}, "0x1010"},
		{dtype.PointerTo(dtype.CInt), []uint64{0}, "NULL"},
		{color, []uint64{2}, "BLUE"},
		{color, []uint64{7}, "7"},
		{pair, []uint64{2, math.Float64bits(1.5)}, "{.c = BLUE, .x = 1.5}"},
		{dtype.ComplexOf(dtype.CDouble), []uint64{math.Float64bits(1), math.Float64bits(-2)}, "1 + -2*I"},
		{dtype.CInt128, []uint64{0, 1}, "18446744073709551616"},
	} {
		t.Run(fmt.Sprintf("%v %s", c.t, c.want), func(t *testing.T) {
			sig, err := dtype.NewFunc(c.t, []dtype.Param{{Name: "p", Type: c.t}, {Type: dtype.CInt}}, false)
			require.NoError(t, err)
			words := append(append(append([]uint64{}, c.words...), 5), c.words...)
			require.Equal(t, "p="+c.want+", 5", wasmffi.FormatArgs(dtype.WASM32, sig, words))
			require.Equal(t, c.want, wasmffi.FormatResult(dtype.WASM32, sig, words))
			require.Empty(t, wasmffi.FormatResult(dtype.WASM32, sig, words[:len(words)-1]), "fewer words than the result has")
		})
	}
	require.Empty(t, wasmffi.FormatArgs(dtype.WASM32, sigOf(t, dtype.CInt, dtype.CInt), nil))
}
