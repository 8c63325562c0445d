package guestabi_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const kernelSources = "../testdata/c/kernels"

// TestKernelsRebuild compiles each kernel with the command in its first lines:
// the committed module must come out.
func TestKernelsRebuild(t *testing.T) {
	clang := tool(t, "clang", "clang-14 lld-14")
	tool(t, "wasm-ld", "lld-14")
	if path, err := exec.LookPath("wasm-opt"); err == nil {
		t.Skipf("SKIPPED: clang runs %s on what it links (Debian: remove binaryen)", path)
	}
	version, err := exec.Command(clang, "--version").Output()
	require.NoError(t, err)
	for name, want := range readKernels(t) {
		t.Run(name, func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join(kernelSources, name+".c"))
			require.NoError(t, err)
			comment, _, _ := strings.Cut(strings.TrimPrefix(string(source), "/* "), " */")
			compiler, command, _ := strings.Cut(strings.ReplaceAll(comment, "\\\n *", ""), ": ")
			if first, _, _ := strings.Cut(string(version), "\n"); strings.Replace(first, "version ", "", 1) != compiler {
				t.Skipf("SKIPPED: built with %s, this is %s (Debian: clang-14 lld-14)", compiler, first)
			}
			args := strings.Fields(command)[1:]
			out := filepath.Join(t.TempDir(), "out.wasm")
			for i, a := range args {
				if a == "-o" {
					args[i+1] = out
				}
			}
			run(t, kernelSources, clang, args...)
			got, err := os.ReadFile(out)
			require.NoError(t, err)
			assert.True(t, string(want) == string(got), "the rebuilt module differs")
		})
	}
}
