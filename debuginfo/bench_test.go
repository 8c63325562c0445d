package debuginfo

import (
	"fmt"
	"strings"
	"testing"
)

// eachBig runs a benchmark on the debug info of libc, and on that of a C file
// of 3,000 functions over 1,000 structs.
func eachBig(b *testing.B, run func(b *testing.B, path, debugRoot string, names []string)) {
	b.Run("libc", func(b *testing.B) {
		run(b, libc(b).Name(), debugRoot, []string{"qsort", "snprintf", "stat", "fopen", "getaddrinfo"})
	})
	b.Run("generated", func(b *testing.B) {
		var c strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&c, "struct s%d { struct s%d *next; int a[%d]; const char *name; double d; };\n", i, (i+1)%1000, i+1)
		}
		for i := range 3000 {
			fmt.Fprintf(&c, "int f%d(struct s%d *p, const struct s%d *q, int n) { return p->a[0] + q->a[0] + n; }\n", i, i%1000, (i*7)%1000)
		}
		tc := gcc
		tc.command += " -g"
		run(b, tc.build(b, "big.c", c.String()), "", []string{"f0", "f1", "f500", "f1500", "f2999"})
	})
}

// BenchmarkOpen opens a library and leaves it untouched.
func BenchmarkOpen(b *testing.B) {
	eachBig(b, func(b *testing.B, path, root string, names []string) {
		b.ReportAllocs()
		for b.Loop() {
			info, err := openPath(path, root)
			if err != nil {
				b.Fatal(err)
			}
			info.Close()
		}
	})
}

// BenchmarkFirstLookup opens a library and looks one function up, which builds
// the index.
func BenchmarkFirstLookup(b *testing.B) {
	eachBig(b, func(b *testing.B, path, root string, names []string) {
		b.ReportAllocs()
		for b.Loop() {
			info, err := openPath(path, root)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := info.Func(names[0]); err != nil {
				b.Fatal(err)
			}
			info.Close()
		}
	})
}

// BenchmarkLookupNew looks functions up that were not asked for before, in an
// index that is there: all functions by turns, so that types are mostly known.
func BenchmarkLookupNew(b *testing.B) {
	eachBig(b, func(b *testing.B, path, root string, names []string) {
		info, err := openPath(path, root)
		if err != nil {
			b.Fatal(err)
		}
		defer info.Close()
		if _, err := info.Func(names[0]); err != nil {
			b.Fatal(err)
		}
		var all []string
		for name := range info.index.funcs {
			all = append(all, name)
		}
		n := 0
		b.ReportAllocs()
		for b.Loop() {
			if n == len(all) {
				clear(info.funcs)
				n = 0
			}
			info.Func(all[n])
			n++
		}
	})
}

// BenchmarkLookup looks functions up again.
func BenchmarkLookup(b *testing.B) {
	eachBig(b, func(b *testing.B, path, root string, names []string) {
		info, err := openPath(path, root)
		if err != nil {
			b.Fatal(err)
		}
		defer info.Close()
		n := 0
		b.ReportAllocs()
		for b.Loop() {
			if _, err := info.Func(names[n%len(names)]); err != nil {
				b.Fatal(err)
			}
			n++
		}
	})
}

// BenchmarkLine finds the source of a code address.
func BenchmarkLine(b *testing.B) {
	eachBig(b, func(b *testing.B, path, root string, names []string) {
		info, err := openPath(path, root)
		if err != nil {
			b.Fatal(err)
		}
		defer info.Close()
		f, err := info.Func(names[len(names)-1])
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := info.Line(f.Addr); err != nil {
				b.Fatal(err)
			}
		}
	})
}
