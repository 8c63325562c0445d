package wasmffi_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/wasmffi/wasmffi"

// mayImport is the plan of the house: which of its own packages each room may
// use. See ARCHITECTURE.md.
var mayImport = map[string][]string{
	"dtype":        {},
	"memory":       {"dtype"},
	"":             {"dtype", "memory"},
	"guestabi":     {"dtype"},
	"cdecl":        {"dtype"},
	"debuginfo":    {"dtype"},
	"host":         {"", "dtype", "memory", "guestabi", "debuginfo"},
	"native":       {"", "dtype", "memory", "debuginfo"},
	"cmd/wasmffi":  {"", "dtype", "memory", "guestabi", "cdecl", "debuginfo", "host", "native"},
	"wasmffitest":  {"", "dtype", "memory"},
	"internal/...": nil, // generators, benchmarks: what they like
	"examples/...": nil,
}

// onlyIn names the packages that may import a dependency.
var onlyIn = map[string][]string{
	"github.com/tetratelabs/wazero":   {"host"},
	"github.com/ebitengine/purego":    {"native"},
	"modernc.org/cc/v4":               {"cdecl"},
	"github.com/rogpeppe/go-internal": {},
}

// goFiles calls f for every Go file of the tree that is no test, with its
// directory relative to the root and its imports.
func goFiles(t *testing.T, f func(dir, file string, imports []string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && p != ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		src, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		var imports []string
		for _, i := range src.Imports {
			s, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, s)
		}
		dir := path.Dir(filepath.ToSlash(p))
		if dir == "." {
			dir = ""
		}
		f(dir, path.Base(filepath.ToSlash(p)), imports)
		return nil
	})
	require.NoError(t, err)
}

func TestImportsPointDown(t *testing.T) {
	seen := map[string]bool{}
	goFiles(t, func(dir, file string, imports []string) {
		room := dir
		for _, parent := range []string{"internal", "examples", "native/internal", "host/internal"} {
			if strings.HasPrefix(dir, parent+"/") {
				room = parent + "/..."
			}
		}
		seen[room] = true
		allowed, known := mayImport[room]
		if strings.Contains(dir, "/internal/") {
			known = true // a room's own cupboard
		}
		require.True(t, known, "%s: no such room in ARCHITECTURE.md", dir)
		for _, i := range imports {
			own, isOwn := strings.CutPrefix(i, module)
			own = strings.TrimPrefix(own, "/")
			if isOwn && allowed != nil && !slices.Contains(allowed, own) && !strings.HasPrefix(own, dir+"/internal/") {
				t.Errorf("%s/%s imports %s, which is not below it", dir, file, i)
			}
			for dep, rooms := range onlyIn {
				if (i == dep || strings.HasPrefix(i, dep+"/")) && !slices.Contains(rooms, room) {
					t.Errorf("%s/%s imports %s, which only %v may", dir, file, i, rooms)
				}
			}
		}
	})
	for room := range mayImport {
		require.True(t, seen[room], "room %q is empty", room)
	}
}

// Files that use unsafe say so in their names.
func TestUnsafeIsNamed(t *testing.T) {
	named := regexp.MustCompile(`_unsafe(_[a-z0-9]+)*\.go$`)
	goFiles(t, func(dir, file string, imports []string) {
		if slices.Contains(imports, "unsafe") && !named.MatchString(file) {
			t.Errorf("%s/%s imports unsafe but is not named for it", dir, file)
		}
	})
}
