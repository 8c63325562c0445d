//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/native"
)

// compilers are the C compilers for this platform that are there.
func compilers(t testing.TB) [][]string {
	t.Helper()
	var found [][]string
	if runtime.GOOS == "windows" {
		cc := []string{"x86_64-w64-mingw32-gcc", "-static", "-mlong-double-64"}
		if _, err := exec.LookPath(cc[0]); err != nil {
			t.Skip("LEFT OUT: no C compiler for this platform; install the Debian package gcc-mingw-w64-x86-64")
		}
		return [][]string{cc}
	}
	for _, cc := range map[string][][]string{
		"amd64": {{"gcc"}, {"clang"}},
		"arm64": {{"aarch64-linux-gnu-gcc"}, {"clang", "--target=aarch64-linux-gnu"}},
	}[runtime.GOARCH] {
		if _, err := exec.LookPath(cc[0]); err == nil {
			found = append(found, cc)
		}
	}
	if len(found) == 0 {
		t.Skip("LEFT OUT: no C compiler for this platform; install the Debian packages gcc and clang, or gcc-aarch64-linux-gnu")
	}
	return found
}

// compile builds a shared library and opens it.
func compile(t testing.TB, cc []string, opt, source string, flags ...string) wasmffi.Library {
	t.Helper()
	lib, err := native.Open(context.Background(), build(t, cc, opt, source, flags...), native.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, lib.Close()) })
	return lib
}

// build compiles a shared library and returns its path.
func build(t testing.TB, cc []string, opt, source string, flags ...string) string {
	t.Helper()
	dir := buildDir(t)
	c, so := filepath.Join(dir, "test.c"), filepath.Join(dir, "libtest.so")
	require.NoError(t, os.WriteFile(c, []byte(source), 0o600))
	args := append(append([]string{}, cc[1:]...), opt, "-w", "-shared", "-fPIC", "-o", so, c)
	out, err := exec.Command(cc[0], append(args, flags...)...).CombinedOutput()
	require.NoError(t, err, "%s\n%s", out, source)
	return so
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
