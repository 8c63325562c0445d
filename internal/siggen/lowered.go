package siggen

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// Lowering are clang for platforms whose code is only looked at, not run: what
// it makes of functions in LLVM's intermediate language. It needs none of their
// headers and libraries.
func Lowering(t testing.TB) []*Compiler {
	t.Helper()
	var all []*Compiler
	for _, target := range []struct {
		triple  string
		abi     *dtype.ABI
		exclude []Exclusion
	}{
		{"x86_64-linux-gnu", dtype.LinuxAMD64, clangExclusions()},
		{"aarch64-linux-gnu", dtype.LinuxARM64, clangARM64Exclusions},
		{"arm64-apple-macos", dtype.DarwinARM64, clangARM64Exclusions},
		{"x86_64-pc-windows-msvc", dtype.WindowsAMD64, []Exclusion{clangFlexible}},
	} {
		c := &Compiler{Name: target.triple, ABI: target.abi, Package: "clang", Exclude: target.exclude,
			Command: []string{clang(), "--target=" + target.triple, "-ffreestanding", "-O0", "-w", "-S", "-emit-llvm", "-fno-discard-value-names"}}
		if !c.Present() {
			t.Skipf("LEFT OUT: no %s; install the Debian package %s", c.Command[0], c.Package)
		}
		all = append(all, c)
	}
	return all
}

// Lower is what the compiler makes of the batch's functions, empty ones without
// "...".
func (b *Batch) Lower(t testing.TB) string {
	t.Helper()
	var s strings.Builder
	s.WriteString(headers)
	b.define(&s)
	for _, f := range b.Functions {
		var list []string
		for i, p := range f.Sig.Params()[:f.Sig.Fixed()] {
			list = append(list, dtype.Declare(p.Type, parameter(i)))
		}
		if list == nil {
			list = []string{"void"}
		}
		fmt.Fprintf(&s, "%s { for (;;) ; }\n", dtype.Declare(f.Sig.Result(), f.Name+"("+strings.Join(list, ", ")+")"))
	}
	in := filepath.Join(t.TempDir(), "batch.c")
	require.NoError(t, os.WriteFile(in, []byte(s.String()), 0o600))
	args := append(b.compiler.Command[1:len(b.compiler.Command):len(b.compiler.Command)], "-o", "-", in)
	cmd := exec.Command(b.compiler.Command[0], args...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	require.NoError(t, err, "%s", complaints.String())
	return string(out)
}
