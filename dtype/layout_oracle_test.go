package dtype

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// batch is how many structs one run of a compiler checks.
const batch = 250

// envNumber reads a number that a person may set to run more, or again.
func envNumber(t *testing.T, name string, normally uint64) uint64 {
	s := os.Getenv(name)
	if s == "" {
		return normally
	}
	n, err := strconv.ParseUint(s, 0, 64)
	require.NoError(t, err, name)
	return n
}

// TestLayoutsAgainstClang compares random types with clang's layouts on every
// row of the ABI table: sizes, alignments and offsets by _Static_assert, the
// bits of bit-fields by the bytes of objects with one of them set.
//
// WASMFFI_LAYOUTS is the number of structs for each row (30 if not set),
// WASMFFI_SEED repeats a run.
func TestLayoutsAgainstClang(t *testing.T) {
	count := envNumber(t, "WASMFFI_LAYOUTS", 30)
	seed := layoutSeed(t)
	for _, abi := range ABIs() {
		t.Run(abi.Name(), func(t *testing.T) {
			t.Parallel()
			g := newTypeGen(abi, seed)
			checkLayouts(t, g, clangFor(abi), int(count))
		})
	}
}

func layoutSeed(t *testing.T) uint64 {
	seed := envNumber(t, "WASMFFI_SEED", rand.Uint64()>>32)
	t.Logf("WASMFFI_SEED=%d", seed)
	return seed
}

// TestLayoutsAgainstGCC does the same with gcc, which also has big-endian
// structs, alone and mixed with others.
func TestLayoutsAgainstGCC(t *testing.T) {
	count := envNumber(t, "WASMFFI_LAYOUTS", 30)
	seed := layoutSeed(t)
	for abi, gcc := range map[*ABI]compiler{LinuxAMD64: gccAMD64, LinuxARM64: gccARM64, MinGWAMD64: gccMinGW} {
		for name, endian := range map[string]Endian{"": NativeEndian, "/big-endian": BigEndian, "/mixed-endian": BigEndian} {
			t.Run(abi.Name()+name, func(t *testing.T) {
				t.Parallel()
				g := newTypeGen(abi, seed)
				g.gcc, g.endian, g.msGCC = true, endian, abi.dialect == MSDialect
				g.mixed = name == "/mixed-endian"
				checkLayouts(t, g, gcc, int(count))
			})
		}
	}
}

// checkLayouts compares count random structs with a compiler.
func checkLayouts(t *testing.T, g *typeGen, c compiler, count int) {
	c.need(t)
	checked := 0
	for done := 0; done < count; done += batch {
		n := min(batch, count-done)
		g.defs, g.records = nil, nil
		g.start()
		var types []Type
		for range n {
			types = append(types, g.record())
		}
		checked += checkTypes(t, g.abi, c, g.defs, types)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d structs, %d bit-fields", count, checked)
}

// checkTypes compares the layouts of types with a compiler's, and reports how
// many bit-fields there were.
func checkTypes(t *testing.T, abi *ABI, c compiler, defs, types []Type) (bitFields int) {
	t.Helper()
	var src strings.Builder
	src.WriteString(prelude)
	for _, d := range defs {
		fmt.Fprintf(&src, "%s;\n", Define(d))
	}
	magic := binary.LittleEndian.AppendUint64([]byte("\x7fdtype:"), rand.Uint64())[:12]
	var probes []probe
	for _, typ := range types {
		l, err := abi.Layout(typ)
		require.NoError(t, err, "%s", Define(typ))
		checkInvariants(t, typ, l)
		checkAligned(t, typ, l, abi)
		fmt.Fprintf(&src, "_Static_assert(sizeof(%v) == %d && %s(%v) == %d, \"%v\");\n", typ, l.Size, c.alignof(), typ, l.Align, typ)
		for _, path := range paths(typ, 2) {
			at, err := abi.Find(typ, path)
			require.NoError(t, err)
			if at.Bits != nil {
				probes = append(probes, probe{typ, path, *at.Bits})
				continue
			}
			fmt.Fprintf(&src, "_Static_assert(__builtin_offsetof(%v, %s) == %d, \"%v.%s\");\n", typ, path, at.Offset, typ, path)
		}
	}
	for i, p := range probes {
		fmt.Fprintf(&src, "struct { unsigned char magic[16]; %v v; } probe%d = { {", p.typ, i)
		for _, b := range binary.LittleEndian.AppendUint32(magic[:12:12], uint32(i)) {
			fmt.Fprintf(&src, "%d,", b)
		}
		fmt.Fprintf(&src, "}, .v.%s = -1 };\n", p.path)
	}
	object, errors := c.try(t, src.String())
	if errors != "" {
		dump(t, src.String(), errors)
		return 0
	}
	checkProbes(t, abi, object, magic, probes)
	return len(probes)
}

// Where no compiler has big-endian structs, they are those of the other order in
// a mirror: the same offsets, and the same bits, counted from the other end.
func TestBigEndianLayoutsMirror(t *testing.T) {
	seed := layoutSeed(t)
	for _, abi := range ABIs() {
		g := newTypeGen(abi, seed)
		g.start()
		mirrored := 0
		for range 200 {
			typ := g.record()
			attr := recordOf(typ).Attr()
			attr.Endian = BigEndian
			var big Type
			if isUnion(typ) {
				big = must(NewUnionAttr("m", attr, Members(typ)...))
			} else {
				big = must(NewStructAttr("m", attr, Members(typ)...))
			}
			l, err := abi.Layout(big)
			if errors.Is(err, ErrNotSupported) {
				continue // pointers and vectors
			}
			require.NoError(t, err)
			require.Equal(t, must(abi.Layout(typ)), l, "%s", Define(typ))
			mirrored++
		}
		require.NotZero(t, mirrored)
	}
}

// A probe is an object of type typ in which only one bit-field is set.
type probe struct {
	typ  Type
	path string
	bits FieldLayout
}

// checkProbes finds the probes in an object file by the magic bytes before
// them, whatever the file's format, and compares the bits that are set.
func checkProbes(t *testing.T, abi *ABI, object, magic []byte, probes []probe) {
	t.Helper()
	found := 0
	for at := bytes.Index(object, magic); at >= 0; {
		p := probes[binary.LittleEndian.Uint32(object[at+12:])]
		l, err := abi.Layout(p.typ)
		require.NoError(t, err)
		start := at + int(alignUp(16, l.Align))
		got := object[start : start+int(l.Size)]
		want := make([]byte, l.Size)
		for bit := p.bits.BitStart; bit < p.bits.BitStart+uint64(p.bits.Bits); bit++ {
			mask := byte(1) << (bit % 8)
			if bigEndianAt(p.typ, p.path) {
				mask = 0x80 >> (bit % 8)
			}
			want[bit/8] |= mask
		}
		if !assert.Equal(t, want, got, "%s: bit-field %s", Define(p.typ), p.path) {
			return
		}
		found++
		next := bytes.Index(object[start:], magic)
		if next < 0 {
			break
		}
		at = start + next
	}
	assert.Equal(t, len(probes), found, "bit-fields found in the object file")
}

// bigEndianAt reports the byte order of the struct that holds the member.
func bigEndianAt(t Type, path string) bool {
	name, rest, nested := strings.Cut(path, ".")
	for _, f := range Members(t) {
		switch {
		case f.Name == name && nested:
			return bigEndianAt(f.Type, rest)
		case f.Name == name:
			return recordOf(t).Attr().Endian == BigEndian
		case f.Name == "" && slices.Contains(memberNames(f), name):
			return bigEndianAt(f.Type, path)
		}
	}
	panic("no member " + path)
}

// paths lists the named members of t, those of nested structs to a depth.
func paths(t Type, depth int) []string {
	var all []string
	for _, f := range Members(t) {
		inner := recordOf(f.Type) != nil && (f.Name == "" || depth > 0)
		switch {
		case f.Name == "" && inner:
			all = append(all, paths(f.Type, depth)...)
		case f.Name != "":
			all = append(all, f.Name)
			if inner {
				for _, p := range paths(f.Type, depth-1) {
					all = append(all, f.Name+"."+p)
				}
			}
		}
	}
	return all
}

// checkInvariants checks what holds for every layout.
func checkInvariants(t testing.TB, typ Type, l *Layout) {
	t.Helper()
	_, isUnion := typ.(*Union)
	require.NotZero(t, l.Align, "%s", Define(typ))
	if len(l.Fields) > 0 && l.Fields[len(l.Fields)-1].Size != 0 { // Microsoft's empty structs have 4 bytes
		require.Zero(t, l.Size%l.Align, "%s: size %d, align %d", Define(typ), l.Size, l.Align)
	}
	end := uint64(0) // bits
	for _, f := range l.Fields {
		start, width := 8*f.Offset, 8*f.Size
		if f.BitField {
			start, width = f.BitStart, uint64(f.Bits)
			require.True(t, f.Offset*8 <= start && start+width <= 8*(f.Offset+f.Size), "%s.%s: bits outside their unit", Define(typ), f.Name)
		}
		require.LessOrEqual(t, f.Offset+f.Size, l.Size, "%s.%s ends outside", Define(typ), f.Name)
		if isUnion {
			require.Zero(t, start)
			continue
		}
		require.LessOrEqual(t, end, start, "%s.%s overlaps", Define(typ), f.Name)
		end = start + width
	}
}

// dump fails the test with the first errors and the definitions they speak of.
func dump(t *testing.T, src, errors string) {
	t.Helper()
	lines := strings.Split(errors, "\n")
	text := strings.Join(lines[:min(len(lines), 12)], "\n")
	for _, line := range strings.Split(src, "\n") {
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(` ".'`, r) }) {
			if strings.HasPrefix(word, "r") && (strings.Contains(line, " "+word+" {") || strings.Contains(line, " "+word+"\"")) {
				text += "\n" + line
				break
			}
		}
	}
	assert.Fail(t, "layouts differ", "%s", text)
}
