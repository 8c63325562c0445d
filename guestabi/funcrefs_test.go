package guestabi_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/guestabi"
)

// References to functions are those functions, the module's own and imported ones,
// and a loop of them takes no memory.
func TestFuncRefs(t *testing.T) {
	wasm := wat(t, `(module
		(table $t 4 funcref) (elem declare func $a $b) (global funcref (ref.func $b))
		(func $a (result i32) (i32.const 7))
		(func $b (result i32) (i32.const 8))
		(func (export "pick") (param i32) (result i32)
			(table.set $t (i32.const 0) (ref.func $b)) (table.set $t (i32.const 1) (ref.func $a)) (table.set $t (i32.const 2) (ref.func $b))
			(table.set $t (i32.const 3) (select (result funcref) (ref.func $a) (global.get 0) (local.get 0)))
			(i32.add (i32.mul (i32.const 100) (call_indirect $t (result i32) (i32.const 3)))
				(i32.add (i32.mul (i32.const 10) (call_indirect $t (result i32) (i32.const 1))) (call_indirect $t (result i32) (i32.const 2)))))
		(func (export "many") (param i32)
			(loop (drop (ref.func $a)) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`)
	for engine, rc := range engines() {
		for _, refusals := range []bool{false, true} {
			res, err := guestabi.Rewrite(wasm, guestabi.Options{Refusals: refusals})
			require.NoError(t, err)
			m := start(t, rc, res.Wasm, &res.Tick, func() uint64 { return 1 << 40 })
			for arg, want := range []uint64{878, 778} {
				got, err := m.ExportedFunction("pick").Call(context.Background(), uint64(arg))
				require.NoError(t, err)
				assert.Equal(t, want, got[0], engine)
			}
			const many = 1 << 19
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err = m.ExportedFunction("many").Call(context.Background(), many)
			require.NoError(t, err)
			runtime.ReadMemStats(&after)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(many), engine)
		}
	}
}
