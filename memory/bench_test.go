package memory

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

func benchView(b *testing.B, t dtype.Type) View {
	space, err := NewBufferSpace(dtype.WASM32, 1<<20)
	require.NoError(b, err)
	v, err := NewArena(space).New(t)
	require.NoError(b, err)
	return v
}

func BenchmarkLoad(b *testing.B) {
	b.Run("int32", func(b *testing.B) {
		v := benchView(b, dtype.CInt)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Load[int32](v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("float64", func(b *testing.B) {
		v := benchView(b, dtype.CDouble)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Load[float64](v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("element", func(b *testing.B) {
		v := benchView(b, arrayOf(b, dtype.CInt, 100))
		b.ReportAllocs()
		for b.Loop() {
			e, err := v.Index(42)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := Load[int32](e); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("double[1000]", func(b *testing.B) {
		v := benchView(b, arrayOf(b, dtype.CDouble, 1000))
		b.ReportAllocs()
		b.SetBytes(8000)
		for b.Loop() {
			if _, err := Load[[]float64](v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkStore(b *testing.B) {
	v := benchView(b, dtype.CInt)
	b.ReportAllocs()
	for b.Loop() {
		if err := Store(v, int32(7)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUse(b *testing.B) {
	v := benchView(b, arrayOf(b, dtype.CDouble, 1000))
	b.ReportAllocs()
	for b.Loop() {
		if err := Use(v, func(s []float64) error { s[0]++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

var sinkFloat float64

func BenchmarkElement(b *testing.B) {
	const n = 1000
	b.Run("slice", func(b *testing.B) {
		s := make([]float64, n*n)
		b.ReportAllocs()
		for b.Loop() {
			sum := 0.0
			for i := range n {
				for j := range n {
					sum += s[i*n+j]
				}
			}
			sinkFloat = sum
		}
	})
	b.Run("Strided.At2", func(b *testing.B) {
		space, err := NewBufferSpace(dtype.WASM32, 8*n*n+100)
		require.NoError(b, err)
		v, err := NewArena(space).NewArray(dtype.CDouble, n*n)
		require.NoError(b, err)
		a, err := AsArray(v, n, n)
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			err := UseArray(a, func(s *Strided[float64]) error {
				sum := 0.0
				for i := range n {
					for j := range n {
						sum += *s.At2(i, j)
					}
				}
				sinkFloat = sum
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

type benchPoint struct {
	X, Y int32
	Name string
}

func BenchmarkEncode(b *testing.B) {
	for _, bm := range []struct {
		value any
		elem  dtype.Type
	}{
		{make([]float64, 1000), dtype.CDouble},
		{"hello", dtype.CChar},
		{make([]benchPoint, 10), mustType(b, reflect.TypeFor[benchPoint]())},
		{[]string{"a", "b", "c"}, dtype.PointerTo(dtype.CChar)},
	} {
		b.Run(fmt.Sprintf("%T", bm.value), func(b *testing.B) {
			e := Encoder{ABI: dtype.WASM32}
			v := reflect.ValueOf(bm.value)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Pointer(v, bm.elem, InOut); err != nil {
					b.Fatal(err)
				}
				if err := e.Finish(nil); err != nil {
					b.Fatal(err)
				}
				e.Reset()
			}
		})
	}
}

func mustType(tb testing.TB, g reflect.Type) dtype.Type {
	t, err := dtype.FromGo(g)
	require.NoError(tb, err)
	return t
}

// Objects made and freed: one by one, and with their arena.
func BenchmarkArena(b *testing.B) {
	space := bufferOf(b, dtype.LinuxAMD64, 1<<20)
	b.Run("NewFree", func(b *testing.B) {
		b.ReportAllocs()
		arena := NewArena(space)
		for b.Loop() {
			v, _ := arena.New(dtype.CInt)
			_ = arena.Free(v)
		}
		_ = arena.Close()
	})
	b.Run("New10Close", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			arena := NewArena(space)
			for range 10 {
				_, _ = arena.New(dtype.CInt)
			}
			_ = arena.Close()
		}
	})
}
