package native

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/debuginfo"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/internal/siggen"
)

// TestLoweringFromDebugInfo passes structs that packed and aligned(n) distort by
// value, as C's text declares them and as a compiler's debug info, which knows
// no packed, shows them: they must be in the same places. WASMFFI_PACKED sets
// how many structs.
func TestLoweringFromDebugInfo(t *testing.T) {
	seed, count := siggen.Seed(t), siggen.FromEnv(t, "WASMFFI_PACKED", 100)
	for _, tc := range []struct {
		cc   string
		conv *convention
		wide bool
	}{
		{"gcc", sysV, true},
		{"clang", sysV, true},
		// A packed struct of nothing but what is aligned to 16, such as an
		// __int128, looks as one that is not packed, but takes any pair of
		// registers on this machine.
		{"aarch64-linux-gnu-gcc", aapcs64, false},
	} {
		t.Run(tc.cc, func(t *testing.T) {
			if _, err := exec.LookPath(tc.cc); err != nil {
				t.Skipf("LEFT OUT: no %s", tc.cc)
			}
			g := &packedStructs{rand.New(rand.NewPCG(seed, 0)), tc.wide}
			var c strings.Builder
			for i := range int(count) {
				fmt.Fprintf(&c, "%s struct s%d v%d;\n", g.record(i), i, i)
			}
			dir := t.TempDir()
			src, obj := filepath.Join(dir, "packed.c"), filepath.Join(dir, "packed.so")
			require.NoError(t, os.WriteFile(src, []byte(c.String()), 0o600))
			out, err := exec.Command(tc.cc, "-w", "-g", "-shared", "-fPIC", "-o", obj, src).CombinedOutput()
			require.NoError(t, err, "%s", out)
			info, err := debuginfo.Open(obj)
			require.NoError(t, err)
			defer info.Close()
			decls, err := cdecl.Parse(c.String(), cdecl.Options{ABI: tc.conv.abi})
			require.NoError(t, err)
			for i := range int(count) {
				tag := fmt.Sprintf("struct s%d", i)
				written, err := decls.Type(tag)
				require.NoError(t, err)
				read, err := info.Type(tag)
				require.NoError(t, err, dtype.Define(written))
				require.Equal(t, g.lowered(t, tc.conv, written), g.lowered(t, tc.conv, read), "%s\n%s", dtype.Define(written), dtype.Define(read))
			}
		})
	}
}

type packedStructs struct {
	*rand.Rand
	wide bool // with alignments of 16
}

func (g *packedStructs) pick(s ...string) string { return s[g.IntN(len(s))] }

func (g *packedStructs) record(i int) string {
	var b strings.Builder
	attrs := []string{"", "__attribute__((packed))", "__attribute__((packed))", "__attribute__((packed, aligned(2)))", "__attribute__((packed, aligned(4)))"}
	scalars := []string{"char", "short", "int", "long", "float", "double", "void *", "long double", "float", "double"}
	if g.wide {
		attrs = append(attrs, "__attribute__((packed, aligned(16)))", "__attribute__((aligned(16)))")
		scalars = append(scalars, "__int128")
	}
	fmt.Fprintf(&b, "struct %s s%d {", g.pick(attrs...), i)
	for k := range 1 + g.IntN(4) {
		switch n := g.IntN(8); {
		case n == 0 && i > 0:
			fmt.Fprintf(&b, "struct s%d m%d;", g.IntN(i), k)
		case n <= 1:
			fmt.Fprintf(&b, "%s m%d[%d];", g.pick("char", "short", "int", "float", "double"), k, 1+g.IntN(3))
		case n == 2:
			fmt.Fprintf(&b, "%s m%d : %d;", g.pick("int", "unsigned", "long long"), k, 1+g.IntN(31))
		default:
			fmt.Fprintf(&b, "%s m%d %s;", g.pick(scalars...), k, g.pick("", "", "", "__attribute__((packed))", "__attribute__((aligned(4)))"))
		}
	}
	return b.String() + "};"
}

// lowered is where the struct is as result and between other parameters.
func (g *packedStructs) lowered(t *testing.T, conv *convention, s dtype.Type) string {
	t.Helper()
	f, err := dtype.NewFunc(s, []dtype.Param{{Type: dtype.CInt}, {Type: s}, {Type: dtype.CInt}, {Type: s}, {Type: dtype.CDouble}}, false)
	require.NoError(t, err)
	sig, err := signatureOf(conv.abi, f)
	require.NoError(t, err)
	return show(t, conv, sig)
}
