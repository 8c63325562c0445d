package siggen

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// A Compiler is a way to compile batches into a library.
type Compiler struct {
	Name    string // for people
	Command []string
	Package string // that brings it
	ABI     *dtype.ABI
	Exclude []Exclusion
	// VectorFlags make it use SIMD instructions.
	VectorFlags []string
}

// An Exclusion is a kind of type in which a compiler strays from its ABI, or
// compilers disagree about it, so that there is nothing to compare with.
type Exclusion struct {
	Reason string
	Has    func(abi *dtype.ABI, t dtype.Type) bool
	Where  Role
}

// A Role is what a type is used for.
type Role int

const (
	Anywhere   Role = iota
	Parameters      // results are right
	Variadic        // only what matches "..." is not
	Passed          // only what the compiler's own code passes for "..." is not
)

// excludes is why a type is not used for this compiler in a role, or "".
func (c *Compiler) excludes(t dtype.Type, role Role) string {
	for _, x := range c.Exclude {
		if x.Where <= role && x.Has(c.ABI, t) {
			return x.Reason
		}
	}
	return ""
}

// Present reports whether the compiler is there.
func (c *Compiler) Present() bool {
	_, err := exec.LookPath(c.Command[0])
	return err == nil
}

// Build compiles a batch with further flags and returns the file's name.
func (c *Compiler) Build(t testing.TB, b *Batch, flags ...string) string {
	t.Helper()
	dir := buildDir(t)
	in, out := filepath.Join(dir, "batch.c"), filepath.Join(dir, "batch.lib")
	require.NoError(t, os.WriteFile(in, []byte(b.Source()), 0o600))
	args := append(append(c.Command[1:len(c.Command):len(c.Command)], flags...), "-w", "-o", out, in)
	if msg, err := exec.Command(c.Command[0], args...).CombinedOutput(); err != nil {
		lines := strings.Split(string(msg), "\n")
		require.NoError(t, err, "%s %s\n%s", c.Command[0], strings.Join(args, " "), strings.Join(lines[:min(len(lines), 20)], "\n"))
	}
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
