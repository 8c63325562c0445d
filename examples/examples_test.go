// Package examples_test runs every example the way a reader would: the same
// program on its embedded module and on a shared library built from the same
// C, and compares what the process printed with expected.txt.
package examples_test

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

var address = regexp.MustCompile(`0x[0-9a-f]+`)

func TestCookbook(t *testing.T) {
	for _, name := range []string{"fibonacci", "bar", "allocator", "rows", "weather", "qsort"} {
		t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join(name, "expected.txt"))
			require.NoError(t, err)
			program := build(t, name)
			t.Run("sandbox", func(t *testing.T) {
				require.Equal(t, string(want), run(t, program))
			})
			t.Run("native", func(t *testing.T) {
				require.Equal(t, string(want), run(t, program, nativeLibrary(t, name)))
			})
		})
	}
}

// The image example builds stb_image itself; what it prints says what it saw.
func TestImage(t *testing.T) {
	for what, pkg := range map[string]string{"clang": "clang", "wasm-ld": "lld", "cc": "gcc"} {
		if _, err := exec.LookPath(what); err != nil {
			t.Skipf("LEFT OUT: no %s; install the Debian package %s", what, pkg)
		}
	}
	for what, pkg := range map[string]string{
		"/usr/include/stb/stb_image.h":     "libstb-dev",
		"/usr/include/wasm32-wasi/stdio.h": "wasi-libc",
	} {
		if _, err := os.Stat(what); err != nil {
			t.Skipf("LEFT OUT: %s is missing; install the Debian package %s", what, pkg)
		}
	}
	flipped := filepath.Join(t.TempDir(), "flipped.png")
	cmd := exec.Command(build(t, "image"), flipped)
	cmd.Dir = ".." // as the README has it
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, want := range []string{
		"PNG pixels are identical", "JPEG pixels are identical",
		"sandbox, truncated file: ", "sandbox, corrupt file: ", "sandbox, bomb file: no picture",
		"native, truncated file: ", "native, corrupt file: ", "native, bomb file: ",
		"sandbox: and a good file still decodes", "native: and a good file still decodes",
	} {
		require.Contains(t, string(out), want)
	}
	f, err := os.Open(flipped)
	require.NoError(t, err)
	defer f.Close()
	m, err := png.Decode(f)
	require.NoError(t, err)
	require.Equal(t, image.Pt(1024, 768), m.Bounds().Size())
	// The picture's sun stands in its upper left; flipped, in the lower left.
	sun := color.NRGBA{250, 220, 60, 255}
	require.Equal(t, sun, color.NRGBAModel.Convert(m.At(1024/3, 768-768/4)))
	require.NotEqual(t, sun, color.NRGBAModel.Convert(m.At(1024/3, 768/4)))
}

// build compiles an example into a program.
func build(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	out, err := exec.Command("go", "build", "-o", program, "./"+name).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// run is what the program prints to a pipe, addresses made alike.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	return address.ReplaceAllString(string(out), "ADDRESS")
}

// nativeLibrary is the shared library for an example.
func nativeLibrary(t *testing.T, name string) string {
	t.Helper()
	if name == "qsort" {
		if runtime.GOOS != "linux" {
			t.Skip("LEFT OUT: the name of libc is Linux's")
		}
		return "libc.so.6"
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("LEFT OUT: no C compiler for the native side; install the Debian package gcc")
	}
	lib := filepath.Join(t.TempDir(), "lib"+name+".so")
	out, err := exec.Command(cc, "-O2", "-shared", "-fPIC", "-o", lib, filepath.Join(name, "c", name+".c")).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return lib
}
