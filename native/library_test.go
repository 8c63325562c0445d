//go:build (linux || darwin) && (amd64 || arm64)

package native_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/ebitengine/purego"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
	"github.com/wasmffi/wasmffi/native"
)

var ctx = context.Background()

// onLinux skips what the test's names or tools bind to Linux.
func onLinux(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("LEFT OUT: the names are those of Linux")
	}
}

func TestOpen(t *testing.T) {
	path := buildCalls(t)
	check := func(t *testing.T, lib wasmffi.Library, err error) {
		t.Helper()
		require.NoError(t, err)
		require.EqualValues(t, 5, bind[func(int32, int32) int32](t, lib, "add")(2, 3))
		require.NoError(t, lib.Close())
	}
	t.Run("by path", func(t *testing.T) {
		lib, err := native.Open(ctx, path, native.Options{})
		require.Equal(t, path, lib.Name())
		check(t, lib, err)
		lib, err = wasmffi.Open(ctx, path, native.Options{Mode: native.Lazy})
		check(t, lib, err)
	})
	t.Run("by bare name", func(t *testing.T) {
		onLinux(t)
		lib, err := wasmffi.Open(ctx, "libm.so.6")
		require.NoError(t, err)
		defer lib.Close()
		require.InDelta(t, 0.8775825618903728, bind[func(float64) float64](t, lib, "cos")(0.5), 1e-15)
	})
	t.Run("from memory", func(t *testing.T) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		var libs []wasmffi.Library
		for i := range 3 { // each is a library of its own
			lib, err := native.OpenBytes(ctx, "embedded", data, native.Options{})
			require.NoError(t, err)
			v := first(t, lib, "table")
			x, err := memory.Load[int32](v)
			require.NoError(t, err)
			require.EqualValues(t, 1, x)
			require.NoError(t, memory.Store(v, int32(100+i)))
			libs = append(libs, lib)
		}
		for _, lib := range libs {
			check(t, lib, nil)
		}
		lib, err := wasmffi.OpenBytes(ctx, "embedded", data)
		check(t, lib, err)
	})
	t.Run("from memory, again and again", func(t *testing.T) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		before := openFiles(t)
		for range 50 {
			lib, err := native.OpenBytes(ctx, "embedded", data, native.Options{})
			check(t, lib, err)
		}
		require.LessOrEqual(t, openFiles(t), before+2)
	})
	t.Run("by handle", func(t *testing.T) {
		h, err := purego.Dlopen(path, purego.RTLD_NOW)
		require.NoError(t, err)
		lib, err := native.OpenHandle("mine", h)
		check(t, lib, err)
		_, err = purego.Dlsym(h, "add")
		require.NoError(t, err, "Close leaves it loaded")
		require.NoError(t, purego.Dlclose(h))
		_, err = native.OpenHandle("none", 0)
		require.ErrorIs(t, err, wasmffi.ErrNotFound)
	})
	t.Run("the process itself", func(t *testing.T) {
		lib, err := native.OpenProcess()
		require.NoError(t, err)
		require.EqualValues(t, 3, bind[func(string) dtype.Size](t, lib, "strlen")("abc"))
		require.NoError(t, lib.Close())
		require.NoError(t, lib.Close())
	})
	t.Run("unloaded when closed", func(t *testing.T) {
		const noLoad = 4 // RTLD_NOLOAD
		onLinux(t)
		lib, err := native.Open(ctx, path, native.Options{})
		require.NoError(t, err)
		h, err := purego.Dlopen(path, purego.RTLD_NOW|noLoad)
		require.NoError(t, err)
		require.NoError(t, purego.Dlclose(h))
		require.NoError(t, lib.Close())
		_, err = purego.Dlopen(path, purego.RTLD_NOW|noLoad)
		require.Error(t, err)
	})
	t.Run("kept", func(t *testing.T) {
		lib, err := native.Open(ctx, path, native.Options{Keep: true})
		require.NoError(t, err)
		sym, err := lib.Lookup("table")
		require.NoError(t, err)
		require.NoError(t, lib.Close())
		other := openCalls(t)
		require.NoError(t, other.Space().ReadAt(make([]byte, 4), sym.Addr), "still mapped")
	})
}

// first is the first element of an exported int array.
func first(t *testing.T, lib wasmffi.Library, name string) memory.View {
	array, err := dtype.ArrayOf(dtype.CInt, 5)
	require.NoError(t, err)
	v, err := wasmffi.Var(lib, name, array)
	require.NoError(t, err)
	v, err = v.Index(0)
	require.NoError(t, err)
	return v
}

func openFiles(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) string {
		p := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(p, []byte(data), 0o600))
		return p
	}
	for _, c := range []struct {
		name, path string
		want       error
		text       string
	}{
		{"no such file", filepath.Join(dir, "none.so"), wasmffi.ErrNotFound, "open shared object file"},
		{"no such name", "libno-such-thing.so.9", wasmffi.ErrNotFound, "libno-such-thing.so.9"},
		{"text", write("text.so", "not a library at all"), wasmffi.ErrFormat, "unknown file"},
		{"wasm", write("m.so", "\x00asm\x01\x00\x00\x00"), wasmffi.ErrFormat, "WebAssembly module"},
		{"an ELF file cut short", write("short.so", "\x7fELF\x02\x01\x01"), wasmffi.ErrFormat, "file too short"},
		{"nonsense after the magic", write("bad.so", "\x7fELF"+strings.Repeat("x", 200)), wasmffi.ErrFormat, "ELF"},
		{"an empty file", write("empty.so", ""), wasmffi.ErrFormat, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			onLinux(t)
			_, err := native.Open(ctx, c.path, native.Options{})
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, "wasmffi: open "+c.path+": ")
			require.ErrorContains(t, err, c.text)
		})
	}
	t.Run("a library that lacks another", func(t *testing.T) {
		onLinux(t)
		so := build(t, compilers(t)[0], "-O0", "extern int nowhere(void); int f(void) { return nowhere(); }")
		_, err := native.Open(ctx, so, native.Options{})
		require.ErrorContains(t, err, "undefined symbol: nowhere")
		lib, err := native.Open(ctx, so, native.Options{Mode: native.Lazy})
		require.NoError(t, err, "RTLD_LAZY")
		require.NoError(t, lib.Close())
	})
	t.Run("a context that is over", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		_, err := native.Open(ctx, buildCalls(t), native.Options{})
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("machine code under a .wasm name", func(t *testing.T) {
		data, err := os.ReadFile(buildCalls(t))
		require.NoError(t, err)
		_, err = wasmffi.Open(ctx, write("calls.wasm", string(data)))
		require.ErrorIs(t, err, wasmffi.ErrRefused)
	})
	t.Run("refused by the audit hook", func(t *testing.T) {
		no := errors.New("not here")
		defer wasmffi.SetAuditHook(func(e wasmffi.AuditEvent) error {
			if e.Op == wasmffi.AuditOpen {
				return no
			}
			return nil
		})()
		_, err := native.Open(ctx, "libm.so.6", native.Options{})
		require.ErrorIs(t, err, no)
		require.ErrorIs(t, err, wasmffi.ErrRefused)
	})
}

// The symbols of one library satisfy another's only if they are global.
func TestModes(t *testing.T) {
	onLinux(t)
	cc := compilers(t)[0]
	base := build(t, cc, "-O0", "int base_value(void) { return 12; }")
	user := build(t, cc, "-O0", "extern int base_value(void); int use(void) { return base_value() + 1; }")
	lib, err := native.Open(ctx, base, native.Options{})
	require.NoError(t, err)
	_, err = native.Open(ctx, user, native.Options{})
	require.ErrorContains(t, err, "base_value", "RTLD_LOCAL")
	require.NoError(t, lib.Close())

	lib, err = native.Open(ctx, base, native.Options{Mode: native.Global})
	require.NoError(t, err)
	defer lib.Close()
	other, err := native.Open(ctx, user, native.Options{})
	require.NoError(t, err)
	defer other.Close()
	require.EqualValues(t, 13, bind[func() int32](t, other, "use")())
}

func TestSymbols(t *testing.T) {
	lib := openCalls(t)
	t.Run("a variable has its size", func(t *testing.T) {
		sym, err := lib.Lookup("table")
		require.NoError(t, err)
		require.Equal(t, wasmffi.VarSymbol, sym.Kind)
		if runtime.GOOS == "linux" { // Mach-O has no sizes
			require.EqualValues(t, 20, sym.Size)
		}
		x, err := memory.Load[int32](first(t, lib, "table"))
		require.NoError(t, err)
		require.EqualValues(t, 1, x)
	})
	t.Run("any bytes as name", func(t *testing.T) {
		require.EqualValues(t, 77, bind[func() int32](t, lib, "_ZNK3geo7polygon4areaEv$1")())
		for _, name := range []string{"", "add\x00", "\xff\xfe", strings.Repeat("x", 10000)} {
			_, err := lib.Lookup(name)
			require.ErrorIs(t, err, wasmffi.ErrNotFound, "%q", name)
		}
	})
	t.Run("near matches", func(t *testing.T) {
		_, err := lib.Lookup("aply")
		require.EqualError(t, err, "symbol not found; did you mean apply?")
	})
	t.Run("a function of a library it is linked with", func(t *testing.T) {
		sym, err := lib.Lookup("strlen")
		require.NoError(t, err)
		require.Equal(t, wasmffi.FuncSymbol, sym.Kind)
		require.EqualValues(t, 4, bind[func(string) dtype.Size](t, lib, "strlen")("four"))
	})
	t.Run("versions", func(t *testing.T) {
		onLinux(t)
		for name, want := range map[string]int32{"versioned": 2, "versioned@VERS_1": 1, "versioned@@VERS_2": 2, "versioned@VERS_2": 2} {
			require.Equal(t, want, bind[func() int32](t, lib, name)(), name)
		}
		_, err := lib.Lookup("versioned@VERS_3")
		require.ErrorIs(t, err, wasmffi.ErrNotFound)
		n := 0
		for s := range lib.Symbols() {
			if s.Name == "versioned" {
				n++
			}
		}
		require.Equal(t, 1, n, "listed once")
	})
	t.Run("a thread-local variable", func(t *testing.T) {
		onLinux(t)
		_, err := lib.Lookup("per_thread")
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)
		require.ErrorContains(t, err, "thread-local")
	})
	t.Run("a function chosen when loading (ifunc)", func(t *testing.T) {
		onLinux(t)
		require.EqualValues(t, 14, bind[func(int32) int32](t, lib, "chosen")(7))
		for s := range lib.Symbols() {
			if s.Name == "chosen" {
				f, err := wasmffi.BindAddr(lib, dtype.Addr(s.Addr), intFn(t))
				require.NoError(t, err)
				r, err := f.Call(nil, 7)
				require.NoError(t, err)
				require.EqualValues(t, 14, r)
			}
		}
	})
	t.Run("listed as they are looked up", func(t *testing.T) {
		n := 0
		for s := range lib.Symbols() {
			found, err := lib.Lookup(s.Name)
			require.NoError(t, err, s.Name)
			require.Equal(t, found, s)
			n++
		}
		require.Greater(t, n, 20)
		for range lib.Symbols() {
			break // and the iteration can be ended
		}
	})
	t.Run("all of libc", func(t *testing.T) {
		onLinux(t)
		libc, err := native.Open(ctx, "libc.so.6", native.Options{})
		require.NoError(t, err)
		defer libc.Close()
		kinds := map[wasmffi.SymbolKind]int{}
		for s := range libc.Symbols() {
			kinds[s.Kind]++
		}
		require.Greater(t, kinds[wasmffi.FuncSymbol], 1000)
		require.Greater(t, kinds[wasmffi.VarSymbol], 10)
		sym, err := libc.Lookup("stdout")
		require.NoError(t, err)
		require.Equal(t, wasmffi.Symbol{Name: "stdout", Kind: wasmffi.VarSymbol, Addr: sym.Addr, Size: 8}, sym)
	})
	t.Run("a function without a name", func(t *testing.T) {
		addr := bind[func() dtype.Addr](t, lib, "get_hidden")()
		sym, err := lib.FuncAt(uint64(addr))
		require.NoError(t, err)
		require.Equal(t, wasmffi.Symbol{Addr: uint64(addr)}, sym)
		f, err := wasmffi.BindAddr(lib, addr, intFn(t))
		require.NoError(t, err)
		r, err := f.Call(nil, 1)
		require.NoError(t, err)
		require.EqualValues(t, 1001, r)
	})
	t.Run("an address of nothing", func(t *testing.T) {
		_, err := lib.FuncAt(16)
		require.ErrorIs(t, err, memory.ErrOutOfBounds)
		_, err = lib.FuncAt(0)
		require.ErrorIs(t, err, memory.ErrNull)
	})
	t.Run("the audit hook sees lookups", func(t *testing.T) {
		var seen []string
		restore := wasmffi.SetAuditHook(func(e wasmffi.AuditEvent) error {
			seen = append(seen, string(e.Op)+" "+e.Symbol)
			return nil
		})
		_, err := lib.Lookup("add")
		restore()
		require.NoError(t, err)
		require.Equal(t, []string{"lookup add"}, seen)
	})
}

func intFn(t *testing.T) *dtype.Func {
	f, err := dtype.NewFunc(dtype.CInt, []dtype.Param{{Type: dtype.CInt}}, false)
	require.NoError(t, err)
	return f
}

// With debug info, nothing need be declared, and what is must agree.
func TestDebugInfo(t *testing.T) {
	const source = `
		typedef struct { double x, y; } point;
		double dot(const point *a, const point *b) { return a->x * b->x + a->y * b->y; }
		point middle = {1, 2};
		static int twice(int x) { return 2 * x; }
		int (*get(void))(int) { return twice; }`
	cc := compilers(t)[0]
	data, err := os.ReadFile(build(t, cc, "-O1", source, "-g"))
	require.NoError(t, err)
	fromFile := compile(t, cc, "-O1", source, "-g")
	fromBytes, err := native.OpenBytes(ctx, "embedded", data, native.Options{})
	require.NoError(t, err)
	defer fromBytes.Close()
	type point struct{ X, Y float64 }
	for _, lib := range []wasmffi.Library{fromFile, fromBytes} {
		r, err := wasmffi.Call(ctx, lib, "dot", &point{1, 2}, &point{3, 4})
		require.NoError(t, err)
		require.Equal(t, 11.0, r)
		v, err := wasmffi.Var(lib, "middle", nil)
		require.NoError(t, err)
		require.Equal(t, "point", v.Type().String())
		pt, err := lib.(wasmffi.Typer).TypeNamed("point")
		require.NoError(t, err)
		require.Equal(t, v.Type(), pt)
		_, err = wasmffi.Bind[func(int32) float64](lib, "dot")
		require.ErrorIs(t, err, wasmffi.ErrSignature)
		addr, err := wasmffi.Call(ctx, lib, "get")
		require.NoError(t, err)
		sym, err := lib.FuncAt(addr.(memory.Pointer).Addr())
		require.NoError(t, err)
		require.Empty(t, sym.Name)
		typ, err := lib.(wasmffi.Typer).TypeOf(sym)
		require.NoError(t, err)
		require.Equal(t, "int twice(int x)", dtype.Declare(typ, "twice"))
	}
	without := compile(t, cc, "-O1", source)
	_, err = wasmffi.Call(ctx, without, "dot", nil, nil)
	require.ErrorIs(t, err, wasmffi.ErrNotSupported)
	require.ErrorContains(t, err, "compile with -g")
}

// A library whose file is gone is still usable by what the loader knows.
func TestFileRemoved(t *testing.T) {
	path := buildCalls(t)
	lib, err := native.Open(ctx, path, native.Options{})
	require.NoError(t, err)
	defer lib.Close()
	require.NoError(t, os.Remove(path))
	require.EqualValues(t, 5, bind[func(int32, int32) int32](t, lib, "add")(2, 3))
	_, err = lib.Lookup("no_such")
	require.ErrorIs(t, err, wasmffi.ErrNotFound)
	for range lib.Symbols() {
		t.Error("there is no list of symbols")
	}
}

// C's stdio is written out by Flush and by Close, in order with Go's own output,
// when stdout is a pipe.
func TestStdio(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	lib, err := native.Open(ctx, buildCalls(t), native.Options{})
	require.NoError(t, err)
	say := bind[func(string)](t, lib, "say")
	func() {
		defer redirectStdout(t, w)()
		say("one ")
		require.NoError(t, wasmffi.Flush(lib))
		os.Stdout.WriteString("two ")
		say("three ")
		require.NoError(t, lib.Close())
		os.Stdout.WriteString("four ")
		require.NoError(t, native.Flush())
	}()
	require.NoError(t, w.Close())
	out, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "one two three four ", string(out))
	require.ErrorIs(t, wasmffi.Flush(lib), wasmffi.ErrClosed)
}

// redirectStdout puts w in the place of file descriptor 1.
func redirectStdout(t *testing.T, w *os.File) (restore func()) {
	old, err := syscall.Dup(1)
	require.NoError(t, err)
	require.NoError(t, dup2(int(w.Fd()), 1))
	return func() {
		require.NoError(t, dup2(old, 1))
		require.NoError(t, syscall.Close(old))
	}
}
