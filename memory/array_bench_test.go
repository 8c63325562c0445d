package memory

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// numpyTimes are what NumPy takes for the same operations on as many elements,
// in this run. Without NumPy there are none.
var numpyTimes = sync.OnceValues(func() (map[string]float64, error) {
	times := map[string]float64{}
	out, err := exec.Command("/usr/bin/python3", "testdata/numpy_bench.py", strconv.Itoa(benchElements())).Output()
	if err != nil {
		return nil, err
	}
	return times, json.Unmarshal(out, &times)
})

// benchElements is how many elements whole-array operations are measured on.
func benchElements() int {
	if n, err := strconv.Atoi(os.Getenv("WASMFFI_ELEMENTS")); err == nil {
		return n
	}
	return 10_000_000
}

// BenchmarkArray times operations on whole arrays beside NumPy and, for
// double, beside a plain loop over a slice. "×numpy" is the ratio of the best
// runs of both.
func BenchmarkArray(b *testing.B) {
	for _, name := range []string{"f8", "i8", "f4", "i4", "i2", "i1", "u1", "c16", "?", ">f8"} {
		benchmarkType(b, name)
	}
	n := benchElements()
	x, y, z := make([]float64, n), make([]float64, n), make([]float64, n)
	b.Run("sum/f8/loop", func(b *testing.B) {
		for b.Loop() {
			sum := 0.0
			for _, v := range x {
				sum += v
			}
			sinkFloat = sum
		}
	})
	b.Run("add/f8/loop", func(b *testing.B) {
		for b.Loop() {
			for i := range z {
				z[i] = x[i] + y[i]
			}
		}
	})
	b.Run("copy/f8/loop", func(b *testing.B) {
		for b.Loop() {
			copy(z, x)
		}
	})
	b.Run("as int32/f8/loop", func(b *testing.B) {
		d := make([]int32, n)
		for b.Loop() {
			for i, v := range x {
				d[i] = int32(v)
			}
		}
	})
}

func benchmarkType(b *testing.B, name string) {
	n := benchElements()
	side := 1
	for (side+1)*(side+1) <= n {
		side++
	}
	abi := dtype.LinuxAMD64
	elem := must(abi.FromNumPy(strings.TrimPrefix(name, ">")))(b)
	zeros := func(shape ...int) Array {
		a := must(Zeros(abi, elem, shape...))(b)
		if strings.HasPrefix(name, ">") {
			a = must(a.NewByteOrder(dtype.BigEndian))(b)
		}
		return a
	}
	count := must(Zeros(abi, dtype.Int64, n))(b)
	require.NoError(b, UseSlice(count, func(s []int64) error {
		for i := range s {
			if s[i] = int64(i % 100); name == "?" {
				s[i] = int64(i % 2)
			}
		}
		return nil
	}))
	x, y, z := zeros(n), zeros(n), zeros(n)
	require.NoError(b, Assign(x, count, Unsafe))
	require.NoError(b, Assign(y, count, Unsafe))
	m := must(must(x.Slice(Range(0, side*side, 1)))(b).Reshape(side, side))(b)
	square := zeros(side, side)
	turned := must(m.Transpose())(b)
	every := must(zeros(2 * n).Slice(Range(Open, Open, 2)))(b)
	toFloat, toInt := dtype.Type(dtype.CFloat), dtype.Type(dtype.Int32)
	if name == "f4" {
		toFloat = dtype.CDouble
	}
	if name == "i4" {
		toInt = dtype.Int64
	}
	reduce := func(f func(...int) (Array, error), axes ...int) func() error {
		return func() error { _, err := f(axes...); return err }
	}
	var one any = 1
	if name == "?" {
		one = true
	}
	for _, bm := range []struct {
		op  string
		run func() error
	}{
		{"sum", reduce(x.Sum)}, {"max", reduce(x.Max)}, {"argmax", reduce(x.ArgMax)},
		{"sum axis 0", reduce(m.Sum, 0)}, {"sum axis 1", reduce(m.Sum, 1)},
		{"fill", func() error { return z.Fill(one) }},
		{"copy", func() error { return Assign(z, x, SameKind) }},
		{"transposed copy", func() error { return Assign(square, turned, SameKind) }},
		{"as float", func() error { _, err := x.AsType(nil, toFloat, Unsafe); return err }},
		{"as int32", func() error { _, err := x.AsType(nil, toInt, Unsafe); return err }},
		{"add", func() error { return Add.Into(z, x, y) }},
		{"strided add", func() error { return Add.Into(z, every, x) }},
		{"multiply", func() error { return Mul.Into(z, x, y) }},
		{"less", func() error { _, err := Less.Of(x, y); return err }},
	} {
		key := bm.op + "/" + name
		times, err := numpyTimes()
		ref, compared := times[key]
		if err == nil && !compared {
			continue
		}
		b.Run(key, func(b *testing.B) {
			best := time.Duration(math.MaxInt64)
			for b.Loop() {
				start := time.Now()
				if err := bm.run(); err != nil {
					b.Fatal(err)
				}
				best = min(best, time.Since(start))
			}
			b.ReportMetric(float64(best), "best-ns")
			if compared {
				b.ReportMetric(float64(best)/ref, "×numpy")
			}
		})
	}
}
