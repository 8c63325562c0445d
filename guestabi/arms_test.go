package guestabi_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/guestabi"
)

// A branch is charged when it is taken, where that is worth it, with the short
// functions it calls; else whenever something leads to it.
func TestArms(t *testing.T) {
	nops := func(n int) string { return strings.Repeat("nop ", n) }
	const loop = `(module (func $leaf %s) (func (export "run") (param i32) (local i32) (local.set 1 (i32.const 3))
		(loop %s (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))))`
	const body = `(module (func $leaf %s) (func $f (call $leaf)) (func (export "run") (param i32) (call $f) %s))`
	const choose = `(if (local.get 0) (then %s) (else %s))`
	const switched = `(block $out (block $c (block $b (block $a (br_table $a $b $c $out (local.get 0))) %s (br $out)) %s (br $out)) %s)`
	const short = `(module (func (export "run") (param i32) ` + choose + `))`
	tests := map[string]struct {
		text string
		args [2]uint64
		more int64 // used by the first than by the second
	}{
		"if in a loop":          {fmt.Sprintf(loop, "", fmt.Sprintf(choose, nops(50), nops(20))), [2]uint64{1, 0}, 3 * 30},
		"short ones in a loop":  {fmt.Sprintf(loop, "", fmt.Sprintf(choose, nops(6), nops(1))), [2]uint64{1, 0}, 0},
		"one short, one long":   {fmt.Sprintf(loop, "", fmt.Sprintf(choose, nops(50), nops(2))), [2]uint64{1, 0}, 3 * 51},
		"switch in a loop":      {fmt.Sprintf(loop, "", fmt.Sprintf(switched, nops(70), nops(30), nops(10))), [2]uint64{0, 1}, 3 * 40},
		"last of a switch":      {fmt.Sprintf(loop, "", fmt.Sprintf(switched, nops(70), nops(30), nops(10))), [2]uint64{1, 2}, 3 * 21},
		"none of a switch":      {fmt.Sprintf(loop, "", fmt.Sprintf(switched, nops(70), nops(30), nops(10))), [2]uint64{2, 3}, 3 * 11},
		"after the arms":        {fmt.Sprintf(loop, "", fmt.Sprintf(switched, nops(70), nops(30), nops(10))+nops(100)), [2]uint64{0, 1}, 3 * 40},
		"arm in an arm":         {fmt.Sprintf(loop, "", fmt.Sprintf(choose, fmt.Sprintf(choose, nops(50), nops(9))+nops(9), nops(9))), [2]uint64{1, 0}, 3 * (2 + 51 + 10 - 10)},
		"leaf called in an arm": {fmt.Sprintf(loop, nops(100), fmt.Sprintf(choose, nops(9)+"(call $leaf)", nops(9))), [2]uint64{1, 0}, 3 * (1 + 101)},
		"leaf called in a short arm": {fmt.Sprintf(loop, nops(100), fmt.Sprintf(choose, "(call $leaf)", nops(9))), [2]uint64{0, 1},
			3 * 10},
		"loop in an arm":  {fmt.Sprintf(loop, "", fmt.Sprintf(choose, nops(9)+"(loop "+nops(20)+")", nops(9))), [2]uint64{1, 0}, 3 * (1 + 20 + 1)},
		"in a body":       {fmt.Sprintf(body, "", fmt.Sprintf(choose, nops(100), nops(40))), [2]uint64{1, 0}, 60},
		"short in a body": {fmt.Sprintf(body, "", fmt.Sprintf(choose, nops(29), nops(1))), [2]uint64{1, 0}, 0},
		"of a leaf":       {fmt.Sprintf(short, nops(60), nops(20)), [2]uint64{1, 0}, 0},
	}
	for name, tt := range tests {
		for engine, rc := range engines() {
			t.Run(name+"/"+engine, func(t *testing.T) {
				res, err := guestabi.Rewrite(wat(t, tt.text), guestabi.Options{InitialFuel: 1 << 40})
				require.NoError(t, err)
				m := start(t, rc, res.Wasm, &res.Tick, func() uint64 { return 1 << 40 })
				var used [2]int64
				for i, arg := range tt.args {
					before := int64(m.ExportedGlobal(res.Fuel).Get())
					_, err := m.ExportedFunction("run").Call(context.Background(), arg)
					require.NoError(t, err)
					used[i] = before - int64(m.ExportedGlobal(res.Fuel).Get())
				}
				assert.Equal(t, tt.more, used[0]-used[1], "%d and %d", used[0], used[1])
			})
		}
	}
}
