package wasmffitest_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
	_ "github.com/wasmffi/wasmffi/host"
	_ "github.com/wasmffi/wasmffi/native"
)

// A cType is a type of the generator: a scalar by its C name, a pointer, or a
// struct by its members.
type cType struct {
	name    string // of a scalar; else empty
	elem    *cType // of a pointer
	members []cMember
	isConst bool // what the pointer points to
}

type cMember struct {
	typ   cType
	array int // 0 is none
}

// A cFunc is a function of the generator.
type cFunc struct {
	result cType
	params []cType
}

// A cWriter writes functions as C: each struct before what uses it, under tags
// of its own.
type cWriter struct {
	prefix string
	text   strings.Builder
	tags   int
}

func (w *cWriter) spell(t cType) string {
	switch {
	case t.elem != nil && t.elem.isConst:
		return "const " + w.spell(*t.elem) + " *"
	case t.elem != nil:
		return w.spell(*t.elem) + " *"
	case t.name != "":
		return t.name
	}
	var b strings.Builder
	for i, m := range t.members {
		fmt.Fprintf(&b, " %s %sm%d", w.spell(m.typ), w.prefix, i)
		if m.array > 0 {
			fmt.Fprintf(&b, "[%d]", m.array)
		}
		b.WriteString(";")
	}
	w.tags++
	tag := fmt.Sprintf("struct %s%d", w.prefix, w.tags)
	fmt.Fprintf(&w.text, "%s {%s };\n", tag, b.String())
	return tag
}

// proto writes what a function needs and gives its prototype.
func (w *cWriter) proto(name string, f cFunc) string {
	var ps []string
	result := w.spell(f.result)
	for i, p := range f.params {
		ps = append(ps, fmt.Sprintf("%s %sp%d", w.spell(p), w.prefix, i))
	}
	if len(ps) == 0 {
		ps = []string{"void"}
	}
	return fmt.Sprintf("%s %s(%s)", result, name, strings.Join(ps, ", "))
}

// A cGenerator makes random functions and changes them.
type cGenerator struct{ *rand.Rand }

func oneOf[T any](g cGenerator, list ...T) T { return list[g.IntN(len(list))] }

func (g cGenerator) scalar() cType {
	return cType{name: oneOf(g, "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned", "long", "unsigned long",
		"long long", "unsigned long long", "float", "double")}
}

func (g cGenerator) record(depth int) cType {
	var t cType
	for range 2 + g.IntN(4) {
		m := cMember{typ: g.scalar()}
		switch g.IntN(6) {
		case 0:
			m.array = 2 + g.IntN(4)
		case 1:
			if depth > 0 {
				m.typ = g.record(depth - 1)
			}
		case 2:
			if depth > 0 {
				m.typ = g.pointer(depth - 1)
			}
		}
		t.members = append(t.members, m)
	}
	return t
}

func (g cGenerator) pointer(depth int) cType {
	elem := g.scalar()
	if g.IntN(2) == 0 {
		elem = g.record(depth)
	}
	return cType{elem: &elem}
}

func (g cGenerator) function() cFunc {
	f := cFunc{result: g.scalar()}
	for range 1 + g.IntN(4) {
		f.params = append(f.params, []func() cType{g.scalar, func() cType { return g.pointer(1) }, func() cType { return g.record(1) }}[g.IntN(3)]())
	}
	return f
}

// copyOf is t with members and elements of its own, for changing it.
func copyOf(t cType) cType {
	if t.elem != nil {
		e := copyOf(*t.elem)
		t.elem = &e
	}
	t.members = append([]cMember(nil), t.members...)
	for i := range t.members {
		t.members[i].typ = copyOf(t.members[i].typ)
	}
	return t
}

func (f cFunc) copy() cFunc {
	f.result = copyOf(f.result)
	f.params = append([]cType(nil), f.params...)
	for i := range f.params {
		f.params[i] = copyOf(f.params[i])
	}
	return f
}

// sites are the scalars and structs of a function, with whether they lie in
// memory.
func (f *cFunc) sites() (scalars, records []*cType, inMemory map[*cType]bool) {
	inMemory = map[*cType]bool{}
	var walk func(t *cType, memory bool)
	walk = func(t *cType, memory bool) {
		switch {
		case t.elem != nil:
			walk(t.elem, true)
		case t.name != "":
			scalars = append(scalars, t)
			inMemory[t] = memory
		default:
			records = append(records, t)
			for i := range t.members {
				walk(&t.members[i].typ, true)
			}
		}
	}
	walk(&f.result, false)
	for i := range f.params {
		walk(&f.params[i], false)
	}
	return scalars, records, inMemory
}

var (
	otherWidth = map[string]string{"signed char": "short", "unsigned char": "unsigned short", "short": "int", "unsigned short": "unsigned",
		"int": "long long", "unsigned": "unsigned long long", "long": "short", "unsigned long": "unsigned short", "long long": "int",
		"unsigned long long": "unsigned", "float": "double", "double": "float"}
	otherSign = map[string]string{"signed char": "unsigned char", "unsigned char": "signed char", "short": "unsigned short", "unsigned short": "short",
		"int": "unsigned", "unsigned": "int", "long": "unsigned long", "unsigned long": "long", "long long": "unsigned long long",
		"unsigned long long": "long long", "float": "int", "double": "long long"}
)

// wrong changes one thing that a call depends on, and says which. It reports
// false if the function has no place for that.
func (g cGenerator) wrong(f *cFunc, kind string) bool {
	scalars, records, inMemory := f.sites()
	switch kind {
	case "width":
		s := oneOf(g, scalars...)
		s.name = otherWidth[s.name]
	case "sign":
		s := oneOf(g, scalars...)
		if inMemory[s] && strings.HasSuffix(s.name, "char") {
			return false
		}
		s.name = otherSign[s.name]
	case "fewer parameters":
		f.params = f.params[:len(f.params)-1]
	case "more parameters":
		f.params = append(f.params, g.scalar())
	case "order":
		f.params = append(f.params[1:], f.params[0])
		first, last := f.params[0], f.params[len(f.params)-1]
		for _, p := range []cType{first, last} {
			if p.name == "unsigned long" {
				return false // as good as a pointer
			}
		}
		return len(f.params) > 1 && first.name != last.name
	case "pointee":
		for i := range f.params {
			if f.params[i].elem != nil {
				was := f.params[i].elem
				f.params[i].elem = &cType{members: []cMember{{typ: cType{name: "double"}}, {typ: cType{name: "char"}}, {typ: cType{name: "double"}}}}
				return was.members == nil || len(was.members) != 3
			}
		}
		return false
	}
	if !strings.Contains(kind, "member") && kind != "array length" {
		return true
	}
	if len(records) == 0 {
		return false
	}
	r := oneOf(g, records...)
	switch i := g.IntN(len(r.members)); kind {
	case "missing member":
		r.members = append(r.members[:i:i], r.members[i+1:]...)
	case "further member":
		r.members = append(r.members[:i:i], append([]cMember{{typ: cType{name: "int"}}}, r.members[i:]...)...)
	case "array length":
		if r.members[i].array == 0 {
			return false
		}
		r.members[i].array++
	}
	return true
}

// right changes what a call does not depend on.
func (g cGenerator) right(f *cFunc, abi *dtype.ABI, kind string) {
	scalars, _, inMemory := f.sites()
	for _, s := range scalars {
		switch kind {
		case "same size":
			wide := map[bool]string{true: "long long", false: "int"}[abi.IntSize(dtype.CLong) == 8]
			if long, ok := map[string]string{"long": wide, "unsigned long": "unsigned " + wide}[s.name]; ok {
				s.name = long
			}
		case "fixed width":
			fixed := map[string]string{"short": "int16_t", "unsigned short": "uint16_t", "int": "int32_t", "unsigned": "uint32_t",
				"long long": "int64_t", "unsigned long long": "uint64_t"}
			if name, ok := fixed[s.name]; ok {
				s.name = name
			}
		case "char":
			if inMemory[s] && strings.HasSuffix(s.name, "char") {
				s.name = oneOf(g, "char", "signed char", "unsigned char", "int8_t", "uint8_t")
			}
		}
	}
	for i := range f.params {
		switch p := &f.params[i]; {
		case p.elem == nil:
		case kind == "const":
			p.elem.isConst = true
		case kind == "void *":
			p.elem = &cType{name: "void"}
		case kind == "opaque" && p.elem.name == "":
			p.elem = &cType{name: "struct opaque"}
		case kind == "address":
			*p = cType{name: oneOf(g, "uintptr_t", "intptr_t", "unsigned long")}
		}
	}
	if kind == "void" {
		f.result = cType{name: "void"}
	}
}

// buildMismatched compiles functions with debug info for a backend.
func buildMismatched(t *testing.T, backend, c string) wasmffi.Library {
	dir := t.TempDir()
	src := filepath.Join(dir, "lib.c")
	require.NoError(t, os.WriteFile(src, []byte(c), 0o600))
	out := filepath.Join(dir, "lib.wasm")
	command := []string{"clang", "--target=wasm32-unknown-unknown", "-ffreestanding", "-nostdlib", "-Wl,--no-entry,--stack-first,--export-dynamic", "-fvisibility=default"}
	pkg := "clang lld"
	if backend != "sandbox" {
		out = filepath.Join(dir, "lib.so")
		command, pkg = []string{backend, "-shared", "-fPIC"}, backend
	}
	if _, err := exec.LookPath(command[0]); err != nil {
		t.Skipf("LEFT OUT: no %s; install the Debian packages %s", command[0], pkg)
	}
	cmd := exec.Command(command[0], append(command[1:], "-g", "-O1", "-w", "-o", out, src)...)
	msg, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", msg, c)
	lib, err := wasmffi.Open(t.Context(), out)
	require.NoError(t, err)
	t.Cleanup(func() { lib.Close() })
	return lib
}

// Declarations of random functions are bound as they are and with changes that
// do not matter, and are refused with one change that does, by what a compiler
// made of them. WASMFFI_MISMATCHES is how many functions.
func TestWrongDeclarations(t *testing.T) {
	if runtime.GOARCH != "amd64" || runtime.GOOS != "linux" {
		t.Skip("LEFT OUT: the compilers called here make libraries of linux/amd64")
	}
	count, seed := 40, rand.Uint64()
	if n, err := strconv.Atoi(os.Getenv("WASMFFI_MISMATCHES")); err == nil {
		count = n
	}
	if n, err := strconv.ParseUint(os.Getenv("WASMFFI_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("WASMFFI_SEED=%d WASMFFI_MISMATCHES=%d", seed, count)
	for _, backend := range []string{"sandbox", "gcc", "clang"} {
		t.Run(backend, func(t *testing.T) {
			g := cGenerator{rand.New(rand.NewPCG(seed, 0))}
			w := cWriter{prefix: "a"}
			var funcs []cFunc
			for i := range count {
				f := g.function()
				funcs = append(funcs, f)
				proto := w.proto(fmt.Sprintf("f%d", i), f)
				fmt.Fprintf(&w.text, "%s { return %d; }\n", proto, i)
			}
			lib := buildMismatched(t, backend, w.text.String())
			abi := lib.Space().ABI()
			bind := func(i int, f cFunc) (declared *dtype.Func, text string, err error) {
				w := cWriter{prefix: "b"}
				proto := w.proto(fmt.Sprintf("f%d", i), f)
				text = w.text.String() + proto
				decls, err := cdecl.Parse(text+";", cdecl.Options{ABI: abi})
				require.NoError(t, err, text)
				declared, err = decls.Func(fmt.Sprintf("f%d", i))
				require.NoError(t, err, text)
				_, err = wasmffi.BindFunc(lib, fmt.Sprintf("f%d", i), declared)
				return declared, text, err
			}
			refused := map[string]int{}
			for i, f := range funcs {
				_, text, err := bind(i, f)
				require.NoError(t, err, text)
				for _, kind := range []string{"same size", "fixed width", "char", "const", "void *", "opaque", "address", "void"} {
					changed := f.copy()
					g.right(&changed, abi, kind)
					_, text, err := bind(i, changed)
					assert.NoError(t, err, "%s: %s", kind, text)
				}
				for _, kind := range []string{"width", "sign", "fewer parameters", "more parameters", "order", "pointee", "missing member", "further member", "array length"} {
					changed := f.copy()
					if !g.wrong(&changed, kind) {
						continue
					}
					declared, text, err := bind(i, changed)
					if !assert.ErrorIs(t, err, wasmffi.ErrSignature, "%s: %s", kind, text) {
						continue
					}
					refused[kind]++
					assert.ErrorContains(t, err, "signature mismatch: declared "+dtype.Declare(declared, fmt.Sprintf("f%d", i))+"; debug info has ")
					if strings.Contains(kind, "member") || kind == "array length" {
						assert.ErrorContains(t, err, "; declared struct b", "the structs that differ")
						assert.ErrorContains(t, err, "; debug info has struct a")
					}
				}
			}
			assert.Len(t, refused, 9, "each kind of mistake was made")
		})
	}
}
