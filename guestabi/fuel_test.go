package guestabi_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi/guestabi"
)

// wat assembles a module in text format.
func wat(t testing.TB, text string, flags ...string) []byte {
	path, err := exec.LookPath("wat2wasm")
	if err != nil {
		t.Skip("SKIPPED: no wat2wasm (Debian: wabt)")
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "m.wat"), filepath.Join(dir, "m.wasm")
	require.NoError(t, os.WriteFile(in, []byte(text), 0o644))
	msg, err := exec.Command(path, append([]string{"--debug-names", "--enable-tail-call", "--enable-threads",
		"--enable-extended-const", "-o", out, in}, flags...)...).CombinedOutput()
	require.NoError(t, err, "%s", msg)
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	return b
}

// endless are functions that never return, one for each way to do so, or that
// do an amount of work they choose in one instruction.
var endless = map[string]string{
	"loop":              `(module (func (export "run") (loop (br 0))))`,
	"loop in block":     `(module (func (export "run") (block (loop (br_if 1 (i32.const 0)) (br 0)))))`,
	"loop with value":   `(module (func (export "run") (drop (loop (result i32) (br_if 0 (i32.const 1)) (br 0)))))`,
	"loop with params":  `(module (func (export "run") (i32.const 1) (i64.const 2) (loop (param i32 i64) (br 0))))`,
	"nested loops":      `(module (func (export "run") (loop (loop (br 1)))))`,
	"br_table":          `(module (func (export "run") (loop (block (br_table 1 1 0 1 (i32.const 3))))))`,
	"br_table outwards": `(module (func (export "run") (loop (block (loop (br_table 2 1 2 (i32.const 7)))))))`,
	"leaf in loop":      `(module (func $leaf) (func (export "run") (loop (call $leaf) (br 0))))`,
	"call_indirect in loop": `(module (table funcref (elem $leaf)) (func $leaf)
		(func (export "run") (loop (call_indirect (i32.const 0)) (br 0))))`,
	"tail call":          `(module (func $f (export "run") (return_call $f)))`,
	"tail call of two":   `(module (func $f (export "run") (return_call $g)) (func $g (return_call $f)))`,
	"tail call in loop":  `(module (func $f (export "run") (loop (br_if 0 (i32.const 0))) (return_call $f)))`,
	"tail call of table": `(module (table funcref (elem $f)) (func $f (export "run") (return_call_indirect (i32.const 0))))`,
	"tail call of leaf": `(module (func $leaf (param i32)) (func (export "run") (local i32)
		(loop (block (call $g (i32.const 1))) (br 0))) (func $g (param i32) (return_call $leaf (local.get 0))))`,
	"start function": `(module (func $s (loop (br 0))) (start $s) (func (export "run")))`,
}

// recursive ones would end by exhausting the stack if they were let.
var recursive = map[string]string{
	"recursion":            `(module (func $f (export "run") (call $f)))`,
	"recursion in leaf if": `(module (func $f (export "run") (if (i32.const 1) (then (call $f)))))`,
	"mutual recursion":     `(module (func $a (export "run") (call $b)) (func $b (call $a)))`,
	"indirect recursion":   `(module (table funcref (elem $f)) (func $f (export "run") (call_indirect (i32.const 0))))`,
	"recursion past a loop": `(module (func $f (export "run")
		(if (i32.const 0) (then (loop (br 0)))) (call $f)))`,
	"doubling": `(module
		(func $a (call $b) (call $b)) (func $b (call $c) (call $c)) (func $c (call $d) (call $d))
		(func $d (call $e) (call $e)) (func $e (call $f) (call $f)) (func $f (call $g) (call $g))
		(func $g) (func (export "run") (call $a)))`,
}

var errOut = errors.New("out of fuel")

// runOut runs a module until it has ticked a number of times.
func runOut(t *testing.T, rc wazero.RuntimeConfig, wasm []byte, grant int64, ticks int) error {
	res, err := guestabi.Rewrite(wasm, guestabi.Options{})
	require.NoError(t, err)
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, rc)
	defer r.Close(ctx)
	_, err = r.NewHostModuleBuilder(res.Tick.Module).NewFunctionBuilder().WithGoFunction(
		api.GoFunc(func(_ context.Context, stack []uint64) {
			if ticks--; ticks == 0 {
				panic(errOut)
			}
			stack[0] = uint64(grant)
		}), []api.ValueType{api.ValueTypeI64}, []api.ValueType{api.ValueTypeI64}).Export(res.Tick.Name).Instantiate(ctx)
	require.NoError(t, err)
	m, err := r.InstantiateWithConfig(ctx, res.Wasm, wazero.NewModuleConfig().WithStartFunctions())
	if err != nil {
		return err
	}
	_, err = m.ExportedFunction("run").Call(ctx)
	return err
}

func TestEndlessCodeTicks(t *testing.T) {
	for engine, rc := range engines() {
		for name, text := range endless {
			t.Run(engine+"/"+name, func(t *testing.T) {
				assert.ErrorIs(t, runOut(t, rc, wat(t, text), 10_000, 10), errOut)
			})
		}
		for name, text := range recursive {
			t.Run(engine+"/"+name, func(t *testing.T) {
				assert.ErrorIs(t, runOut(t, rc, wat(t, text), 20, 5), errOut)
			})
		}
	}
}

// TestTickAlwaysProgresses grants less than anything costs: the guest still
// gets on, so that only the host's panic ends it.
func TestTickAlwaysProgresses(t *testing.T) {
	wasm := wat(t, `(module (func (export "run") (local i32) (loop (br_if 0 (i32.lt_u
		(local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 100))))))`)
	for _, grant := range []int64{0, -1, -1 << 63, 1<<63 - 1} {
		for engine, rc := range engines() {
			t.Run(engine, func(t *testing.T) { assert.NoError(t, runOut(t, rc, wasm, grant, 1000)) })
		}
	}
}

// TestBulkOperations does each in a size that needs several chunks, and
// compares memory with what it is without the rewrite.
func TestBulkOperations(t *testing.T) {
	const text = `(module (memory (export "m") 100 200)
		(table $t 1000 1100 funcref)
		(elem $e funcref (ref.func $f) (ref.null func) (ref.func $f))
		(func $f)
		(data $d "0123456789")
		(func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
		(func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
		(func (export "init") (param i32 i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
		(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
		(func (export "tinit") (param i32 i32 i32) (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
		(func (export "tcopy") (param i32 i32 i32) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
		(func (export "tfill") (param i32 i32) (table.fill $t (local.get 0) (ref.func $f) (local.get 1)))
		(func (export "tgrow") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))
		(func (export "null") (param i32) (result i32) (ref.is_null (table.get $t (local.get 0))))
		(func (export "loopfill") (param i32 i32 i32)
			(loop (memory.fill (local.get 0) (local.get 1) (local.get 2))
				(local.set 0 (i32.add (local.get 0) (i32.const 5)))
				(br_if 0 (i32.lt_u (local.get 0) (i32.const 50))))))`
	const M = 1 << 20
	top := uint64(100 * 65536)
	calls := []struct {
		name string
		args []uint64
	}{
		{"fill", []uint64{7, 0xab, 5*M + 3}}, {"fill", []uint64{0, 1, 0}}, {"fill", []uint64{100, 0x1cd, 10}},
		{"fill", []uint64{top, 1, 0}}, {"fill", []uint64{top - 5, 9, 5}}, {"fill", []uint64{top - 5, 9, 6}},
		{"fill", []uint64{top + 1, 1, 0}}, {"fill", []uint64{0, 1, 0xffffffff}}, {"fill", []uint64{0xffffffff, 1, 0xffffffff}},
		{"init", []uint64{11, 2, 7}}, {"init", []uint64{11, 2, 9}}, {"init", []uint64{0, 0, 0xffffffff}},
		{"copy", []uint64{3 * M, 10, 2*M + 77}}, {"copy", []uint64{10 + 1000, 10, 3*M + 1}}, {"copy", []uint64{10, 10 + 1000, 3*M + 1}},
		{"copy", []uint64{5, 5, 2 * M}}, {"copy", []uint64{top, top, 0}}, {"copy", []uint64{top, 0, 1}}, {"copy", []uint64{0, top, 1}},
		{"copy", []uint64{0xffffffff, 0, 2}}, {"copy", []uint64{0, 0xffffffff, 2}}, {"copy", []uint64{0, top + 1, 0}},
		{"loopfill", []uint64{0, 3, 4}},
		{"grow", []uint64{3}}, {"grow", []uint64{1000}}, {"grow", []uint64{0}}, {"grow", []uint64{0xffffffff}},
		{"tfill", []uint64{10, 500}}, {"tfill", []uint64{999, 2}}, {"tfill", []uint64{0, 0xffffffff}},
		{"tinit", []uint64{0, 0, 3}}, {"tinit", []uint64{0, 0, 4}}, {"tcopy", []uint64{20, 0, 10}}, {"tcopy", []uint64{995, 0, 10}},
		{"tgrow", []uint64{10}}, {"tgrow", []uint64{0x7fffffff}},
		{"null", []uint64{0}}, {"null", []uint64{1}}, {"null", []uint64{20}}, {"null", []uint64{21}}, {"null", []uint64{1009}}, {"null", []uint64{1010}},
	}
	wasm := wat(t, text)
	for engine, rc := range engines() {
		t.Run(engine, func(t *testing.T) {
			ctx := context.Background()
			res, err := guestabi.Rewrite(wasm, guestabi.Options{})
			require.NoError(t, err)
			ticks := 0
			plain := start(t, rc, wasm, nil, nil)
			fuel := start(t, rc, res.Wasm, &res.Tick, func() uint64 { ticks++; return 0 })
			for _, c := range calls {
				want, wantErr := plain.ExportedFunction(c.name).Call(ctx, c.args...)
				got, gotErr := fuel.ExportedFunction(c.name).Call(ctx, c.args...)
				require.Equal(t, want, got, "%s %v", c.name, c.args)
				require.Equal(t, wantErr == nil, gotErr == nil, "%s %v: %v, %v", c.name, c.args, wantErr, gotErr)
				a, _ := plain.Memory().Read(0, plain.Memory().Size())
				b, _ := fuel.Memory().Read(0, fuel.Memory().Size())
				require.True(t, string(a) == string(b), "%s %v: memory differs", c.name, c.args)
			}
			assert.NotZero(t, ticks)
		})
	}
}

// TestHugeFillTicks fills most of 4 GiB's worth of chunks and stops in between.
func TestHugeFillTicks(t *testing.T) {
	for name, op := range map[string]string{
		"memory.fill": `(memory.fill (i32.const 0) (i32.const 1) (i32.const 0x3e00000))`,
		"memory.copy": `(memory.copy (i32.const 100) (i32.const 0) (i32.const 0x3000000))`,
		"memory.grow": `(loop (drop (memory.grow (i32.const 1))) (br 0))`,
		"table.fill":  `(loop (table.fill 0 (i32.const 0) (ref.null func) (i32.const 100000)) (br 0))`,
	} {
		wasm := wat(t, `(module (memory 1000 2000) (table 100000 funcref) (func (export "run") `+op+`))`)
		for engine, rc := range engines() {
			t.Run(engine+"/"+name, func(t *testing.T) {
				assert.ErrorIs(t, runOut(t, rc, wasm, 200_000, 5), errOut)
			})
		}
	}
}

// TestFuelIsDeterministic and grows with the work.
func TestFuelIsDeterministic(t *testing.T) {
	for name, wasm := range readKernels(t) {
		t.Run(name, func(t *testing.T) {
			used := map[string][]int64{}
			for engine, rc := range engines() {
				res, err := guestabi.Rewrite(wasm, guestabi.Options{InitialFuel: 1 << 40})
				require.NoError(t, err)
				m := start(t, rc, res.Wasm, &res.Tick, func() uint64 { t.Error("tick"); return 0 })
				g := m.ExportedGlobal(res.Fuel)
				for _, n := range []uint64{3, 6, 12, 12} {
					before := int64(g.Get())
					_, err := m.ExportedFunction("run").Call(context.Background(), n)
					require.NoError(t, err)
					used[engine] = append(used[engine], before-int64(g.Get()))
				}
			}
			assert.Equal(t, used["interpreter"], used["compiler"])
			u := used["compiler"]
			assert.Less(t, u[0], u[1])
			assert.Less(t, u[1], u[2])
			assert.Equal(t, u[2], u[3])
		})
	}
}

// TestManyLoops has more loops in a function than keep the counter in a local.
func TestManyLoops(t *testing.T) {
	once := `(local.set 0 (i32.const 0)) (loop (local.set 0 (i32.add (local.get 0) (i32.const 1)))
		(local.set 1 (i32.add (local.get 1) (local.get 0))) (br_if 0 (i32.lt_u (local.get 0) (i32.const 3))))`
	wasm := wat(t, `(module (func (export "run") (result i32) (local i32 i32) `+strings.Repeat(once, 600)+` (local.get 1)))`)
	res, err := guestabi.Rewrite(wasm, guestabi.Options{})
	require.NoError(t, err)
	for engine, rc := range engines() {
		t.Run(engine, func(t *testing.T) {
			ticks := 0
			m := start(t, rc, res.Wasm, &res.Tick, func() uint64 { ticks++; return 5 })
			out, err := m.ExportedFunction("run").Call(context.Background())
			require.NoError(t, err)
			assert.Equal(t, []uint64{600 * 6}, out)
			assert.Greater(t, ticks, 1000)
		})
	}
}

// TestFuelInHostFunctions: what a host function reads is exact, and what it
// writes counts from there, also where the guest keeps the counter in a local.
func TestFuelInHostFunctions(t *testing.T) {
	wasm := wat(t, `(module (import "env" "look" (func $look))
		(func (export "run") (local i32) (loop (call $look)
			(br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 6))))))`)
	res, err := guestabi.Rewrite(wasm, guestabi.Options{InitialFuel: 1000})
	require.NoError(t, err)
	for engine, rc := range engines() {
		t.Run(engine, func(t *testing.T) {
			ctx := context.Background()
			r := wazero.NewRuntimeWithConfig(ctx, rc)
			defer r.Close(ctx)
			var seen []int64
			_, err = r.NewHostModuleBuilder("env").NewFunctionBuilder().WithFunc(func(_ context.Context, m api.Module) {
				g := m.ExportedGlobal(res.Fuel).(api.MutableGlobal)
				seen = append(seen, int64(g.Get()))
				if len(seen) == 3 {
					g.Set(500)
				}
			}).Export("look").Instantiate(ctx)
			require.NoError(t, err)
			_, err = r.NewHostModuleBuilder(res.Tick.Module).NewFunctionBuilder().WithFunc(func(int64) int64 { return 0 }).Export(res.Tick.Name).Instantiate(ctx)
			require.NoError(t, err)
			m, err := r.Instantiate(ctx, res.Wasm)
			require.NoError(t, err)
			_, err = m.ExportedFunction("run").Call(ctx)
			require.NoError(t, err)
			require.Len(t, seen, 6)
			price := seen[0] - seen[1]
			assert.Positive(t, price)
			assert.Equal(t, []int64{seen[0], seen[0] - price, seen[0] - 2*price, 500 - price, 500 - 2*price, 500 - 3*price}, seen)
			assert.EqualValues(t, 500-3*price, m.ExportedGlobal(res.Fuel).Get())
		})
	}
}
