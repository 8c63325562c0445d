//go:build (linux || darwin) && (amd64 || arm64)

package native_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

const benchSource = `
	struct pair { double x, y; };
	struct big { long a[8]; };
	int add(int a, int b) { return a + b; }
	struct pair swap(struct pair p) { struct pair r = {p.y, p.x}; return r; }
	struct big turn(struct big b) { b.a[0]++; return b; }
	double sum12(double a, double b, double c, double d, double e, double f, double g, double h, double i, double j, double k, double l) {
		return a + b + c + d + e + f + g + h + i + j + k + l;
	}
	int back(int (*f)(int, int), int n) { int s = 0; while (n--) s = f(s, n); return s; }`

// BenchmarkPrepared is what the backend takes for a call once a frame is there:
// compare with cgo in internal/bench.
func BenchmarkPrepared(b *testing.B) {
	lib := compile(b, compilers(b)[0], "-O2", benchSource)
	pair, err := dtype.NewStruct("pair", dtype.Field{Name: "x", Type: dtype.CDouble}, dtype.Field{Name: "y", Type: dtype.CDouble})
	require.NoError(b, err)
	longs, err := dtype.ArrayOf(dtype.CLong, 8)
	require.NoError(b, err)
	big, err := dtype.NewStruct("big", dtype.Field{Name: "a", Type: longs})
	require.NoError(b, err)
	doubles := make([]dtype.Type, 12)
	for i := range doubles {
		doubles[i] = dtype.CDouble
	}
	for _, c := range []struct {
		name   string
		errno  bool
		result dtype.Type
		params []dtype.Type
	}{
		{"add", false, dtype.CInt, []dtype.Type{dtype.CInt, dtype.CInt}},
		{"add", true, dtype.CInt, []dtype.Type{dtype.CInt, dtype.CInt}},
		{"sum12", false, dtype.CDouble, doubles},
		{"swap", false, pair, []dtype.Type{pair}},
		{"turn", false, big, []dtype.Type{big}},
	} {
		name := c.name
		if c.errno {
			name += "/errno"
		}
		b.Run(name, func(b *testing.B) {
			call, words := prepareFunc(b, lib, c.name, c.result, c.params...)
			f := &wasmffi.Frame{Words: make([]uint64, words), WantErrno: c.errno}
			b.ReportAllocs()
			for b.Loop() {
				if err := call.Call(f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func prepareFunc(b testing.TB, lib wasmffi.Library, name string, result dtype.Type, params ...dtype.Type) (wasmffi.Callable, int) {
	var ps []dtype.Param
	for _, p := range params {
		ps = append(ps, dtype.Param{Type: p})
	}
	sig, err := dtype.NewFunc(result, ps, false)
	require.NoError(b, err)
	sym, err := lib.Lookup(name)
	require.NoError(b, err)
	call, err := lib.Prepare(sym, sig)
	require.NoError(b, err)
	shape, err := wasmffi.FrameShape(lib.Space().ABI(), sig)
	require.NoError(b, err)
	return call, shape.Words
}

func BenchmarkMemory(b *testing.B) {
	lib := compile(b, compilers(b)[0], "-O2", benchSource)
	space := lib.Space()
	addr, err := space.Alloc(1<<20, 16)
	require.NoError(b, err)
	defer space.Free(addr)
	b.Run("ReadAt/8", func(b *testing.B) {
		p := make([]byte, 8)
		b.ReportAllocs()
		for b.Loop() {
			_ = space.ReadAt(p, addr)
		}
	})
	b.Run("Bytes/1M", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = space.Bytes(addr, 1<<20)
		}
	})
	b.Run("Alloc", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			a, _ := space.Alloc(64, 8)
			_ = space.Free(a)
		}
	})
}

func BenchmarkNewCallback(b *testing.B) {
	lib := compile(b, compilers(b)[0], "-O2", benchSource)
	b.ReportAllocs()
	for b.Loop() {
		cb, err := wasmffi.NewCallback(lib, func(a, b int32) int32 { return a + b }, nil)
		if err != nil {
			b.Fatal(err)
		}
		_ = cb.Free()
	}
}

func BenchmarkLookup(b *testing.B) {
	lib := compile(b, compilers(b)[0], "-O2", benchSource)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = lib.Lookup("add")
	}
}
