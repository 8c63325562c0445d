package host

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// faultsC is C whose faults are on known lines.
const faultsC = `#define EXPORT __attribute__((visibility("default")))
#define NOINLINE __attribute__((noinline))
static inline __attribute__((always_inline)) int divide(int a, int b) {
    return a / b; // line 4
}
static inline __attribute__((always_inline)) int ratio(int a, int b) {
    int r =
        divide(a, b); // line 8
    return r;
}
static NOINLINE int middle(int n) {
    int r = 1;
    for (int i = 0; i < n; i++)
        r += ratio(i + 1, n - 1 - i); // line 14
    return r + n;
}
EXPORT int outer(int n) {
    int r = middle(n); // line 18
    return r ^ 5;
}
EXPORT int apply(int (*f)(int), int x) {
    int r = f(x); // line 22
    return r + 1;
}
EXPORT void poke(unsigned addr) {
    *(volatile int *)addr = 7; // line 26
}
`

// buildFaults compiles faultsC to a module and gives its path.
func buildFaults(t *testing.T, flags ...string) string {
	t.Helper()
	for _, tool := range []string{"clang", "wasm-ld"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED, NOT TESTED: no %s here; on Debian: apt-get install clang lld", tool)
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "faults.c"), []byte(faultsC), 0o644))
	args := append([]string{"--target=wasm32-unknown-unknown", "-ffreestanding", "-fvisibility=hidden", "-nostdlib",
		"-Wl,--no-entry,--stack-first,--export-dynamic", "-o", "faults.wasm", "faults.c"}, flags...)
	cmd := exec.Command("clang", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return filepath.Join(dir, "faults.wasm")
}

// eachFaults runs a test on faultsC as it is compiled, on both engines.
func eachFaults(t *testing.T, test func(t *testing.T, lib *Library)) {
	for _, flags := range []string{"-O0 -gdwarf-4", "-O2 -gdwarf-4", "-O0 -gdwarf-5", "-O2 -gdwarf-5"} {
		t.Run(flags, func(t *testing.T) {
			path := buildFaults(t, strings.Fields(flags)...)
			engines(t, func(t *testing.T, opts Options) {
				lib, err := Open(background, path, opts)
				require.NoError(t, err)
				defer lib.Close()
				test(t, lib)
			})
		})
	}
}

// where is a trap's frames as text.
func where(t *testing.T, err error) (at []string) {
	t.Helper()
	var trap *TrapError
	require.ErrorAs(t, err, &trap)
	for _, f := range trap.Frames {
		s := f.String()
		if f.Inlined {
			s += " inlined"
		}
		at = append(at, s)
	}
	return at
}

var middleFrames = []string{"divide (faults.c:4) inlined", "ratio (faults.c:8) inlined", "middle (faults.c:14)", "outer(n=5) (faults.c:18)"}

func TestFaultLines(t *testing.T) {
	eachFaults(t, func(t *testing.T, lib *Library) {
		_, err := call(t, lib, "outer", unary, 5)
		require.ErrorIs(t, err, ErrDivideByZero)
		assert.Equal(t, middleFrames, where(t, err))
		assert.EqualError(t, err, "trap: integer divide by zero in divide (faults.c:4), inlined in ratio (faults.c:8), "+
			"inlined in middle (faults.c:14), called from outer(n=5) (faults.c:18)")
		var trap *TrapError
		require.ErrorAs(t, err, &trap)
		assert.Equal(t, "faults.c", filepath.Base(trap.Frames[0].File))
		assert.Equal(t, trap.Frames[0].Offset, trap.Frames[2].Offset)
		assert.NotEqual(t, trap.Frames[2].Offset, trap.Frames[3].Offset)

		_, err = call(t, lib, "poke", proto(dtype.CVoid, dtype.CUInt), 0xfffffff0)
		require.ErrorIs(t, err, ErrOutOfBounds)
		assert.Equal(t, []string{"poke(addr=4294967280) (faults.c:26)"}, where(t, err))
	})
}

// TestFaultInCallbacks: each call from Go has the frames that it made itself.
func TestFaultInCallbacks(t *testing.T) {
	apply := proto(dtype.CInt, dtype.PointerTo(unary), dtype.CInt)
	eachFaults(t, func(t *testing.T, lib *Library) {
		applyIn := prepare(t, lib, "apply", apply)
		var inner error
		second := callbackOf(t, lib, func(_ context.Context, x int32) (int32, error) {
			_, inner = call(t, lib, "outer", unary, uint64(x))
			return 0, inner
		})
		var depth int
		first := callbackOf(t, lib, func(_ context.Context, x int32) (int32, error) {
			depth++
			_, err := callWords(nil, applyIn, second.Address(), uint64(x))
			return 0, err
		})
		_, err := callWords(nil, applyIn, first.Address(), 5)
		require.ErrorIs(t, err, ErrDivideByZero)
		assert.Equal(t, 1, depth)
		assert.Equal(t, middleFrames, where(t, err))
		assert.Equal(t, middleFrames, where(t, inner))

		got, err := call(t, lib, "outer", unary, 0)
		require.NoError(t, err, "the library is usable")
		assert.EqualValues(t, 1^5, got)

		// C calls through the table to a C function of the wrong type.
		_, err = callWords(nil, applyIn, 1<<20, 5)
		require.ErrorIs(t, err, ErrBadFuncPointer)
		assert.Equal(t, []string{"apply(f=0x100000, x=5) (faults.c:22)"}, where(t, err))
	})
}

// TestFaultSideFile: the debug info is in a file of its own beside the module.
func TestFaultSideFile(t *testing.T) {
	full := buildFaults(t, "-O2", "-g")
	data, err := os.ReadFile(full)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "faults.debug.wasm"), data, 0o644))
	bare := stripped(data)
	bare = appendCustom(bare, "external_debug_info", append([]byte{17}, "faults.debug.wasm"...))
	path := filepath.Join(dir, "faults.wasm")
	require.NoError(t, os.WriteFile(path, bare, 0o644))

	for name, open := range map[string]func() (wasmffi.Library, error){
		"host.Open":    func() (wasmffi.Library, error) { return Open(background, path, Options{}) },
		"wasmffi.Open": func() (wasmffi.Library, error) { return wasmffi.Open(background, path, Options{}) },
	} {
		lib, err := open()
		require.NoError(t, err, name)
		_, err = call(t, lib.(*Library), "outer", unary, 5)
		assert.Equal(t, middleFrames, where(t, err), name)
		require.NoError(t, lib.Close())
	}

	// A file that has changed since it was opened tells nothing.
	lib, err := Open(background, path, Options{})
	require.NoError(t, err)
	defer lib.Close()
	require.NoError(t, os.WriteFile(path, append(bare, 0, 2, 1, 'x'), 0o644))
	_, err = call(t, lib, "outer", unary, 5)
	assert.Equal(t, []string{"func 1", "outer(5)"}, where(t, err))
}

// stripped is a module without custom sections.
func stripped(wasm []byte) []byte {
	out := append([]byte{}, wasm[:8]...)
	for at := 8; at < len(wasm); {
		size, shift, n := 0, 0, 1
		for {
			b := wasm[at+n]
			size |= int(b&0x7f) << shift
			shift += 7
			n++
			if b < 0x80 {
				break
			}
		}
		if wasm[at] != 0 {
			out = append(out, wasm[at:at+n+size]...)
		}
		at += n + size
	}
	return out
}

// TestFaultOffsets: without debug info there are names and offsets, which are
// those of the module as it came.
func TestFaultOffsets(t *testing.T) {
	data, err := os.ReadFile(buildFaults(t, "-O2", "-g"))
	require.NoError(t, err)
	bare := stripped(data)
	offsets := func(data []byte, opts Options) (at []uint64) {
		lib, err := OpenBytes(background, "faults.wasm", data, opts)
		require.NoError(t, err)
		defer lib.Close()
		_, err = call(t, lib, "outer", unary, 5)
		var trap *TrapError
		require.ErrorAs(t, err, &trap)
		for _, f := range trap.Frames {
			if !f.Inlined {
				at = append(at, f.Offset)
			}
		}
		return at
	}
	want := offsets(data, Options{})
	require.Len(t, want, 2)
	assert.Equal(t, want, offsets(bare, Options{}))
	assert.Equal(t, want, offsets(bare, Options{Interpreter: true}))
}

func TestPlaces(t *testing.T) {
	for trace, want := range map[string][]place{
		".$3(i32,i32) i32\n\t\t0x1f: m:1":                          {{3, 0x1f}},
		".$3()\n\t\t0x1f: m:1\n\t.$4(f64) (i32,i32)\n\t\t0x2: m:1": {{3, 0x1f}, {4, 2}},
		".$3()":                               nil, // a module of ours
		"env.$3(i32)\n\t\t0x1: m:1":           nil,
		".$3()\n\tenv.f()\n\t\t0x1: m:1":      nil,
		".$99999999999()\n\t\t0x1: m:1":       nil,
		".$1()\n\t\t0x11223344556677889: m:1": nil,
		".$1()\n\t\t0x1: evil.c:1":            nil,
		"\t0x1: m:1":                          nil,
		"":                                    nil,
		".$1()\n\t... maybe followed by omitted frames": nil,
	} {
		assert.Equal(t, want, places(trace), trace)
	}
}

// TestHostileNames: names that look as a trace, or as a terminal's commands.
func TestHostileNames(t *testing.T) {
	for _, name := range []string{"f()\n\t\t0x1: m:1", "\x1b[31mred", "a (b.c:1)", "a, called from b"} {
		f := Frame{Function: name, File: "/x/\x1b]0;" + name, Line: 3}
		assert.NotContains(t, f.String(), "\x1b")
		assert.NotContains(t, f.String(), "\n")
		assert.True(t, strings.HasPrefix(f.String(), `"`), f.String())
	}
	assert.Equal(t, "ns::f<int>", Frame{Function: "ns::f<int>"}.String())
	assert.Equal(t, "f (b.c:2)", Frame{Function: "f", File: `C:\a\b.c`, Line: 2}.String())
}

// TestTrapMemory: an error keeps nothing of the engine's alive.
func TestTrapMemory(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	crash := prepare(t, lib, "crash", proto(dtype.CVoid, dtype.CInt))
	var before, after runtime.MemStats
	trap := func(n int) {
		for range n {
			_, err := callWords(nil, crash, 2)
			var trap *TrapError
			require.True(t, errors.As(err, &trap))
		}
		runtime.GC()
	}
	trap(100)
	runtime.ReadMemStats(&before)
	trap(2000)
	runtime.ReadMemStats(&after)
	assert.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(1<<20))
}
