package guestabi_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/wasmffi/wasmffi/guestabi"
)

// ticksOf runs a module with all the fuel there is and counts the ticks.
func ticksOf(t *testing.T, rc wazero.RuntimeConfig, wasm []byte, arg uint64) (ticks int, result uint64) {
	res, err := guestabi.Rewrite(wasm, guestabi.Options{InitialFuel: 1 << 50})
	require.NoError(t, err)
	m := start(t, rc, res.Wasm, &res.Tick, func() uint64 { ticks++; return 1 << 50 })
	out, err := m.ExportedFunction("run").Call(context.Background(), arg)
	require.NoError(t, err)
	return ticks, out[0]
}

// A long way without a loop ticks all along, whatever its turns, and computes
// what it did; a short way through a long body does not tick.
func TestLongBodiesTick(t *testing.T) {
	const add = "(local.set 1 (i32.add (local.get 1) (i32.const 1)))"
	leaf := "(func $leaf (param i32) (result i32) " + strings.Repeat("(local.set 0 (i32.add (local.get 0) (i32.const 1)))", 100) + " (local.get 0))"
	body := func(code, more string) string {
		return fmt.Sprintf(`(module (func (export "run") (param i32) (result i32) (local i32) %s (local.get 1)) %s)`, code, more)
	}
	half := strings.Repeat(add, 4000) // of a way to the next tick
	cases := strings.Repeat("(block ", 40) + "(br_table "
	for i := range 40 {
		cases += fmt.Sprint(i, " ")
	}
	cases += "(local.get 0))"
	for range 40 {
		cases += ")" + strings.Repeat(add, 1000) + "(return (local.get 1))"
	}
	for name, tt := range map[string]struct {
		text        string
		least, most int
		arg, result uint64
	}{
		"straight":         {body(strings.Repeat(half, 5), ""), 2, 3, 0, 20000},
		"in a loop once":   {body("(loop "+strings.Repeat(half, 5)+")", ""), 2, 3, 0, 20000},
		"calls of leaves":  {body(strings.Repeat("(local.set 1 (call $leaf (local.get 1)))", 800), leaf), 9, 13, 0, 80_000},
		"past branches":    {body(strings.Repeat("(block (br_if 0 (i32.eqz (local.get 0))) "+half+half+")"+half, 5), ""), 2, 6, 0, 20000},
		"through an else":  {body(strings.Repeat("(if (local.get 0) (then "+half+half+") (else "+half+"))", 5), ""), 2, 6, 0, 20000},
		"one case of many": {body(cases, ""), 0, 0, 39, 1000},
	} {
		for engine, rc := range engines() {
			if engine == "compiler" && len(tt.text) > 300_000 {
				continue // takes it seconds
			}
			ticks, result := ticksOf(t, rc, wat(t, tt.text), tt.arg)
			assert.Equal(t, tt.result, result, "%s, %s", name, engine)
			assert.LessOrEqual(t, tt.least, ticks, "%s, %s", name, engine)
			assert.GreaterOrEqual(t, tt.most, ticks, "%s, %s", name, engine)
		}
	}
}

// memory.init of a long segment ticks and is as it was, at its edges too.
func TestLongInit(t *testing.T) {
	const n = 3<<20 + 5
	text := fmt.Sprintf(`(module (memory 100) (data $d "%s")
		(func (export "run") (param i32) (result i32)
			(memory.init $d (i32.const 7) (i32.const 1) (i32.sub (i32.const %d) (i32.const 1)))
			(memory.init $d (i32.const 0) (i32.const %d) (i32.const 0))
			(if (i32.eq (local.get 0) (i32.const 1)) (then (memory.init $d (i32.const 0) (i32.const 1) (i32.const %d))))
			(if (i32.eq (local.get 0) (i32.const 2)) (then (memory.init $d (i32.const 0) (i32.const -1) (i32.const 2))))
			(if (i32.eq (local.get 0) (i32.const 3)) (then (memory.init $d (i32.const 6553600) (i32.const 0) (i32.const 1))))
			(data.drop $d)
			(if (i32.eq (local.get 0) (i32.const 4)) (then (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))))
			(memory.init $d (i32.const 0) (i32.const 0) (i32.const 0))
			(i32.load8_u (i32.const %d))))`, strings.Repeat("a", n-1)+"z", n, n, n, 7+n-2)
	wasm := wat(t, text)
	for engine, rc := range engines() {
		res, err := guestabi.Rewrite(wasm, guestabi.Options{InitialFuel: 1 << 50})
		require.NoError(t, err)
		run := start(t, rc, res.Wasm, &res.Tick, func() uint64 { return 1 << 50 }).ExportedFunction("run")
		out, err := run.Call(context.Background(), 0)
		require.NoError(t, err, engine)
		assert.EqualValues(t, 'z', out[0], engine)
		for _, bad := range []uint64{1, 2, 3, 4} {
			run := start(t, rc, res.Wasm, &res.Tick, func() uint64 { return 1 << 50 }).ExportedFunction("run")
			_, err := run.Call(context.Background(), bad)
			assert.ErrorContains(t, err, "out of bounds memory access", "%s %d", engine, bad)
		}
		ticks := 0
		res, err = guestabi.Rewrite(wasm, guestabi.Options{})
		require.NoError(t, err)
		_, err = start(t, rc, res.Wasm, &res.Tick, func() uint64 { ticks++; return 0 }).ExportedFunction("run").Call(context.Background(), 0)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, ticks, 4, engine)
	}
}
