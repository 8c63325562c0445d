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

// What is called through a table, or from outside, looks at the counter itself
// unless it is short: who calls it pays for little or nothing, and may not look.
func TestOpenFunctionsLook(t *testing.T) {
	nops := func(n int) string { return strings.Repeat("nop ", n) }
	const turns = 1000
	const loop = `(module (table funcref (elem $f)) (func $f %s)
		(func (export "run") (param i32) (local.set 0 (i32.const 1000))
			(loop %s (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`
	const never = `(if (local.get 0) (then (loop (br 0))))`
	for name, tt := range map[string]struct {
		text        string
		least, most int64 // used
	}{
		"long leaf of a table":    {fmt.Sprintf(loop, nops(400), "(call_indirect (i32.const 0))"), 400 * turns, 450 * turns},
		"long leaf by its index":  {fmt.Sprintf(loop, nops(400), "(call $f)"), 400 * turns, 450 * turns},
		"short leaf of a table":   {fmt.Sprintf(loop, nops(90), "(call_indirect (i32.const 0))"), 20 * turns, 40 * turns},
		"long and exported":       {`(module (func (export "run") (param i32) ` + nops(400) + `))`, 400, 450},
		"short and exported":      {`(module (func (export "run") (param i32) ` + nops(90) + `))`, 0, 0},
		"long before a loop":      {`(module (func (export "run") (param i32) ` + nops(400) + never + `))`, 400, 450},
		"long branch, and a loop": {`(module (func (export "run") (param i32) (if (i32.eqz (local.get 0)) (then ` + nops(400) + `)) ` + never + `))`, 400, 450},
	} {
		for engine, rc := range engines() {
			res, err := guestabi.Rewrite(wat(t, tt.text), guestabi.Options{})
			require.NoError(t, err)
			ticks := 0
			m := start(t, rc, res.Wasm, &res.Tick, func() uint64 { ticks++; return 1 << 40 })
			run := m.ExportedFunction("run")
			for range 2 { // the first may look when it has ended
				_, err = run.Call(context.Background(), 0)
				require.NoError(t, err)
			}
			assert.Equal(t, tt.least > 0, ticks > 0, "%s, %s", name, engine)
			before := int64(m.ExportedGlobal(res.Fuel).Get())
			_, err = run.Call(context.Background(), 0)
			require.NoError(t, err)
			used := before - int64(m.ExportedGlobal(res.Fuel).Get())
			assert.LessOrEqual(t, tt.least, used, "%s, %s", name, engine)
			assert.GreaterOrEqual(t, tt.most, used, "%s, %s", name, engine)
		}
	}
}
