package debuginfo

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// A toolchain compiles C with debug info for one ABI.
type toolchain struct {
	name    string
	command string // compiler and flags
	link    string // linker and flags, where the compiler only makes objects
	after   string // what moves debug info out of the objects
	runtime string // C without debug info that a library has to have
	pkg     string // Debian packages that have them
	abi     *dtype.ABI
}

var (
	gcc   = toolchain{name: "gcc", command: "gcc -shared -fPIC", pkg: "gcc", abi: dtype.LinuxAMD64}
	clang = toolchain{name: "clang", command: "clang -shared -fPIC", pkg: "clang", abi: dtype.LinuxAMD64}
	arm64 = toolchain{name: "arm64", command: "aarch64-linux-gnu-gcc -shared -fPIC",
		pkg: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross", abi: dtype.LinuxARM64}
	wasm = toolchain{name: "wasm", command: "clang --target=wasm32-unknown-unknown -ffreestanding -fvisibility=default -c",
		link: "wasm-ld --no-entry --stack-first --allow-undefined --export-dynamic", pkg: "clang lld", abi: dtype.WASM32}
	windows = toolchain{name: "windows", command: "clang --target=x86_64-w64-windows-gnu -ffreestanding -c",
		link: "ld.lld -m i386pep --shared --export-all-symbols", pkg: "clang lld", abi: dtype.MinGWAMD64,
		runtime: "int _DllMainCRTStartup(void) { return 1; } int imported(const char *s, double d) { return 0; } int _tls_index;"}
	darwin = toolchain{name: "darwin", command: "clang --target=arm64-apple-macos11 -ffreestanding -c",
		link:  "ld64.lld-14 -dylib -arch arm64 -platform_version macos 11.0 11.0 -undefined dynamic_lookup",
		after: "dsymutil", pkg: "clang-14 lld-14 llvm-14", abi: dtype.DarwinARM64}
)

// eachToolchain runs a test with every compiler and DWARF version.
func eachToolchain(t *testing.T, run func(t *testing.T, tc toolchain)) {
	for _, tc := range []toolchain{gcc, clang, arm64, wasm, windows, darwin} {
		for _, version := range []string{"-gdwarf-4", "-gdwarf-5"} {
			// LLVM 14 gets DWARF 5 wrong there: dsymutil leaves most of it
			// behind, and COFF objects have wrong offsets of file names.
			if version == "-gdwarf-5" && (tc.name == "darwin" || tc.name == "windows") {
				continue
			}
			tc := tc
			tc.command += " -g " + version
			t.Run(tc.name+version, func(t *testing.T) { run(t, tc) })
		}
	}
}

// compile makes a library of C files, given as name and text by turns, and
// opens its debug info. A missing compiler skips the test, loudly.
func (tc toolchain) compile(t testing.TB, files ...string) *Info {
	t.Helper()
	info, err := Open(tc.build(t, files...))
	require.NoError(t, err)
	t.Cleanup(func() { info.Close() })
	require.Same(t, tc.abi, info.ABI())
	return info
}

// build makes a library and gives its path.
func (tc toolchain) build(t testing.TB, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	command := strings.Fields(tc.command)
	for n := 0; n < len(files); n += 2 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, files[n]), []byte(files[n+1]), 0o644))
		command = append(command, files[n])
	}
	if tc.runtime != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "runtime.c"), []byte(tc.runtime), 0o644))
		tool(t, dir, tc.pkg, append(strings.Fields(tc.command), "-g0", "runtime.c")...)
	}
	out := filepath.Join(dir, "lib")
	if tc.link == "" {
		command = append(command, "-o", out)
	}
	tool(t, dir, tc.pkg, command...)
	if tc.link != "" {
		objects, err := filepath.Glob(filepath.Join(dir, "*.o"))
		require.NoError(t, err)
		tool(t, dir, tc.pkg, append(strings.Fields(tc.link), append(objects, "-o", out)...)...)
	}
	if tc.after != "" {
		tool(t, dir, tc.pkg, tc.after, out)
	}
	return out
}

// tool runs a command in dir.
func tool(t testing.TB, dir, pkg string, command ...string) {
	t.Helper()
	if _, err := exec.LookPath(command[0]); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: no %s here; on Debian: apt-get install %s", command[0], pkg)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%v\n%s", command, out)
}
