package wasmffitest_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// Random prototypes whose text promises something of memory, called with random
// lengths, NULLs, overlaps and pointers that know their length or do not. A
// naive model of the text says which calls pass; C counts those it gets, reads
// as much as the text allows it and writes there. WASMFFI_CONTRACTS is how many
// prototypes.
func TestRandomContracts(t *testing.T) {
	count, seed := 300, uint64(time.Now().UnixNano())
	if n, err := strconv.Atoi(os.Getenv("WASMFFI_CONTRACTS")); err == nil {
		count = n
	}
	if n, err := strconv.ParseUint(os.Getenv("WASMFFI_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("WASMFFI_SEED=%d WASMFFI_CONTRACTS=%d", seed, count)
	onBoth(t, "contracts", nil, func(t *testing.T, lib wasmffi.Library) {
		g := newContractWorld(t, lib, rand.New(rand.NewPCG(seed, 0)))
		for range count {
			p := g.prototype()
			decls, err := cdecl.Parse(p.text, cdecl.Options{ABI: lib.Space().ABI()})
			require.NoError(t, err, p.text)
			sig, err := decls.Func(p.name)
			require.NoError(t, err, p.text)
			f, err := wasmffi.BindFunc(lib, p.name, sig)
			require.NoError(t, err, p.text)
			for range 20 {
				g.call(f, p, sig)
			}
		}
		t.Logf("%d calls passed, %d were refused", g.passed, g.refused)
		require.Positive(t, g.passed)
		require.Positive(t, g.refused)
	})
}

// A term is a length as C has it and as the model computes it; nil is a value
// that no length may have, also on the way.
type term struct {
	text     string
	eval     func(n, m int64) *big.Int
	constant bool
}

func constantTerm(k int64) term {
	return term{strconv.FormatInt(k, 10), func(int64, int64) *big.Int { return big.NewInt(k) }, true}
}

func binaryTerm(format string, x, y term, op func(z, x, y *big.Int) *big.Int) term {
	return term{fmt.Sprintf(format, x.text, y.text), func(n, m int64) *big.Int {
		a, b := x.eval(n, m), y.eval(n, m)
		if a == nil || b == nil {
			return nil
		}
		if z := op(new(big.Int), a, b); z.Sign() >= 0 && z.IsUint64() {
			return z
		}
		return nil
	}, x.constant && y.constant}
}

var (
	termN = term{text: "n", eval: func(n, _ int64) *big.Int {
		if n < 0 {
			return nil
		}
		return big.NewInt(n)
	}}
	termM = term{text: "m", eval: func(_, m int64) *big.Int { return big.NewInt(m) }}
)

func randomTerm(r *rand.Rand, depth int) term {
	switch k := r.IntN(12); {
	case k == 0:
		return constantTerm(1 + r.Int64N(6))
	case k < 5 || depth == 0:
		return termN
	case k < 7:
		return termM
	case k == 7:
		return binaryTerm("(%s + %s)", randomTerm(r, depth-1), randomTerm(r, depth-1), (*big.Int).Add)
	case k == 8:
		return binaryTerm("%s * %s", randomTerm(r, 0), randomTerm(r, 0), (*big.Int).Mul)
	case k == 9:
		return binaryTerm("(%s - %s)", termN, constantTerm(1+r.Int64N(3)), (*big.Int).Sub)
	case k == 10:
		return binaryTerm("(%s / %s)", randomTerm(r, depth-1), constantTerm(1+r.Int64N(3)), (*big.Int).Quo)
	}
	return binaryTerm("(%s << %s)", randomTerm(r, 0), constantTerm(1+r.Int64N(2)), func(z, x, y *big.Int) *big.Int {
		return z.Lsh(x, uint(y.Uint64()))
	})
}

// A promised is a pointer parameter and what its prototype says of it.
type promised struct {
	size              uint64 // of an element, in bytes
	unit              uint64 // of the length
	length            *term
	nonNull, restrict bool
	isConst           bool
	dims              bool // its length counts for restrict
}

type prototype struct {
	name, text string
	first      bool // the integers come first
	params     [3]promised
}

var contractElems = []struct {
	c    string
	size uint64
}{{"unsigned char", 1}, {"short", 2}, {"int", 4}, {"long long", 8}}

// A contractWorld is memory of Go and of C, with a picture of each.
type contractWorld struct {
	t     *testing.T
	r     *rand.Rand
	lib   wasmffi.Library
	block memory.Pointer

	bytes  []byte
	shorts []int16
	ints   []int32
	longs  []int64

	entered, touches, writes memory.View
	calls                    int32
	passed, refused          int
}

const worldSize = 256 // bytes of each kind of memory

func newContractWorld(t *testing.T, lib wasmffi.Library, r *rand.Rand) *contractWorld {
	g := &contractWorld{t: t, r: r, lib: lib, bytes: make([]byte, worldSize), shorts: make([]int16, worldSize/2), ints: make([]int32, worldSize/4), longs: make([]int64, worldSize/8)}
	arena := memory.NewArena(lib.Space())
	t.Cleanup(func() { _ = arena.Close() })
	v, err := arena.NewArray(dtype.CLongLong, worldSize/8)
	require.NoError(t, err)
	g.block = v.Pointer().Cast(dtype.CUChar).Reinterpret(worldSize)
	three, err := dtype.ArrayOf(dtype.CInt, 3)
	require.NoError(t, err)
	for name, dst := range map[string]*memory.View{"entered": &g.entered, "touches": &g.touches, "writes": &g.writes} {
		typ := dtype.Type(three)
		if name == "entered" {
			typ = dtype.CInt
		}
		*dst, err = wasmffi.Var(lib, name, typ)
		require.NoError(t, err)
	}
	return g
}

// prototype makes one up.
func (g *contractWorld) prototype() prototype {
	p := prototype{name: "lengths_last", first: g.r.IntN(2) == 0}
	var params, attrs []string
	same := g.r.IntN(2) == 0
	elem := contractElems[g.r.IntN(4)]
	for i := range p.params {
		if !same {
			elem = contractElems[g.r.IntN(4)]
		}
		q := &p.params[i]
		*q = promised{size: elem.size, unit: elem.size, isConst: g.r.IntN(2) == 0}
		name, length := string(rune('a'+i)), randomTerm(g.r, 2)
		form := g.r.IntN(10)
		typ, sal := elem.c, "_Inout_updates_"
		if q.isConst {
			typ, sal = "const "+typ, "_In_reads_"
		}
		if form > 0 && form != 8 {
			q.length, q.dims = &length, true
		}
		switch form {
		case 0:
			params = append(params, typ+" *"+name)
		case 1, 2, 3:
			params = append(params, fmt.Sprintf("%s %s[%s]", typ, name, length.text))
		case 4:
			params = append(params, fmt.Sprintf("%s %s[static %s]", typ, name, length.text))
			q.nonNull = true
		case 5:
			params = append(params, fmt.Sprintf("%s %s[restrict %s]", typ, name, length.text))
			q.restrict = true
		case 6:
			width := randomTerm(g.r, 0)
			if width.constant { // then the element's type would be wider
				width = termM
			}
			params = append(params, fmt.Sprintf("%s %s[%s][%s]", typ, name, length.text, width.text))
			length = binaryTerm("%s * %s", length, width, (*big.Int).Mul)
		case 7:
			params = append(params, fmt.Sprintf("%s(%s) %s *restrict %s", sal, length.text, typ, name))
			q.nonNull, q.restrict = true, true
		case 8:
			params = append(params, typ+" *_Nonnull "+name)
			q.nonNull = true
		case 9:
			params = append(params, fmt.Sprintf("%sbytes_opt_(%s) %s *%s", sal, length.text, typ, name))
			q.unit = 1
		}
	}
	ints := []string{"int n", "unsigned m"}
	offset := 1
	if p.first {
		p.name, offset, params = "lengths_first", 3, append(ints, params...)
	} else {
		params = append(params, ints...)
	}
	if i := g.r.IntN(6); i < 3 {
		attrs = append(attrs, fmt.Sprintf("nonnull(%d)", i+offset))
		p.params[i].nonNull = true
	} else if i == 3 {
		attrs = append(attrs, "nonnull")
		for i := range p.params {
			p.params[i].nonNull = true
		}
	}
	if i := g.r.IntN(6); i < 3 {
		at := 4
		if p.first {
			at = 1
		}
		attrs = append(attrs, fmt.Sprintf("access(read_only, %d, %d)", i+offset, at))
		p.params[i].length, p.params[i].unit = &termN, p.params[i].size
	}
	p.text = "long long " + p.name + "(" + strings.Join(params, ", ") + ")"
	if len(attrs) > 0 {
		p.text += " __attribute__((" + strings.Join(attrs, ", ") + "))"
	}
	p.text += ";"
	return p
}

// A span is an argument's memory: bytes [from, to) of one kind.
type argSpan struct {
	kind     int // 0–3: Go's slices, 4: C's block; -1: none
	from, to uint64
	known    bool // its length is
	number   bool // it is an address and no more
}

func (g *contractWorld) slice(kind int, from, to uint64) any {
	switch kind {
	case 0:
		return g.bytes[from:to]
	case 1:
		return g.shorts[from/2 : to/2]
	case 2:
		return g.ints[from/4 : to/4]
	}
	return g.longs[from/8 : to/8]
}

// argument makes one up for a parameter.
func (g *contractWorld) argument(p promised, elem dtype.Type) (any, argSpan) {
	kind := map[uint64]int{1: 0, 2: 1, 4: 2, 8: 3}[p.size]
	places := worldSize / p.size
	from := p.size * g.r.Uint64N(places/2)
	n := 1 + g.r.Uint64N(places/2)
	if g.r.IntN(2) == 0 {
		n = 1 + g.r.Uint64N(12)
	}
	to := min(from+n*p.size, worldSize)
	at, err := g.block.Add(int64(from))
	require.NoError(g.t, err)
	ptr := at.Cast(elem)
	switch g.r.IntN(9) {
	case 0:
		return nil, argSpan{kind: -1}
	case 1, 2:
		return ptr.Reinterpret((to - from) / p.size), argSpan{4, from, to, true, false}
	case 3:
		return ptr.Reinterpret(0), argSpan{4, from, worldSize, false, false}
	case 4:
		if g.r.IntN(2) == 0 {
			return dtype.Addr(0), argSpan{kind: -1, number: true}
		}
		return dtype.Addr(ptr.Addr()), argSpan{4, from, worldSize, false, true}
	}
	return g.slice(kind, from, to), argSpan{kind, from, to, true, false}
}

// violated is the model: it says whether a call breaks what the prototype says,
// and how many bytes each pointer is good for.
func violated(p prototype, args [3]argSpan, n, m int64) (bool, [3]uint64) {
	bad, need := false, [3]uint64{}
	for i, q := range p.params {
		a := args[i]
		switch {
		case a.number:
			continue
		case a.kind < 0:
			bad = bad || q.nonNull
			continue
		case q.length == nil || !a.known:
			continue
		}
		v := q.length.eval(n, m)
		if v == nil {
			bad = true
			continue
		}
		v.Mul(v, new(big.Int).SetUint64(q.unit))
		if v.Cmp(new(big.Int).SetUint64(a.to-a.from)) > 0 {
			bad = true
			continue
		}
		need[i] = v.Uint64()
	}
	for i, a := range args {
		for j, b := range args[:i] {
			p, q := p.params[i], p.params[j]
			if p.restrict && p.dims && q.restrict && q.dims && !(p.isConst && q.isConst) && a.known && b.known && a.kind == b.kind &&
				need[i] > 0 && need[j] > 0 && a.from < b.from+need[j] && b.from < a.from+need[i] {
				bad = true
			}
		}
	}
	return bad, need
}

func (g *contractWorld) picture() (all [5][]byte) {
	var err error
	for i, s := range []any{g.bytes, g.shorts, g.ints, g.longs} {
		all[i], err = binary.Append(nil, binary.LittleEndian, s)
		require.NoError(g.t, err)
	}
	all[4] = make([]byte, worldSize)
	require.NoError(g.t, g.lib.Space().ReadAt(all[4], g.block.Addr()))
	return all
}

func (g *contractWorld) call(f *wasmffi.Func, p prototype, sig *dtype.Func) {
	offset := 0
	if p.first {
		offset = 2
	}
	n, m := g.r.Int64N(10)-1, g.r.Int64N(9)
	if g.r.IntN(30) == 0 {
		n, m = 1<<31-1, 1<<32-1
	}
	var values []any
	var args [3]argSpan
	for i, q := range p.params {
		v, a := g.argument(q, sig.Params()[i+offset].Type.(*dtype.Pointer).Elem())
		values, args[i] = append(values, v), a
	}
	ints := []any{int32(n), uint32(m)}
	if p.first {
		values = append(ints, values...)
	} else {
		values = append(values, ints...)
	}
	bad, need := violated(p, args, n, m)
	var touches, writes [3]int32
	before := g.picture()
	sum, want := int64(0), before
	for i, a := range args {
		touches[i] = int32(need[i])
		if !p.params[i].isConst {
			writes[i] = 1
		}
		if a.kind >= 0 {
			for _, b := range before[a.kind][a.from : a.from+need[i]] {
				sum = sum*31 + int64(b)
			}
		}
	}
	for i := range want {
		want[i] = append([]byte(nil), before[i]...)
	}
	for i, a := range args {
		if a.kind >= 0 && writes[i] == 1 && !bad {
			for k := range need[i] {
				want[a.kind][a.from+k]++
			}
		}
	}
	for v, ints := range map[memory.View][3]int32{g.touches: touches, g.writes: writes} {
		data, err := binary.Append(nil, binary.LittleEndian, ints)
		require.NoError(g.t, err)
		require.NoError(g.t, g.lib.Space().WriteAt(data, v.Addr()))
	}
	what := fmt.Sprintf("%s\n%s\nn = %d, m = %d, %+v", p.text, sig.Rules(), n, m, args)
	got, err := f.Call(nil, values...)
	if bad {
		g.refused++
		var violation *wasmffi.ContractError
		require.True(g.t, errors.As(err, &violation) && !violation.After, "%s\n%v", what, err)
	} else {
		g.passed++
		g.calls++
		require.NoError(g.t, err, what)
		require.Equal(g.t, sum, got, what)
	}
	entered, err := memory.Load[int32](g.entered)
	require.NoError(g.t, err)
	require.Equal(g.t, g.calls, entered, what)
	require.Equal(g.t, want, g.picture(), what)
}
