package guestabi_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/guestabi"
)

// headerSource is C and C++ and, compiled twice, two files of one library.
const headerSource = `
#include "wasmffi.h"
#ifndef NAME
#define NAME(x) x
#endif
WASMFFI_IMPORT(int, host_log, (int level, const char *msg));
WASMFFI_IMPORT_FROM("plugin", void, notify, (void));
WASMFFI_EXPORT int NAME(add)(int a, int b);
WASMFFI_EXPORT int NAME(add)(int a, int b) { return a + b; }
WASMFFI_EXPORT_AS("twice") int NAME(twice)(int a) { return host_log(1, "x") + NAME(add)(a, a); }
WASMFFI_EXPORT int NAME(poke)(void)
{
	if (!WASMFFI_IMPORTED(notify))
		return -1;
	notify();
	return 0;
}
WASMFFI_EXPORT_VAR int NAME(counter);
`

var warnings = []string{"-Wall", "-Wextra", "-Wpedantic", "-Werror"}

func headerFiles(t *testing.T) string {
	dir := t.TempDir()
	require.NoError(t, guestabi.WriteHeader(dir))
	for _, name := range []string{"a.c", "a.cc"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(headerSource), 0o644))
	}
	second := `
#define NAME(x) x##_2
` + headerSource
	for _, name := range []string{"b.c", "b.cc"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(second), 0o644))
	}
	return dir
}

func tool(t *testing.T, name, debian string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("SKIPPED: no %s (Debian: %s)", name, debian)
	}
	return path
}

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%v\n%s", cmd.Args, out)
}

// TestHeaderWasm compiles for wasm32 and looks at what is imported and exported.
func TestHeaderWasm(t *testing.T) {
	clang := tool(t, "clang", "clang")
	tool(t, "wasm-ld", "lld")
	for lang, ext := range map[string]string{"c": ".c", "c++": ".cc"} {
		t.Run(lang, func(t *testing.T) {
			dir := headerFiles(t)
			args := append([]string{"--target=wasm32", "-nostdlib", "-I.", "-Wl,--no-entry,--export-dynamic", "-o", "t.wasm", "a" + ext}, warnings...)
			run(t, dir, clang, args...)
			b, err := os.ReadFile(filepath.Join(dir, "t.wasm"))
			require.NoError(t, err)
			m := requireValid(t, b)
			var imports []guestabi.Name
			for _, im := range m.Imports {
				imports = append(imports, im.Name)
			}
			assert.ElementsMatch(t, []guestabi.Name{{Module: "env", Name: "host_log"}, {Module: "plugin", Name: "notify"}}, imports)
			for _, name := range []string{"add", "twice", "poke", "counter"} {
				_, ok := m.Export(name)
				assert.True(t, ok, name)
			}
		})
	}
}

// TestHeaderNative compiles two files into a shared library whose imports are
// variables it exports once.
func TestHeaderNative(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: TestHeaderTargets covers the Windows form")
	}
	nm := tool(t, "nm", "binutils")
	for _, c := range []struct{ cc, std, ext, debian string }{
		{"gcc", "c99", ".c", "gcc"}, {"clang", "c99", ".c", "clang"},
		{"g++", "c++17", ".cc", "g++"}, {"clang++", "c++17", ".cc", "clang"},
	} {
		t.Run(c.cc, func(t *testing.T) {
			cc := tool(t, c.cc, c.debian)
			dir := headerFiles(t)
			args := append([]string{"-std=" + c.std, "-shared", "-fPIC", "-fvisibility=hidden", "-I.", "-o", "t.so", "a" + c.ext, "b" + c.ext}, warnings...)
			run(t, dir, cc, args...)
			out, err := exec.Command(nm, "-D", "--defined-only", filepath.Join(dir, "t.so")).Output()
			require.NoError(t, err)
			for _, name := range []string{"add", "twice", "poke", "counter", "host_log", "notify", "add_2"} {
				assert.Regexp(t, `(?m) [TBVD] `+name+`$`, string(out))
			}
		})
	}
}

// TestHeaderTargets checks the syntax for systems whose libraries are not here.
func TestHeaderTargets(t *testing.T) {
	clang := tool(t, "clang", "clang")
	for _, target := range []string{"x86_64-windows-gnu", "x86_64-pc-windows-msvc", "arm64-apple-macos", "x86_64-unknown-freebsd"} {
		t.Run(target, func(t *testing.T) {
			args := append([]string{"--target=" + target, "-fsyntax-only", "-I.", "a.c"}, warnings...)
			run(t, headerFiles(t), clang, args...)
		})
	}
}
