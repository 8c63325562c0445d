// Package wasmffitest checks that a backend does what the wasmffi package
// promises: the same test cases run on the sandbox, on native libraries, and
// on a backend of your own. Its C side is testdata/c/conform.c of this module,
// built for the backend under test; the file's head has the command for wasm32,
// whose result is testdata/wasm/conform.wasm, and [BuildNative] compiles it for this
// machine.
//
//	func TestConformance(t *testing.T) {
//		path := wasmffitest.Fixture("wasm", "conform.wasm") // or BuildNative(t, "conform.c"), or your own build
//		wasmffitest.Run(t, wasmffitest.Backend{
//			Open: func(t testing.TB) wasmffi.Library {
//				lib, err := mybackend.Open(path)
//				require.NoError(t, err)
//				return lib
//			},
//		})
//	}
//
// Each case opens the fixture anew and closes it. Cases run by name as usual: go
// test -run TestConformance/Callbacks. What a backend lacks fails there; what it can
// leave out is said by a [Backend] field. The groups Stress and Million take some
// seconds; $WASMFFI_STRESS sets the time of the first, as in 10m.
package wasmffitest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

// A Backend is what the suite is run on.
type Backend struct {
	// Open opens the fixture anew. The suite closes it.
	Open func(t testing.TB) wasmffi.Library
	// Sandbox tells that faults of C are errors and the library stays usable:
	// cases that would kill a process are run too.
	Sandbox bool
	// LeaveOut are groups of cases to leave out, and why.
	LeaveOut map[string]string
	// OpenHooked is Open with hooks: see [wasmffi.Hook]. Nil leaves their cases
	// out.
	OpenHooked func(t testing.TB, hooks ...wasmffi.Hook) wasmffi.Library
}

// Run runs every case, each on a library of its own.
func Run(t *testing.T, b Backend) {
	for _, group := range []struct {
		name string
		run  func(*testing.T, Backend)
	}{
		{"Scalars", scalars},
		{"Arguments", arguments},
		{"Callbacks", callbacks},
		{"CallbackValues", callbackValues},
		{"CallbacksKept", callbacksKept},
		{"VaLists", vaLists},
		{"Cookbook", cookbook},
		{"Pointers", pointers},
		{"Memory", memories},
		{"Arrays", arrays},
		{"Variables", variables},
		{"Variadic", variadic},
		{"Binding", binding},
		{"Errors", errorCases},
		{"Lifetime", lifetimes},
		{"Concurrency", concurrency},
		{"Reentry", reentry},
		{"Allocations", allocations},
		{"Hooks", hooks},
		{"Stress", stress},
		{"Million", million},
	} {
		t.Run(group.name, func(t *testing.T) {
			if why, out := b.LeaveOut[group.name]; out {
				t.Skip("LEFT OUT: " + why)
			}
			group.run(t, b)
		})
	}
	if !b.Sandbox {
		t.Run("Threads", func(t *testing.T) { threads(t, b) })
	}
	if b.Sandbox {
		t.Run("Faults", func(t *testing.T) { faults(t, b) })
	}
}

func (b Backend) open(t testing.TB) wasmffi.Library {
	t.Helper()
	lib := b.Open(t)
	t.Cleanup(func() { require.NoError(t, lib.Close()) })
	return lib
}

// bind binds a function of the fixture or fails the test.
func bind[F any](t testing.TB, lib wasmffi.Library, name string) F {
	t.Helper()
	f, err := wasmffi.Bind[F](lib, name)
	require.NoError(t, err)
	return f
}

// Fixture is the path of a file of the project's testdata directory.
func Fixture(elem ...string) string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(append([]string{filepath.Dir(file), "..", "testdata"}, elem...)...)
}

// dllFlags make gcc's DLL one by itself, with long double as Microsoft has it.
var dllFlags = []string{"-static", "-mlong-double-64"}

// BuildNative compiles a C file of testdata/c into a shared library for the
// platform the test runs on and returns its path. Without a C compiler it
// skips the test, and says what to install.
func BuildNative(t testing.TB, source string) string {
	t.Helper()
	cc, pkg := "cc", "gcc"
	if runtime.GOARCH == "arm64" && os.Getenv("WASMFFI_CC") == "" {
		if _, err := exec.LookPath("aarch64-linux-gnu-gcc"); err == nil {
			cc, pkg = "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"
		}
	}
	flags, ext, libraries := []string{"-fPIC"}, ".so", []string(nil)
	if runtime.GOOS == "windows" {
		cc, pkg = "x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"
		flags, ext, libraries = dllFlags, ".dll", []string{"-lpthread"}
	}
	if s := os.Getenv("WASMFFI_CC"); s != "" {
		cc = s
	}
	if _, err := exec.LookPath(cc); err != nil {
		t.Skipf("LEFT OUT: no C compiler %s to build %s; install the Debian package %s", cc, source, pkg)
	}
	out := filepath.Join(buildDir(t), "lib"+source+ext)
	args := append([]string{"-O2", "-g", "-shared", "-I", Fixture("..", "guestabi", "include"), "-o", out, Fixture("c", source)}, flags...)
	cmd := exec.Command(cc, append(args, libraries...)...)
	msg, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", cmd, msg)
	return out
}

// buildDir is t.TempDir, but where DLLs are: one that is still loaded cannot be
// removed there, which is no failure of the test.
func buildDir(t testing.TB) string {
	t.Helper()
	if runtime.GOOS != "windows" {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp("", "wasmffi")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
