package cdecl_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

// clangTargets are ABIs by the name that clang has for them; none of them
// needs the target's headers.
var clangTargets = map[*dtype.ABI]string{
	dtype.WASM32:       "wasm32-wasi",
	dtype.Emscripten32: "wasm32-unknown-emscripten",
	dtype.LinuxAMD64:   "x86_64-linux-gnu",
	dtype.LinuxARM64:   "aarch64-linux-gnu",
	dtype.DarwinAMD64:  "x86_64-apple-macos",
	dtype.DarwinARM64:  "arm64-apple-macos",
	dtype.WindowsAMD64: "x86_64-pc-windows-msvc",
	dtype.WindowsARM64: "aarch64-pc-windows-msvc",
	dtype.MinGWAMD64:   "x86_64-w64-windows-gnu",
	dtype.FreeBSDAMD64: "x86_64-unknown-freebsd",
	dtype.FreeBSDARM64: "aarch64-unknown-freebsd",
}

// The structs of testdata/layout are parsed for each ABI, and what dtype makes
// of them is asserted in C.
func TestLayoutsAgainstClang(t *testing.T) {
	if _, err := exec.LookPath("clang"); err != nil {
		t.Skip("SKIPPED: clang is not installed: apt-get install clang")
	}
	paths, err := filepath.Glob("testdata/layout/*.h")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, abi := range dtype.ABIs() {
		t.Run(abi.Name(), func(t *testing.T) {
			for _, path := range paths {
				t.Run(filepath.Base(path), func(t *testing.T) {
					d, err := cdecl.ParseFile(path, cdecl.Options{ABI: abi, SystemIncludeDirs: []string{}})
					require.NoError(t, err)
					header, err := os.ReadFile(path)
					require.NoError(t, err)
					c := compiler{abi: abi, args: []string{"clang", "--target=" + clangTargets[abi], "-ffreestanding", "-fdouble-square-bracket-attributes"}}
					out, err := c.check(t, string(header)+"\n"+asserts(t, d, abi))
					assert.NoError(t, err, out)
				})
			}
		})
	}
}

// asserts are C assertions about every struct, union, enum and typedef.
func asserts(t *testing.T, d *cdecl.Decls, abi *dtype.ABI) string {
	var b strings.Builder
	n := 0
	for x := range d.All(cdecl.Tag, cdecl.Typedef) {
		if x.File == "<built-in>" || strings.HasPrefix(x.File, "<built-in>/") {
			continue
		}
		_, err := abi.Layout(x.Type)
		require.NoError(t, err, x.Name)
		sizes(&b, abi, x.Type)
		n++
	}
	require.NotZero(t, n)
	return b.String()
}
