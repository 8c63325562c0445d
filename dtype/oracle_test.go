package dtype

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// targets names clang's target for each row of the ABI table.
var targets = map[*ABI]string{
	WASM32:       "wasm32-wasi",
	LinuxAMD64:   "x86_64-linux-gnu",
	LinuxARM64:   "aarch64-linux-gnu",
	DarwinAMD64:  "x86_64-apple-macos",
	DarwinARM64:  "arm64-apple-macos",
	WindowsAMD64: "x86_64-pc-windows-msvc",
	WindowsARM64: "aarch64-pc-windows-msvc",
	MinGWAMD64:   "x86_64-w64-windows-gnu",
	Emscripten32: "wasm32-unknown-emscripten",
	FreeBSDAMD64: "x86_64-unknown-freebsd",
	FreeBSDARM64: "aarch64-unknown-freebsd",
}

// prelude declares the type names of this package without any header.
const prelude = `
typedef __INT8_TYPE__ int8_t;   typedef __UINT8_TYPE__ uint8_t;
typedef __INT16_TYPE__ int16_t; typedef __UINT16_TYPE__ uint16_t;
typedef __INT32_TYPE__ int32_t; typedef __UINT32_TYPE__ uint32_t;
typedef __INT64_TYPE__ int64_t; typedef __UINT64_TYPE__ uint64_t;
typedef __SIZE_TYPE__ size_t;   typedef __PTRDIFF_TYPE__ ssize_t, ptrdiff_t;
typedef __INTPTR_TYPE__ intptr_t; typedef __UINTPTR_TYPE__ uintptr_t;
typedef __WCHAR_TYPE__ wchar_t;
typedef __CHAR16_TYPE__ char16_t; typedef __CHAR32_TYPE__ char32_t;
`

// A compiler is an oracle for layouts.
type compiler struct {
	command []string // and flags
	install string   // Debian package
}

func clangFor(abi *ABI) compiler {
	return compiler{[]string{"clang", "--target=" + targets[abi], "-w"}, "clang"}
}

var (
	gccAMD64 = compiler{[]string{"x86_64-linux-gnu-gcc", "-w"}, "gcc-x86-64-linux-gnu"}
	gccARM64 = compiler{[]string{"aarch64-linux-gnu-gcc", "-w"}, "gcc-aarch64-linux-gnu"}
	gccMinGW = compiler{[]string{"x86_64-w64-mingw32-gcc", "-w"}, "gcc-mingw-w64-x86-64"}
)

// alignof is the operator that gives a type's alignment in structs: gcc's
// _Alignof stops at 16, clang's __alignof__ is what it prefers for variables.
func (c compiler) alignof() string {
	if strings.HasPrefix(c.command[0], "clang") {
		return "_Alignof"
	}
	return "__alignof__"
}

// compile compiles C text to an object file and returns its bytes. It fails
// the test with the compiler's errors.
func (c compiler) compile(t testing.TB, source string) []byte {
	t.Helper()
	object, errors := c.try(t, source)
	require.Empty(t, errors, "%s refuses", strings.Join(c.command, " "))
	return object
}

// try is compile for a test that wants to see the errors.
func (c compiler) try(t testing.TB, source string) (object []byte, errors string) {
	t.Helper()
	c.need(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "t.c"), filepath.Join(dir, "t.o")
	require.NoError(t, os.WriteFile(in, []byte(source), 0o600))
	cmd := exec.Command(c.command[0], append(c.command[1:], "-c", "-o", out, in)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Sprintf("%v\n%s", err, text)
	}
	object, err := os.ReadFile(out)
	require.NoError(t, err)
	return object, ""
}

// need skips the test, loudly, where the compiler is missing.
func (c compiler) need(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath(c.command[0]); err != nil {
		fmt.Fprintf(os.Stderr, "SKIPPED %s: no %s; install the Debian package %s\n", t.Name(), c.command[0], c.install)
		t.Skipf("LEFT OUT: no %s; install the Debian package %s", c.command[0], c.install)
	}
}
