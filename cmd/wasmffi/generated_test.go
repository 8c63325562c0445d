package main

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	generatorSeed = flag.Uint64("seed", 0, "seed of the generated structs; 0 takes a random one")
	structs       = flag.Int("structs", 40, "how many structs to generate")
)

// TestGeneratedStructs passes random structs through functions of both
// backends: given back by value, and copied between two pointers.
func TestGeneratedStructs(t *testing.T) {
	seed := *generatorSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("go test ./cmd/wasmffi -run TestGeneratedStructs -seed %d -structs %d", seed, *structs)
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0))}
	var types, code strings.Builder
	all := make([]*genType, *structs)
	for i := range all {
		all[i] = g.record(fmt.Sprintf("s%d", i), 0)
		fmt.Fprintf(&types, "%s;\n", all[i].definition())
		fmt.Fprintf(&code, "struct s%[1]d id%[1]d(struct s%[1]d x) { return x; }\n", i)
		fmt.Fprintf(&code, "void copy%d(struct s%[1]d *to, const struct s%[1]d *from, int n) { while (n--) to[n] = from[n]; }\n", i)
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "structs.c")
	require.NoError(t, os.WriteFile(source, []byte(types.String()+code.String()), 0o644))

	for _, out := range []string{"structs.wasm", "structs.so"} {
		t.Run(out, func(t *testing.T) {
			lib := buildFixture(source, filepath.Join(dir, out))
			switch {
			case lib == "" && out == "structs.wasm":
				t.Skip(needsClang)
			case lib == "":
				t.Skip(needsCC)
			}
			flags := &callFlags{}
			flags.decls.add("types", types.String())
			s, o := openSession(t, lib, flags)
			for i, typ := range all {
				for range 5 {
					v := g.value(typ)
					line := fmt.Sprintf(`{"proto":"struct s%[1]d id%[1]d(struct s%[1]d)","args":[%[2]s]}`, i, v)
					g.check(t, typ, `{"result":`+v+`}`, answerOf(s, o, line))
					line = fmt.Sprintf(`{"proto":"void copy%d(struct s%[1]d *to, const struct s%[1]d *from, int n)","args":[[{},{}],[%[2]s,%[2]s],2]}`, i, v)
					g.check(t, typ, fmt.Sprintf(`{"result":null,"args":[[%s,%[1]s],[%[1]s,%[1]s],2]}`, v), answerOf(s, o, line))
				}
			}
		})
	}
}

// check compares an answer with what is wanted of it. A union's members are
// wanted but for one.
func (g *generator) check(t *testing.T, typ *genType, want, got string) {
	t.Helper()
	w, err := readValue([]byte(want))
	require.NoError(t, err)
	v, err := readValue([]byte(got))
	require.NoError(t, err)
	require.True(t, covers(v, w), "%s\nwant %s\ngot  %s", typ.definition(), want, got)
}

// covers reports whether got has every value of want.
func covers(got, want value) bool {
	if got.kind != want.kind || got.text != want.text || want.kind == arrayValue && len(got.elems) != len(want.elems) {
		return false
	}
	for i := range want.elems {
		g := value{}
		if want.kind == arrayValue {
			g = got.elems[i]
		} else if m, ok := got.member(want.members[i]); ok {
			g = m
		} else {
			return false
		}
		if !covers(g, want.elems[i]) {
			return false
		}
	}
	return true
}

// A generator makes random types and values of them.
type generator struct {
	*rand.Rand
	names int
}

// A genType is a random C type.
type genType struct {
	c      string // "int", "struct s1", "union"
	bits   int    // of a bit-field; 0 for none
	length int    // of an array; 0 for none
	fields []genField
	packed bool
}

type genField struct {
	name string
	*genType
}

var genScalars = []string{
	"signed char", "unsigned char", "short", "unsigned short", "int", "unsigned", "long long", "unsigned long long",
	"_Bool", "float", "double", "long double", "__int128", "double _Complex", "float _Complex", "const char *", "char", "int *",
}

func (g *generator) record(tag string, depth int) *genType {
	t := &genType{c: strings.TrimSpace("struct " + tag), packed: depth == 0 && g.IntN(8) == 0}
	for range 1 + g.IntN(6) {
		t.fields = append(t.fields, g.field(depth))
	}
	return t
}

func (g *generator) field(depth int) genField {
	g.names++
	f := genField{name: fmt.Sprintf("m%d", g.names)}
	switch n := g.IntN(12); {
	case n == 0 && depth < 2:
		f.genType = g.record("", depth+1)
		if g.IntN(2) == 0 {
			f.name = "" // anonymous
		}
	case n == 1 && depth < 2:
		f.genType = &genType{c: "union"}
		for range 1 + g.IntN(3) {
			f.fields = append(f.fields, genField{fmt.Sprintf("u%d_%d", g.names, len(f.fields)), g.scalar()})
		}
	case n < 5:
		base := g.IntN(8)
		f.genType = &genType{c: genScalars[base], bits: 1 + g.IntN(min(32, intBits(genScalars[base])))}
	default:
		f.genType = g.scalar()
		if g.IntN(4) == 0 && f.c != "char" {
			f.length = 1 + g.IntN(4)
		}
	}
	return f
}

func (g *generator) scalar() *genType {
	t := &genType{c: genScalars[g.IntN(len(genScalars))]}
	if t.c == "char" {
		t.length = 1 + g.IntN(12)
	}
	return t
}

func (t *genType) definition() string {
	if t.fields == nil {
		return t.c
	}
	var b strings.Builder
	b.WriteString(t.c + " {")
	for _, f := range t.fields {
		fmt.Fprintf(&b, " %s %s", f.definition(), f.name)
		if f.bits > 0 {
			fmt.Fprintf(&b, " : %d", f.bits)
		}
		if f.length > 0 {
			fmt.Fprintf(&b, "[%d]", f.length)
		}
		b.WriteString(";")
	}
	b.WriteString(" }")
	if t.packed {
		b.WriteString(" __attribute__((packed))")
	}
	return b.String()
}

func intBits(c string) int {
	switch c {
	case "signed char", "unsigned char":
		return 8
	case "short", "unsigned short":
		return 16
	case "int", "unsigned":
		return 32
	}
	return 64
}

// value is a random value of a type, written as an answer would write it.
func (g *generator) value(t *genType) string {
	if t.length > 0 && t.c != "char" {
		elem := *t
		elem.length = 0
		values := make([]string, t.length)
		for i := range values {
			values[i] = g.value(&elem)
		}
		return "[" + strings.Join(values, ",") + "]"
	}
	if t.fields != nil {
		return "{" + strings.Join(g.members(t), ",") + "}"
	}
	switch t.c {
	case "_Bool":
		return strconv.FormatBool(g.IntN(2) == 0)
	case "float":
		return string(appendFloat(nil, float64(math.Float32frombits(g.Uint32())), 32))
	case "double":
		return string(appendFloat(nil, math.Float64frombits(g.Uint64()), 64))
	case "long double":
		return fmt.Sprint(float64(g.IntN(1<<20)) / 64)
	case "float _Complex", "double _Complex":
		part := genType{c: strings.TrimSuffix(t.c, " _Complex")}
		return "[" + g.value(&part) + "," + g.value(&part) + "]"
	case "__int128":
		return fmt.Sprintf(`"%v"`, fromBits(g.Uint64(), g.Uint64(), 128, true))
	case "const char *", "char":
		return string(appendString(nil, g.text(t.length)))
	case "int *":
		return []string{"null", "4096"}[g.IntN(2)]
	}
	bits := t.bits
	if bits == 0 {
		bits = intBits(t.c)
	}
	unsigned := strings.HasPrefix(t.c, "unsigned")
	return fromBits(g.Uint64()&(math.MaxUint64>>(64-bits)), 0, uint(bits), !unsigned).String()
}

func (g *generator) members(t *genType) []string {
	fields := t.fields
	if t.c == "union" {
		i := g.IntN(len(fields))
		fields = fields[i : i+1]
	}
	var members []string
	for _, f := range fields {
		if f.name == "" {
			members = append(members, g.members(f.genType)...)
			continue
		}
		members = append(members, fmt.Sprintf("%q:%s", f.name, g.value(f.genType)))
	}
	return members
}

// text is a random string without a NUL: of up to n bytes for a char array of
// n, or any for n 0.
func (g *generator) text(n int) string {
	if n == 0 {
		n = 20
	}
	b := make([]byte, g.IntN(n+1))
	for i := range b {
		b[i] = byte(1 + g.IntN(255))
	}
	return string(b)
}
