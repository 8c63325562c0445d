package debuginfo

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

const sideC = "struct p { int x; }; int side(struct p *p) { return p->x; }"

// stripped makes a library and moves its debug info to a separate file.
func stripped(t *testing.T, flags string) (lib, debug string) {
	tc := gcc
	tc.command += " -g " + flags
	lib = tc.build(t, "side.c", sideC)
	debug = lib + ".debug"
	tool(t, "", "binutils", "objcopy", "--only-keep-debug", lib, debug)
	tool(t, "", "binutils", "strip", lib)
	return lib, debug
}

func move(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
	require.NoError(t, os.Rename(from, to))
}

// opensSide asserts that the library's debug info is found.
func opensSide(t *testing.T, lib, debugRoot string) {
	t.Helper()
	info, err := openPath(lib, debugRoot)
	require.NoError(t, err)
	defer info.Close()
	f, err := info.Func("side")
	require.NoError(t, err)
	assert.Equal(t, "int side(struct p *p)", dtype.Declare(f.Type, f.Name))
	assert.NotZero(t, f.Addr)
}

func TestDebugLink(t *testing.T) {
	for _, dir := range []string{"", ".debug"} {
		t.Run("beside/"+dir, func(t *testing.T) {
			lib, debug := stripped(t, "-Wl,--build-id=none")
			tool(t, "", "binutils", "objcopy", "--add-gnu-debuglink="+debug, lib)
			_, err := openPath(filepath.Join(filepath.Dir(lib), "lib"), t.TempDir())
			require.NoError(t, err)
			move(t, debug, filepath.Join(filepath.Dir(lib), dir, "lib.debug"))
			opensSide(t, lib, t.TempDir())

			link := filepath.Join(t.TempDir(), "liblink.so")
			require.NoError(t, os.Symlink(lib, link))
			opensSide(t, link, t.TempDir())
		})
	}
	t.Run("debug root", func(t *testing.T) {
		lib, debug := stripped(t, "-Wl,--build-id=none")
		tool(t, "", "binutils", "objcopy", "--add-gnu-debuglink="+debug, lib)
		root := t.TempDir()
		move(t, debug, filepath.Join(root, filepath.Dir(lib), "lib.debug"))
		opensSide(t, lib, root)
	})
}

func TestDebugLinkOfAnotherBuild(t *testing.T) {
	for _, id := range []string{"-Wl,--build-id=none", "-Wl,--build-id"} {
		lib, debug := stripped(t, id)
		tool(t, "", "binutils", "objcopy", "--add-gnu-debuglink="+debug, lib)
		_, other := stripped(t, id+" -DOTHER -O2")
		move(t, other, debug)
		_, err := Open(lib)
		assert.ErrorIs(t, err, ErrNone, "checksum or build id differ")
	}
}

func TestDebugLinkOutside(t *testing.T) {
	lib, debug := stripped(t, "-Wl,--build-id=none")
	tool(t, "", "binutils", "objcopy", "--add-gnu-debuglink="+debug, lib)
	b, err := os.ReadFile(lib)
	require.NoError(t, err)
	outside := bytes.Replace(b, []byte("lib.debug\x00"), []byte("../lib.de\x00"), 1)
	require.NotEqual(t, b, outside)
	sub := filepath.Join(filepath.Dir(lib), "sub", "lib")
	require.NoError(t, os.MkdirAll(filepath.Dir(sub), 0o755))
	require.NoError(t, os.WriteFile(sub, outside, 0o644))
	move(t, debug, filepath.Join(filepath.Dir(lib), "lib.de"))
	_, err = Open(sub)
	assert.ErrorIs(t, err, ErrNone, "a library names files beside itself only")
}

func TestBuildID(t *testing.T) {
	lib, debug := stripped(t, "-Wl,--build-id=0x0123456789abcdef")
	root := t.TempDir()
	_, err := openPath(lib, root)
	assert.EqualError(t, err, "debuginfo: open "+lib+": no debug info")
	move(t, debug, filepath.Join(root, ".build-id", "01", "23456789abcdef.debug"))
	opensSide(t, lib, root)
}

// TestLibc reads the C library of the machine, whose debug info is a package
// of its own.
func TestLibc(t *testing.T) {
	info := libc(t)
	for name, want := range map[string]struct {
		params   int
		variadic bool
	}{
		"qsort": {4, false}, "snprintf": {3, true}, "stat": {2, false}, "accept": {3, false}, "strlen": {1, false},
	} {
		f, err := info.Func(name)
		require.NoError(t, err)
		assert.Len(t, f.Type.Params(), want.params, dtype.Declare(f.Type, name))
		assert.Equal(t, want.variadic, f.Type.Variadic(), name)
	}
	environ, err := info.Var("environ")
	require.NoError(t, err)
	assert.Equal(t, "char **__environ", dtype.Declare(environ.Type, environ.Name))
	file, err := info.Type("FILE")
	require.NoError(t, err)
	size, err := info.ABI().Size(file)
	require.NoError(t, err)
	assert.Equal(t, uint64(216), size)
}

// libc opens the debug info of the machine's C library.
func libc(t testing.TB) *Info {
	for _, path := range []string{"/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6"} {
		if info, err := Open(path); err == nil {
			t.Cleanup(func() { info.Close() })
			return info
		}
	}
	t.Skip("SKIPPED, NOT TESTED: no debug info of libc here; on Debian: apt-get install libc6-dbg")
	return nil
}

// external makes a module whose debug info is in a side file of the given
// name.
func external(t *testing.T, dir, name string) string {
	b, err := os.ReadFile("testdata/geo.wasm")
	require.NoError(t, err)
	side := []byte{0, byte(20 + 1 + len(name)), 19}
	side = append(side, "external_debug_info"...)
	side = append(side, byte(len(name)))
	side = append(side, name...)
	lib := filepath.Join(dir, "lib.wasm")
	require.NoError(t, os.WriteFile(lib, append(withoutCustom(t, b), side...), 0o644))
	return lib
}

// withoutCustom drops the custom sections of a module.
func withoutCustom(t *testing.T, module []byte) []byte {
	out := append([]byte(nil), module[:8]...)
	c := cursor{data: module, pos: 8}
	for c.pos < len(module) {
		start := c.pos
		id := c.u8()
		c.take(c.uleb())
		require.False(t, c.bad)
		if id != wasmCustom {
			out = append(out, module[start:c.pos]...)
		}
	}
	return out
}

func TestExternalDebugInfo(t *testing.T) {
	geo, err := os.ReadFile("testdata/geo.wasm")
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	for _, c := range []struct {
		names string
		file  string
		found bool
	}{
		{"geo.debug.wasm", "geo.debug.wasm", true},
		{"sub/geo.wasm", "sub/geo.wasm", true},
		{"file://url.wasm", "url.wasm", true},
		{"missing.wasm", "other.wasm", false},
		{"sub/../../up.wasm", "../up.wasm", false},
		{filepath.Join(dir, "absolute.wasm"), "absolute.wasm", false},
	} {
		lib := external(t, dir, c.names)
		require.NoError(t, os.WriteFile(filepath.Join(dir, c.file), geo, 0o644))
		info, err := Open(lib)
		if !c.found {
			assert.ErrorIs(t, err, ErrNone, c.names)
			continue
		}
		require.NoError(t, err, c.names)
		defer info.Close()
		f, err := info.Func("area_alias")
		require.NoError(t, err, "exports are the library's own")
		assert.Equal(t, "area", f.Name)
	}
	_, err = New(bytes.NewReader(withoutCustom(t, geo)), int64(len(withoutCustom(t, geo))), "geo")
	assert.EqualError(t, err, "debuginfo: open geo: no debug info")
}
