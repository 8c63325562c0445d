package cdecl_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

// Random C is read and written back: the compiler takes both texts and lays
// them out as dtype does, and what is read back is what was read first.
// WASMFFI_DECLARATIONS is how many structs, WASMFFI_SEED where they come from.
func TestRandomRoundTrip(t *testing.T) {
	count, seed := 60, rand.Uint64()
	if n, err := strconv.Atoi(os.Getenv("WASMFFI_DECLARATIONS")); err == nil {
		count = n
	}
	if n, err := strconv.ParseUint(os.Getenv("WASMFFI_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("WASMFFI_SEED=%d WASMFFI_DECLARATIONS=%d", seed, count)
	for _, c := range compilers {
		if c.abi == dtype.MinGWAMD64 { // dtype follows clang there, gcc packs bit-fields in its own way
			c = compiler{c.abi, []string{"clang", "--target=x86_64-w64-windows-gnu", "-ffreestanding"}, "clang"}
		}
		t.Run(c.String(), func(t *testing.T) {
			c.need(t, []string{"stddef.h"})
			g := &declGenerator{Rand: rand.New(rand.NewPCG(seed, 0))}
			for range count {
				g.declaration()
			}
			const known = "#include <stdint.h>\n#include <stddef.h>\n"
			src := g.text.String()
			opts := cdecl.Options{ABI: c.abi, SystemIncludeDirs: []string{}}
			first, err := cdecl.Parse(src, opts)
			require.NoError(t, err, src)
			var asserts, printed strings.Builder
			n := 0
			for x := range first.All(cdecl.Tag, cdecl.Typedef) {
				sizes(&asserts, c.abi, x.Type)
				fmt.Fprintf(&printed, "%s;\n", dtype.Define(x.Type))
				n++
			}
			require.Greater(t, n, count)
			out, err := c.check(t, known+src+asserts.String())
			require.NoError(t, err, out)
			out, err = c.check(t, known+printed.String()+asserts.String())
			require.NoError(t, err, out)
			second, err := cdecl.Parse(printed.String(), opts)
			require.NoError(t, err)
			for x := range first.All(cdecl.Tag, cdecl.Typedef) {
				again, err := second.Type(x.Name)
				require.NoError(t, err)
				assert.True(t, dtype.Identical(x.Type, again), "%s\nread back as\n%s", dtype.Define(x.Type), dtype.Define(again))
				assert.Equal(t, dtype.Define(x.Type), dtype.Define(again))
			}
		})
	}
}

// A declGenerator writes random definitions that gcc and clang take.
type declGenerator struct {
	*rand.Rand
	text     strings.Builder
	names    int
	typedefs []string // of object types
	records  []string // "struct s1"
	enums    []string
}

func (g *declGenerator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g *declGenerator) name() string {
	g.names++
	return fmt.Sprintf("n%d", g.names)
}

// declaration writes one struct or union and, at times, an enum or typedefs of
// what there is.
func (g *declGenerator) declaration() {
	if g.IntN(4) == 0 {
		name := g.name()
		values := fmt.Sprintf("%s_A, %s_B = %d, %s_C", name, name, g.IntN(1<<g.IntN(31))-g.IntN(2)*300, name)
		fmt.Fprintf(&g.text, "enum %s { %s };\n", name, values)
		g.enums = append(g.enums, "enum "+name)
	}
	kind := g.pick("struct", "struct", "struct", "union")
	tag := g.name()
	pack := ""
	if g.IntN(6) == 0 {
		pack = g.pick("1", "2", "4", "8")
		fmt.Fprintf(&g.text, "#pragma pack(push, %s)\n", pack)
	}
	attributes := g.pick("", "", "", "", "__attribute__((packed))", "__attribute__((aligned(16)))", "__attribute__((packed, aligned(4)))")
	fmt.Fprintf(&g.text, "%s %s %s {%s };\n", kind, attributes, tag, g.members(kind, kind+" "+tag, 2))
	if pack != "" {
		g.text.WriteString("#pragma pack(pop)\n")
	}
	g.records = append(g.records, kind+" "+tag)
	for range g.IntN(3) {
		name := g.name()
		decl := g.declarator(g.object(""), name, 2)
		aligned := g.pick("", "", "", " __attribute__((aligned(8)))")
		if strings.Contains(decl, "vector_size") {
			aligned = "" // less than its own: gcc and clang differ
		}
		fmt.Fprintf(&g.text, "typedef %s%s;\n", decl, aligned)
		if !strings.Contains(decl, "(") && aligned == "" { // no array has elements aligned to more than their size
			g.typedefs = append(g.typedefs, name)
		}
	}
}

// object is a type that members can have; self only behind pointers.
func (g *declGenerator) object(self string) string {
	scalar := g.pick("char", "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned int", "long", "unsigned long", "long long",
		"unsigned long long", "float", "double", "_Bool", "void *", "_Complex float", "const char *", "float __attribute__((vector_size(16)))",
		"int __attribute__((vector_size(8)))", "int32_t", "uint8_t", "size_t")
	switch n := g.IntN(10); {
	case n == 0 && len(g.records) > 0:
		return g.pick(g.records...)
	case n == 1 && len(g.enums) > 0:
		return g.pick(g.enums...)
	case n == 2 && len(g.typedefs) > 0:
		return g.pick(g.typedefs...)
	case n == 3 && self != "":
		return self + " *"
	case n == 4:
		return "const " + g.pick("int", "double", "unsigned char")
	}
	return scalar
}

// declarator puts a random declarator around a name.
func (g *declGenerator) declarator(base, name string, depth int) string {
	if depth > 0 {
		switch g.IntN(9) {
		case 0:
			return g.declarator(base, "*"+name, depth-1)
		case 1:
			return g.declarator(base, "*const "+name, depth-1)
		case 2:
			if name[0] == '*' {
				name = "(" + name + ")"
			}
			return g.declarator(base, fmt.Sprintf("%s[%d]", name, 1+g.IntN(4)), depth-1)
		case 3:
			return fmt.Sprintf("%s (*%s)(%s, %s)", g.pick("int", "void", "double"), name, g.pick("int", "const char *", "float"), g.pick("void *", "int (*)(int)", "..."))
		}
	}
	return base + " " + name
}

func (g *declGenerator) members(kind, self string, depth int) string {
	var b strings.Builder
	n := 1 + g.IntN(6)
	for i := range n {
		b.WriteByte(' ')
		switch k := g.IntN(16); {
		case k < 4 && i > 0: // a struct needs a member with a name
			b.WriteString(g.bitField())
		case k == 4 && depth > 0:
			inner := g.pick("struct", "union")
			fmt.Fprintf(&b, "%s {%s } %s;", inner, g.members(inner, self, depth-1), g.pick("", g.name()))
		case k == 5 && kind == "struct" && depth == 2 && i > 0 && i == n-1:
			fmt.Fprintf(&b, "%s %s[];", g.pick("char", "int", "double"), g.name())
		default:
			fmt.Fprintf(&b, "%s%s;", g.declarator(g.object(self), g.name(), 2),
				g.pick("", "", "", "", "", " __attribute__((packed))", " __attribute__((aligned(8)))", " __attribute__((packed, aligned(2)))"))
		}
	}
	return b.String()
}

func (g *declGenerator) bitField() string {
	types := []struct {
		name string
		bits int
	}{{"char", 8}, {"unsigned char", 8}, {"short", 16}, {"unsigned short", 16}, {"int", 32}, {"unsigned int", 32}, {"long long", 64}, {"_Bool", 1}}
	t := types[g.IntN(len(types))]
	width := 1 + g.IntN(t.bits)
	switch g.IntN(8) {
	case 0:
		return t.name + " : 0;"
	case 1:
		return fmt.Sprintf("%s : %d;", t.name, width)
	}
	return fmt.Sprintf("%s %s : %d;", t.name, g.name(), width)
}
