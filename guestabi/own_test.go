package guestabi_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/guestabi"
)

const importer = `(module
	(import "env" "f" (func $f (result i64)))
	(import "env" "memory" (memory 2 9 shared))
	(import "env" "a" (global $a i32))
	(import "env" "b" (global $b (mut i64)))
	(import "env" "t" (table $t 5 5 funcref))
	(import "other" "t" (table $u 2 externref))
	(import "env" "none" (global $none funcref))
	(global $c (mut i32) (global.get $a))
	(global $d i32 (i32.add (global.get $a) (i32.mul (i32.const 3) (global.get $a))))
	(global $e funcref (global.get $none))
	(table $own 1 1 funcref)
	(data (global.get $a) "data")
	(data (i32.const 1) "more")
	(data "passive")
	(elem (table $t) (offset (i32.sub (global.get $a) (i32.const 6))) func $g)
	(elem (table $own) (i32.const 0) funcref (ref.null func))
	(func $g (result i64) (global.get $b))
	(func (export "run") (result i32 i32 i64 i32 i32 i32 i32)
		(global.set $b (i64.add (global.get $b) (i64.const 1)))
		(global.get $c) (global.get $d)
		(call_indirect $t (result i64) (i32.const 2))
		(i32.load8_u (i32.const 8)) (i32.load8_u (i32.const 2)) (table.size $u) (ref.is_null (table.get $own (i32.const 0)))))`

// What is imported becomes the module's own, each at the index it had.
func TestOwn(t *testing.T) {
	wasm := wat(t, importer)
	opts := guestabi.Options{Own: true, MaxMemoryPages: 6, MaxTable: 3 * 50, InitialFuel: 1000, Globals: []guestabi.GlobalValue{
		{Name: guestabi.Name{Module: "env", Name: "a"}, Type: guestabi.I64, Lo: 1}, // of another type
		{Name: guestabi.Name{Module: "env", Name: "a"}, Type: guestabi.I32, Lo: 8},
		{Name: guestabi.Name{Module: "env", Name: "b"}, Type: guestabi.I64, Lo: 1<<64 - 3},
		{Name: guestabi.Name{Module: "env", Name: "none"}, Type: guestabi.FuncRef},
	}}
	for _, plain := range []bool{false, true} {
		opts.Uninstrumented = plain
		res, m := rewrite(t, wasm, opts)
		assert.Empty(t, res.Missing)
		for _, im := range m.Imports {
			assert.Equal(t, guestabi.KindFunc, im.Kind)
		}
		assert.Equal(t, guestabi.Limits{Min: 2, Max: 6, HasMax: true}, res.Limits, "not shared any more")
		assert.Equal(t, []guestabi.Limits{res.Limits}, m.Memories)
		require.Len(t, m.Tables, 3)
		assert.Equal(t, guestabi.Table{Elem: guestabi.ExternRef, Limits: guestabi.Limits{Min: 2, Max: 50, HasMax: true}}, m.Tables[1])
		at, ok := res.ConstI32(res.Module.Datas[0].Offset)
		assert.True(t, ok)
		assert.EqualValues(t, 8, at)
		at, ok = res.ConstI32(res.Module.Globals[1].Init)
		assert.True(t, ok)
		assert.EqualValues(t, 32, at)
		_, ok = res.ConstI32(res.Module.Globals[2].Init)
		assert.False(t, ok)
		for engine, rc := range engines() {
			t.Run(fmt.Sprintf("%s plain=%v", engine, plain), func(t *testing.T) {
				out, err := ownRun(t, newWorld(t, rc), res)
				require.NoError(t, err)
				assert.Equal(t, []uint64{8, 32, 1<<64 - 2, 'd', 'o', 2, 1}, out)
			})
		}
	}

	opts.Globals = opts.Globals[:1]
	res, _ := rewrite(t, wasm, opts)
	var missing []string
	for _, im := range res.Missing {
		missing = append(missing, im.Module+"."+im.Name.Name)
	}
	assert.Equal(t, []string{"env.a", "env.b", "env.none"}, missing)
}

func ownRun(t *testing.T, w *world, res *guestabi.Result) ([]uint64, error) {
	ctx := context.Background()
	b := w.rt.NewHostModuleBuilder("env").NewFunctionBuilder().WithFunc(func() uint64 { return 5 }).Export("f")
	env, err := b.Instantiate(ctx)
	require.NoError(t, err)
	defer env.Close(ctx)
	if res.Fuel != "" {
		tick, err := w.rt.NewHostModuleBuilder(res.Tick.Module).NewFunctionBuilder().WithFunc(func(int64) uint64 { return 5 }).Export(res.Tick.Name).Instantiate(ctx)
		require.NoError(t, err)
		defer tick.Close(ctx)
	}
	m, err := w.rt.Instantiate(ctx, res.Wasm)
	require.NoError(t, err)
	defer m.Close(ctx)
	return m.ExportedFunction("run").Call(ctx)
}

// Two imports of one name are one thing to the module: they cannot be made two.
func TestOwnRefuses(t *testing.T) {
	for _, text := range []string{
		`(module (import "env" "t" (table 1 funcref)) (import "env" "t" (table 1 funcref)))`,
		`(module (import "env" "g" (global (mut i32))) (import "env" "g" (global (mut i32))))`,
	} {
		_, err := guestabi.Rewrite(wat(t, text), guestabi.Options{Own: true})
		require.ErrorIs(t, err, guestabi.ErrNotSupported)
		assert.ErrorContains(t, err, "imported twice")
		_, err = guestabi.Rewrite(wat(t, text), guestabi.Options{})
		require.NoError(t, err)
	}
	_, err := guestabi.Rewrite(wat(t, `(module (import "env" "g" (global i32)) (import "env" "g" (global i32)))`), guestabi.Options{Own: true})
	require.NoError(t, err)
}

// withDylink adds a dylink.0 section: what a library wants, and what follows.
func withDylink(wasm []byte, memSize, memAlign, tableSize, tableAlign byte, more ...byte) []byte {
	body := append([]byte("\x08dylink.0\x01\x04"), memSize, memAlign, tableSize, tableAlign)
	body = append(body, more...)
	out := append([]byte(nil), wasm[:8]...)
	out = append(append(out, 0, byte(len(body))), body...)
	return append(out, wasm[8:]...)
}

const sideModule = `(module
	(import "env" "memory" (memory 1))
	(import "env" "__indirect_function_table" (table 1 funcref))
	(import "env" "__stack_pointer" (global $sp (mut i32)))
	(import "env" "__memory_base" (global $mb i32))
	(import "env" "__table_base" (global $tb i32))
	(import "GOT.mem" "v" (global $v (mut i32)))
	(import "GOT.mem" "abs" (global $abs (mut i32)))
	(import "GOT.func" "g" (global $g (mut i32)))
	(import "GOT.func" "weak" (global $w (mut i32)))
	(import "env" "__heap_base" (global $hb i32))
	(global (export "v") i32 (i32.const 12))
	(global (export "abs") i32 (i32.const 77))
	(elem (global.get $tb) $g $g)
	(func $g (export "g") (result i32) (i32.const 99))
	(func (export "run") (result i32 i32 i32 i32 i32 i32 i32 i32 i32)
		(global.get $sp) (global.get $mb) (global.get $tb) (global.get $v) (global.get $abs) (global.get $g)
		(global.get $w) (global.get $hb) (call_indirect (result i32) (global.get $g))))`

// A shared library's data come after its stack, and its functions after NULL.
func TestDylink(t *testing.T) {
	plain := wat(t, sideModule)
	flags := []byte{3, 7, 1, 3, 'a', 'b', 's', 0x80, 0x04, 4, 16, 1, 8, 'G', 'O', 'T', '.', 'f', 'u', 'n', 'c', 4, 'w', 'e', 'a', 'k', 1}
	flags[10] = byte(len(flags) - 11)
	wasm := withDylink(plain, 100, 12, 2, 3, flags...)
	res, m := rewrite(t, wasm, guestabi.Options{Own: true, InitialFuel: 1000, MaxTable: 11})
	require.Empty(t, res.Missing)
	const base = 256 << 10
	assert.EqualValues(t, base, res.MemoryBase)
	assert.EqualValues(t, 5, m.Memories[0].Min)
	assert.EqualValues(t, 11, m.Tables[0].Min)
	slots := map[uint32]uint32{}
	res.TableFuncs(func(slot, f uint32) { slots[slot] = f })
	assert.Equal(t, map[uint32]uint32{10: 0}, slots)
	for engine, rc := range engines() {
		t.Run(engine, func(t *testing.T) {
			out, err := ownRun(t, newWorld(t, rc), res)
			require.NoError(t, err)
			assert.Equal(t, []uint64{base, base, 8, base + 12, 77, 10, 0, base + 112, 99}, out)
		})
	}
	_, err := guestabi.Rewrite(wasm, guestabi.Options{Own: true, MaxTable: 9})
	require.ErrorIs(t, err, guestabi.ErrLimit)
	_, err = guestabi.Rewrite(wasm, guestabi.Options{Own: true, MaxMemoryPages: 4})
	require.ErrorIs(t, err, guestabi.ErrLimit)
	for name, wasm := range map[string][]byte{"none": plain, "aligned too much": withDylink(plain, 100, 17, 2, 3), "cut off": withDylink(plain, 100, 12, 2, 0x80)} {
		res, err := guestabi.Rewrite(wasm, guestabi.Options{Own: true})
		require.NoError(t, err)
		assert.Len(t, res.Missing, 8, name)
	}
}

// FuzzDylink: whatever the section says, a module comes out or an error.
func FuzzDylink(f *testing.F) {
	plain, err := guestabi.Parse(wat(f, sideModule))
	require.NoError(f, err)
	f.Add([]byte{1, 4, 100, 12, 2, 3})
	f.Add([]byte{1, 12, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0})
	o := newOracle(f)
	f.Fuzz(func(t *testing.T, section []byte) {
		body := append([]byte("\x08dylink.0"), section...)
		if len(body) > 0x7f {
			return
		}
		wasm := append([]byte("\x00asm\x01\x00\x00\x00\x00"), byte(len(body)))
		wasm = append(append(wasm, body...), plain.Source()[8:]...)
		res, err := guestabi.Rewrite(wasm, guestabi.Options{Own: true, MaxMemoryPages: 100, MaxTable: 1000})
		if err != nil {
			require.ErrorIs(t, err, guestabi.ErrLimit)
			return
		}
		require.NoError(t, o.verdict(res.Wasm))
	})
}
