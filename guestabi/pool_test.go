package guestabi_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmffi/wasmffi/guestabi"
)

var (
	i32 = guestabi.I32
	i64 = guestabi.I64
	f32 = guestabi.F32
	f64 = guestabi.F64
)

// TestPoolAndIndirectCall places host functions in a guest's table and calls
// them by their index, for several signatures.
func TestPoolAndIndirectCall(t *testing.T) {
	sigs := []guestabi.FuncType{
		{},
		{Params: []guestabi.ValueType{i32}},
		{Params: []guestabi.ValueType{i32, i32}, Results: []guestabi.ValueType{i32}},
		{Params: []guestabi.ValueType{f64, i64, f32}, Results: []guestabi.ValueType{f64}},
	}
	for engine, rc := range engines() {
		for _, sig := range sigs {
			t.Run(engine+"/"+sig.String(), func(t *testing.T) { poolRoundTrip(t, rc, sig) })
		}
	}
}

func poolRoundTrip(t *testing.T, rc wazero.RuntimeConfig, sig guestabi.FuncType) {
	const slots = 3
	res, err := guestabi.Rewrite(readKernels(t)["sort"], guestabi.Options{MaxTable: 10, Uninstrumented: true})
	require.NoError(t, err)
	require.Len(t, res.Tables, 1)

	var guest api.Module
	var called []string
	ctx := experimental.WithImportResolver(context.Background(), func(name string) api.Module {
		if name == "guest" {
			return guest
		}
		return nil
	})
	rt := wazero.NewRuntimeWithConfig(ctx, rc)
	defer rt.Close(ctx)
	b := rt.NewHostModuleBuilder("slots")
	for i := range slots {
		b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
			called = append(called, fmt.Sprint(i, stack[:len(sig.Params)]))
			if len(sig.Results) > 0 {
				stack[0] = uint64(i) + 1000
			}
		}), apiTypes(sig.Params), apiTypes(sig.Results)).Export(fmt.Sprint(i))
	}
	_, err = b.Instantiate(ctx)
	require.NoError(t, err)
	table := guestabi.Name{Module: "guest", Name: res.Tables[0]}
	anonymous := wazero.NewModuleConfig().WithName("")
	instantiate := func(wasm []byte) api.Module {
		requireValid(t, wasm)
		m, err := rt.InstantiateWithConfig(ctx, wasm, anonymous)
		require.NoError(t, err)
		return m
	}

	guest = instantiate(res.Wasm)
	grow := func() int32 {
		out, err := instantiate(guestabi.PoolModule(sig, slots, table, "slots")).ExportedFunction(guestabi.PoolGrow).Call(ctx)
		require.NoError(t, err)
		return int32(out[0])
	}
	first := grow()
	require.EqualValues(t, 3, first, "the kernel's table has two functions and null")
	assert.EqualValues(t, 6, grow())
	assert.EqualValues(t, -1, grow(), "9 of 10 elements are in use")

	call := instantiate(guestabi.CallIndirectModule(sig, table)).ExportedFunction(guestabi.IndirectCall)
	for i := range uint64(slots) {
		args := make([]uint64, len(sig.Params), len(sig.Params)+1)
		for j := range args {
			args[j] = 10*i + uint64(j)
		}
		called = nil
		out, err := call.Call(ctx, append(args, uint64(first)+i)...)
		require.NoError(t, err)
		assert.Equal(t, []string{fmt.Sprint(i, args)}, called)
		if len(sig.Results) > 0 {
			assert.Equal(t, []uint64{i + 1000}, out)
		}
	}
	_, err = call.Call(ctx, append(make([]uint64, len(sig.Params)), 0)...)
	assert.ErrorContains(t, err, "invalid table access", "element 0 is null")
}

func apiTypes(ts []guestabi.ValueType) []api.ValueType {
	out := make([]api.ValueType, len(ts))
	for i, t := range ts {
		out[i] = api.ValueType(t)
	}
	return out
}

func requireValid(t testing.TB, wasm []byte) *guestabi.Module {
	t.Helper()
	m, err := guestabi.Parse(wasm)
	require.NoError(t, err)
	require.NoError(t, guestabi.Validate(m))
	return m
}
