//go:build cgo

// Package cgobase is cgo doing what the benchmarks measure: the baseline of
// native calls.
package cgobase

// static int add(int a, int b) __attribute__((noinline));
// static int add(int a, int b) { return a + b; }
// static double fadd(double a, double b) __attribute__((noinline));
// static double fadd(double a, double b) { return a + b; }
// struct pair { double x, y; };
// static struct pair swap(struct pair p) __attribute__((noinline));
// static struct pair swap(struct pair p) { struct pair r = {p.y, p.x}; return r; }
// extern double cgobaseCallback(double);
// static double loop(int n) {
//	double x = 0;
//	for (int i = 0; i < n; i++) x = cgobaseCallback(x);
//	return x;
// }
import "C"

func Add(a, b int32) int32 { return int32(C.add(C.int(a), C.int(b))) }

func FAdd(a, b float64) float64 { return float64(C.fadd(C.double(a), C.double(b))) }

func Swap(x, y float64) (float64, float64) {
	r := C.swap(C.struct_pair{C.double(x), C.double(y)})
	return float64(r.x), float64(r.y)
}

// Loop has C call Go n times.
func Loop(n int32) float64 { return float64(C.loop(C.int(n))) }
