//go:build (linux || darwin) && (amd64 || arm64)

package native_test

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/native"
)

// compilers are the C compilers for this platform that are there.
func compilers(t testing.TB) [][]string {
	t.Helper()
	var found [][]string
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
	dir := t.TempDir()
	c, so := filepath.Join(dir, "test.c"), filepath.Join(dir, "libtest.so")
	require.NoError(t, os.WriteFile(c, []byte(source), 0o600))
	args := append(append([]string{}, cc[1:]...), opt, "-w", "-shared", "-fPIC", "-o", so, c)
	out, err := exec.Command(cc[0], append(args, flags...)...).CombinedOutput()
	require.NoError(t, err, "%s\n%s", out, source)
	return so
}

// TestGeneratedSignatures calls random C functions that check what they get, in
// both directions. WASMFFI_SIGNATURES sets how many for each kind, compiler and
// level of optimisation ("make bulk"); WASMFFI_SEED repeats a run.
func TestGeneratedSignatures(t *testing.T) {
	count := numberFrom(t, "WASMFFI_SIGNATURES", 12)
	seed := numberFrom(t, "WASMFFI_SEED", uint64(time.Now().UnixNano()))
	t.Logf("WASMFFI_SEED=%d", seed)
	for _, kind := range []struct {
		name             string
		aggregates, wide bool
	}{
		{"integers, pointers, floats", false, false},
		{"with long double, complex, __int128", false, true},
		{"with structs and unions", true, false},
		{"with everything", true, true},
	} {
		t.Run(kind.name, func(t *testing.T) {
			for i, cc := range compilers(t) {
				for j, opt := range []string{"-O0", "-O2"} {
					g := &generator{t: t, rnd: rand.New(rand.NewPCG(seed, uint64(2*i+j))), abi: dtype.Host(),
						aggregates: kind.aggregates, wide: kind.wide, oldClang: cc[0] == "clang"}
					for left := count; left > 0 && !t.Failed(); left -= min(left, 100) {
						g.checkBatch(t, cc, opt, int(min(left, 100)))
					}
				}
			}
		})
	}
}

func numberFrom(t *testing.T, name string, otherwise uint64) uint64 {
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 64)
	require.NoError(t, err, name)
	return n
}

// checkBatch compiles n functions into one library and checks them.
func (g *generator) checkBatch(t *testing.T, cc []string, opt string, n int) {
	g.defs.Reset()
	var functions []*function
	var body strings.Builder
	for i := range n {
		f := g.signature(i, 20)
		f.source(&body)
		functions = append(functions, f)
	}
	source := "#include <stdarg.h>\n#include <stdbool.h>\n#include <string.h>\n" + g.defs.String() + body.String()
	lib := compile(t, cc, opt, source)
	for _, f := range functions {
		f.check(t, lib)
	}
	if t.Failed() {
		t.Logf("%v %s\n%s", cc, opt, g.defs.String())
	}
}
