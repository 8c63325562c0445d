package debuginfo

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// supplemented makes two libraries whose debug info dwz has moved what they
// share out of, to the file at common below their directory.
func supplemented(t *testing.T, flags, dwzFlags, common string) (lib, other string) {
	const h = `
struct config { int verbose, level; const char *name_of_the_configuration; struct config *next; double values[8]; };
enum severity_of_message { SEVERITY_LOW, SEVERITY_MIDDLE = 10, SEVERITY_HIGH };
typedef int (*message_callback)(const struct config *c, enum severity_of_message s, const char *text);
union variant_value { long long as_integer; double as_double; void *as_pointer; };
`
	tc := gcc
	tc.command += " -g -Wl,--build-id " + flags
	lib = tc.build(t, "a.c", h+"int fa(struct config *c, message_callback m) { return m(c, SEVERITY_HIGH, c->name_of_the_configuration); } union variant_value va;")
	other = tc.build(t, "b.c", h+"int fb(struct config *c, union variant_value *v) { return c->level + v->as_integer; } message_callback mb; struct only_b { int x; } ob;")
	dir := filepath.Dir(lib)
	move(t, other, filepath.Join(dir, "other"))
	move(t, lib, filepath.Join(dir, "sub", "lib"))
	require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, "sub", common)), 0o755))
	tool(t, filepath.Join(dir, "sub"), "dwz", append([]string{"dwz", "-m", common, "-M", common}, append(strings.Fields(dwzFlags), "lib", "../other")...)...)
	return filepath.Join(dir, "sub", "lib"), filepath.Join(dir, "other")
}

func TestSupplement(t *testing.T) {
	for _, c := range []struct{ flags, dwz string }{{"-gdwarf-4", ""}, {"-gdwarf-5", ""}, {"-gdwarf-5", "--dwarf-5"}} {
		t.Run(c.flags+c.dwz, func(t *testing.T) {
			lib, _ := supplemented(t, c.flags, c.dwz, "common.debug")
			info, err := openPath(lib, t.TempDir())
			require.NoError(t, err)
			defer info.Close()
			_, linked := supplementOf(info.debug)
			require.True(t, linked, "dwz moved nothing")
			f, err := info.Func("fa")
			require.NoError(t, err)
			assert.Equal(t, "int fa(struct config *c, message_callback m)", dtype.Declare(f.Type, f.Name))
			assert.Contains(t, f.File, "a.c")
			for name, want := range map[string]string{
				"struct config":            "struct config { int verbose; int level; const char *name_of_the_configuration; struct config *next; double values[8]; }",
				"enum severity_of_message": "enum severity_of_message { SEVERITY_LOW, SEVERITY_MIDDLE = 10, SEVERITY_HIGH }",
				"message_callback":         "typedef int (*message_callback)(const struct config *, enum severity_of_message, const char *)",
				"union variant_value":      "union variant_value { long long as_integer; double as_double; void *as_pointer; }",
			} {
				typ, err := info.Type(name)
				require.NoError(t, err, name)
				assert.Equal(t, want, dtype.Define(typ))
			}
			_, err = info.Type("struct only_b")
			assert.ErrorIs(t, err, ErrNotFound, "it is the other library's")

			common := filepath.Join(filepath.Dir(lib), "common.debug")
			b, err := os.ReadFile(common)
			require.NoError(t, err)
			require.NoError(t, os.Remove(common))
			missing := func() {
				info, err := openPath(lib, t.TempDir())
				require.NoError(t, err)
				defer info.Close()
				_, err = info.Type("struct config")
				assert.ErrorContains(t, err, "its supplementary file (dwz) is not there: common.debug")
			}
			missing()
			_, other := supplemented(t, c.flags+" -O2", c.dwz, "common.debug")
			move(t, filepath.Join(filepath.Dir(other), "sub", "common.debug"), common)
			missing() // that of another build

			// Its build id finds it below the debug root too.
			s, _ := supplementOf(info.debug)
			if c.dwz != "" {
				return // DWARF 5 states a checksum
			}
			root := t.TempDir()
			id := hex.EncodeToString(s.id)
			require.NoError(t, os.MkdirAll(filepath.Join(root, ".build-id", id[:2]), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(root, ".build-id", id[:2], id[2:]+".debug"), b, 0o644))
			info, err = openPath(lib, root)
			require.NoError(t, err)
			defer info.Close()
			_, err = info.Type("struct config")
			assert.NoError(t, err)
		})
	}
}

// A library cannot name any file it likes.
func TestSupplementOutside(t *testing.T) {
	lib, _ := supplemented(t, "", "", "../common.debug")
	info, err := openPath(lib, t.TempDir())
	require.NoError(t, err)
	defer info.Close()
	_, err = info.Type("struct config")
	assert.ErrorContains(t, err, "its supplementary file (dwz) is not there: ../common.debug")

	info, err = openPath(lib, filepath.Dir(filepath.Dir(lib))) // but below the debug root
	require.NoError(t, err)
	defer info.Close()
	_, err = info.Type("struct config")
	assert.NoError(t, err)
}
