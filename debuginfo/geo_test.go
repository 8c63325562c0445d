package debuginfo

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// eachGeo runs a test on the committed modules, which need no compiler.
func eachGeo(t *testing.T, run func(t *testing.T, info *Info)) {
	for _, name := range []string{"testdata/geo.wasm", "testdata/geo5.wasm"} {
		t.Run(name, func(t *testing.T) {
			info, err := Open(name)
			require.NoError(t, err)
			defer info.Close()
			run(t, info)
		})
	}
}

func TestGeoFuncs(t *testing.T) {
	eachGeo(t, func(t *testing.T, info *Info) {
		assert.Same(t, dtype.WASM32, info.ABI())
		for name, want := range map[string]string{
			"area":       "double area(const point_t *pts, int n)",
			"area_alias": "double area(const point_t *pts, int n)",
			"visit":      "int visit(const struct shape *first, visitor f, void *data)",
			"bits":       "unsigned int bits(union word w, ...)",
			"cross":      "double cross(point_t a, point_t b)",
		} {
			f, err := info.Func(name)
			require.NoError(t, err, name)
			assert.Equal(t, want, dtype.Declare(f.Type, f.Name))
			assert.Equal(t, "geo.c", f.File)
			assert.Equal(t, name != "cross", f.External)
			if name == "cross" {
				assert.Zero(t, f.Addr, "inlined everywhere")
				continue
			}
			at, err := info.FuncAt(f.Addr + 2)
			require.NoError(t, err)
			assert.Same(t, f, at)
		}
		f, err := info.Func("area")
		require.NoError(t, err)
		assert.Equal(t, uint64(3), f.Addr, "from the start of the code section")
		assert.Equal(t, 41, f.Line)

		var names []string
		for f, err := range info.Funcs() {
			require.NoError(t, err)
			names = append(names, f.Name)
		}
		assert.Equal(t, []string{"area", "bits", "visit"}, names)
	})
}

func TestGeoTypes(t *testing.T) {
	eachGeo(t, func(t *testing.T, info *Info) {
		want := []string{
			"enum unit { MM, CM = 10, M = 1000 }",
			"typedef struct point point_t",
			"struct point { double x; double y; }",
			"struct shape { struct shape *next; const char *name; enum unit unit;" +
				" unsigned int closed: 1; unsigned int filled: 1; int color: 24; int n;" +
				" struct { int id; union { int tag; float weight; }; }; point_t pts[]; }",
			"union word { unsigned int u; float f; unsigned char b[4]; }",
			"typedef int (*visitor)(const struct shape *, void *)",
		}
		var got []string
		for typ, err := range info.Types() {
			require.NoError(t, err)
			got = append(got, dtype.Define(typ))
		}
		assert.Equal(t, want, got)

		shape, err := info.Type("struct shape")
		require.NoError(t, err)
		again, err := info.Type(" struct  shape ")
		require.NoError(t, err)
		assert.Same(t, shape, again)
	})
}

func TestGeoVars(t *testing.T) {
	eachGeo(t, func(t *testing.T, info *Info) {
		v, err := info.Var("primes")
		require.NoError(t, err)
		assert.Equal(t, &Var{Name: "primes", Type: v.Type, Addr: 0x10000, File: "geo.c", Line: 33, External: true, Const: true}, v)
		assert.Equal(t, "int primes[2][3]", dtype.Declare(v.Type, v.Name))

		var names []string
		for v, err := range info.Vars() {
			require.NoError(t, err)
			assert.Equal(t, v.Name != "calls", v.External)
			names = append(names, v.Name)
		}
		assert.Equal(t, []string{"calls", "primes", "verbose"}, names)
	})
}

// Every address of area is in area; where cross was inlined, its line comes
// first and then the line of the call.
func TestGeoLine(t *testing.T) {
	eachGeo(t, func(t *testing.T, info *Info) {
		area, err := info.Func("area")
		require.NoError(t, err)
		inlined := 0
		for addr := area.Addr; ; addr++ {
			if f, err := info.FuncAt(addr); err != nil || f != area {
				break
			}
			frames, err := info.Line(addr)
			require.NoError(t, err)
			last := frames[len(frames)-1]
			assert.Equal(t, "area", last.Func)
			assert.Equal(t, "geo.c", last.File)
			assert.False(t, last.Inlined)
			if len(frames) == 2 {
				inlined++
				assert.Equal(t, "cross", frames[0].Func)
				assert.True(t, frames[0].Inlined)
				assert.Contains(t, []int{0, 36, 38}, frames[0].Line)
				assert.Equal(t, 45, last.Line)
				assert.NotZero(t, last.Column)
			}
		}
		assert.NotZero(t, inlined)
	})
}

func TestErrors(t *testing.T) {
	info, err := Open("testdata/geo.wasm")
	require.NoError(t, err)
	defer info.Close()
	one := func(_ any, err error) error { return err }
	for _, c := range []struct {
		err  error
		want string
		is   error
	}{
		{one(info.Func("aera")), "debuginfo: func testdata/geo.wasm aera: not in the debug info", ErrNotFound},
		{one(info.FuncAt(2)), "debuginfo: func testdata/geo.wasm 0x2: not in the debug info", ErrNotFound},
		{one(info.FuncAt(1 << 40)), "debuginfo: func testdata/geo.wasm 0x10000000000: not in the debug info", ErrNotFound},
		{one(info.Type("point")), "debuginfo: type testdata/geo.wasm point: not in the debug info", ErrNotFound},
		{one(info.Type("struct unit")), "debuginfo: type testdata/geo.wasm struct unit: not in the debug info", ErrNotFound},
		{one(info.Type("")), "debuginfo: type testdata/geo.wasm: not in the debug info", ErrNotFound},
		{one(info.Var("area")), "debuginfo: var testdata/geo.wasm area: not in the debug info", ErrNotFound},
		{one(info.Line(0)), "debuginfo: line testdata/geo.wasm 0x0: not in the debug info", ErrNotFound},
		{one(Open("testdata/geo.c")), "debuginfo: open testdata/geo.c: malformed debug info: neither WebAssembly nor ELF, Mach-O or PE", ErrMalformed},
		{one(Open("testdata/none.wasm")), "debuginfo: open testdata/none.wasm: open testdata/none.wasm: no such file or directory", os.ErrNotExist},
	} {
		assert.EqualError(t, c.err, c.want)
		assert.ErrorIs(t, c.err, c.is)
		var typed *Error
		assert.True(t, errors.As(c.err, &typed))
	}
}

// A file that is closed before the first lookup cannot be read; what was
// looked up before stays.
func TestClose(t *testing.T) {
	info, err := Open("testdata/geo.wasm")
	require.NoError(t, err)
	require.NoError(t, info.Close())
	_, err = info.Func("area")
	assert.ErrorIs(t, err, os.ErrClosed)

	info, err = Open("testdata/geo.wasm")
	require.NoError(t, err)
	f, err := info.Func("area")
	require.NoError(t, err)
	require.NoError(t, info.Close())
	again, err := info.Func("area")
	require.NoError(t, err)
	assert.Same(t, f, again)
}

func TestConcurrentLookups(t *testing.T) {
	info, err := Open("testdata/geo5.wasm")
	require.NoError(t, err)
	defer info.Close()
	done := make(chan dtype.Type)
	for range 8 {
		go func() {
			info.Func("visit")
			info.Line(0x20)
			info.Var("verbose")
			typ, _ := info.Type("struct shape")
			done <- typ
		}()
	}
	first := <-done
	require.NotNil(t, first)
	for range 7 {
		assert.Same(t, first, <-done)
	}
}
