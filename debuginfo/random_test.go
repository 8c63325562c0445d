package debuginfo

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

var (
	seed  = flag.Uint64("debuginfo.seed", 1, "seed of the random structs")
	count = flag.Int("debuginfo.count", 150, "number of random structs")
)

// TestRandomStructs compiles random structs, prints what their debug info says
// as C, and compiles that: the layouts must be the same, to the bit.
func TestRandomStructs(t *testing.T) {
	t.Logf("-debuginfo.seed=%d", *seed)
	eachToolchain(t, func(t *testing.T, tc toolchain) {
		g := &generator{Rand: rand.New(rand.NewPCG(*seed, 0))}
		tc.command += " -w"
		var c strings.Builder
		for i := range *count {
			c.WriteString(g.record(i))
		}
		first := tc.compile(t, "first.c", c.String())

		var again strings.Builder
		var types []dtype.Type
		var replaced []string // tags of structs that are compiled as first written
		for i := range *count {
			typ, err := first.Type(fmt.Sprintf("struct s%d", i))
			if !assert.NoError(t, err, g.text[i]) {
				continue
			}
			def := dtype.Define(typ)
			asWritten := strings.Contains(def, "gcc_struct") // clang does not have the attribute
			for _, tag := range replaced {
				asWritten = asWritten || strings.Contains(def, tag+" ")
			}
			if asWritten {
				def = g.text[i]
				replaced = append(replaced, typ.String())
			}
			types = append(types, typ)
			fmt.Fprintf(&again, "%s; struct s%d w%d;\n", def, i, i)
		}
		second := tc.compile(t, "second.c", again.String())
		for _, typ := range types {
			got, err := second.Type(typ.String())
			require.NoError(t, err)
			assert.Equal(t, layoutText(t, tc.abi, typ), layoutText(t, tc.abi, got), dtype.Define(typ))
		}
	})
}

// layoutText is size and members of a struct, without what no C can name.
func layoutText(t *testing.T, abi *dtype.ABI, typ dtype.Type) string {
	l, err := abi.Layout(typ)
	require.NoError(t, err)
	var b strings.Builder
	fmt.Fprintf(&b, "size %d\n", l.Size)
	for _, f := range l.Fields {
		switch {
		case f.BitField && f.Name != "":
			fmt.Fprintf(&b, "%s bits %d+%d\n", f.Name, f.BitStart, f.Bits)
		case !f.BitField:
			fmt.Fprintf(&b, "%s at %d\n", f.Name, f.Offset)
			if dtype.Members(f.Type) != nil {
				b.WriteString(layoutText(t, abi, f.Type))
			}
		}
	}
	return b.String()
}

// A generator writes random structs in C.
type generator struct {
	*rand.Rand
	text  []string
	names int
}

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

func (g *generator) record(i int) string {
	s := fmt.Sprintf("struct %s s%d {%s}; struct s%d v%d;\n", g.attributes(), i, g.members(2), i, i)
	if g.IntN(6) == 0 {
		s = fmt.Sprintf("#pragma pack(push, %d)\n%s#pragma pack(pop)\n", pick(g, 1, 2, 4, 8), s)
	}
	g.text = append(g.text, s)
	return s
}

func (g *generator) attributes() string {
	switch g.IntN(8) {
	case 0:
		return "__attribute__((packed))"
	case 1:
		return fmt.Sprintf("__attribute__((aligned(%d)))", pick(g, 2, 4, 8, 16, 32))
	case 2:
		return "__attribute__((packed, aligned(4)))"
	}
	return ""
}

func (g *generator) members(depth int) string {
	var b strings.Builder
	for range 1 + g.IntN(7) {
		g.names++
		name := fmt.Sprintf("m%d", g.names)
		switch n := g.IntN(20); {
		case n < 8:
			b.WriteString(g.bitField(name))
		case n == 8 && depth > 0:
			fmt.Fprintf(&b, "struct %s {%s} %s;", g.attributes(), g.members(depth-1), name)
		case n == 9 && depth > 0:
			fmt.Fprintf(&b, "union {%s};", g.members(depth-1))
		case n == 10 && len(g.text) > 0:
			fmt.Fprintf(&b, "struct s%d %s;", g.IntN(len(g.text)), name)
		case n == 11:
			fmt.Fprintf(&b, "%s %s[%d];", g.scalar(), name, 1+g.IntN(5))
		default:
			fmt.Fprintf(&b, "%s %s %s;", g.scalar(), name, pick(g, "", "", "", "", "", "__attribute__((packed))",
				"__attribute__((aligned(8)))", "__attribute__((packed, aligned(2)))"))
		}
	}
	return b.String()
}

func (g *generator) scalar() string {
	return pick(g, "char", "short", "int", "long", "long long", "float", "double", "void *", "_Bool", "long double")
}

func (g *generator) bitField(name string) string {
	typ := pick(g, "char", "unsigned char", "short", "unsigned short", "int", "unsigned", "long long", "_Bool")
	width := map[string]int{"char": 8, "unsigned char": 8, "short": 16, "unsigned short": 16, "int": 32, "unsigned": 32, "long long": 64, "_Bool": 1}[typ]
	switch g.IntN(8) {
	case 0:
		return fmt.Sprintf("%s : 0;", typ)
	case 1:
		return fmt.Sprintf("%s : %d;", typ, 1+g.IntN(width))
	}
	return fmt.Sprintf("%s %s : %d;", typ, name, 1+g.IntN(width))
}
