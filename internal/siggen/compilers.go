package siggen

import (
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"testing"

	"github.com/wasmffi/wasmffi/dtype"
)

// clang is the clang to use: WASMFFI_CLANG, or the one on the path.
func clang() string {
	if s := os.Getenv("WASMFFI_CLANG"); s != "" {
		return s
	}
	return "clang"
}

// clangVersion is the major version of clang, 0 if it is not there.
func clangVersion() int {
	out, err := exec.Command(clang(), "--version").Output()
	if err != nil {
		return 0
	}
	if m := regexp.MustCompile(`version (\d+)`).FindSubmatch(out); m != nil {
		n, _ := strconv.Atoi(string(m[1]))
		return n
	}
	return 0
}

// Native are the compilers for shared libraries of this machine, each at -O0
// and -O2. Without any it skips the test.
func Native(t testing.TB) []*Compiler {
	t.Helper()
	host := dtype.Host()
	var all []*Compiler
	switch {
	case runtime.GOOS == "windows":
		command := []string{"x86_64-w64-mingw32-gcc", "-static"}
		return present(t, []*Compiler{{Name: "gcc", Command: command, ABI: dtype.MinGWAMD64, Package: "gcc-mingw-w64-x86-64", Exclude: mingwExclusions}}, "-shared")
	case runtime.GOARCH == "amd64":
		all = []*Compiler{
			{Name: "gcc", Command: []string{"gcc"}, ABI: host, Package: "gcc", Exclude: gccExclusions},
			{Name: "clang", Command: []string{clang()}, ABI: host, Package: "clang", Exclude: clangExclusions()},
		}
	case runtime.GOARCH == "arm64":
		all = []*Compiler{
			{Name: "gcc", Command: []string{"aarch64-linux-gnu-gcc"}, ABI: host, Package: "gcc-aarch64-linux-gnu", Exclude: gccARM64Exclusions},
			{Name: "clang", Command: []string{clang(), "--target=aarch64-linux-gnu"}, ABI: host, Package: "clang", Exclude: clangARM64Exclusions},
		}
	}
	return present(t, all, "-shared", "-fPIC")
}

// Wasm are the compilers for modules of the sandbox.
func Wasm(t testing.TB) []*Compiler {
	t.Helper()
	command := []string{clang(), "--target=wasm32-unknown-unknown", "-nostdlib", "-ffreestanding",
		"-Wl,--no-entry", "-Wl,--stack-first", "-Wl,-z,stack-size=1048576", "-Wl,--export-all", "-Wl,--strip-all"}
	if _, err := exec.LookPath("wasm-ld"); err != nil {
		t.Skip("LEFT OUT: no linker wasm-ld; install the Debian packages clang and lld")
	}
	return present(t, []*Compiler{{Name: "clang", Command: command, ABI: dtype.WASM32, Package: "clang", VectorFlags: []string{"-msimd128"}, Exclude: wasmExclusions()}})
}

// present are the compilers that are there, at two levels of optimisation.
func present(t testing.TB, all []*Compiler, flags ...string) []*Compiler {
	t.Helper()
	var found []*Compiler
	for _, c := range all {
		if !c.Present() {
			t.Logf("LEFT OUT: no %s; install the Debian package %s", c.Command[0], c.Package)
			continue
		}
		for _, level := range []string{"-O0", "-O2"} {
			at := *c
			at.Name += " " + level
			at.Command = append(append([]string(nil), c.Command...), append(flags, level)...)
			found = append(found, &at)
		}
	}
	if len(found) == 0 {
		t.Skip("LEFT OUT: no C compiler for this platform")
	}
	return found
}

var (
	gccExclusions        = []Exclusion{unnamedBits, gccNothing, gccFlexible, gccElements, gccVaArg}
	mingwExclusions      = []Exclusion{mingwBits, shortWide}
	gccARM64Exclusions   = []Exclusion{unionBits, nothing, noElements, gccVectorArg}
	clangARM64Exclusions = []Exclusion{clangUnnamed, nothing, noElements, packedWide}
)

func wasmExclusions() []Exclusion {
	xs := []Exclusion{passedVector, passedUnaligned}
	if v := clangVersion(); v < 20 {
		xs = append(xs, passedInt128)
	}
	return xs
}

func clangExclusions() []Exclusion {
	xs := []Exclusion{clangFlexible, clangAligned, clangPadding, nothing}
	if v := clangVersion(); v < 18 {
		xs = append(xs, oldInt128)
	}
	return xs
}
