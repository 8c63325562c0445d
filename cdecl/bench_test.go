package cdecl_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/wasmffi/wasmffi/cdecl"
)

const threeStructs = `
typedef struct point { double x, y; } point_t;
struct rect { point_t min, max; unsigned visible : 1, level : 7; };
struct shape {
	int32_t kind;
	union { struct rect rect; struct { point_t centre; float radius; } circle; };
	const char *name;
	struct shape *next;
	int (*draw)(const struct shape *self, void *data);
};
double area(const struct shape *s);
`

func BenchmarkParse(b *testing.B) {
	parse := func(b *testing.B, src string) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := cdecl.Parse(src, cdecl.Options{}); err != nil {
				b.Skipf("SKIPPED: %v", err)
			}
		}
	}
	b.Run("3 structs", func(b *testing.B) { parse(b, threeStructs) })
	b.Run("3 structs and macros", func(b *testing.B) { parse(b, "#define N 4\n"+threeStructs+"extern int v[N];") })
	for _, h := range []string{"stdio.h", "zlib.h", "sqlite3.h"} {
		b.Run(h, func(b *testing.B) {
			if _, err := os.Stat("/usr/include/" + h); err != nil {
				b.Skipf("SKIPPED: no /usr/include/%s", h)
			}
			parse(b, "#include <"+h+">")
		})
	}
}

func BenchmarkProto(b *testing.B) {
	d, err := cdecl.Parse(threeStructs, cdecl.Options{})
	if err != nil {
		b.Fatal(err)
	}
	const proto = "int overlap(const struct shape *a, const struct shape *b, size_t n"
	withMacros, err := cdecl.Parse("#define API __attribute__((visibility(\"default\")))\n"+threeStructs, cdecl.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("new with macros", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, _, err := withMacros.Proto("API " + proto + strconv.Itoa(i) + ")"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := d.Proto(proto + ")"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, _, err := d.Proto(proto + strconv.Itoa(i) + ")"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkType(b *testing.B) {
	d, err := cdecl.Parse(threeStructs, cdecl.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := d.Type("point_t[" + strconv.Itoa(i) + "]"); err != nil {
			b.Fatal(err)
		}
	}
}
