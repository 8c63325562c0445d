package debuginfo

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// sqliteModule is a Go module that has SQLite's C in one file. It is no
// dependency: the go command fetches it to its cache when a benchmark runs.
const sqliteModule = "github.com/mattn/go-sqlite3@v1.14.24"

var (
	sqliteOnce sync.Once
	sqliteLib  string
	sqliteErr  error
)

// sqlite compiles SQLite with debug info, once.
func sqlite(b *testing.B) string {
	b.Helper()
	sqliteOnce.Do(func() {
		sqliteLib, sqliteErr = compileSQLite()
	})
	if sqliteErr != nil {
		b.Skipf("SKIPPED, NOT MEASURED: SQLite's source (%s, over the Go module proxy) or gcc is missing: %v", sqliteModule, sqliteErr)
	}
	return sqliteLib
}

func compileSQLite() (string, error) {
	dir, err := os.MkdirTemp("", "wasmffi-sqlite") // outlives one benchmark
	if err != nil {
		return "", err
	}
	download := exec.Command("go", "mod", "download", "-json", sqliteModule)
	download.Dir = dir // outside of this module
	out, err := download.Output()
	var module struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &module); jsonErr != nil || err != nil || module.Dir == "" {
		return "", fmt.Errorf("go mod download: %v %s", err, module.Error)
	}
	lib := filepath.Join(dir, "libsqlite3.so")
	cc := exec.Command("gcc", "-g", "-O0", "-w", "-shared", "-fPIC", "-DSQLITE_THREADSAFE=1", filepath.Join(module.Dir, "sqlite3-binding.c"), "-o", lib)
	if out, err := cc.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return lib, nil
}

func TestMain(m *testing.M) {
	code := m.Run()
	if sqliteLib != "" {
		os.RemoveAll(filepath.Dir(sqliteLib))
	}
	os.Exit(code)
}

// eachBig runs a benchmark on the debug info of libc, of SQLite, and of a C
// file of 3,000 functions over 1,000 structs.
func eachBig(b *testing.B, run func(b *testing.B, path, debugRoot string, names []string)) {
	b.Run("libc", func(b *testing.B) {
		run(b, libc(b).Name(), debugRoot, []string{"qsort", "snprintf", "stat", "fopen", "getaddrinfo"})
	})
	b.Run("sqlite", func(b *testing.B) {
		run(b, sqlite(b), "", []string{"sqlite3_open", "sqlite3_exec", "sqlite3_prepare_v2", "sqlite3_create_function_v2", "sqlite3_mprintf"})
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
