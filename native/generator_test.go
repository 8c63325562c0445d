//go:build (linux || darwin) && (amd64 || arm64)

package native_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// A generator writes random C functions that check what they receive, and
// knows what to send them.
type generator struct {
	t   testing.TB
	rnd *rand.Rand
	abi *dtype.ABI
	// aggregates, wide: also structs and unions by value; long double,
	// complex and __int128.
	aggregates, wide bool
	// oldClang: no __int128 as a parameter of its own. Before LLVM 18 clang
	// placed it on the stack at a multiple of 8 and split it between register
	// and stack, against the ABI and gcc.
	oldClang bool
	defs     strings.Builder
	structs  int
}

var narrowTypes = []dtype.Type{
	dtype.CBool, dtype.CSChar, dtype.CUChar, dtype.CShort, dtype.CUShort, dtype.CInt, dtype.CUInt,
	dtype.CLong, dtype.CULong, dtype.CLongLong, dtype.CULongLong, dtype.CFloat, dtype.CDouble,
	dtype.CFloat, dtype.CDouble, dtype.PointerTo(dtype.CVoid),
}

var wideTypes = []dtype.Type{
	dtype.CLongDouble, dtype.CInt128, dtype.CUInt128,
	dtype.ComplexOf(dtype.CFloat), dtype.ComplexOf(dtype.CDouble), dtype.ComplexOf(dtype.CLongDouble),
}

func (g *generator) scalar() dtype.Type {
	if g.wide && g.rnd.IntN(5) == 0 {
		t := wideTypes[g.rnd.IntN(len(wideTypes))]
		if _, isInt := t.(*dtype.Int); !isInt || !g.oldClang {
			return t
		}
	}
	return narrowTypes[g.rnd.IntN(len(narrowTypes))]
}

func (g *generator) value() dtype.Type {
	if g.aggregates && g.rnd.IntN(3) == 0 {
		return g.aggregate(2)
	}
	return g.scalar()
}

// aggregate makes a struct or union type and writes its definition.
func (g *generator) aggregate(depth int) dtype.Type {
	tag := fmt.Sprintf("s%d", g.structs)
	g.structs++
	n := 1 + g.rnd.IntN(4)
	one := g.scalar() // often all members have one type: homogeneous aggregates
	same := g.rnd.IntN(3) == 0
	var fields []dtype.Field
	for i := range n {
		t := one
		if !same {
			t = g.scalar()
		}
		if depth > 0 && g.rnd.IntN(6) == 0 {
			t = g.aggregate(depth - 1)
		}
		if g.rnd.IntN(5) == 0 {
			a, err := dtype.ArrayOf(t, uint64(1+g.rnd.IntN(3)))
			require.NoError(g.t, err)
			t = a
		}
		fields = append(fields, dtype.Field{Name: fmt.Sprintf("f%d", i), Type: t})
	}
	var t dtype.Type
	var err error
	if g.rnd.IntN(6) == 0 {
		t, err = dtype.NewUnion(tag, fields...)
	} else {
		t, err = dtype.NewStruct(tag, fields...)
	}
	require.NoError(g.t, err)
	l, err := g.abi.Layout(t)
	require.NoError(g.t, err)
	keyword, _, _ := strings.Cut(t.String(), " ")
	fmt.Fprintf(&g.defs, "%s %s {", keyword, tag)
	for i, f := range fields {
		fmt.Fprintf(&g.defs, " %s;", dtype.Declare(f.Type, f.Name))
		defer fmt.Fprintf(&g.defs, "_Static_assert(__builtin_offsetof(%v, %s) == %d, \"\");\n", t, f.Name, l.Fields[i].Offset)
	}
	fmt.Fprintf(&g.defs, " };\n_Static_assert(sizeof(%v) == %d, \"\");\n", t, l.Size)
	return t
}

// A leaf is a scalar in a value: where its bytes are.
type leaf struct{ off, size uint64 }

// random makes a value of type t as a frame holds it, and tells which bytes of
// it mean something.
func (g *generator) random(t dtype.Type) (words []uint64, leaves []leaf) {
	size, err := g.abi.Size(t)
	require.NoError(g.t, err)
	data := make([]byte, (size+7)/8*8)
	leaves = g.fill(data, t, 0, nil)
	if i, ok := dtype.Resolve(t).(*dtype.Int); ok && size < 8 && g.abi.Signed(i) && data[size-1]&0x80 != 0 {
		for j := size; j < 8; j++ {
			data[j] = 0xff
		}
	}
	for i := 0; i < len(data); i += 8 {
		words = append(words, binary.LittleEndian.Uint64(data[i:]))
	}
	return words, leaves
}

func (g *generator) fill(data []byte, t dtype.Type, off uint64, leaves []leaf) []leaf {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Struct:
		l, err := g.abi.Layout(t)
		require.NoError(g.t, err)
		for _, f := range l.Fields {
			leaves = g.fill(data, f.Type, off+f.Offset, leaves)
		}
		return leaves
	case *dtype.Union:
		// One member has a value; its padding has none.
		fs := t.Fields()
		return g.fill(data, fs[g.rnd.IntN(len(fs))].Type, off, leaves)
	case *dtype.Array:
		size, err := g.abi.Size(t.Elem())
		require.NoError(g.t, err)
		for i := range t.Len() {
			leaves = g.fill(data, t.Elem(), off+i*size, leaves)
		}
		return leaves
	case *dtype.Complex:
		size, err := g.abi.Size(t.Part())
		require.NoError(g.t, err)
		return g.fill(data, t.Part(), off+size, g.fill(data, t.Part(), off, leaves))
	}
	size, err := g.abi.Size(t)
	require.NoError(g.t, err)
	at := data[off : off+size]
	for i := range at {
		at[i] = byte(g.rnd.Uint32())
	}
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Bool:
		at[0] &= 1
	case *dtype.Float:
		at[len(at)-1] &^= 0x40 // an exponent that is neither infinity's nor NaN's
		if t == dtype.CLongDouble && g.abi.LongDouble() == dtype.LongDoubleX87 {
			size = 10
			clear(at[10:])
			at[7] |= 0x80 // the integer bit of a normal number
			at[9] = at[9]&^0x40 | 0x20
		}
	}
	return append(leaves, leaf{off, size})
}

// A function is a generated C function: its signature and a set of values.
type function struct {
	sig    *dtype.Func
	name   string
	args   [][]uint64
	leaves [][]leaf
	result []uint64
	rleafs []leaf
}

// signature makes a random function type of up to max parameters.
func (g *generator) signature(i, max int) *function {
	f := &function{name: fmt.Sprintf("f%d", i)}
	var params []dtype.Param
	for range g.rnd.IntN(max + 1) {
		params = append(params, dtype.Param{Type: g.value()})
	}
	result := g.value()
	if g.rnd.IntN(8) == 0 {
		result = dtype.CVoid
	}
	// A variadic function needs a parameter to begin with, to find the rest.
	variadic := len(params) > 1 && g.rnd.IntN(5) == 0
	if !variadic {
		sig, err := dtype.NewFunc(result, params, false)
		require.NoError(g.t, err)
		f.sig = sig
		return g.values(f)
	}
	fixed := 1 + g.rnd.IntN(len(params)-1)
	sig, err := dtype.NewFunc(result, params[:fixed], true)
	require.NoError(g.t, err)
	var rest []dtype.Type
	for _, p := range params[fixed:] {
		rest = append(rest, p.Type)
	}
	f.sig, err = sig.WithArgs(rest...)
	require.NoError(g.t, err)
	return g.values(f)
}

func (g *generator) values(f *function) *function {
	for _, p := range f.sig.Params() {
		words, leaves := g.random(p.Type)
		f.args, f.leaves = append(f.args, words), append(f.leaves, leaves)
	}
	if f.sig.Result() != dtype.CVoid {
		f.result, f.rleafs = g.random(f.sig.Result())
	}
	return f
}

// source writes the C function, which notes in bad_N the parameters that are
// not as sent, and the function call_N that calls a callback of the type with
// the same values and returns 1 if the result is not right.
func (f *function) source(b *strings.Builder) {
	params := f.sig.Params()
	for i, words := range f.args {
		fmt.Fprintf(b, "static const unsigned char %s_arg%d[] = {%s};\n", f.name, i, bytesOf(words))
	}
	if f.result != nil {
		fmt.Fprintf(b, "static const unsigned char %s_res[] = {%s};\n", f.name, bytesOf(f.result))
	}
	var decls []string
	for i, p := range params[:f.sig.Fixed()] {
		decls = append(decls, dtype.Declare(p.Type, fmt.Sprintf("p%d", i)))
	}
	list := strings.Join(decls, ", ")
	switch {
	case f.sig.Variadic():
		list += ", ..."
	case list == "":
		list = "void"
	}
	fmt.Fprintf(b, "unsigned long bad_%s;\n", f.name)
	fmt.Fprintf(b, "%s {\n\tunsigned long bad = 0;\n", dtype.Declare(f.sig.Result(), f.name+"("+list+")"))
	if f.sig.Variadic() {
		fmt.Fprintf(b, "\tva_list ap;\n\tva_start(ap, p%d);\n", f.sig.Fixed()-1)
		for i, p := range params[f.sig.Fixed():] {
			i += f.sig.Fixed()
			fmt.Fprintf(b, "\t%s = va_arg(ap, %s);\n", dtype.Declare(p.Type, fmt.Sprintf("p%d", i)), dtype.Declare(p.Type, ""))
		}
		fmt.Fprintf(b, "\tva_end(ap);\n")
	}
	for i := range params {
		for _, l := range f.leaves[i] {
			fmt.Fprintf(b, "\tif (memcmp((char *)&p%d + %d, %s_arg%d + %d, %d)) bad |= 1ul << %d;\n", i, l.off, f.name, i, l.off, l.size, i)
		}
	}
	fmt.Fprintf(b, "\tbad_%s = bad;\n", f.name)
	if f.result != nil {
		fmt.Fprintf(b, "\t%s;\n\tmemcpy(&r, %s_res, sizeof r);\n\treturn r;\n", dtype.Declare(f.sig.Result(), "r"), f.name)
	}
	fmt.Fprintf(b, "}\n")
	if !f.sig.Variadic() {
		f.callbackSource(b)
	}
}

func (f *function) callbackSource(b *strings.Builder) {
	fmt.Fprintf(b, "int call_%s(%s) {\n", f.name, dtype.Declare(dtype.PointerTo(f.sig), "cb"))
	var args []string
	for i, p := range f.sig.Params() {
		fmt.Fprintf(b, "\t%s;\n\tmemcpy(&p%d, %s_arg%d, sizeof p%d);\n", dtype.Declare(p.Type, fmt.Sprintf("p%d", i)), i, f.name, i, i)
		args = append(args, fmt.Sprintf("p%d", i))
	}
	call := "cb(" + strings.Join(args, ", ") + ")"
	if f.result == nil {
		fmt.Fprintf(b, "\t%s;\n\treturn 0;\n}\n", call)
		return
	}
	fmt.Fprintf(b, "\t%s = %s;\n\tint bad = 0;\n", dtype.Declare(f.sig.Result(), "r"), call)
	for _, l := range f.rleafs {
		fmt.Fprintf(b, "\tbad |= memcmp((char *)&r + %d, %s_res + %d, %d) != 0;\n", l.off, f.name, l.off, l.size)
	}
	fmt.Fprintf(b, "\treturn bad;\n}\n")
}

func bytesOf(words []uint64) string {
	var b strings.Builder
	for _, w := range words {
		for i := range 8 {
			fmt.Fprintf(&b, "%d,", byte(w>>(8*i)))
		}
	}
	return b.String()
}

// same compares the meaningful bytes of a value.
func same(words, want []uint64, leaves []leaf) bool {
	at := func(w []uint64, i uint64) byte { return byte(w[i/8] >> (i % 8 * 8)) }
	for _, l := range leaves {
		for i := range l.size {
			if at(words, l.off+i) != at(want, l.off+i) {
				return false
			}
		}
	}
	return true
}

// prototype is the function's, with the types that match "...".
func (f *function) prototype() string {
	s := dtype.Declare(f.sig, f.name)
	for _, p := range f.sig.Params()[f.sig.Fixed():] {
		s += " " + p.Type.String()
	}
	return s
}

// check calls the C function, and has it called back.
func (f *function) check(t *testing.T, lib wasmffi.Library) {
	prototype := f.prototype()
	shape, err := wasmffi.FrameShape(lib.Space().ABI(), f.sig)
	require.NoError(t, err, prototype)
	frame := &wasmffi.Frame{Words: make([]uint64, shape.Words)}
	for i, s := range shape.Params {
		copy(frame.Words[s.First:], f.args[i])
	}
	sym, err := lib.Lookup(f.name)
	require.NoError(t, err)
	call, err := lib.Prepare(sym, f.sig)
	require.NoError(t, err, prototype)
	require.NoError(t, call.Call(frame), prototype)
	bad, err := lib.Lookup("bad_" + f.name)
	require.NoError(t, err)
	mask := make([]byte, 8)
	require.NoError(t, lib.Space().ReadAt(mask, bad.Addr))
	if m := binary.LittleEndian.Uint64(mask); m != 0 {
		t.Errorf("%s: arguments %b arrived wrong", prototype, m)
	}
	f.checkResult(t, prototype, frame.Words[shape.Result.First:])
	if f.sig.Variadic() {
		return
	}

	wrong := -1
	cb, err := lib.Callback(wasmffi.CallbackSpec{Sig: f.sig, Func: func(in *wasmffi.Frame) error {
		for i, s := range shape.Params {
			got := in.Words[s.First : s.First+s.Words]
			if !same(got, f.args[i], f.leaves[i]) || s.Words == 1 && scalarWord(s.Type) && got[0] != f.args[i][0] {
				wrong = i
			}
		}
		copy(in.Words[shape.Result.First:], f.result)
		return nil
	}})
	require.NoError(t, err, prototype)
	defer cb.Free()
	outer, err := dtype.NewFunc(dtype.CInt, []dtype.Param{{Type: dtype.PointerTo(f.sig)}}, false)
	require.NoError(t, err)
	sym, err = lib.Lookup("call_" + f.name)
	require.NoError(t, err)
	call, err = lib.Prepare(sym, outer)
	require.NoError(t, err)
	frame = &wasmffi.Frame{Words: []uint64{cb.Address(), 0}}
	require.NoError(t, call.Call(frame), prototype)
	if wrong >= 0 {
		t.Errorf("%s: argument %d of the callback arrived wrong", prototype, wrong+1)
	}
	if frame.Words[1] != 0 {
		t.Errorf("%s: the callback's result arrived wrong", prototype)
	}
}

func (f *function) checkResult(t *testing.T, prototype string, got []uint64) {
	if f.result == nil {
		return
	}
	if !same(got, f.result, f.rleafs) {
		t.Errorf("%s: result %x, want %x", prototype, got, f.result)
	} else if scalarWord(f.sig.Result()) && len(f.result) == 1 && got[0] != f.result[0] {
		t.Errorf("%s: result %#x is not extended to %#x", prototype, got[0], f.result[0])
	}
}

// scalarWord reports whether values of the type are canonical words.
func scalarWord(t dtype.Type) bool {
	switch dtype.Resolve(t).(type) {
	case *dtype.Int, *dtype.Bool, *dtype.Pointer, *dtype.Float:
		return true
	}
	return false
}
