//go:build (linux || darwin) && (amd64 || arm64)

package native_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// mapTypes are the scalars that a map loop moves: all of at most a word.
var mapTypes = []dtype.Type{
	dtype.CChar, dtype.CSChar, dtype.CUChar, dtype.CShort, dtype.CUShort, dtype.CInt, dtype.CUInt,
	dtype.CLong, dtype.CULong, dtype.CLongLong, dtype.CULongLong, dtype.CFloat, dtype.CDouble,
	dtype.CFloat, dtype.CDouble, dtype.PointerTo(dtype.CVoid),
}

// A mappedFunc is a random function: in C, it mixes its arguments.
type mappedFunc struct {
	name   string
	params []dtype.Type
	result dtype.Type
}

func randomMapped(rnd *rand.Rand, i int) mappedFunc {
	f := mappedFunc{name: fmt.Sprintf("f%d", i), result: mapTypes[rnd.IntN(len(mapTypes))]}
	for range 1 + rnd.IntN(6) {
		f.params = append(f.params, mapTypes[rnd.IntN(len(mapTypes))])
	}
	return f
}

func (f mappedFunc) c() string {
	var params, mix []string
	for i, p := range f.params {
		params = append(params, dtype.Declare(p, fmt.Sprintf("a%d", i)))
		cast := "(long long)"
		if _, ok := p.(*dtype.Float); ok {
			cast = "(long long)16*"
		}
		mix = append(mix, fmt.Sprintf("h = h*31 + (unsigned long long)%sa%d;", cast, i))
	}
	back := fmt.Sprintf("(%v)h", f.result)
	if _, ok := f.result.(*dtype.Float); ok {
		back = fmt.Sprintf("(%v)(h & 0xffff) / 8", f.result)
	}
	return fmt.Sprintf("%v %s(%s) { unsigned long long h = 7; %s return %s; }\n",
		f.result, f.name, strings.Join(params, ", "), strings.Join(mix, " "), back)
}

// TestMapGenerated maps random functions over random strides and compares with
// the same calls one by one.
func TestMapGenerated(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	var funcs []mappedFunc
	var source strings.Builder
	for i := range 100 {
		f := randomMapped(rnd, i)
		funcs = append(funcs, f)
		source.WriteString(f.c())
	}
	for _, cc := range compilers(t) { // clang trusts that small integers were extended
		lib := compile(t, cc, "-O2", source.String())
		for _, f := range funcs {
			t.Run(cc[0]+"/"+f.c(), func(t *testing.T) { checkMapped(t, rnd, lib, f) })
		}
	}
}

func checkMapped(t *testing.T, rnd *rand.Rand, lib wasmffi.Library, f mappedFunc) {
	var ps []dtype.Param
	for _, p := range f.params {
		ps = append(ps, dtype.Param{Type: p})
	}
	sig, err := dtype.NewFunc(f.result, ps, false)
	require.NoError(t, err)
	sym, err := lib.Lookup(f.name)
	require.NoError(t, err)
	call, err := lib.Prepare(sym, sig)
	require.NoError(t, err)
	arena := memory.NewArena(lib.Space())
	defer arena.Close()

	abi := lib.Space().ABI()
	inner, outer := uint64(1+rnd.IntN(9)), uint64(1+rnd.IntN(5))
	m := &wasmffi.Mapping{Inner: inner, Outer: outer}
	var sizes []uint64
	for i, c := range append(append([]dtype.Type(nil), f.params...), f.result) {
		size, err := abi.Size(c)
		require.NoError(t, err)
		sizes = append(sizes, size)
		gap := int64(size) + rnd.Int64N(3) // also unaligned
		o := wasmffi.MapOperand{Inner: gap, Outer: gap * int64(inner)}
		block, err := arena.NewArray(dtype.CUChar, uint64(gap)*inner*outer+size)
		require.NoError(t, err)
		o.Addr = block.Addr()
		if rnd.IntN(3) == 0 {
			o.Addr += uint64(o.Inner) * (inner - 1)
			o.Inner = -o.Inner
		}
		m.Operands = append(m.Operands, o)
		for j := range outer {
			for k := range inner {
				if i < len(f.params) {
					require.NoError(t, lib.Space().WriteAt(randomScalar(rnd, c, size), o.At(k, j)))
				}
			}
		}
	}
	require.NoError(t, call.(wasmffi.Mapper).Map(context.Background(), m))
	last := len(m.Operands) - 1
	words := make([]uint64, len(f.params)+1)
	resultMask := ^uint64(0)
	if f.result == dtype.Type(dtype.CFloat) {
		resultMask = 1<<32 - 1 // a float is in the word's low half
	}
	for j := range outer {
		for k := range inner {
			for i, c := range f.params {
				words[i] = loadWord(t, lib, abi, c, m.Operands[i].At(k, j), sizes[i])
			}
			require.NoError(t, call.Call(&wasmffi.Frame{Words: words}))
			got := loadWord(t, lib, abi, f.result, m.Operands[last].At(k, j), sizes[last])
			require.Equal(t, words[len(words)-1]&resultMask, got&resultMask, "call %d of round %d", k, j)
		}
	}
}

func randomScalar(rnd *rand.Rand, c dtype.Type, size uint64) []byte {
	bits := rnd.Uint64()
	if _, ok := c.(*dtype.Float); ok {
		bits = math.Float64bits(float64(rnd.IntN(1000)) / 16)
		if size == 4 {
			bits = uint64(math.Float32bits(float32(rnd.IntN(1000)) / 16))
		}
	}
	return binary.LittleEndian.AppendUint64(nil, bits)[:size]
}

// loadWord is the word a frame has for a scalar in memory.
func loadWord(t *testing.T, lib wasmffi.Library, abi *dtype.ABI, c dtype.Type, addr, size uint64) uint64 {
	var b [8]byte
	require.NoError(t, lib.Space().ReadAt(b[:size], addr))
	w := binary.LittleEndian.Uint64(b[:])
	if i, ok := c.(*dtype.Int); ok && abi.Signed(i) {
		shift := 64 - 8*size
		w = uint64(int64(w<<shift) >> shift)
	}
	return w
}

func TestMapCrossings(t *testing.T) {
	lib := compile(t, compilers(t)[0], "-O2", `
		double next(double acc, double x) { return acc + x; }
		struct s { int a; } by(struct s v) { return v; }
		int calls; void count(void) { calls++; }`)
	sum, _ := prepareFunc(t, lib, "next", dtype.CDouble, dtype.CDouble, dtype.CDouble)
	arena := memory.NewArena(lib.Space())
	defer arena.Close()
	const n = 100_000
	v, err := arena.NewArray(dtype.CDouble, n)
	require.NoError(t, err)
	acc, err := arena.New(dtype.CDouble)
	require.NoError(t, err)
	one := binary.LittleEndian.AppendUint64(nil, math.Float64bits(1))
	for i := range uint64(n) {
		require.NoError(t, lib.Space().WriteAt(one, v.Addr()+8*i))
	}
	// A result that is the next call's argument: a reduction.
	fold := &wasmffi.Mapping{Inner: n, Outer: 1, Operands: []wasmffi.MapOperand{{Addr: acc.Addr()}, {Addr: v.Addr(), Inner: 8}, {Addr: acc.Addr()}}}
	require.NoError(t, sum.(wasmffi.Mapper).Map(nil, fold))
	got, err := memory.Load[float64](acc)
	require.NoError(t, err)
	require.Equal(t, float64(n), got)

	count, _ := prepareFunc(t, lib, "count", dtype.CVoid)
	require.NoError(t, count.(wasmffi.Mapper).Map(nil, &wasmffi.Mapping{Inner: 70_000, Outer: 3}))
	calls, err := wasmffi.Var(lib, "calls", dtype.CInt)
	require.NoError(t, err)
	made, err := memory.Load[int32](calls)
	require.NoError(t, err)
	require.EqualValues(t, 210_000, made)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, sum.(wasmffi.Mapper).Map(ctx, fold), context.Canceled)
	fold.Operands = fold.Operands[:2]
	require.ErrorIs(t, sum.(wasmffi.Mapper).Map(nil, fold), wasmffi.ErrArgCount)
	s, err := dtype.NewStruct("s", dtype.Field{Name: "a", Type: dtype.CInt})
	require.NoError(t, err)
	by, _ := prepareFunc(t, lib, "by", s, s)
	require.ErrorIs(t, by.(wasmffi.Mapper).Map(nil, fold), dtype.ErrNotSupported)
}

func BenchmarkMap(b *testing.B) {
	lib := compile(b, compilers(b)[0], "-O2", `double add(double x, double y) { return x + y; }`)
	add, _ := prepareFunc(b, lib, "add", dtype.CDouble, dtype.CDouble, dtype.CDouble)
	arena := memory.NewArena(lib.Space())
	defer arena.Close()
	const n = 100_000
	v, err := arena.NewArray(dtype.CDouble, n)
	require.NoError(b, err)
	m := &wasmffi.Mapping{Inner: n, Outer: 1, Operands: []wasmffi.MapOperand{
		{Addr: v.Addr(), Inner: 8}, {Addr: v.Addr(), Inner: 8}, {Addr: v.Addr(), Inner: 8},
	}}
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, add.(wasmffi.Mapper).Map(nil, m))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
}
