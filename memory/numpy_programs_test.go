package memory

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// An arraySpec is an array as the oracle reads it.
type arraySpec struct {
	DType string `json:"dtype"` // a Python expression
	Shape []int  `json:"shape"`
	Hex   string `json:"hex"`
}

// A numpyProgram is what both sides carry out, one operation on the result of
// the one before.
type numpyProgram struct {
	X   arraySpec `json:"x"`
	Ops [][]any   `json:"ops"`

	steps []numpyStep
	rng   *rand.Rand
	tb    testing.TB
	odd   bool // a flag differs from here on: NumPy's diagonal is read-only
}

// A numpyStep is what came out here.
type numpyStep struct {
	a    Array
	err  error
	size bool // the result's strides are not compared
	odd  bool
	// loose: of complex products that overflow, the parts may be infinite or
	// NaN, by the order of additions and whether they are fused.
	loose bool
}

var numpyNumbers = []string{"?", "<i1", "<i2", "<i4", "<i8", "<u1", "<u2", "<u4", "<u8", "<f4", "<f8", "<c8", "<c16"}

var numpyRecords = []string{
	"[('a', '<i4'), ('b', '<f8'), ('s', 'S5')]",
	"[('x', '?'), ('y', '<c8'), ('g', '<i2', (2,))]",
	"[('p', [('x', '<f4'), ('y', '>f4')]), ('n', '>u2')]",
	"{'names': ['a', 'b'], 'formats': ['u1', '<f8'], 'offsets': [0, 8], 'itemsize': 16}",
}

func (p *numpyProgram) n(n int) int { return p.rng.IntN(n) }

func (p *numpyProgram) chance(percent int) bool { return p.n(100) < percent }

// dtype is a random type.
func (p *numpyProgram) dtype() string {
	switch r := p.n(100); {
	case r < 70:
		return numpyNumbers[p.n(len(numpyNumbers))]
	case r < 82:
		return strings.Replace(numpyNumbers[2+p.n(len(numpyNumbers)-2)], "<", ">", 1)
	case r < 88:
		return fmt.Sprintf("S%d", 1+p.n(6))
	case r < 92:
		return fmt.Sprintf("<U%d", 1+p.n(4))
	}
	return numpyRecords[p.n(len(numpyRecords))]
}

// shape is a random shape, sometimes of an array that is shortened in print.
func (p *numpyProgram) shape() []int {
	if p.chance(4) {
		return [][]int{{1001 + p.n(500)}, {40, 30}, {2, 3, 200}, {300, 5}, {7, 150, 1}}[p.n(5)]
	}
	shape := make([]int, p.n(5))
	for i := range shape {
		shape[i] = 1 + p.n(5)
		if p.chance(4) {
			shape[i] = 0
		}
	}
	return shape
}

// array is a random array, on both sides.
func (p *numpyProgram) array(name string, shape []int) (arraySpec, Array) {
	p.tb.Helper()
	abi := dtype.LinuxAMD64
	little, isBig := strings.CutPrefix(name, ">")
	if isBig {
		little = "<" + little
	}
	elem, err := abi.FromNumPy(little)
	require.NoError(p.tb, err, name)
	size, err := abi.Size(elem)
	require.NoError(p.tb, err)
	n, err := product(shape)
	require.NoError(p.tb, err)
	data := alignedBytes(n * size)
	style := p.n(4)
	for b := data; len(b) > 0; b = b[size:] {
		p.element(abi, elem, isBig, b[:size], style)
	}
	spec := arraySpec{DType: name, Shape: shape, Hex: hex.EncodeToString(data)}
	if !strings.HasPrefix(name, "[") && !strings.HasPrefix(name, "{") {
		spec.DType = "'" + name + "'"
	}
	space, err := BufferSpaceOf(abi, data)
	require.NoError(p.tb, err)
	v := View{space: space, life: space.Lifetime(), addr: space.Base(), size: uint64(len(data)), typ: elem, from: &origin{root: elem}}
	a, err := NewArray(v, elem, 0, shape, cStrides(shape, size))
	require.NoError(p.tb, err)
	if isBig {
		a, err = a.NewByteOrder(dtype.BigEndian)
		require.NoError(p.tb, err)
	}
	return spec, a
}

// element fills b with a random value of a type.
func (p *numpyProgram) element(abi *dtype.ABI, t dtype.Type, isBig bool, b []byte, style int) {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Struct:
		ms, err := membersOf(abi, t)
		require.NoError(p.tb, err)
		for _, m := range ms.list {
			p.element(abi, m.typ, m.big, b[m.offset:m.offset+m.size], style)
		}
		return
	case *dtype.Array:
		if t.Elem() == dtype.Type(dtype.CChar) {
			copy(b, []string{"", "a", "abcdef", "it's", "\"q\"", "t\ta", "\x01\xff", "a\x00b"}[p.n(8)])
			return
		}
		if t.Elem() == dtype.Type(dtype.Char32T) {
			for i := 0; i+4 <= len(b) && p.chance(70); i += 4 {
				binary.LittleEndian.PutUint32(b[i:], []uint32{'a', 'Z', '\'', '"', 0xe9, 0x3b1, 0x1f600, '\n'}[p.n(8)])
			}
			return
		}
		size, err := abi.Size(t.Elem())
		require.NoError(p.tb, err)
		for ; len(b) > 0; b = b[size:] {
			p.element(abi, t.Elem(), isBig, b[:size], style)
		}
		return
	}
	k := numKindOf(abi, t)
	part := int(k.part())
	for rest := b; len(rest) > 0; rest = rest[part:] {
		switch {
		case k == numBool:
			rest[0] = byte(p.n(2))
		case k.integer() && style > 0:
			storeBytes(rest[:part], false, uint64(p.n(200)-p.n(100)))
		case k.integer():
			storeBytes(rest[:part], false, p.rng.Uint64())
		case part == 4:
			binary.LittleEndian.PutUint32(rest, math.Float32bits(float32(p.float(style))))
		default:
			binary.LittleEndian.PutUint64(rest, math.Float64bits(p.float(style)))
		}
	}
	if isBig {
		swapBytes(b, part)
	}
}

func (p *numpyProgram) float(style int) float64 {
	switch r := p.n(40); {
	case r == 0 && style > 1:
		return []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)}[p.n(4)]
	case style == 0:
		return p.rng.NormFloat64() * math.Pow(10, float64(p.n(40)-20))
	case style == 1:
		return float64(p.n(20) - 10)
	case style == 2:
		return float64(p.n(2000)-1000) / 8
	}
	return p.rng.NormFloat64() * 10
}

// emit records an operation and what came out of it here.
func (p *numpyProgram) emit(step numpyStep, op ...any) {
	p.Ops = append(p.Ops, op)
	step.odd = p.odd
	p.steps = append(p.steps, step)
}

// newNumpyProgram makes a random program and carries it out here.
func newNumpyProgram(tb testing.TB, rng *rand.Rand) *numpyProgram {
	p := &numpyProgram{rng: rng, tb: tb, Ops: [][]any{}}
	spec, a := p.array(p.dtype(), p.shape())
	p.X = spec
	p.steps = []numpyStep{{a: a}}
	for range 1 + p.n(7) {
		op := numpyOps[p.n(len(numpyOps))]
		before := len(p.Ops)
		b, err := op(p, a)
		if len(p.Ops) > before && err == nil {
			a = b
		}
		if a.Len() > 20000 {
			break
		}
	}
	return p
}

// random arguments

func (p *numpyProgram) axis(a Array) int {
	if p.chance(5) {
		return a.Dims() + p.n(2)
	}
	return p.n(max(a.Dims(), 1))
}

func (p *numpyProgram) axes(a Array) []int {
	axes := rand.New(rand.NewPCG(p.rng.Uint64(), 1)).Perm(a.Dims())
	return axes[:p.n(len(axes)+1)]
}

func (p *numpyProgram) bound() (int, any) {
	if p.chance(40) {
		return Open, nil
	}
	b := p.n(14) - 7
	return b, b
}

func (p *numpyProgram) span() (Span, []any) {
	step := []int{1, 1, 1, -1, -1, 2, -2, 3, 0}[p.n(9)]
	if step == 0 && p.chance(80) {
		step = 1
	}
	start, pyStart := p.bound()
	stop, pyStop := p.bound()
	return Range(start, stop, step), []any{"s", pyStart, pyStop, step}
}

func (p *numpyProgram) selectors(a Array) (all []Selector, py [][]any) {
	add := func(s Selector, e ...any) { all, py = append(all, s), append(py, e) }
	ellipsis := false
	for range p.n(a.Dims() + 2) {
		switch r := p.n(10); {
		case r < 5:
			s, e := p.span()
			add(s, e...)
		case r < 7:
			add(I(p.n(4)), "i", 0)
			py[len(py)-1][1] = int(all[len(all)-1].(I))
		case r < 8:
			k := 1 + p.n(3)
			add(Last(k), "i", -k)
		case r < 9:
			add(NewAxis, "n")
		case !ellipsis:
			ellipsis = true
			add(Ellipsis, "e")
		}
	}
	if py == nil {
		py = [][]any{}
	}
	return all, py
}

// factors are a shape of n elements.
func (p *numpyProgram) factors(n int) []int {
	if n == 0 {
		return [][]int{{0}, {2, 0}, {0, 3}, {0, 1}}[p.n(4)]
	}
	shape := []int{}
	for n > 1 && len(shape) < 4 {
		f := 1 + p.n(min(n, 12))
		if n%f == 0 {
			shape, n = append(shape, f), n/f
		}
	}
	shape = append(shape, n)
	if p.chance(20) {
		shape[p.n(len(shape))] = -1
	}
	if p.chance(5) {
		shape[0]++
	}
	return shape
}

// partner is a shape that mostly goes with another one.
func (p *numpyProgram) partner(shape []int) []int {
	if p.chance(5) {
		return p.shape()
	}
	out := append([]int{}, shape[p.n(len(shape)+1):]...)
	for i := range out {
		if p.chance(20) {
			out[i] = 1
		}
	}
	return out
}

// castable reports whether elements may be cast without leaving what C defines.
func castable(a Array, to numKind) bool {
	from, err := a.number()
	if err != nil || !to.integer() || from == numBool || from.integer() {
		return err == nil
	}
	f, err := a.AsType(nil, dtype.CDouble, Unsafe)
	if err != nil {
		return false
	}
	s := make([]float64, f.Len())
	if _, err := CopyTo(f, s); err != nil {
		return false
	}
	lo, hi := -1.0, math.Pow(2, float64(8*numSizes[to]))
	if to.signed() {
		hi /= 2
		lo = -hi
	}
	for _, x := range s {
		if !(x > lo && x < hi) {
			return false
		}
	}
	return true
}
