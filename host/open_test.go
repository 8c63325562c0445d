package host

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
)

func TestOpenFile(t *testing.T) {
	lib, err := Open(background, "testdata/basic.wasm", Options{})
	require.NoError(t, err)
	defer lib.Close()
	assert.Equal(t, "testdata/basic.wasm", lib.Name())
	requireUsable(t, lib)
}

func TestOpenByBareName(t *testing.T) {
	lib, err := Open(background, "basic", Options{Path: []string{"testdata"}})
	require.NoError(t, err)
	require.NoError(t, lib.Close())
	t.Setenv("WASMFFI_PATH", "nowhere"+string(filepath.ListSeparator)+"testdata")
	lib, err = Open(background, "basic.wasm", Options{})
	require.NoError(t, err)
	require.NoError(t, lib.Close())
	viaRoot, err := wasmffi.Open(background, "basic.wasm", Options{MemoryLimit: 1 << 20})
	require.NoError(t, err)
	assert.EqualValues(t, 1<<20, viaRoot.(*Library).in.opts.MemoryLimit)
	require.NoError(t, viaRoot.Close())

	_, err = Open(background, "missing", Options{Path: []string{"a", "b"}})
	require.ErrorIs(t, err, wasmffi.ErrNotFound)
	for _, tried := range []string{"missing.wasm", filepath.Join("a", "missing.wasm"), filepath.Join("testdata", "missing.wasm")} {
		assert.Contains(t, err.Error(), tried)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		return path
	}
	good := fixture(t, "bare.wasm")
	tests := []struct {
		name string
		data []byte
		want error
		text string
	}{
		{"machine code", append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 64)...), wasmffi.ErrRefused, "refused: ELF file: package host runs wasm modules only"},
		{"machine.wasm", []byte("\xcf\xfa\xed\xfe12345"), wasmffi.ErrRefused, "refused: Mach-O file: package host runs wasm modules only"},
		{"text", []byte("hello"), wasmffi.ErrFormat, "not a library: it begins with 68 65 6c 6c, not with the bytes of a wasm module"},
		{"empty", nil, wasmffi.ErrFormat, "not a library: it begins with , not with the bytes of a wasm module"},
		{"truncated", good[:len(good)/2], wasmffi.ErrFormat, "guestabi: parse: "},
		{"later version", append([]byte("\x00asm\x02\x00\x00\x00"), good[8:]...), wasmffi.ErrNotSupported, "guestabi: parse: at 0x4: not supported: version"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(tt.name, tt.data)
			_, err := Open(background, path, Options{})
			require.ErrorIs(t, err, tt.want)
			assert.True(t, strings.HasPrefix(err.Error(), "wasmffi: open "+path+": "+tt.text), err.Error())
			_, err = OpenBytes(background, "x", tt.data, Options{})
			require.ErrorIs(t, err, tt.want)
		})
	}
	_, err := Open(background, filepath.Join(dir, "none.wasm"), Options{})
	require.ErrorIs(t, err, wasmffi.ErrNotFound)
	_, err = Open(background, dir, Options{})
	require.ErrorIs(t, err, wasmffi.ErrFormat)
}

func TestAudit(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	var seen []wasmffi.AuditOp
	restore := wasmffi.SetAuditHook(func(e wasmffi.AuditEvent) error {
		seen = append(seen, e.Op)
		if e.Symbol == "next" || e.Op == wasmffi.AuditOpen {
			return os.ErrPermission
		}
		return nil
	})
	defer restore()
	_, err := OpenBytes(background, "x", nil, Options{})
	require.ErrorIs(t, err, wasmffi.ErrRefused)
	_, err = Open(background, "testdata/basic.wasm", Options{})
	require.ErrorIs(t, err, wasmffi.ErrRefused)
	_, err = lib.Lookup("next")
	require.ErrorIs(t, err, os.ErrPermission)
	_, err = lib.Lookup("sum")
	require.NoError(t, err)
	_, err = lib.FuncAt(1)
	require.NoError(t, err)
	assert.Equal(t, []wasmffi.AuditOp{"open", "open", "lookup", "lookup"}, seen)
}

func TestMissingImports(t *testing.T) {
	_, err := OpenBytes(background, "imports.wasm", fixture(t, "imports.wasm"), Options{})
	require.ErrorIs(t, err, wasmffi.ErrNotFound)
	assert.EqualError(t, err, "wasmffi: open imports.wasm: missing imports not found: int32_t env.f(int32_t); double env.g(double, int32_t); void env.h(void)")
	var missing *MissingImportsError
	require.ErrorAs(t, err, &missing)
	require.Len(t, missing.Imports, 3)
	assert.Equal(t, []any{"env", "g", "func", "(f64, i32) -> f64", false, "double (double, int32_t)"},
		[]any{missing.Imports[1].Module, missing.Imports[1].Name, missing.Imports[1].Kind, missing.Imports[1].Signature,
			missing.Imports[1].Declared, missing.Imports[1].Sig.String()})
}

// Debug info has declared the functions that are imported.
func TestMissingImportsDeclared(t *testing.T) {
	open := func(names ...wasmffi.Import) error {
		_, err := Open(background, "../testdata/wasm/plugin.wasm", Options{Imports: names})
		require.ErrorIs(t, err, wasmffi.ErrNotFound)
		return errors.Unwrap(err)
	}
	const head = "missing imports not found: "
	clock := wasmffi.Import{Name: "host_clock", Func: func() float64 { return 0 }}
	assert.EqualError(t, open(), head+"double env.host_clock(void); int env.host_log(int, const char *)")
	assert.EqualError(t, open(clock), head+"int env.host_log(int, const char *)")
	assert.EqualError(t, open(clock, wasmffi.Import{Name: "host_lgo", Func: func() {}}),
		head+"int env.host_log(int, const char *) (is env.host_lgo meant for it?)")
	assert.EqualError(t, open(clock, wasmffi.Import{Module: "sys", Name: "host_log", Func: func() {}}),
		head+"int env.host_log(int, const char *) (is sys.host_log meant for it?)")
	clock.Func = func() int64 { return 0 }
	_, err := Open(background, "../testdata/wasm/plugin.wasm", Options{Imports: wasmffi.Imports{clock}})
	require.ErrorIs(t, err, wasmffi.ErrNotFound)
	require.ErrorIs(t, err, wasmffi.ErrSignature, "what is wrong is told with what is missing")
}

func TestCSignature(t *testing.T) {
	i32, i64, f32, v128 := guestabi.I32, guestabi.I64, guestabi.F32, guestabi.V128
	assert.Equal(t, "float (int64_t, int32_t)", cSignature(guestabi.FuncType{Params: []guestabi.ValueType{i64, i32}, Results: []guestabi.ValueType{f32}}).String())
	assert.Nil(t, cSignature(guestabi.FuncType{Params: []guestabi.ValueType{v128}}))
	assert.Nil(t, cSignature(guestabi.FuncType{Results: []guestabi.ValueType{v128}}))
	assert.Nil(t, cSignature(guestabi.FuncType{Results: []guestabi.ValueType{i32, i32}}))
	m := MissingImport{Module: "env", Name: "v\x1b", Kind: "func", Signature: "(v128) -> ()"}
	assert.Equal(t, `env."v\x1b" (v128) -> ()`, m.String())
}

func imports(f func(*wasmffi.Frame) error) wasmffi.Imports {
	return wasmffi.Imports{
		{Module: "env", Name: "f", Sig: unary, Func: f},
		{Name: "g", Sig: proto(dtype.CDouble, dtype.CDouble, dtype.PointerToConst(dtype.CChar)), Func: func(f *wasmffi.Frame) error {
			f.Words[2] = f.Words[0]
			return nil
		}},
		{Name: "h", Func: func() { panic("in h") }},
	}
}

func TestImports(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		var lib *Library
		opts.Imports = imports(func(f *wasmffi.Frame) error {
			require.ErrorIs(t, lib.Close(), wasmffi.ErrBusy)
			_, err := call(t, lib, "call_g", proto(dtype.CDouble, dtype.CDouble), 1)
			f.Words[1] = 2 * f.Words[0]
			return err
		})
		lib = openTest(t, "imports.wasm", opts)
		got, err := call(t, lib, "repeat_import", unary, 5)
		require.NoError(t, err)
		assert.EqualValues(t, 20, got)
		_, err = call(t, lib, "call_h", nullary)
		require.ErrorIs(t, err, wasmffi.ErrCallback)
		assert.EqualError(t, err, "panic in callback: in h")
	})
}

func TestImportOfAnotherType(t *testing.T) {
	ims := imports(nil)
	ims[0].Sig = proto(dtype.CDouble, dtype.CInt)
	_, err := OpenBytes(background, "imports.wasm", fixture(t, "imports.wasm"), Options{Imports: ims})
	require.ErrorIs(t, err, wasmffi.ErrSignature)
	assert.EqualError(t, err, "wasmffi: open imports.wasm: import env.f: signature mismatch: double f(int) is called as (i32) -> f64, but the module has (i32) -> i32")
}

func TestOutput(t *testing.T) {
	var out, errs bytes.Buffer
	lib := openTest(t, "basic.wasm", Options{Stdout: &out, Stderr: &errs, OutputLimit: 10})
	say := prepare(t, lib, "say", proto(dtype.CInt, dtype.PointerToConst(dtype.CChar)))
	addr, err := lib.Space().Alloc(16, 1)
	require.NoError(t, err)
	require.NoError(t, lib.Space().WriteAt([]byte("hello\n\x00"), addr))
	for range 3 {
		_, err := callWords(nil, say, addr)
		require.NoError(t, err)
	}
	assert.Equal(t, "hello\nhell", out.String(), "no more than the limit")
	assert.Equal(t, "err\nerr\ner", errs.String())

	quiet := openTest(t, "basic.wasm", Options{})
	addr, err = quiet.Space().Alloc(16, 1)
	require.NoError(t, err)
	_, err = callWords(nil, prepare(t, quiet, "say", proto(dtype.CInt, dtype.PointerToConst(dtype.CChar))), addr)
	require.NoError(t, err)
}

// TestCapabilities: the guest sees what Options give it and nothing else.
func TestCapabilities(t *testing.T) {
	ask := func(t *testing.T, opts Options, what uint64) int64 {
		lib := openTest(t, "wasi.wasm", opts)
		got, err := call(t, lib, "ask", proto(dtype.CLongLong, dtype.CInt), what)
		require.NoError(t, err)
		return int64(got)
	}
	const args, env, file, clock, random, sleep, input = 0, 1, 2, 3, 4, 5, 6
	t.Setenv("WASMFFI_TEST", "secret")

	assert.Zero(t, ask(t, Options{}, args))
	assert.EqualValues(t, 2, ask(t, Options{Args: []string{"prog", "x"}}, args))
	assert.EqualValues(t, -1, ask(t, Options{}, env))
	assert.EqualValues(t, 3, ask(t, Options{Env: map[string]string{"WASMFFI_TEST": "abc"}}, env))
	assert.EqualValues(t, -1, ask(t, Options{}, file))
	assert.EqualValues(t, 'h', ask(t, Options{Dirs: []Dir{{FS: fstest.MapFS{"file.txt": {Data: []byte("hi")}}}}}, file))
	assert.Equal(t, ask(t, Options{}, clock), ask(t, Options{}, clock), "time stands still")
	assert.InDelta(t, time.Now().Unix(), ask(t, Options{Clock: true}, clock), 5)
	assert.Equal(t, ask(t, Options{}, random), ask(t, Options{}, random), "the same in every run")
	assert.NotEqual(t, ask(t, Options{Random: rand.Reader}, random), ask(t, Options{Random: rand.Reader}, random))
	assert.EqualValues(t, -1, ask(t, Options{}, input))
	assert.EqualValues(t, 'q', ask(t, Options{Stdin: strings.NewReader("q")}, input))
	assert.Zero(t, ask(t, Options{}, sleep), "sleeping takes no time")
}

func TestSleepEnds(t *testing.T) {
	lib := openTest(t, "wasi.wasm", Options{Clock: true})
	c := prepare(t, lib, "ask", proto(dtype.CLongLong, dtype.CInt))
	ctx, cancel := context.WithTimeout(background, 10*time.Millisecond)
	defer cancel()
	_, err := callWords(ctx, c, 5)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = callWords(nil, c, 0)
	require.NoError(t, err)
}

// TestEndlessInitialisation: opening is bounded in time too.
func TestEndlessInitialisation(t *testing.T) {
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	for _, name := range []string{"loopinit.wasm", "loopstart.wasm"} {
		_, err := OpenBytes(ctx, name, fixture(t, name), Options{})
		require.ErrorIs(t, err, context.DeadlineExceeded, name)
		_, err = OpenBytes(background, name, fixture(t, name), Options{Timeout: 20 * time.Millisecond})
		require.ErrorIs(t, err, context.DeadlineExceeded, name)
	}
}

func TestCommand(t *testing.T) {
	var out bytes.Buffer
	lib := openTest(t, "command.wasm", Options{Stdout: &out, Args: []string{"prog", "3"}})
	assert.Empty(t, out.String(), "_start does not run by itself")
	_, err := call(t, lib, "_start", nullary)
	var exit *wasmffi.ExitError
	require.ErrorAs(t, err, &exit)
	assert.EqualValues(t, 3, exit.Code)
	assert.Equal(t, "prog\n", out.String())
}

func TestSymbols(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	found := map[string]wasmffi.Symbol{}
	for s := range lib.Symbols() {
		found[s.Name] = s
		assert.NotContains(t, s.Name, "wasmffi", "nothing that was added shows")
	}
	assert.Equal(t, "(i32, i32) -> i32", found["addi"].Signature)
	assert.Equal(t, wasmffi.VarSymbol, found["counter"].Kind)
	assert.NotZero(t, found["counter"].Addr)
	_, ok := found["memory"]
	assert.False(t, ok, "memory is no symbol")
}
