package guestabi_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/wasmffi/wasmffi/guestabi"
)

func rewrite(t testing.TB, wasm []byte, opts guestabi.Options) (*guestabi.Result, *guestabi.Module) {
	t.Helper()
	res, err := guestabi.Rewrite(wasm, opts)
	require.NoError(t, err)
	return res, requireValid(t, res.Wasm)
}

func TestPrivateExports(t *testing.T) {
	wasm := wat(t, `(module
		(import "env" "g" (global $imported (mut i64)))
		(import "env" "t" (table 1 20 externref))
		(memory 2) (table 3 3 funcref)
		(global $const i32 (i32.const 1))
		(global $__stack_pointer (mut i32) (i32.const 65536))
		(global $v (mut v128) (v128.const i64x2 0 0))
		(func $f (global.set $__stack_pointer (i32.const 1))) (export "f" (func $f)))`)
	res, m := rewrite(t, wasm, guestabi.Options{MaxMemoryPages: 10, MaxTable: 50, InitialFuel: 42})

	e, _ := m.Export(res.Memory)
	assert.Equal(t, guestabi.Export{Name: res.Memory, Kind: guestabi.KindMemory}, e)
	require.Len(t, res.Tables, 2)
	for i, name := range res.Tables {
		e, _ := m.Export(name)
		assert.Equal(t, guestabi.Export{Name: name, Kind: guestabi.KindTable, Index: uint32(i)}, e)
	}
	assert.Equal(t, []guestabi.GlobalExport{
		{Name: res.Globals[0].Name, Index: 0, Type: guestabi.I64},
		{Name: res.Globals[1].Name, Index: 2, Type: guestabi.I32},
		{Name: res.Globals[2].Name, Index: 3, Type: guestabi.V128},
	}, res.Globals)
	assert.Equal(t, res.Globals[1].Name, res.StackPointer)
	for _, g := range res.Globals {
		e, _ := m.Export(g.Name)
		assert.Equal(t, guestabi.Export{Name: g.Name, Kind: guestabi.KindGlobal, Index: g.Index}, e)
	}
	e, _ = m.Export(res.Fuel)
	assert.Equal(t, guestabi.Export{Name: res.Fuel, Kind: guestabi.KindGlobal, Index: 4}, e)
	assert.Equal(t, guestabi.GlobalType{Type: guestabi.I64, Mutable: true}, m.Globals[len(m.Globals)-1].GlobalType)

	assert.Equal(t, guestabi.Limits{Min: 2, Max: 10, HasMax: true}, m.Memories[0])
	assert.Equal(t, guestabi.Limits{Min: 3, Max: 50, HasMax: true}, m.Tables[0].Limits)
	assert.Equal(t, guestabi.Limits{Min: 1, Max: 50, HasMax: true}, m.Imports[1].Table.Limits)
	assert.Equal(t, res.Tick, m.Imports[2].Name)
	tick, _ := m.FuncType(0)
	assert.Equal(t, "(i64) -> (i64)", tick.String())
	e, _ = m.Export("f")
	assert.EqualValues(t, 1, e.Index)
}

func TestUninstrumented(t *testing.T) {
	wasm := readKernels(t)["sort"]
	res, m := rewrite(t, wasm, guestabi.Options{Uninstrumented: true})
	assert.Equal(t, res.Module.Bytes(res.Module.CodeSection), m.Bytes(m.CodeSection))
	assert.Empty(t, m.Imports)
	assert.Zero(t, res.Tick)
	assert.Empty(t, res.Fuel)
	assert.NotEmpty(t, res.Memory)
	assert.EqualValues(t, 100, res.OriginalOffset(100))
	i, ok := res.OriginalFunc(2)
	assert.True(t, ok)
	assert.EqualValues(t, 2, i)
}

// TestNamesAreNotTaken rewrites a module again and again: each time the names
// of the time before are the guest's own.
func TestNamesAreNotTaken(t *testing.T) {
	wasm := readKernels(t)["fib"]
	seen := map[string]bool{}
	for range 4 {
		res, m := rewrite(t, wasm, guestabi.Options{})
		for _, name := range append([]string{res.Memory, res.Fuel, res.Tick.Module}, res.Tables...) {
			assert.False(t, seen[name], name)
			seen[name] = true
		}
		assert.Equal(t, res.Tick, m.Imports[len(m.Imports)-1].Name)
		wasm = res.Wasm
	}
}

// TestHiddenThingsStayHidden: indices that name what the rewrite appends are
// out of range in the module as it came, so that it is refused.
func TestHiddenThingsStayHidden(t *testing.T) {
	for name, body := range map[string]string{
		"global.get of the counter":      `\23\00\1a\0b`,
		"global.set of the counter":      `\42\00\24\00\0b`,
		"call of a helper":               `\10\01\0b`,
		"ref.func of a helper":           `\d2\01\1a\0b`,
		"block of the tick type":         `\02\01\42\00\0b\1a\0b`,
		"call_indirect of the tick type": `\41\00\11\01\00\1a\0b`,
	} {
		t.Run(name, func(t *testing.T) {
			wasm := []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x04\x04\x01\x70\x00\x01")
			code := append([]byte{0}, unescape(body)...)
			wasm = append(wasm, 10, byte(len(code)+2), 1, byte(len(code)))
			_, err := guestabi.Rewrite(append(wasm, code...), guestabi.Options{})
			assert.ErrorIs(t, err, guestabi.ErrInvalid)
		})
	}
}

func unescape(s string) []byte {
	var b []byte
	for _, h := range strings.Split(s, `\`)[1:] {
		hi, lo := strings.IndexByte("0123456789abcdef", h[0]), strings.IndexByte("0123456789abcdef", h[1])
		b = append(b, byte(hi<<4|lo))
	}
	return b
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		text string
		opts guestabi.Options
		want string
	}{
		{`(module (memory 11))`, guestabi.Options{MaxMemoryPages: 10},
			"guestabi: rewrite: memory section at 0xa: limit exceeded: memory of 11 pages exceeds 10"},
		{`(module (import "m" "m" (memory 11)))`, guestabi.Options{MaxMemoryPages: 10},
			"guestabi: rewrite: import section at 0xa: limit exceeded: memory of 11 pages exceeds 10"},
		{`(module (memory 65536))`, guestabi.Options{},
			"guestabi: rewrite: memory section at 0xa: limit exceeded: memory of 65536 pages exceeds 65535"},
		{`(module (table 11 funcref))`, guestabi.Options{MaxTable: 10},
			"guestabi: rewrite: table section at 0xa: limit exceeded: table of 11 elements exceeds 10"},
		{`(module)`, guestabi.Options{Limits: guestabi.ModuleLimits{ModuleBytes: 5}},
			"guestabi: rewrite: at 0x0: limit exceeded: module of 18 bytes exceeds 5"},
		{`(module (func) (func))`, guestabi.Options{Limits: guestabi.ModuleLimits{Functions: 1}},
			"guestabi: rewrite: code section at 0x15: limit exceeded: 2 functions exceed 1"},
		{`(module (func $f nop nop nop))`, guestabi.Options{Limits: guestabi.ModuleLimits{BodyBytes: 3}},
			"guestabi: rewrite: code section at 0x16: limit exceeded: func 0 (\"f\"): body of 5 bytes exceeds 3"},
		{`(module (func (param i32) (local i32 i64 i64)))`, guestabi.Options{Limits: guestabi.ModuleLimits{Locals: 3}},
			"guestabi: rewrite: code section at 0x17: limit exceeded: func 0: 4 locals exceed 3"},
		{`(module (func ` + strings.Repeat("(loop)", 100) + `))`, guestabi.Options{Limits: guestabi.ModuleLimits{ModuleBytes: 1000}},
			"guestabi: rewrite: code section at 0x18: limit exceeded: rewritten code of 7043 bytes exceeds 1000"},
		{`(module (func) (func $f ` + strings.Repeat("(if (i32.const 1) (then))", 2000) + `))`, guestabi.Options{Limits: guestabi.ModuleLimits{Work: 1e6}},
			"guestabi: validate: code section at 0x1c: func 1 (\"f\"): limit exceeded: compiling it and what comes before takes 26034009 units of work, exceeding 1000000"},
	} {
		_, err := guestabi.Rewrite(wat(t, c.text), c.opts)
		require.ErrorIs(t, err, guestabi.ErrLimit, c.text)
		var e *guestabi.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, c.want, err.Error())
	}
}

func TestBadModules(t *testing.T) {
	valid := wat(t, `(module (func (result i32) (i32.const 1)))`)
	for _, c := range []struct {
		name string
		wasm []byte
		kind error
		want string
	}{
		{"empty", nil, guestabi.ErrMalformed, "guestabi: parse: at 0x0: malformed module: no wasm magic number"},
		{"ELF", []byte("\x7fELF\x02\x01\x01\x00"), guestabi.ErrMalformed, "guestabi: parse: at 0x0: malformed module: no wasm magic number"},
		{"component", []byte("\x00asm\x0d\x00\x01\x00"), guestabi.ErrNotSupported, "guestabi: parse: at 0x4: not supported: a component, not a module"},
		{"truncated", valid[:len(valid)-20], guestabi.ErrMalformed, ""},
		{"huge section", []byte("\x00asm\x01\x00\x00\x00\x01\xff\xff\xff\xff\x0f"), guestabi.ErrMalformed,
			"guestabi: parse: type section at 0xe: malformed module: 4294967295 bytes wanted, 0 left"},
		{"huge vector", []byte("\x00asm\x01\x00\x00\x00\x01\x05\xff\xff\xff\xff\x0f"), guestabi.ErrMalformed,
			"guestabi: parse: type section at 0xa: malformed module: 4294967295 types do not fit in the 0 bytes left"},
		{"tag section", []byte("\x00asm\x01\x00\x00\x00\x0d\x01\x00"), guestabi.ErrNotSupported, "guestabi: parse: at 0x8: not supported: tag section (exception handling)"},
		{"type mismatch", wat(t, `(module (func $f (result i32) (i64.const 1)))`, "--no-check"), guestabi.ErrInvalid,
			"guestabi: validate: code section at 0x1a: func 0 (\"f\"): invalid module: operand is i64, not i32"},
		{"throw", wat(t, `(module (func $f (result i32) try (result i32) i32.const 1 catch_all i32.const 2 end))`, "--enable-exceptions"), guestabi.ErrNotSupported,
			"guestabi: validate: code section at 0x18: func 0 (\"f\"): not supported: instruction 0x6 (exception handling)"},
		{"64-bit memory", wat(t, `(module (memory i64 1))`, "--enable-memory64"), guestabi.ErrNotSupported,
			"guestabi: parse: memory section at 0xb: not supported: memory with limits flags 0x4 (64-bit memory)"},
		{"two memories", wat(t, `(module (memory 1) (memory 1))`, "--enable-multi-memory"), guestabi.ErrNotSupported,
			"guestabi: validate: memory section at 0xa: not supported: 2 memories (multiple memories)"},
		{"reference to a function type", []byte("\x00asm\x01\x00\x00\x00\x01\x06\x01\x60\x01\x63\x00\x00"), guestabi.ErrNotSupported,
			"guestabi: parse: type section at 0xd: not supported: value type 0x63 (typed function references)"},
		{"struct type", []byte("\x00asm\x01\x00\x00\x00\x01\x05\x01\x5f\x01\x7f\x00"), guestabi.ErrNotSupported,
			"guestabi: parse: type section at 0xb: not supported: type form 0x5f (garbage collection)"},
		{"relaxed SIMD", append([]byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x08\x01\x06\x00\xfd\x80\x02\x1a"), 11), guestabi.ErrNotSupported,
			"guestabi: validate: code section at 0x17: func 0: not supported: vector instruction beyond 0xff (relaxed SIMD), or not in its shortest form"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := guestabi.Rewrite(c.wasm, guestabi.Options{})
			require.ErrorIs(t, err, c.kind)
			if c.want != "" {
				assert.Equal(t, c.want, err.Error())
			}
		})
	}
}

// TestTruncated cuts a module at every byte.
func TestTruncated(t *testing.T) {
	for _, wasm := range seeds(t) {
		for n := range len(wasm) {
			m, err := validate(wasm[:n])
			if err == nil { // cut between sections
				assert.Less(t, len(m.Codes)+len(m.Customs), 20)
				continue
			}
			var e *guestabi.Error
			require.True(t, errors.As(err, &e))
		}
	}
}

func TestStackPointer(t *testing.T) {
	const use = `(func (local i32) (global.set $sp (local.tee 0 (i32.sub (global.get $sp) (i32.const 16)))))`
	for _, c := range []struct {
		name, text string
		names      bool
		index      int // of the global, -1 for not found
	}{
		{"by export", `(module (global i32 (i32.const 0)) (global (export "__stack_pointer") (mut i32) (i32.const 0)))`, false, 1},
		{"export of the wrong type", `(module (global (export "__stack_pointer") (mut i64) (i64.const 0)))`, true, -1},
		{"immutable export", `(module (global (export "__stack_pointer") i32 (i32.const 0)))`, true, -1},
		{"by import", `(module (import "env" "__stack_pointer" (global (mut i32))))`, false, 0},
		{"by name", `(module (global i32 (i32.const 0)) (global $__stack_pointer (mut i32) (i32.const 0)))`, true, 1},
		{"by use", `(module (global $sp (mut i32) (i32.const 0)) ` + use + `)`, false, 0},
		{"by contradictory use", `(module (global $sp (mut i32) (i32.const 0)) ` + use + `(global $s (mut i32) (i32.const 0))` +
			strings.ReplaceAll(use, "$sp", "$s") + `)`, false, -1},
		{"unused", `(module (global $sp (mut i32) (i32.const 0)))`, false, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			wasm := wat(t, c.text)
			if !c.names {
				wasm = withoutCustoms(wasm)
			}
			res, _ := rewrite(t, wasm, guestabi.Options{})
			found := -1
			for _, g := range res.Globals {
				if g.Name == res.StackPointer {
					found = int(g.Index)
				}
			}
			assert.Equal(t, c.index, found)
		})
	}
}

func TestNameSection(t *testing.T) {
	wasm := wat(t, `(module $mod (import "env" "i" (func $i (param $p i32))) (memory 1)
		(func $a (param $x i32) (local $y i64)) (func $b (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))`)
	res, m := rewrite(t, wasm, guestabi.Options{})
	names := map[uint32]string{}
	for i := range uint32(6) {
		names[i] = m.FuncName(i)
	}
	assert.Equal(t, map[uint32]string{0: "i", 1: "wasmffi.tick", 2: "a", 3: "b", 4: "wasmffi.memory.fill", 5: ""}, names)
	for i, want := range map[uint32]int{0: 0, 1: -1, 2: 1, 3: 2, 4: -1, 5: -1} {
		old, ok := res.OriginalFunc(i)
		if want < 0 {
			assert.False(t, ok, i)
		} else {
			assert.True(t, ok, i)
			assert.EqualValues(t, want, old)
		}
	}
	custom, ok := m.Custom("name")
	require.True(t, ok)
	for _, local := range []string{"mod", "x", "y", "p"} {
		assert.Contains(t, string(custom), local)
	}
}

func TestCustomSections(t *testing.T) {
	wasm := wat(t, `(module (func $f))`)
	for _, c := range []string{"\x04name" + "\x01\x04\x01\x00\x01g", "\x0bmeta.author" + "me", "\x0b.debug_info" + "x", "\x08.debug_x" + "y", "\x05empty"} {
		wasm = append(append(wasm, 0, byte(len(c))), c...)
	}
	_, m := rewrite(t, wasm, guestabi.Options{})
	var names []string
	for _, c := range m.Customs {
		names = append(names, c.Name)
	}
	assert.Equal(t, []string{"name", "meta.author"}, names)
	old := requireValid(t, wasm)
	d, ok := old.Custom(".debug_info")
	assert.True(t, ok)
	assert.Equal(t, "x", string(d))
}

// TestFunctionIndicesMove covers every place that names a function.
func TestFunctionIndicesMove(t *testing.T) {
	wasm := wat(t, `(module
		(import "env" "i" (func $i (result i32)))
		(type $t (func (result i32)))
		(table $tab 5 funcref)
		(elem (table $tab) (i32.const 0) func $i $one)
		(elem $passive funcref (ref.func $two) (ref.func $i) (ref.null func))
		(elem declare func $one)
		(global $g funcref (ref.func $two))
		(global $hits (mut i32) (i32.const 0))
		(func $one (result i32) (i32.const 1))
		(func $two (result i32) (i32.const 2))
		(func $start (global.set $hits (i32.add (global.get $hits) (i32.const 100))))
		(start $start)
		(func (export "run") (param i32) (result i32)
			(table.init $tab $passive (i32.const 2) (i32.const 0) (i32.const 2))
			(table.set $tab (i32.const 4) (global.get $g))
			(i32.add (global.get $hits) (i32.add (call $two)
				(if (result i32) (i32.eq (local.get 0) (i32.const 9))
					(then (table.set $tab (i32.const 0) (ref.func $one)) (call_indirect (type $t) (i32.const 0)))
					(else (call_indirect (type $t) (local.get 0))))))))`)
	res, _ := rewrite(t, wasm, guestabi.Options{})
	for engine, rc := range engines() {
		t.Run(engine, func(t *testing.T) {
			ctx := context.Background()
			r := wazero.NewRuntimeWithConfig(ctx, rc)
			defer r.Close(ctx)
			_, err := r.NewHostModuleBuilder("env").NewFunctionBuilder().WithFunc(func() int32 { return 50 }).Export("i").Instantiate(ctx)
			require.NoError(t, err)
			_, err = r.NewHostModuleBuilder(res.Tick.Module).NewFunctionBuilder().WithFunc(func(int64) int64 { return 1 << 30 }).Export(res.Tick.Name).Instantiate(ctx)
			require.NoError(t, err)
			m, err := r.Instantiate(ctx, res.Wasm)
			require.NoError(t, err)
			for arg, want := range map[uint64]uint64{0: 152, 1: 103, 2: 104, 3: 152, 4: 104, 9: 103} {
				if arg == 9 {
					continue
				}
				out, err := m.ExportedFunction("run").Call(ctx, arg)
				require.NoError(t, err)
				assert.Equal(t, []uint64{want}, out, "%d", arg)
			}
			out, err := m.ExportedFunction("run").Call(ctx, 9)
			require.NoError(t, err)
			assert.Equal(t, []uint64{103}, out)
		})
	}
}

// TestRewriteIsDeterministic, so that what it makes can be cached.
func TestRewriteIsDeterministic(t *testing.T) {
	for name, wasm := range readKernels(t) {
		a, _ := rewrite(t, wasm, guestabi.Options{InitialFuel: 9})
		b, _ := rewrite(t, wasm, guestabi.Options{InitialFuel: 9})
		assert.Equal(t, a.Wasm, b.Wasm, name)
	}
}
